//! What the ACL file may say, and what is said about one that says it wrongly.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use acl::AclBinding;
use store::Severity;
use store::file::{self, FileSettings, Part};

const SCRAM: &str = "[iterations=4096,salt=W22ZaJ0SNY7soEsUEjb6gQ==,\
    stored_key=WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,\
    server_key=wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=]";

struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Directory {
        Directory(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, mode: u32, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("ours");
        path
    }
}

fn settings(path: &Path) -> FileSettings {
    FileSettings::new(path)
}

/// What is said of this file, without its name.
fn said(text: &str, severity: Severity) -> Vec<String> {
    let directory = Directory::new();
    let path = directory.write("acls.yaml", 0o600, text);
    let prefix = format!("{}", path.display());
    let problems = file::check(&path, Part::Both);
    let of_severity = problems.iter().filter(|problem| problem.severity == severity);
    of_severity.map(|problem| problem.to_string().replacen(&prefix, "", 1)).collect()
}

fn bindings(text: &str) -> Vec<String> {
    let directory = Directory::new();
    let path = directory.write("acls.yaml", 0o600, text);
    let snapshot = file::load(settings(&path)).expect("a good file").snapshot(acl::Settings::default());
    let mut bindings: Vec<AclBinding> = snapshot.policy.bindings().collect();
    bindings.sort();
    bindings.iter().map(ToString::to_string).collect()
}

#[test]
fn every_form_of_an_entry_becomes_kafkas_acls() {
    let of = |resource_type: &str,
              name: &str,
              pattern: &str,
              principal: &str,
              host: &str,
              operation: &str,
              permission: &str| {
        format!(
            "(pattern=ResourcePattern(resourceType={resource_type}, name={name}, patternType={pattern}), \
             entry=(principal={principal}, host={host}, operation={operation}, permissionType={permission}))"
        )
    };
    for (entry, expected) in [
        (
            "{ principal: User:alice, allow: [Write, Create], topic: orders }",
            vec![
                of("TOPIC", "orders", "LITERAL", "User:alice", "*", "WRITE", "ALLOW"),
                of("TOPIC", "orders", "LITERAL", "User:alice", "*", "CREATE", "ALLOW"),
            ],
        ),
        (
            "{ principal: User:alice, allow: Read, group: { prefixed: billing- }, hosts: [10.0.0.0/8, 10.1.1.1] }",
            vec![
                of("GROUP", "billing-", "PREFIXED", "User:alice", "10.0.0.0/8", "READ", "ALLOW"),
                of("GROUP", "billing-", "PREFIXED", "User:alice", "10.1.1.1", "READ", "ALLOW"),
            ],
        ),
        (
            "{ principal: \"User:*\", deny: [Alter], topic: \"*\" }",
            vec![of("TOPIC", "*", "LITERAL", "User:*", "*", "ALTER", "DENY")],
        ),
        (
            "{ principals: [User:a, Group:b], allow: IDEMPOTENT_WRITE, cluster: true }",
            vec![
                of("CLUSTER", "kafka-cluster", "LITERAL", "Group:b", "*", "IDEMPOTENT_WRITE", "ALLOW"),
                of("CLUSTER", "kafka-cluster", "LITERAL", "User:a", "*", "IDEMPOTENT_WRITE", "ALLOW"),
            ],
        ),
        (
            "{ principal: User:a, allow: All, transactional_id: 0123, host: \"*\" }",
            vec![of("TRANSACTIONAL_ID", "0123", "LITERAL", "User:a", "*", "ALL", "ALLOW")],
        ),
        (
            "{ principal: User:a, allow: Describe, delegation_token: t }",
            vec![of("DELEGATION_TOKEN", "t", "LITERAL", "User:a", "*", "DESCRIBE", "ALLOW")],
        ),
        (
            "{ principal: User:a, allow: CreateTokens, user: User:b }",
            vec![of("USER", "User:b", "LITERAL", "User:a", "*", "CREATE_TOKENS", "ALLOW")],
        ),
    ] {
        assert_eq!(bindings(&format!("acls:\n  - {entry}\n")), expected, "{entry}");
    }
}

