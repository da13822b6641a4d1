//! Users of a broker that checks PLAIN itself: `user_NAME="password"` of `PlainLoginModule`.
//!
//! Kafka: `PlainServerCallbackHandler`. Brokers keep the passwords themselves; here they become SCRAM credentials.

use anyhow::{Context, Result, bail};
use zeroize::Zeroizing;

use super::Record;
use crate::commands::client_properties::java_properties;
use crate::commands::jaas::{self, LoginModule};

/// A JAAS file, or a properties file with `…sasl.jaas.config`.
pub(super) fn records(text: &str, bytes: &[u8]) -> Result<Vec<Record>> {
    let modules = match jaas::parse(text) {
        Ok(modules) => modules,
        Err(no_jaas_file) => match of_properties(bytes)? {
            modules if modules.is_empty() => return Err(no_jaas_file.into()),
            modules => modules,
        },
    };
    let plain: Vec<&LoginModule> = modules.iter().filter(|module| module.name() == "PlainLoginModule").collect();
    if plain.is_empty() {
        bail!("there is no `PlainLoginModule`: users of other mechanisms are not kept in JAAS");
    }
    let options = plain.into_iter().flat_map(|module| &module.options);
    let users = options.filter_map(|(key, password)| Some((key.strip_prefix("user_")?, password)));
    let record = |(user, password): (&str, &String)| Record::Password {
        user: user.to_owned(),
        mechanism: None,
        iterations: None,
        password: Zeroizing::new(password.clone()),
    };
    Ok(users.map(record).collect())
}

fn of_properties(bytes: &[u8]) -> Result<Vec<LoginModule>> {
    let mut modules = Vec::new();
    for (key, value) in java_properties::parse(bytes)? {
        if key.ends_with("sasl.jaas.config") {
            modules.extend(jaas::parse(&value).with_context(|| format!("`{key}`"))?);
        }
    }
    Ok(modules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(text: &str) -> Vec<(String, String)> {
        let records = records(text, text.as_bytes()).expect("users");
        let user = |record| match record {
            Record::Password { user, mechanism: None, iterations: None, password } => (user, password.to_string()),
            other => panic!("{other:?}"),
        };
        records.into_iter().map(user).collect()
    }

    #[test]
    fn users_are_found_in_a_file_and_in_properties() {
        let expected = [("alice".to_owned(), "a secret".to_owned()), ("b-c".to_owned(), "x".to_owned())];
        let file = "KafkaServer {\n  org.apache.kafka.common.security.plain.PlainLoginModule required\n  username=\"admin\"\n  \
            password=\"not a user\"\n  user_alice=\"a secret\"\n  user_b-c='x';\n  a.ScramLoginModule required user_no=\"x\";\n};\n";
        assert_eq!(users(file), expected);
        let properties = "listeners=SASL_SSL://:9093\nlistener.name.sasl_ssl.plain.sasl.jaas.config=a.PlainLoginModule required \\\n   \
            user_alice=\"a secret\" \\\n   user_b-c=\"x\";\n";
        assert_eq!(users(properties), expected);
    }

    #[test]
    fn what_is_neither_is_told_by_what_is_wrong_with_it() {
        let text = "KafkaServer { a.PlainLoginModule required user_alice=\"secret\" }";
        let error = records(text, text.as_bytes()).expect_err("no semicolon").to_string();
        assert!(error.contains("each login module ends with `;`") && !error.contains("secret"), "{error}");
        let error = records("a.ScramLoginModule required;", b"").expect_err("no users").to_string();
        assert!(error.contains("there is no `PlainLoginModule`"), "{error}");
    }
}
