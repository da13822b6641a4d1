use std::os::unix::fs::PermissionsExt;

use acl::{AccessControlEntry, AclOperation, AclPermissionType, PatternType, ResourcePattern, ResourceType};

use super::*;

/// `allow Read topic orders User:a` or `deny Write group billing-* User:a 10.0.0.1`; an asterisk after a name is a prefix.
fn acl(words: &str) -> AclBinding {
    let words: Vec<&str> = words.split(' ').collect();
    let (name, pattern_type) = match words[3].strip_suffix('*') {
        Some(name) if !name.is_empty() => (name, PatternType::Prefixed),
        _ => (words[3], PatternType::Literal),
    };
    let permission_type: AclPermissionType = words[0].parse().expect("a permission");
    let operation: AclOperation = words[1].parse().expect("an operation");
    let resource_type: ResourceType = words[2].parse().expect("a resource type");
    let host = words.get(5).copied().unwrap_or("*");
    AclBinding::new(
        ResourcePattern::new(resource_type, name, pattern_type),
        AccessControlEntry::new(words[4], host, operation, permission_type),
    )
}

fn acls_of(words: &[&str]) -> Vec<AclBinding> {
    words.iter().map(|words| acl(words)).collect()
}

fn changed(text: &str, remove: &[&str], add: &[&str]) -> String {
    let done = edited(Path::new("acls.yaml"), text, &acls_of(remove), &acls_of(add));
    done.map(|(new, _)| new).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn refused(text: &str, remove: &[&str], add: &[&str]) -> String {
    edited(Path::new("acls.yaml"), text, &acls_of(remove), &acls_of(add)).expect_err("it is refused").to_string()
}

const COMMENTED: &str = "\
# who may do what
users:
  alice: { password: \"${file:not-there}\" }   # not looked at

acls:   # in order of importance
  # alice writes
  - { principal: User:alice, allow: [Write, Create], topic: orders }  # since March

  - principal: User:bob
    # he only reads
    allow: Read
    topic: { prefixed: invoices- }
  - { principals: [User:c, User:d], deny: All, cluster: true, hosts: [10.0.0.0/8, \"::1\"] }
# A change that removes too much is held back.
# allow_mass_removal: true
";

#[test]
fn what_is_added_goes_below_the_last_entry_and_nothing_else_moves() {
    let new = changed(
        COMMENTED,
        &[],
        &["allow Read topic orders User:e", "allow Write topic orders User:e", "deny Read group g* User:e 10.0.0.1"],
    );
    let expected = COMMENTED.replace(
        "# A change",
        "  - { principal: User:e, allow: [Read, Write], topic: orders }\n  \
         - { principal: User:e, deny: Read, group: { prefixed: g }, host: 10.0.0.1 }\n# A change",
    );
    assert_eq!(new, expected);
    let same = changed(COMMENTED, &["allow Read topic no User:e"], &["allow Write topic orders User:alice"]);
    assert_eq!(same, COMMENTED);
}

#[test]
fn an_entry_of_which_nothing_is_left_goes_with_its_lines() {
    let new = changed(COMMENTED, &["allow Read topic invoices-* User:bob"], &[]);
    let lines = "  - principal: User:bob\n    # he only reads\n    allow: Read\n    topic: { prefixed: invoices- }\n";
    assert_eq!(new, COMMENTED.replace(lines, ""));
    let new = changed(COMMENTED, &["allow Write topic orders User:alice", "allow Create topic orders User:alice"], &[]);
    let line = "  - { principal: User:alice, allow: [Write, Create], topic: orders }  # since March\n";
    assert_eq!(new, COMMENTED.replace(line, ""));
}

#[test]
fn an_entry_that_says_less_is_written_anew_with_its_comments() {
    let new =
        changed(COMMENTED, &["allow Create topic orders User:alice", "deny All cluster kafka-cluster User:c ::1"], &[]);
    let expected = COMMENTED.replace("allow: [Write, Create]", "allow: Write").replace(
        "  - { principals: [User:c, User:d], deny: All, cluster: true, hosts: [10.0.0.0/8, \"::1\"] }\n",
        "  - { principal: User:c, deny: All, cluster: true, host: 10.0.0.0/8 }\n  \
         - { principal: User:d, deny: All, cluster: true, hosts: [10.0.0.0/8, \"::1\"] }\n",
    );
    assert_eq!(new, expected);
    let several = "acls:\n- principals:\n  - User:a\n  # not for long\n  - User:b\n  allow: Read\n  topic: t\n- { principal: User:c, allow: Read, topic: t }\n";
    let new = changed(several, &["allow Read topic t User:b"], &[]);
    let expected = "acls:\n# not for long\n- { principal: User:a, allow: Read, topic: t }\n- { principal: User:c, allow: Read, topic: t }\n";
    assert_eq!(new, expected);
}

#[test]
fn a_list_becomes_empty_and_is_filled_again() {
    let one = "acls: # all\n  - { principal: User:a, allow: Read, topic: t }\nusers: { a: {} }\n";
    let empty = changed(one, &["allow Read topic t User:a"], &[]);
    assert_eq!(empty, "acls: [] # all\nusers: { a: {} }\n");
    assert_eq!(changed(&empty, &[], &["allow Read topic t User:a"]), one);
}

#[test]
fn a_file_without_acls_gets_them_at_its_end() {
    let entry = "  - { principal: User:a, allow: Read, topic: t }\n";
    for (text, expected) in [
        ("", format!("acls:\n{entry}")),
        ("users:\n  a: { groups: [g] }", format!("users:\n  a: {{ groups: [g] }}\nacls:\n{entry}")),
        ("users: {}\r\n", format!("users: {{}}\r\nacls:\r\n{}", entry.replace('\n', "\r\n"))),
    ] {
        assert_eq!(changed(text, &[], &["allow Read topic t User:a"]), expected);
    }
}

#[test]
fn what_cannot_be_edited_safely_is_left_alone_and_said() {
    let add = &["allow Read topic new User:a"][..];
    for (text, remove, add, expected) in [
        (
            "acls: [{ principal: User:a, allow: Read, topic: t }]\n",
            &[][..],
            add,
            "line 1: `acls` is written in `[ … ]`",
        ),
        ("{ acls: [] }\n", &[], add, "line 1: the document is written in `{ … }`"),
        (
            "acls:\n  - principals: [User:a, User:b]\n    allow: Read\n    topic: |-\n      t\n",
            &["allow Read topic t User:a"],
            &[],
            "line 2: this entry has a text of several lines",
        ),
        (
            "acls:\n  - { principals: [User:a, \"User:${env:PATH}\"], allow: Read, topic: t }\n",
            &["allow Read topic t User:a"],
            &[],
            "line 2: this entry would have to be written anew, and has `${…}` in it",
        ),
        ("acls: []\n", &[], &["allow Read topic ${env:HOME} User:a"], "`${…}` would stand for a value from elsewhere"),
        ("acls: []\n", &[], &["allow Read cluster kafka-cluster* User:a"], "there is one cluster"),
        ("acls: [\n", &[], add, "acls.yaml:1:7: this is not YAML"),
        ("acls:\n  - { principal: User:a, alow: Read, topic: t }\n", &[], add, "alow"),
    ] {
        let said = refused(text, remove, add);
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn the_file_is_replaced_at_once_and_keeps_its_mode_and_its_link() {
    let directory = tempfile::tempdir().expect("a directory");
    let (real, link) = (directory.path().join("real.yaml"), directory.path().join("acls.yaml"));
    std::fs::write(&real, COMMENTED).expect("written");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("ours");
    std::os::unix::fs::symlink("real.yaml", &link).expect("a link");
    let add = acls_of(&["allow Read topic new User:a"]);
    assert_eq!(edit(&link, &[], &add).expect("edited"), Edited { before: 7, removed: 0, after: 8 });
    assert!(link.is_symlink());
    assert_eq!(std::fs::metadata(&real).expect("it is there").permissions().mode() & 0o777, 0o640);
    assert_eq!(acls(&link).expect("read").len(), 8);
    assert!(edit(&link, &acls(&link).expect("read"), &[]).expect("edited").is_held_back());
    let new = directory.path().join("new.yaml");
    edit(&new, &[], &add).expect("made");
    assert_eq!(std::fs::metadata(&new).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(directory.path()).expect("listed").count(), 3, "nothing is left behind");
}

/// Every way of removing some ACLs from entries that stand for several leaves exactly the others.
#[test]
fn whatever_is_removed_the_rest_is_what_was_there_without_it() {
    let all = read(Path::new("acls.yaml"), COMMENTED).expect("good").concat();
    for chosen in 0..(1_u32 << all.len()) {
        let remove: Vec<AclBinding> = all
            .iter()
            .enumerate()
            .filter(|(at, _)| chosen >> at & 1 == 1)
            .map(|(_, binding)| binding.clone())
            .collect();
        // `edited` compares what the new text says with what it shall say.
        let (new, _) = edited(Path::new("acls.yaml"), COMMENTED, &remove, &[]).expect("it can be edited");
        assert!(new.contains("# in order of importance") && new.contains("# allow_mass_removal: true"), "{new}");
    }
}
