use authentication::{ScramCredential, ScramMechanism};

use super::text::{entry, set};
use super::*;
use crate::commands::users::change::Credential;

const FILE: &str = "\
# who may log in
users:
  # the first
  alice: { SCRAM-SHA-256: \"${file:alice.scram}\" }   # by hand
  bob:
    password: secret
    groups: [finance, \"a b\"]

  # the last
  carol: { groups: [ops] }

# what they may
acls: []
";

fn credential(mechanism: ScramMechanism) -> Credential {
    Credential::Keys(ScramCredential::derive(mechanism, "secret", b"salt", 4096))
}

fn set_to(text: &str, user: &str, mechanism: ScramMechanism, to: Option<Credential>) -> Result<String> {
    set(text, &Change { user: user.to_owned(), mechanism, to })
}

fn with(text: &str, user: &str, mechanism: ScramMechanism) -> String {
    let change = Change { user: user.to_owned(), mechanism, to: Some(credential(mechanism)) };
    let changed = changed(text.to_owned(), &[change], &BTreeMap::new()).expect("changed");
    // Keys are long, and not what this is about.
    let keys = credential(mechanism).keys(mechanism).format();
    changed.replace(&keys, "KEYS")
}

#[test]
fn only_the_lines_of_the_user_change() {
    for (user, mechanism, before, after) in [
        (
            "dave",
            ScramMechanism::Sha256,
            "carol: { groups: [ops] }\n",
            "carol: { groups: [ops] }\n  dave: { SCRAM-SHA-256: \"KEYS\" }\n",
        ),
        (
            "alice",
            ScramMechanism::Sha512,
            "alice: { SCRAM-SHA-256: \"${file:alice.scram}\" }   # by hand\n",
            "alice: { SCRAM-SHA-256: \"${file:alice.scram}\", SCRAM-SHA-512: \"KEYS\" }\n",
        ),
        (
            "bob",
            ScramMechanism::Sha256,
            "bob:\n    password: secret\n    groups: [finance, \"a b\"]\n",
            "bob: { SCRAM-SHA-256: \"KEYS\", groups: [finance, \"a b\"] }\n",
        ),
        (
            "carol",
            ScramMechanism::Sha256,
            "carol: { groups: [ops] }",
            "carol: { SCRAM-SHA-256: \"KEYS\", groups: [ops] }",
        ),
    ] {
        assert_eq!(with(FILE, user, mechanism), FILE.replace(before, after), "{user}");
    }
}

#[test]
fn a_section_is_made_where_there_is_none() {
    for (before, after) in [
        ("", "users:\n  a: { SCRAM-SHA-256: \"KEYS\" }\n"),
        ("acls: []\n", "acls: []\n\nusers:\n  a: { SCRAM-SHA-256: \"KEYS\" }\n"),
        ("users: {}\nacls: []\n", "users:\n  a: { SCRAM-SHA-256: \"KEYS\" }\nacls: []\n"),
        ("users:\n# nobody\nacls: []\n", "users:\n  a: { SCRAM-SHA-256: \"KEYS\" }\n# nobody\nacls: []\n"),
    ] {
        assert_eq!(with(before, "a", ScramMechanism::Sha256), after, "{before}");
    }
}

#[test]
fn names_that_mean_something_in_yaml_are_quoted() {
    for name in ["CN=a,O=b", "null", "a: b", "#x", "ü\"\\\n", "-"] {
        let text = with("", name, ScramMechanism::Sha256);
        let entry = entry(&text, name).expect("understood");
        assert_eq!(entry.texts, [("SCRAM-SHA-256".to_owned(), "KEYS".to_owned())], "{text}");
    }
}

#[test]
fn who_has_nothing_left_goes_and_groups_stay() {
    let text = "users:\n  a: { SCRAM-SHA-256: x }\n  b: { SCRAM-SHA-256: x, groups: [g] }\nacls: []\n";
    let without = |text: &str, user| set_to(text, user, ScramMechanism::Sha256, None).expect("changed");
    let text = without(text, "a");
    assert_eq!(
        text,
        "users:\n  b: { SCRAM-SHA-256: x, groups: [g] }\nacls: []\n".replace(": x", ": \"x\"").replace("\"x\"", "x")
    );
    let text = without(&text, "b");
    assert_eq!(text, "users:\n  b: { groups: [g] }\nacls: []\n");
    assert_eq!(replace(&text, "b", None).expect("changed"), "users: {}\nacls: []\n");
}

#[test]
fn what_cannot_be_changed_line_by_line_is_left_alone() {
    for (text, expected) in [
        ("users: { a: { groups: [g] } }\n", "each user begins a line of its own"),
        ("users: [a]\n", "`users` is not understood"),
        ("a: *b\n", "line 1: "),
    ] {
        let error = set_to(text, "a", ScramMechanism::Sha256, None).expect_err("refused");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = set_to(FILE, "bob", ScramMechanism::Sha256, None).expect_err("refused");
    assert!(error.to_string().contains("serves every mechanism"), "{error}");
}

#[test]
fn a_change_that_would_break_the_file_is_not_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("acls.yaml");
    write(&path, "users: {}\nacls: [ { broken: true } ]\n", 0o600).expect("written");
    let change = Change {
        user: "a".to_owned(),
        mechanism: ScramMechanism::Sha256,
        to: Some(credential(ScramMechanism::Sha256)),
    };
    let error = super::change(&path, std::slice::from_ref(&change)).expect_err("refused").to_string();
    assert!(error.contains("would not be in order any more, and was left alone"), "{error}");
    write(&path, "acls: []\n", 0o644).expect("written");
    let error = super::change(&path, std::slice::from_ref(&change)).expect_err("refused").to_string();
    assert!(error.contains("`chmod 600` it; or keep users in a file of their own"), "{error}");
    write(&path, "acls: []\n", 0o600).expect("written");
    super::change(&path, &[change]).expect("changed");
    assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);
    assert_eq!(store::file::check(&path, Part::Both), []);
}
