//! Java's login configurations: the value of `sasl.jaas.config`, and whole files with sections.
//!
//! Kafka: `JaasConfig`, Java: `javax.security.auth.login.Configuration`.
//!
//! ```text
//! org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="secret";
//! KafkaServer { org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="secret"; };
//! ```

use std::iter::Peekable;
use std::str::Chars;

/// A login module and its options, in their order. Values are secrets.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct LoginModule {
    pub(super) class: String,
    pub(super) options: Vec<(String, String)>,
}

/// Why a text is no login configuration. Never holds a value of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JaasError {
    #[error("a quoted text does not end in its line")]
    Unterminated,
    #[error("a comment does not end")]
    Comment,
    #[error("`{class}` has no control flag, expected `required`")]
    NoControlFlag { class: String },
    #[error("the option `{key}` has no value, expected `{key}=\"…\"`: values stand in quotes")]
    NoValue { key: String },
    #[error("the login module `{class}` does not end with `;`")]
    NoSemicolon { class: String },
    #[error("`{found}` is not expected here: values stand in quotes, and each login module ends with `;`")]
    Unexpected { found: String },
    #[error("the section `{name}` does not end with `}};`")]
    Section { name: String },
}

impl LoginModule {
    /// The value of an option; the last one, as in Java.
    pub(super) fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The class's name without its package.
    pub(super) fn name(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or(&self.class)
    }
}

/// Without the values.
impl std::fmt::Debug for LoginModule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<&str> = self.options.iter().map(|(key, _)| key.as_str()).collect();
        f.debug_struct("LoginModule").field("class", &self.class).field("options", &keys).finish()
    }
}

/// All login modules of a text, be they in sections or not.
pub(super) fn parse(text: &str) -> Result<Vec<LoginModule>, JaasError> {
    let mut tokens = tokens(text)?.into_iter().peekable();
    let mut modules = Vec::new();
    while let Some(token) = tokens.next() {
        let Token::Word(word) = token else { return Err(token.unexpected()) };
        match tokens.next_if_eq(&Token::Sign('{')) {
            Some(_) => section(word, &mut tokens, &mut modules)?,
            None => modules.push(module(word, &mut tokens)?),
        }
    }
    Ok(modules)
}

type Tokens = Peekable<std::vec::IntoIter<Token>>;

fn section(name: String, tokens: &mut Tokens, modules: &mut Vec<LoginModule>) -> Result<(), JaasError> {
    loop {
        match tokens.next() {
            Some(Token::Word(class)) => modules.push(module(class, tokens)?),
            Some(Token::Sign('}')) => break,
            Some(token @ Token::Sign(_)) => return Err(token.unexpected()),
            None => return Err(JaasError::Section { name }),
        }
    }
    match tokens.next() {
        Some(Token::Sign(';')) => Ok(()),
        Some(_) | None => Err(JaasError::Section { name }),
    }
}

