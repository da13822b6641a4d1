//! The commented examples in `config/` are good configurations, and show every key.

mod scene;

use scene::{Scene, text};

const DOORKEEPER: &str = include_str!("../../../config/doorkeeper.yaml");
const ACLS: &str = include_str!("../../../config/acls.yaml");
const OPERATIONS: &str = include_str!("../../../docs/operations.md");

const SCRAM: &str = "[iterations=4096,salt=W22ZaJ0SNY7soEsUEjb6gQ==,\
    stored_key=WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,\
    server_key=wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=]\n";

#[test]
fn the_examples_can_be_run_and_raise_no_eyebrow() {
    let scene = Scene::new(DOORKEEPER, ACLS);
    scene.write("alice.scram", 0o600, SCRAM);
    let output = scene.run(&["check", "doorkeeper.yaml"]);
    let expected =
        "doorkeeper.yaml can be run: cluster `orders-eu`, 3 listeners (CLIENT, SERVICES, SIDECAR), 16 ACLs, 3 users\n";
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), (expected, Some(0)));
}

/// The path of each key in the example, `listeners[].brokers.first_port`, those in comments too.
fn keys_of_the_example() -> Vec<String> {
    let mut stack: Vec<(usize, String)> = Vec::new();
    let mut keys = Vec::new();
    for line in DOORKEEPER.lines() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim_start();
        // A key in a comment: `# crl: …`.
        let line = line
            .strip_prefix("# ")
            .filter(|rest| {
                rest.starts_with("certificate:") || rest.starts_with("private_key:") || rest.starts_with("json:")
            })
            .unwrap_or(line);
        let (item, line) = match line.strip_prefix("- ") {
            Some(rest) => (2, rest),
            None => (0, line),
        };
        let Some((name, rest)) = line.split_once(':').filter(|(name, _)| !name.starts_with('#') && !name.contains(' '))
        else {
            continue;
        };
        while stack.last().is_some_and(|(level, _)| *level >= indent + item) {
            stack.pop();
        }
        let parent: Vec<&str> = stack.iter().map(|(_, name)| name.as_str()).collect();
        let path = [parent, vec![name]].concat().join(".");
        if let Some(inside) = rest.trim().strip_prefix("{ ").and_then(|inside| inside.split_once('}')) {
            for entry in inside.0.split(", ").filter(|entry| entry.contains(": ")) {
                let name = entry.split(": ").next().unwrap_or_default();
                if name.chars().all(|character| character.is_ascii_lowercase() || character == '_' || character == '.')
                {
                    keys.push(format!("{path}.{name}"));
                }
            }
        }
        stack.push((indent + item, name.to_owned()));
        keys.push(path);
    }
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn every_key_of_the_example_is_explained_in_operations() {
    let keys = keys_of_the_example();
    assert!(keys.len() > 50, "{keys:?}");
    let missing: Vec<&String> = keys.iter().filter(|key| !OPERATIONS.contains(&format!("`{key}`"))).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn every_metric_is_explained_in_operations() {
    let missing: Vec<&str> = admin::metrics::METRICS
        .iter()
        .map(|metric| metric.name)
        .filter(|name| !OPERATIONS.contains(&format!("`{name}`")) && !OPERATIONS.contains(&format!("`{name}{{")))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
