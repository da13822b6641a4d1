//! Every case of the mapping rules that was tried with Kafka's own `SslPrincipalMapper` 4.3.0.

use authentication::{MappingError, RuleError, RuleWarning, SslPrincipalMapper};

#[derive(Debug, PartialEq)]
enum Outcome {
    Name(&'static str),
    NoRuleApplies,
    /// Found out only when the rule is used.
    FailsWhenUsed,
    /// Refused at start.
    Refused,
}
use Outcome::*;

#[rustfmt::skip]
const CASES: &[(&str, &str, Outcome)] = &[
    ("DEFAULT", "CN=Foo,OU=Bar,O=Baz", Name("CN=Foo,OU=Bar,O=Baz")),
    ("", "CN=Foo", NoRuleApplies),
    ("   ", "CN=Foo", NoRuleApplies),
    (",DEFAULT", "CN=Foo", Name("CN=Foo")),
    ("RULE:^CN=(.*?),.*$/$1/", "CN=Foo,OU=Bar,O=Baz", Name("Foo")),
    ("RULE:^CN=(.*?),.*$/$1/L", "CN=Foo,OU=Bar,O=Baz", Name("foo")),
    ("RULE:^CN=(.*?),.*$/$1/U", "CN=Foo,OU=Bar,O=Baz", Name("FOO")),
    ("RULE:^CN=(.*?),OU=(.*?),.*$/$1@$2/L, DEFAULT", "CN=Foo,OU=Bar,O=Baz", Name("foo@bar")),
    ("RULE:^CN=(.*?),OU=X.*$/$1/L, DEFAULT", "CN=Foo,OU=Bar,O=Baz", Name("CN=Foo,OU=Bar,O=Baz")),
    ("RULE:^CN=(.*?),OU=X.*$/$1/L", "CN=Foo,OU=Bar,O=Baz", NoRuleApplies),
    ("RULE:CN=(.*)/$1/", "CN=Foo,OU=Bar", Name("Foo,OU=Bar")),
    ("RULE:CN=([^,]*)/$1/", "CN=Foo,OU=Bar", NoRuleApplies),
    (r"RULE:.*CN=(\w+).*/$1/", "OU=Bar,CN=Foo,O=Z", Name("Foo")),
    ("RULE:^CN=(.*?),OU=(.*?)$/$1@$3/", "CN=Foo,OU=Bar", Name("Foo@$3")),
    ("RULE:^CN=(.*?),OU=(.*?)$/$1@$21/", "CN=Foo,OU=Bar", Name("Foo@Bar1")),
    ("RULE:^CN=(.*?),OU=(.*?)$/$0!/", "CN=Foo,OU=Bar", Name("CN=Foo,OU=Bar!")),
    ("RULE:^CN=(.*?),OU=(.*?)$/$01/", "CN=Foo,OU=Bar", Name("Foo")),
    ("RULE:^CN=.*$/$1/", "CN=Foo", FailsWhenUsed),
    ("RULE:^CN=.*$/fixed/", "CN=Foo", Name("fixed")),
    ("RULE:^CN=(.*)$//", "CN=Foo", Name("")),
    (r"RULE:^CN=(.*)$/a\/b-$1/", "CN=Foo", Name("a/b-Foo")),
    (r"RULE:^CN=a\/(.*)$/$1/", "CN=a/Foo", Name("Foo")),
    (r"RULE:^CN=(.*)$/\$1/", "CN=Foo", Name("$1")),
    ("RULE:^CN=(.*)$/$1,x/", "CN=Foo", Name("Foo,x")),
    ("RULE:^CN=(.*)$/$1/l", "CN=Foo", Refused),
    ("RULE:^CN=(.*)$/$1/LU", "CN=Foo", Refused),
    ("RULE:^CN=(.*)$/$1", "CN=Foo", Refused),
    ("garbage", "CN=Foo", Refused),
    ("default", "CN=Foo", Refused),
    ("DEFAULT, RULE:^CN=(.*)$/$1/", "CN=Foo", Name("CN=Foo")),
    ("RULE:^CN=(.*)$/$1/ RULE:^CN=(.*)$/$1/U", "CN=Foo", Refused),
    ("RULE:^CN=(.*?), (.*)$/$1/ , RULE:^CN=(.*?),OU=(.*)$/$2/U", "CN=Foo,OU=Bar", Name("BAR")),
    ("RULE:.*/x/", "CN=Foo", Name("xx")),
    ("RULE:.+/x/", "CN=Foo", Name("x")),
    ("RULE:(.*)/x$1/", "CN=Foo", Name("xCN=Foox")),
    ("RULE:^(.*)$/x$1/", "CN=Foo", Name("xCN=Foo")),
    ("RULE:(.*)/$1/", "CN=Foo", Name("CN=Foo")),
    ("RULE:(?i)cn=(.*)/$1/", "CN=Foo", Name("Foo")),
    ("RULE:CN=(?<n>.*)/${n}/", "CN=Foo", Name("Foo")),
    ("RULE:CN=(.*)/$/", "CN=Foo", FailsWhenUsed),
    ("RULE:CN=(.*)/$x/", "CN=Foo", FailsWhenUsed),
    ("RULE:CN=((.*)/$1/", "CN=Foo", Refused),
    ("RULE:^CN=(.*?),.*$/$1/L,RULE:^.*$/u:$0/", "O=X", Name("u:O=X")),
    ("RULE:^CN=(.*)$/$1/L", "CN=İSTANBUL Äß", Name("i̇stanbul äß")),
    ("RULE:^CN=(.*)$/$1/U", "CN=straße", Name("STRASSE")),
    (r"RULE:^CN=((?:\\,|[^,])*),.*$/$1/", r"CN=Smith\, John,OU=X", Name(r"Smith\, John")),
    ("RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/L", "OU=X,CN=Host.example.com,O=Y", Name("host.example.com")),
    ("RULE:^cn=(.*?),ou=(.*?),dc=(.*?),dc=(.*?)$/$1@$2/L,RULE:^cn=(.*?),ou=(.*?)$/$1/L,DEFAULT",
     "cn=Kafka1,ou=SME,dc=mycp,dc=com", Name("kafka1@sme")),
    // more than the documentation has
    ("RULE:^CN=(.*)$/$3$4/", "CN=Foo", FailsWhenUsed),
    (r"RULE:^CN=(.*)$/\$3/", "CN=Foo", FailsWhenUsed),
    ("RULE:^CN=(.*)$/$99999999999/", "CN=Foo", FailsWhenUsed),
    ("RULE:^CN=(.*)$/$3-$1/", "CN=Foo", Name("$3-Foo")),
    ("RULE:^CN=(.*)$/$3-$4-$1/", "CN=Foo", FailsWhenUsed),
    ("RULE:^CN=(.*)$/$12$13/", "CN=Foo", Name("Foo2Foo3")),
    ("RULE:^CN=(.*)$/${n}/", "CN=Foo", FailsWhenUsed),
    (r"RULE:^CN=(.*)$/x\/", "CN=Foo", Refused),
    (r"RULE:^CN=(.*)$/$1\", "CN=Foo", Refused),
    ("RULE:^CN=(.*)$/$1/LDEFAULT", "CN=Foo", Refused),
    ("RULE:^CN=(.*)$/$1/ L", "CN=Foo", Refused),
    ("RULE:^CN=(.*)$/$1/,,DEFAULT", "CN=Foo", Name("Foo")),
    ("DEFAULT,", "x", Name("x")),
    ("DEFAULT DEFAULT", "x", Refused),
    (" DEFAULT , RULE:x/y/ ", "CN=1", Name("CN=1")),
    ("RULE:^CN=(.*)$/$1/L,x", "CN=Foo", Refused),
    ("RULE:^CN=(.*)$/ $1 /", "CN=Foo", Name(" Foo ")),
    ("RULE: ^CN=(.*)$/$1/", "CN=Foo", NoRuleApplies),
    ("RULE:/x/", "CN", NoRuleApplies),
    ("RULE:a\nb/x/", "a\nb", Name("x")),
    ("RULE:a\\\nb/x/", "a\nb", Refused),
    ("\u{1f}DEFAULT\u{1}", "x", Name("x")),
    (r"RULE:.*CN=\\(.*)/$1/", r"CN=\x", Name("x")),
    ("DEFAULT,RULE:[/x/", "a", Refused),
    // an alternative comes before a longer match
    ("RULE:^CN=(.*,|.*)(.*)$/$1|$2/", "CN=a,b", Name("a,|b")),
    ("RULE:^(.*b|.*a)(.*)$/$1|$2/", "xbyaz", Name("xb|yaz")),
    // where we are stricter than Kafka
    ("RULE:^CN=(.*)$/$1/", "CN=Foo\n", FailsWhenUsed),
    ("RULE:(.*?)/x/", "a\u{1f600}b", FailsWhenUsed),
    ("RULE:(a*)+/[$1]/", "aa", Refused),
    ("RULE:(?m)^CN=(.*)$/$1/", "CN=Foo", Refused),
];

#[test]
fn names_are_mapped_as_kafka_maps_them() {
    for (rules, name, expected) in CASES {
        let mapped = SslPrincipalMapper::parse(rules).map(|mapper| mapper.map(name));
        let found = match &mapped {
            Err(_) => Refused,
            Ok(Err(MappingError::NoRule { .. })) => NoRuleApplies,
            Ok(Err(_)) => FailsWhenUsed,
            Ok(Ok(mapped)) => match expected {
                Name(expected) if mapped == expected => continue,
                _ => panic!("{rules:?} on {name:?}: {mapped:?}, expected {expected:?}"),
            },
        };
        assert_eq!(&found, expected, "{rules:?} on {name:?}: {mapped:?}");
    }
}

#[test]
fn unset_rules_leave_the_name_as_it_is() {
    let mapper = SslPrincipalMapper::default();
    assert_eq!(mapper.map("CN=Foo,OU=Bar,O=Baz").unwrap(), "CN=Foo,OU=Bar,O=Baz");
    assert_eq!(mapper.to_string(), "DEFAULT");
    assert_eq!(mapper.suspicious(), []);
}

#[test]
fn classes_and_case_know_ascii_only_as_in_java() {
    for (rules, name, expected) in [
        (r"RULE:^CN=(\w+).*$/$1/", "CN=Bücher", "B"),
        (r"RULE:^CN=(\w+)$/$1/, DEFAULT", "CN=Bücher", "CN=Bücher"),
        (r"RULE:^CN=(\d+)$/$1/, DEFAULT", "CN=٣", "CN=٣"),
        (r"RULE:^CN=(\S+)$/$1/, DEFAULT", "CN=a\u{a0}b", "a\u{a0}b"),
        (r"RULE:^(?i)CN=ü$/found/, DEFAULT", "cn=Ü", "cn=Ü"),
        (r"RULE:^(?i)k$/found/, DEFAULT", "\u{212a}", "\u{212a}"),
        (r"RULE:^CN=(?i:foo)$/found/, DEFAULT", "CN=fOO", "found"),
        (r"RULE:^CN=(?i:foo)$/found/, DEFAULT", "cn=fOO", "cn=fOO"),
        (r"RULE:^CN=(?i)[a-c]+$/found/, DEFAULT", "CN=aBC", "found"),
        (r"RULE:^CN=(.*)$/$1/, DEFAULT", "CN=a\u{85}b", "CN=a\u{85}b"),
        (r"RULE:^(?s)CN=(.*)$/$1/, DEFAULT", "CN=a\u{85}b", "a\u{85}b"),
        (r"RULE:^CN=(\p{Lower}+).*$/$1/", "CN=aßb", "a"),
        (r"RULE:^CN=(\p{L}+)$/$1/", "CN=aßb", "aßb"),
    ] {
        let mapped = SslPrincipalMapper::parse(rules).unwrap().map(name).unwrap();
        assert_eq!(mapped, expected, "{rules} on {name}");
    }
}

#[test]
fn what_java_would_read_otherwise_is_refused_by_name() {
    for (pattern, message) in [
        ("(?=a)", "look-ahead `(?=`, `(?!` is not supported here"),
        ("(?<!a)b", "look-behind `(?<=`, `(?<!` is not supported here"),
        ("(?>a)", "an independent group `(?>` is not supported here"),
        (r"(a)\1", "a back-reference is not supported here"),
        (r"(?<n>a)\k<n>", "a back-reference is not supported here"),
        ("a*+", "a possessive quantifier such as `*+` is not supported here"),
        ("[a-z&&[^b]]", "an intersection of classes `&&` is not supported here"),
        ("[a[b]]", "a class within a class; write `\\[` for the character is not supported here"),
        (r"\p{IsLatin}", r"`\p{IsLatin}` is not supported here"),
        (r"(?i)\p{Lu}", r"`\p{Lu}` together with `(?i)` is not supported here"),
        (r"\Qa\E", r"quoting with `\Q` and `\E` is not supported here"),
        (r"\h", r"`\h` is not supported here"),
        (r"\v", r"`\v` is not supported here"),
        (r"\R", r"`\R` is not supported here"),
        ("(?x)a", "the flag `x` is not supported here"),
        ("(?U)a", "the flag `U` is not supported here"),
        ("(?P<n>a)", "unknown construct after `(?`"),
        (
            "(a|b*)*",
            "`(a|b*)` repeats something that can match nothing, which java and this program may do differently",
        ),
        ("a**", "`*` has nothing to repeat"),
        ("{2}", "`{` has nothing to repeat"),
        ("a{,2}", "`{` without a count; write `\\{` for the character"),
        ("^*", "`*` has nothing to repeat"),
        ("a)", "unmatched closing `)`"),
        ("[]a]", "a class begins with `]`; write `\\]` for the character"),
        ("[b-a]", "a range in a class ends before it begins"),
        (r"[\d-z]", "a class of characters cannot begin a range"),
        ("(?<a_b>x)", "`a_b` is not a group name"),
        ("(?<a>x)(?<a>y)", "group `a` is defined twice"),
        (r"\ud83d", "`\\x` or `\\u` without the number of a character"),
        ("\\\\\\", "the pattern ends with a backslash"),
    ] {
        let rules = format!("RULE:{pattern}/x/");
        // A last backslash would take the slash with it.
        if pattern.ends_with("\\\\\\") {
            assert!(SslPrincipalMapper::parse(&rules).is_err());
            continue;
        }
        let RuleError::Pattern { rule, error } = SslPrincipalMapper::parse(&rules).unwrap_err() else {
            panic!("{rules}: not refused for its pattern");
        };
        assert_eq!((rule.as_str(), error.to_string().as_str()), (rules.as_str(), message));
    }
}

#[test]
fn bad_rules_are_named_with_what_does_not_fit() {
    let refused = |rules: &str| SslPrincipalMapper::parse(rules).unwrap_err().to_string();
    assert_eq!(
        refused("DEFAULT, garbage, DEFAULT"),
        "invalid rule at `garbage`, expected `DEFAULT` or `RULE:pattern/replacement/` with `L` or `U` after it"
    );
    assert_eq!(
        refused("RULE:^CN=(.*)$/$1/LU"),
        "invalid rule `RULE:^CN=(.*)$/$1/L`: `U` follows it, expected `,` or the end"
    );
}

#[test]
fn rules_that_are_probably_not_meant_are_pointed_out() {
    let warnings = |rules: &str| SslPrincipalMapper::parse(rules).unwrap().suspicious();
    assert_eq!(warnings("RULE:^CN=(.*)$/$1/, DEFAULT"), []);
    assert_eq!(warnings(""), [RuleWarning::Empty]);
    assert_eq!(
        warnings("RULE:CN=(.*)/$1/L"),
        [RuleWarning::NotAnchored("RULE:CN=(.*)/$1/L".into()), RuleWarning::NoDefault]
    );
    let warned = warnings("DEFAULT, RULE:^CN=.*$/$1/");
    let texts: Vec<_> = warned.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "rule `RULE:^CN=.*$/$1/` is never reached: it comes after `DEFAULT`",
            "rule `RULE:^CN=.*$/$1/` fails whenever it applies: the replacement refers to group 1, which the pattern does not have"
        ]
    );
}
