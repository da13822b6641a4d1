//! The same questions to Kafka's own `StandardAuthorizer` (4.3.0) and to this crate.
//!
//! `kafka/decisions.tsv` has random ACLs, questions, and what Kafka answered. `kafka/Decisions.java` wrote it: with Kafka's
//! jars on the class path (`tests/kafka/classpath` prints it, from the root of the repository) and a seed and a number of
//! policies as arguments,
//!
//! ```text
//! java -cp "$(tests/kafka/classpath)" crates/acl/tests/kafka/Decisions.java 1 250 > crates/acl/tests/kafka/decisions.tsv
//! ```
//!
//! To try more than is checked in, name another such file in the variable `KAFKA_DECISIONS`.

use std::sync::Arc;

use acl::{AccessControlEntry, AclBinding, Host, Identity, KafkaPrincipal, Policy, ResourcePattern, Settings};

#[test]
fn decisions_and_their_reasons_are_those_of_kafka() {
    let path = std::env::var("KAFKA_DECISIONS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/decisions.tsv").to_owned());
    let text = std::fs::read_to_string(path).expect("the file of decisions");
    let mut settings = Settings::default();
    let mut bindings: Vec<AclBinding> = Vec::new();
    let mut questions = 0;
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["policy", allow_everyone, super_users] => {
                bindings.clear();
                settings = Settings {
                    super_users: Settings::parse_super_users(super_users).expect("super users"),
                    allow_everyone_if_no_acl_found: Settings::parse_allow_everyone_if_no_acl_found(allow_everyone),
                    ..Settings::default()
                };
            }
            ["acl", resource_type, name, pattern_type, principal, host, operation, permission_type] => {
                bindings.push(AclBinding::new(
                    ResourcePattern::new(
                        resource_type.parse().expect("a type"),
                        name,
                        pattern_type.parse().expect("a pattern type"),
                    ),
                    AccessControlEntry::new(
                        principal,
                        host,
                        operation.parse().expect("an operation"),
                        permission_type.parse().expect("a permission type"),
                    ),
                ));
            }
            ["ask", principal, host, operation, resource_type, name, result, rule] => {
                let (operation, resource_type) =
                    (operation.parse().expect("an operation"), resource_type.parse().expect("a type"));
                let grants = Policy::new(settings.clone(), bindings.clone()).grants(&identity(principal, host));
                let (explained, reason) = grants.explain(operation, resource_type, name);
                assert_eq!(
                    (explained.to_string().to_uppercase(), reason.to_string()),
                    (result.to_owned(), rule.to_owned()),
                    "{line}, {}",
                    shown(&bindings)
                );
                assert_eq!(grants.authorize(operation, resource_type, name), explained, "{line}, {}", shown(&bindings));
                questions += 1;
            }
            ["some", principal, host, operation, resource_type, result] => {
                let (operation, resource_type) =
                    (operation.parse().expect("an operation"), resource_type.parse().expect("a type"));
                let grants = Policy::new(settings.clone(), bindings.clone()).grants(&identity(principal, host));
                let answer = grants.authorize_by_resource_type(operation, resource_type);
                assert_eq!(answer.to_string().to_uppercase(), result, "{line}, {}", shown(&bindings));
                questions += 1;
            }
            _ => panic!("a line of another form: {line}"),
        }
    }
    assert!(questions >= 2_000, "only {questions} questions were asked");
}

fn identity(principal: &str, host: &str) -> Arc<Identity> {
    let host: std::net::IpAddr = host.parse().expect("an address");
    Arc::new(Identity {
        principal: KafkaPrincipal::parse(principal).expect("a principal"),
        groups: Vec::new(),
        host: Host::from(host),
        listener: "CLIENT".into(),
        authenticated_by_token: false,
    })
}

fn shown(bindings: &[AclBinding]) -> String {
    bindings.iter().map(|binding| format!("\n  {binding}")).collect()
}