fn module(class: String, tokens: &mut Tokens) -> Result<LoginModule, JaasError> {
    let flags = ["required", "requisite", "sufficient", "optional"];
    match tokens.next() {
        Some(Token::Word(flag)) if flags.iter().any(|known| flag.eq_ignore_ascii_case(known)) => {}
        Some(_) | None => return Err(JaasError::NoControlFlag { class }),
    }
    let mut options = Vec::new();
    loop {
        match tokens.next() {
            Some(Token::Sign(';')) => return Ok(LoginModule { class, options }),
            Some(Token::Word(key)) => {
                let value = match (tokens.next(), tokens.next()) {
                    (Some(Token::Sign('=')), Some(Token::Word(value))) => value,
                    _ => return Err(JaasError::NoValue { key }),
                };
                options.push((key, value));
            }
            Some(token @ Token::Sign(_)) => return Err(token.unexpected()),
            None => return Err(JaasError::NoSemicolon { class }),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// Quoted or not.
    Word(String),
    Sign(char),
}

impl Token {
    fn unexpected(self) -> JaasError {
        let found = match self {
            Token::Sign(sign) => sign.to_string(),
            Token::Word(_) => "a word".to_owned(),
        };
        JaasError::Unexpected { found }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, JaasError> {
    let mut rest = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(character) = rest.next() {
        match character {
            character if character.is_whitespace() || character.is_control() => {}
            '/' => comment(&mut rest)?,
            '"' | '\'' => tokens.push(Token::Word(quoted(character, &mut rest)?)),
            character if begins_word(character) => {
                let mut word = String::from(character);
                while let Some(next) = rest.next_if(|next| is_in_word(*next)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
            sign => tokens.push(Token::Sign(sign)),
        }
    }
    Ok(tokens)
}

/// A number is none: Java does not take one for a value either.
fn begins_word(character: char) -> bool {
    character.is_ascii_alphabetic() || !character.is_ascii() || "_$*".contains(character)
}

fn is_in_word(character: char) -> bool {
    begins_word(character) || character.is_ascii_digit() || ".-".contains(character)
}

fn comment(rest: &mut Peekable<Chars<'_>>) -> Result<(), JaasError> {
    match rest.next() {
        Some('/') => {
            while rest.next_if(|next| *next != '\n' && *next != '\r').is_some() {}
            Ok(())
        }
        Some('*') => {
            let mut before = ' ';
            for character in rest.by_ref() {
                if before == '*' && character == '/' {
                    return Ok(());
                }
                before = character;
            }
            Err(JaasError::Comment)
        }
        Some(_) | None => Err(JaasError::Unexpected { found: "/".to_owned() }),
    }
}

/// As Java's `StreamTokenizer`.
fn quoted(quote: char, rest: &mut Peekable<Chars<'_>>) -> Result<String, JaasError> {
    let mut text = String::new();
    loop {
        match rest.next() {
            None | Some('\n' | '\r') => return Err(JaasError::Unterminated),
            Some(character) if character == quote => return Ok(text),
            Some('\\') => text.push(escaped(rest).ok_or(JaasError::Unterminated)?),
            Some(character) => text.push(character),
        }
    }
}

fn escaped(rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    let character = rest.next()?;
    Some(match character {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '0'..='7' => {
            let mut code = character.to_digit(8)?;
            // Three digits, but only two if the first says that the third would go beyond a byte.
            let more = if character <= '3' { 2 } else { 1 };
            for _ in 0..more {
                let Some(digit) = rest.next_if(|next| next.is_digit(8)) else { break };
                code = code * 8 + digit.to_digit(8)?;
            }
            char::from_u32(code)?
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(options: &[(&str, &str)]) -> Vec<(String, String)> {
        options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_property_is_one_login_module() {
        let text = r#"org.apache.kafka.common.security.scram.ScramLoginModule required
            username=alice password="a \"quoted\" \\ \101\n; secret" ; "#;
        let modules = parse(text).expect("a login module");
        let [module] = modules.as_slice() else { panic!("{modules:?}") };
        assert_eq!(module.name(), "ScramLoginModule");
        assert_eq!(module.options, pairs(&[("username", "alice"), ("password", "a \"quoted\" \\ A\n; secret")]));
    }

    #[test]
    fn a_file_has_sections_and_comments() {
        let text = "// who may log in\nKafkaServer {\n  /* the broker */ a.PlainLoginModule required\n  user_admin=\"x\"\n  \
            user_a-b='y';\n  a.b.Other optional;\n};\nClient { a.Digest required; };";
        let modules = parse(text).expect("three login modules");
        let names: Vec<&str> = modules.iter().map(LoginModule::name).collect();
        assert_eq!(names, ["PlainLoginModule", "Other", "Digest"]);
        assert_eq!(modules.first().map(|module| module.option("user_a-b")), Some(Some("y")));
    }

    #[test]
    fn broken_texts_are_refused_by_what_is_wrong_and_without_their_values() {
        for (text, expected) in [
            ("a.B", "`a.B` has no control flag, expected `required`"),
            ("a.B needed;", "`a.B` has no control flag, expected `required`"),
            ("a.B required", "the login module `a.B` does not end with `;`"),
            (
                "a.B required password=123;",
                "the option `password` has no value, expected `password=\"…\"`: values stand in quotes",
            ),
            (
                "a.B required password;",
                "the option `password` has no value, expected `password=\"…\"`: values stand in quotes",
            ),
            ("a.B required password=\"secret;", "a quoted text does not end in its line"),
            ("K { a.B required;", "the section `K` does not end with `};`"),
            ("/* ", "a comment does not end"),
            ("=", "`=` is not expected here: values stand in quotes, and each login module ends with `;`"),
        ] {
            assert_eq!(parse(text).map_err(|error| error.to_string()), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn values_do_not_appear_in_debug_output() {
        let modules = parse("a.B required password=\"secret\";").expect("a login module");
        assert_eq!(format!("{modules:?}"), "[LoginModule { class: \"a.B\", options: [\"password\"] }]");
    }
}