#[test]
fn what_is_wrong_is_told_with_line_column_key_and_what_was_expected() {
    for (text, expected) in [
        ("", vec![": the file is empty, expected keys and values"]),
        (
            "acl: []\n",
            vec![
                ":1:1: has neither `users` nor `acls`: write `acls: []` if none are meant",
                ":1:1: acl: unknown key, did you mean `acls`?",
            ],
        ),
        ("acls:\n", vec![":1:1: acls: has no value, expected a list of ACLs, or `[]` for none"]),
        ("- 1\n", vec![":1:1: is a list, expected keys and values"]),
        (
            "acls:\n  - { principal: User:a, allow: Read, topic: * }\n",
            vec![
                ":2:46: this is not YAML: while scanning an anchor or alias, did not find expected alphabetic or numeric \
             character; if an asterisk is meant, quote it: `\"*\"`",
            ],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Reed, topic: a }\n",
            vec![
                ":2:33: acls[0].allow: `Reed` is not understood, expected `All`, `Read`, `Write`, `Create`, `Delete`, `Alter`, \
             `Describe`, `ClusterAction`, `DescribeConfigs`, `AlterConfigs`, `IdempotentWrite`, `CreateTokens`, \
             `DescribeTokens` or `TwoPhaseCommit`",
            ],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Read, topic: a }\n  - { principal: User:a, allow: [Write, Read], topic: a }\n",
            vec![
                ":3:5: acls[1]: the ACL `(pattern=ResourcePattern(resourceType=TOPIC, name=a, patternType=LITERAL), \
             entry=(principal=User:a, host=*, operation=READ, permissionType=ALLOW))` is here twice, first in line 2",
            ],
        ),
        (
            "acls:\n  - { allow: Read, topic: a }\n",
            vec![
                ":2:5: acls[0].principal: is missing, expected a principal such as `User:alice`, or `\"User:*\"` for everybody",
            ],
        ),
        (
            "acls:\n  - { principal: User:a, principals: [User:b], allow: Read, topic: a }\n",
            vec![":2:38: acls[0].principals: is here beside `principal`, expected one of them"],
        ),
        (
            "acls:\n  - { principal: User:a, topic: a }\n",
            vec![
                ":2:5: acls[0].allow: is missing, expected `allow` or `deny` with an operation such as `Read`, or a list of them",
            ],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Read, deny: Write, topic: a }\n",
            vec![":2:45: acls[0].deny: is here beside `allow`: make two entries of it"],
        ),
        (
            "acls:\n  - { principal: User:a, allow: [], topic: a }\n",
            vec![":2:33: acls[0].allow: is an empty list, expected an operation such as `Read`"],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Read }\n",
            vec![
                ":2:5: acls[0]: has no resource, expected `topic`, `group`, `transactional_id`, `cluster`, `delegation_token` or `user`",
            ],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Read, topic: a, group: b }\n",
            vec![":2:56: acls[0].group: is a second resource in one entry: make two entries of it"],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Describe, cluster: false }\n",
            vec![":2:52: acls[0].cluster: `false` is not understood, expected `true`"],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Read, topic: { prefix: a } }\n",
            vec![":2:46: acls[0].topic.prefixed: is missing, expected what the names begin with"],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Read, topic: '' }\n",
            vec![":2:46: acls[0].topic: is empty, expected a name, `\"*\"` or `{ prefixed: name }`"],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Read, topic: a, hosts: [] }\n",
            vec![":2:56: acls[0].hosts: is an empty list, expected addresses; leave it out for every host"],
        ),
        (
            "acls:\n  - { principal: User:a, allow: Read, topic: a, when: now }\n",
            vec![
                ":2:49: acls[0].when: unknown key, expected one of `principal`, `principals`, `allow`, `deny`, `topic`, `group`, \
             `transactional_id`, `cluster`, `delegation_token`, `user`, `host` or `hosts`",
            ],
        ),
        (
            "acls: []\nallow_mass_removal: yes\n",
            vec![":2:21: allow_mass_removal: `yes` is not known, expected `true` or `false`"],
        ),
        (
            "users:\n  alice: {}\n",
            vec![":2:3: users.alice: has nothing, expected `SCRAM-SHA-256`, `SCRAM-SHA-512`, `password` or `groups`"],
        ),
        (
            "users:\n  alice: { password: a }\n  alice: { password: b }\n",
            vec![":3:3: the key `alice` is here twice, first in line 2"],
        ),
        (
            "users:\n  alice: { SCRAM-SHA-256: hunter2 }\n",
            vec![
                ":2:27: users.alice.SCRAM-SHA-256: is no credential: unknown or repeated part of a credential, expected \
             `iterations`, `salt`, `stored_key` and `server_key` once each",
            ],
        ),
        (
            "users:\n  alice: { password: a, SCRAM-SHA-256: b }\n",
            vec![
                ":2:22: users.alice.password: is here beside a SCRAM credential, expected one of them",
                ":2:40: users.alice.SCRAM-SHA-256: is no credential: unknown or repeated part of a credential, expected \
             `iterations`, `salt`, `stored_key` and `server_key` once each",
            ],
        ),
        (
            "users:\n  alice: { password: \"${env:NO_SUCH_VARIABLE}\" }\n",
            vec![":2:22: users.alice.password: the environment variable `NO_SUCH_VARIABLE` is not set"],
        ),
        (
            "users:\n  alice: { groups: [Group:ops] }\n",
            vec![":2:21: users.alice.groups[0]: has a type, expected the name alone: ACLs name it `Group:…`"],
        ),
        (
            "users:\n  alice: { password: \"${file:../secret}\" }\n",
            vec![":2:22: users.alice.password: `../secret` is not below the directory of this file"],
        ),
        (
            "users:\n  alice: { password: \"${file:/etc/hostname}\" }\n",
            vec![":2:22: users.alice.password: `/etc/hostname` is not below the directory of this file"],
        ),
    ] {
        assert_eq!(said(text, Severity::Error), expected, "{text}");
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let text =
        "users:\n  alice: {}\nacls:\n  - { principal: User:a, allow: Reed, topic: a }\n  - { topic: a }\nextra: 1\n";
    let lines: Vec<String> =
        said(text, Severity::Error).iter().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [":2:3 users.alice", ":4:33 acls[0].allow", ":5:5 acls[1].principal", ":5:5 acls[1].allow", ":6:1 extra"]
    );
}

