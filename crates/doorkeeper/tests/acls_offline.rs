//! `doorkeeper acls` where no cluster is: files, embedded stores, listings, Strimzi's users; by the binary.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const ACLS: &str = "\
# who may do what
acls:
  - { principal: User:alice, allow: [Read, Write], topic: orders }  # since March
  - { principal: User:bob, allow: Read, group: { prefixed: g- } }
";

const KAFKA_USER: &str = "\
apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata: { name: carol }
spec:
  authentication: { type: tls }
  authorization:
    type: simple
    acls:
      - { resource: { type: topic, name: orders }, operations: [Read] }
";

fn directory() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("acls.yaml"), ACLS).expect("written");
    directory
}

fn run_with(directory: &Path, input: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorkeeper"));
    command.arg("acls").args(arguments).current_dir(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("it starts");
    // It need not read all of it.
    let _ = process.stdin.take().expect("it is piped").write_all(input.as_bytes());
    process.wait_with_output().expect("it ends")
}

/// Exit status, standard output, standard error.
fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    told(&run_with(directory, "", arguments))
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it is text");
    (output.status.code().expect("it was not killed"), text(&output.stdout), text(&output.stderr))
}

fn ok(directory: &Path, arguments: &[&str]) -> String {
    let (status, out, error) = run(directory, arguments);
    assert_eq!(status, 0, "{arguments:?}: {out}{error}");
    out
}

#[test]
fn acls_go_from_form_to_form_and_stay_the_same() {
    let directory = directory();
    let at = directory.path();
    let all = ["import", "file:acls.yaml", "--into", "embedded:store"];
    assert!(ok(at, &[&all[..], &["--dry-run"]].concat()).contains("3 ACLs would be added"));
    assert!(!at.join("store").exists(), "nothing was changed");
    assert_eq!(ok(at, &all), "3 ACLs added to embedded:store, which had 0 ACLs of file:acls.yaml already\n");

    let listing = ok(at, &["--store-directory", "store", "--list"]);
    let imported = run_with(at, &listing, &["import", "list:-", "--into", "file:copy.yaml"]);
    assert!(imported.status.success(), "{imported:?}");
    assert_eq!(ok(at, &["diff", "file:acls.yaml", "file:copy.yaml"]), "");

    let users = ok(at, &["export", "embedded:store", "--as", "kafka-user", "--strimzi-cluster", "my-cluster"]);
    std::fs::write(at.join("users.yaml"), &users).expect("written");
    assert_eq!(ok(at, &["diff", "strimzi:users.yaml", "embedded:store"]), "");

    let file = ok(at, &["export", "embedded:store", "--as", "file"]);
    std::fs::write(at.join("third.yaml"), &file).expect("written");
    assert_eq!(ok(at, &["diff", "file:third.yaml", "file:acls.yaml"]), "");
    assert!(ok(at, &["export", "file:acls.yaml", "--as", "kafka-acls"]).starts_with("#!/bin/sh\n"));
}

#[test]
fn the_exit_status_of_diff_is_that_of_diff() {
    let directory = directory();
    let at = directory.path();
    std::fs::write(at.join("users.yaml"), KAFKA_USER).expect("written");
    assert_eq!(run(at, &["diff", "file:acls.yaml", "file:acls.yaml"]), (0, String::new(), String::new()));
    ok(at, &["import", "strimzi:users.yaml", "--into", "file:new.yaml"]);
    let (status, out, _) = run(at, &["diff", "file:acls.yaml", "file:new.yaml"]);
    let signs: String = out.lines().filter_map(|line| line.chars().next()).collect();
    assert_eq!((status, signs.as_str()), (1, "-++---"), "{out}");
    assert!(out.contains("+(pattern=ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL), entry=(principal=User:CN=carol, "));
    for trouble in
        [&["diff", "file:acls.yaml", "file:no.yaml"][..], &["diff", "acls.yaml", "b"], &["diff", "file:acls.yaml"]]
    {
        assert_eq!(run(at, trouble).0, 2, "{trouble:?}");
    }
}

