//! What is valid and probably not meant: `check` warns, and the configuration can be run all the same.

mod scene;

use scene::{GOOD, GOOD_ACLS, Scene, text};

const SSL: &str = concat!(
    "    security.protocol: SSL\n",
    "    ssl.client.auth: required\n",
    "    tls: { certificate: tls.crt, private_key: tls.key, trust: ca.crt }\n",
    "    ssl.principal.mapping.rules: "
);
/// The warnings for the good configuration with one part replaced.
fn warnings(part: &str, replacement: &str) -> Vec<String> {
    assert!(GOOD.contains(part), "{part}");
    let scene = Scene::new(&GOOD.replacen(part, replacement, 1), GOOD_ACLS);
    let output = scene.run(&["check", "doorkeeper.yaml"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    said.lines().filter_map(|line| line.strip_prefix("warning  ")).map(str::to_owned).collect()
}

#[test]
fn suspicious_values_are_warned_of() {
    for (part, replacement, expected) in [
        (
            "cluster: test",
            "cluster: test\nauthorizer: { super.users: User:ANONYMOUS }",
            "doorkeeper.yaml:2:28: authorizer.super.users: `User:ANONYMOUS` as a super user: whoever need not log in may do everything",
        ),
        (
            "cluster: test",
            "cluster: test\nauthorizer: { super.users: \"User:a,User:b\" }",
            "doorkeeper.yaml:2:28: authorizer.super.users: `User:a,User:b` is one user: separate users by semicolons",
        ),
        (
            "advertised_host: kafka.example.com",
            "advertised_host: kafka.example.org",
            "doorkeeper.yaml:13:25: listeners[0].tls.certificate: is not for `kafka.example.org`, which is advertised: clients will not believe it",
        ),
        (
            "private_key: tls.key }",
            "private_key: tls.key, trust: ca.crt }",
            "doorkeeper.yaml:13:63: listeners[0].tls.trust: is not used: `ssl.client.auth` is `none`",
        ),
        (
            "    security.protocol: SASL_SSL\n    tls: { certificate: tls.crt, private_key: tls.key }\n    sasl.enabled.mechanisms: SCRAM",
            "    security.protocol: SASL_PLAINTEXT\n    sasl.enabled.mechanisms: PLAIN,SCRAM",
            "doorkeeper.yaml:13:30: listeners[0].sasl.enabled.mechanisms: PLAIN without TLS: everybody on the way reads the passwords",
        ),
        ("${file:upstream.password}", "hunter2\n  request.timeout.ms: 1000", ""),
    ] {
        let expected: Vec<&str> = if expected.is_empty() { Vec::new() } else { vec![expected] };
        assert_eq!(warnings(part, replacement), expected, "with `{replacement}`");
    }
}

#[test]
fn mapping_rules_that_mean_something_else_are_warned_of() {
    let listener = "    security.protocol: SASL_SSL\n    tls: { certificate: tls.crt, private_key: tls.key }\n    sasl.enabled.mechanisms: SCRAM-SHA-256,SCRAM-SHA-512\n";
    let of = |rules: &str| warnings(listener, &format!("{SSL}{rules}\n"));
    assert_eq!(of("RULE:^CN=([a-z0-9-]+),.*$/$1/,DEFAULT"), Vec::<String>::new());
    assert_eq!(
        of("RULE:^CN=([a-z0-9-]+),.*$/$1/"),
        [
            "doorkeeper.yaml:15:34: listeners[0].ssl.principal.mapping.rules: no rule is `DEFAULT`: connections whose certificate matches no rule are closed"
        ]
    );
    let unanchored = of("RULE:CN=([a-z0-9-]+),.*/$1/,DEFAULT");
    assert!(unanchored.len() == 1 && unanchored[0].contains("is not anchored with `^` and `$`"), "{unanchored:?}");
}

#[test]
fn a_certificate_that_has_ended_is_warned_of() {
    let said =
        warnings("certificate: tls.crt, private_key: tls.key", "certificate: expired.crt, private_key: expired.key");
    assert!(said.len() == 1 && said[0].contains("listeners[0].tls.certificate: expired at"), "{said:?}");
}

#[test]
fn what_is_suspicious_in_the_acl_file_is_warned_of_too() {
    let acls = "acls:\n  - { principal: alice, allow: Read, topic: orders-* }\n";
    let scene = Scene::new(GOOD, acls);
    let output = scene.run(&["check", "doorkeeper.yaml"]);
    assert_eq!(
        text(&output.stdout),
        "warning  acls.yaml:2:18: acls[0].principal: `alice` has no type and is nobody: write `User:alice`\n\
         warning  acls.yaml:2:45: acls[0].topic: `orders-*` is one name, asterisk included: write `{ prefixed: orders- }` for all that begin so\n\
         0 errors, 2 warnings\n\
         doorkeeper.yaml can be run: cluster `test`, 1 listener (CLIENT), 1 ACL, 0 users\n"
    );
}