#[test]
fn what_is_valid_but_means_nothing_is_warned_of() {
    let entry = |entry: &str| format!("acls:\n  - {{ principal: User:a, allow: Read, topic: a, {entry} }}\n");
    for (text, expected) in [
        (
            "acls:\n  - { principal: User:a, allow: Read, topic: orders-* }\n".to_owned(),
            ":2:46: acls[0].topic: `orders-*` is one name, asterisk included: write `{ prefixed: orders- }` for all that begin so",
        ),
        (
            "acls:\n  - { principal: User:a, allow: Read, topic: { prefixed: \"*\" } }\n".to_owned(),
            ":2:58: acls[0].topic.prefixed: names that begin with `*` have an asterisk in them: write `\"*\"`",
        ),
        (
            "acls:\n  - { principal: alice, allow: Read, topic: a }\n".to_owned(),
            ":2:18: acls[0].principal: `alice` has no type and is nobody: write `User:alice`",
        ),
        (
            "acls:\n  - { principal: user:alice, allow: Read, topic: a }\n".to_owned(),
            ":2:18: acls[0].principal: nobody has the type `user`: types are `User` and `Group`, as in `User:alice`",
        ),
        (
            "acls:\n  - { principal: \"User:al*\", allow: Read, topic: a }\n".to_owned(),
            ":2:18: acls[0].principal: `User:al*` is one user of exactly this name: only `User:*` stands for others",
        ),
        (
            entry("host: localhost"),
            ":2:55: acls[0].host: `localhost` is no address and is nobody's: names are not looked up",
        ),
        (
            entry("hosts: [10.0.0.0/33]"),
            ":2:57: acls[0].hosts[0]: `10.0.0.0/33` is no range of addresses and is nobody's: names are not looked up",
        ),
        (
            "acls:\n  - { principal: User:a, allow: Write, group: g }\n".to_owned(),
            ":2:33: acls[0].allow: `Write` has no meaning for Group, which knows Read, Delete, Describe, DescribeConfigs, AlterConfigs",
        ),
        (
            "acls:\n  - { principal: User:a, allow: CreateTokens, user: bob }\n".to_owned(),
            ":2:53: acls[0].user: users are resources by their principal: write `User:bob`",
        ),
        (
            "acls: []\nallow_mass_removal: true\n".to_owned(),
            ":2:21: allow_mass_removal: stays on: remove it when the removal is done, or no later one is held back",
        ),
        (
            "users:\n  User:alice: { password: a }\n".to_owned(),
            ":2:3: users.User:alice: users are named without a type: this one is the principal `User:User:alice`",
        ),
    ] {
        assert_eq!(said(&text, Severity::Warning), [expected], "{text}");
        assert_eq!(said(&text, Severity::Error), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn credentials_come_from_files_beside_the_acl_file() {
    let directory = Directory::new();
    directory.write("alice.scram", 0o600, &format!("{SCRAM}\n"));
    let text = "users:\n  alice: { SCRAM-SHA-256: \"${file:alice.scram}\", groups: [ops] }\n  bob: { password: b }\n";
    let path = directory.write("acls.yaml", 0o600, text);
    let snapshot = file::load(settings(&path)).expect("a good file").snapshot(acl::Settings::default());
    use authentication::ScramMechanism::{Sha256, Sha512};
    let alice = snapshot.users.get("alice", Sha256).expect("alice may log in");
    assert_eq!(alice.format(), SCRAM);
    assert_eq!(snapshot.users.groups("alice"), ["Group:ops".into()]);
    let bob = [Sha256, Sha512].map(|mechanism| {
        let stored = snapshot.users.get("bob", mechanism).expect("bob may log in");
        *stored == authentication::ScramCredential::derive(mechanism, "b", &stored.salt, stored.iterations)
    });
    assert_eq!(bob, [true, true]);
}

#[test]
fn a_secret_that_others_can_read_is_refused_and_a_link_out_of_the_directory_too() {
    let directory = Directory::new();
    let open = directory.write("alice.scram", 0o644, SCRAM);
    let path = directory.write("acls.yaml", 0o600, "users:\n  alice: { SCRAM-SHA-256: \"${file:alice.scram}\" }\n");
    let said = |path: &Path| -> Vec<String> {
        file::check(path, Part::Both).iter().map(|problem| problem.message.clone()).collect()
    };
    assert_eq!(
        said(&path),
        [format!("others can use `{}` (mode 0644), which holds a secret: `chmod 600` it", open.display())]
    );
    let elsewhere = Directory::new();
    let secret = elsewhere.write("secret", 0o600, SCRAM);
    std::fs::remove_file(&open).expect("removed");
    std::os::unix::fs::symlink(secret, &open).expect("linked");
    assert_eq!(said(&path), ["`alice.scram` is not below the directory of this file"]);
}

#[test]
fn a_password_in_a_file_that_others_can_read_is_warned_of() {
    let directory = Directory::new();
    let path = directory.write("acls.yaml", 0o644, "users:\n  bob: { password: b }\n");
    let said: Vec<String> = file::check(&path, Part::Both)
        .iter()
        .map(|problem| format!("{}: {}", problem.severity, problem.message))
        .collect();
    assert_eq!(
        said,
        ["warning: is a secret in a file that others can read: use `${file:…}` or `${env:…}`, or `chmod 600` the file"]
    );
}

#[test]
fn values_of_secrets_are_in_no_message() {
    let directory = Directory::new();
    directory.write("secret", 0o600, "hunter2");
    let text = "users:\n  a: { SCRAM-SHA-256: \"${file:secret}\" }\n  b: { SCRAM-SHA-256: hunter2 }\nallow_mass_removal: ${file:secret}\n";
    let path = directory.write("acls.yaml", 0o600, text);
    let error = file::load(settings(&path)).expect_err("no credential");
    assert_eq!(error.problems.len(), 3);
    assert!(!error.to_string().contains("hunter2") && !format!("{error:?}").contains("hunter2"), "{error}");
}