#[test]
fn what_must_not_be_done_is_refused_and_changes_nothing() {
    let directory = directory();
    let at = directory.path();
    ok(at, &["import", "file:acls.yaml", "--into", "embedded:store"]);
    let range = "Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=t, patternType=LITERAL)`:\n \
                 \t(principal=User:a, host=10.0.0.0/8, operation=READ, permissionType=ALLOW)\n\
                 \t(principal=User:a, host=10.0.0.1, operation=READ, permissionType=ALLOW)\n";
    std::fs::write(at.join("range.txt"), range).expect("written");
    std::fs::write(at.join("cut.txt"), &range[..range.len() - 5]).expect("written");
    std::fs::write(at.join("users.yaml"), KAFKA_USER.replace("[Read]", "[Read, Fly]")).expect("written");
    for (arguments, expected) in [
        (
            &["import", "list:range.txt", "--into", "file:acls.yaml"][..],
            "1 ACL: the host means somebody in file:acls.yaml, and nobody in",
        ),
        (&["import", "list:cut.txt", "--into", "file:acls.yaml"], "cut.txt:3: this line is no entry"),
        (&["import", "strimzi:users.yaml", "--into", "file:acls.yaml"], "users.yaml:9:71: `Fly` is not known"),
        (&["export", "list:range.txt", "--as", "file"], "1 ACL(s) of list:range.txt have a host that is a range"),
        (&["import", "file:acls.yaml", "--into", "list:range.txt"], "`list:range.txt` can only be read"),
        (&["export", "embedded:nowhere", "--as", "file"], "there is no embedded store in `nowhere`"),
        (
            &["import", "file:acls.yaml", "--into", "embedded:store", "--command-config", "x"],
            "`--command-config` was given 1 times",
        ),
    ] {
        let (status, out, error) = run(at, arguments);
        assert!(status == 1 && out.is_empty() && error.contains(expected), "{arguments:?}: {status} {out}{error}");
    }
    assert_eq!(std::fs::read_to_string(at.join("acls.yaml")).expect("read"), ACLS);
    assert!(!at.join("nowhere").exists());
    for form in [&["--as", "kafka-acls"][..], &["--as", "file", "--principal", "User:b"]] {
        ok(at, &[&["export", "list:range.txt"], form].concat());
    }
    let (status, _, error) = run(at, &["import", "list:range.txt", "--into", "file:acls.yaml", "--skip-ranges"]);
    assert!(status == 0 && error.contains("left out") && error.contains("host=10.0.0.0/8"), "{error}");
    assert!(!std::fs::read_to_string(at.join("acls.yaml")).expect("read").contains("10.0.0.0/8"));
}

#[test]
fn a_store_that_is_in_use_is_left_alone() {
    let directory = directory();
    let at = directory.path();
    ok(at, &["import", "file:acls.yaml", "--into", "embedded:store"]);
    let running = store::embedded::load(&at.join("store"), &store::Bootstrap::default()).expect("it opens");
    let (status, out, _) = run(at, &["--embedded", "store", "--remove", "--force", "--topic", "orders"]);
    assert!(status == 1 && out.contains("is in use") && out.contains("--bootstrap-server"), "{out}");
    assert_eq!(running.acls().len(), 3);
    drop(running);
    ok(at, &["--embedded", "store", "--remove", "--force", "--topic", "orders"]);
    assert_eq!(ok(at, &["--embedded", "store", "--list", "--topic", "orders"]), "");
}

#[test]
fn an_edited_file_keeps_its_comments_and_says_when_it_will_be_held_back() {
    let directory = directory();
    let at = directory.path();
    let (status, _, error) = run(at, &["--file", "acls.yaml", "--remove", "--force", "--topic", "orders"]);
    assert!(
        status == 0 && error.contains("2 of 3 ACLs were removed") && error.contains("allow_mass_removal"),
        "{error}"
    );
    ok(at, &["--file", "acls.yaml", "--add", "--topic", "new", "--operation", "Read", "--allow-principal", "User:*"]);
    let text = std::fs::read_to_string(at.join("acls.yaml")).expect("read");
    let expected = "\
# who may do what
acls:
  - { principal: User:bob, allow: Read, group: { prefixed: g- } }
  - { principal: \"User:*\", allow: Read, topic: new }
";
    assert_eq!(text, expected);
}
