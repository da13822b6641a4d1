//! Whatever the ACLs are: what one form writes is read again as the same ACLs, or was refused.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, CLUSTER_NAME, PatternType, ResourcePattern,
    ResourceType,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use store::file::edit;

use super::options::Options;
use super::{kafka_user, list_text, plan, print, script, write_kafka_user};

/// Texts that trip up whoever takes text apart.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "orders",
            "a.b-c_d",
            "*",
            "a b",
            "a,b",
            "a: b",
            "a #b",
            "- a",
            "null",
            "yes",
            "010",
            "1e3",
            "{a}",
            "[a]",
            "'",
            "\"",
            "\\",
            "$HOME",
            "`x`",
            "--force",
            "é",
            "💥",
            "a, name=b",
            "a, patternType=LITERAL)`:",
            "&a",
            "!a",
            "%a",
            "@a",
            "a=b",
        ])
        .prop_map(str::to_owned),
        "[ -~]{1,12}",
    ]
}

fn host() -> impl Strategy<Value = String> {
    select(vec!["*", "10.0.0.1", "10.0.0.0/8", "0:0:0:0:0:0:0:1", "::1", "localhost"]).prop_map(str::to_owned)
}

fn acls() -> impl Strategy<Value = Vec<AclBinding>> {
    let one = (
        select(ResourceType::VALUES),
        text(),
        select(PatternType::VALUES),
        prop_oneof![
            text().prop_map(|name| format!("User:{name}")),
            Just("User:*".to_owned()),
            Just("Group:g".to_owned())
        ],
        host(),
        select(AclOperation::VALUES),
        select(AclPermissionType::VALUES),
    );
    vec(one, 0..12).prop_map(|all| {
        let all =
            all.into_iter().map(|(resource_type, name, pattern_type, principal, host, operation, permission_type)| {
                let pattern = match resource_type {
                    ResourceType::Cluster => ResourcePattern::literal(resource_type, CLUSTER_NAME),
                    _ => ResourcePattern::new(resource_type, name, pattern_type),
                };
                AclBinding::new(pattern, AccessControlEntry::new(principal, host, operation, permission_type))
            });
        all.collect::<BTreeSet<_>>().into_iter().collect()
    })
}

/// As [`acls`], in the words that Strimzi has.
fn acls_of_strimzi() -> impl Strategy<Value = Vec<AclBinding>> {
    acls().prop_map(|acls| {
        let said = acls.into_iter().filter(|acl| {
            kafka_user::OPERATIONS.contains(&acl.entry.operation)
                && kafka_user::RESOURCES.iter().any(|(_, resource_type)| *resource_type == acl.pattern.resource_type)
        });
        let users = ["User:a", "User:CN=a", "User:b.c-1"];
        let renamed = said.enumerate().map(|(at, mut acl)| {
            acl.entry.principal = users[at % users.len()].into();
            acl
        });
        renamed.collect::<BTreeSet<_>>().into_iter().collect()
    })
}

fn sorted(mut acls: Vec<AclBinding>) -> Vec<AclBinding> {
    acls.sort();
    acls
}

proptest! {
    #[test]
    fn the_list_of_kafkas_tool(acls in acls()) {
        prop_assert_eq!(sorted(list_text::read("-", &print::current(&acls)).expect("our own words")), acls);
    }

    #[test]
    fn the_acl_file(acls in acls()) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("acls.yaml");
        match edit::document(&acls) {
            Ok(text) => {
                std::fs::write(&path, text).expect("written");
                prop_assert_eq!(sorted(edit::acls(&path).expect("our own words")), acls);
            }
            Err(error) => prop_assert!(error.reason.contains("${"), "{}", error),
        }
    }

    /// In two steps, and half of it removed again.
    #[test]
    fn an_edited_acl_file(acls in acls(), more in acls(), split in 0_usize..12) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("acls.yaml");
        prop_assume!(edit::document(&acls).is_ok() && edit::document(&more).is_ok());
        edit::edit(&path, &[], &acls).expect("added");
        let (gone, kept) = acls.split_at(split.min(acls.len()));
        edit::edit(&path, gone, &more).expect("changed");
        let expected: BTreeSet<AclBinding> = kept.iter().chain(&more).cloned().collect();
        if path.exists() {
            let found: BTreeSet<AclBinding> = edit::acls(&path).expect("our own words").into_iter().collect();
            prop_assert_eq!(found, expected);
        } else {
            prop_assert!(expected.is_empty());
        }
    }

    #[test]
    fn users_of_strimzi(acls in acls_of_strimzi()) {
        let text = write_kafka_user::written(&acls, "my-cluster").expect("it has words for them");
        prop_assert_eq!(sorted(kafka_user::read("-", &text).expect("our own words")), acls);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A real shell runs the script, and what it hands to the tool is read by the tool's rules.
    #[test]
    fn the_script(acls in acls()) {
        let acls: Vec<AclBinding> =
            acls.into_iter().filter(|acl| script::written(std::slice::from_ref(acl)).is_ok()).collect();
        let text = script::written(&acls).expect("it has words for each of them");
        let directory = tempfile::tempdir().expect("a directory");
        let mut found = BTreeSet::new();
        for words in handed_over(directory.path(), &text) {
            prop_assert_eq!(&words[..2], &["--bootstrap-server".to_owned(), "localhost:1".to_owned()]);
            let options = Options::parse(&words).expect("good options");
            prop_assert!(options.ignored.is_empty());
            for (pattern, entries) in plan::to_add(&options).expect("a good command") {
                found.extend(entries.into_iter().map(|entry| AclBinding::new(pattern.clone(), entry)));
            }
        }
        prop_assert_eq!(found.into_iter().collect::<Vec<_>>(), acls);
    }
}

/// The words of each command that the script runs.
fn handed_over(directory: &Path, script: &str) -> Vec<Vec<String>> {
    use std::os::unix::fs::PermissionsExt;
    let (tool, acls) = (directory.join("tool"), directory.join("acls.sh"));
    std::fs::write(&tool, "#!/bin/sh\nprintf '%s\\0' \"$@\"\nprintf '\\n\\0'\n").expect("written");
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o700)).expect("ours");
    std::fs::write(&acls, script).expect("written");
    let mut shell = Command::new("sh");
    shell.arg(&acls).args(["--bootstrap-server", "localhost:1"]).env("KAFKA_ACLS", &tool).current_dir(directory);
    let output = shell.output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let words = String::from_utf8(output.stdout).expect("it is text");
    let mut commands = vec![Vec::new()];
    for word in words.split_terminator('\0') {
        match word {
            "\n" => commands.push(Vec::new()),
            word => commands.last_mut().expect("there is one").push(word.to_owned()),
        }
    }
    commands.pop();
    commands
}
