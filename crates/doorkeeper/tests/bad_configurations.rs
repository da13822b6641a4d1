//! A bad configuration ends before a port is bound, with file, line, column, key and what was expected.

mod scene;

use scene::{GOOD, GOOD_ACLS, Scene, text};

/// The lines of `doorkeeper check` for the good configuration with one part replaced.
fn said(part: &str, replacement: &str) -> (Option<i32>, Vec<String>) {
    assert!(GOOD.contains(part), "{part}");
    let scene = Scene::new(&GOOD.replacen(part, replacement, 1), GOOD_ACLS);
    let output = scene.run(&["check", "doorkeeper.yaml"]);
    let said = text(&output.stdout);
    assert!(!said.contains("hunter2") && !text(&output.stderr).contains("hunter2"), "a secret is shown: {said}");
    (output.status.code(), said.lines().map(str::to_owned).collect())
}

#[test]
fn the_good_configuration_can_be_run() {
    let expected = "doorkeeper.yaml can be run: cluster `test`, 1 listener (CLIENT), 1 ACL, 1 user";
    assert_eq!(said("cluster: test", "cluster: test"), (Some(0), vec![expected.to_owned()]));
}

/// What is replaced in the good configuration, by what, and what is then said, without the file's name.
const BAD: &[(&str, &str, &str)] = &[
    ("cluster: test\n", "", "1:1: cluster: is missing, expected a name for the cluster behind us"),
    ("cluster: test", "cluster: [a, b]", "1:10: cluster: is a list, expected a name"),
    ("cluster: test", "cluster: test\ncluster: two", "2:1: the key `cluster` is here twice, first in line 1"),
    (
        "cluster: test",
        "clustr: test",
        "1:1: cluster: is missing, expected a name for the cluster behind us|1:1: clustr: unknown key, did you mean `cluster`?",
    ),
    ("cluster: test", "cluster: test\nrest: {}", "2:7: rest: is not built yet: remove it"),
    ("cluster: test", "cluster: ${env:NO_SUCH}", "1:10: cluster: the environment variable `NO_SUCH` is not set"),
    (
        "cluster: test",
        "cluster: ${vault:x}",
        "1:10: cluster: `${vault:…}` is not known, expected `${env:NAME}` or `${file:path}`",
    ),
    ("cluster: test", "cluster: &a test", "1:13: anchors (`&…`) are not read here: write each value out"),
    (
        "localhost:9092",
        "localhost",
        "3:22: upstream.bootstrap.servers: `localhost` is not `host:port`: the port is missing",
    ),
    (
        "localhost:9092",
        "${env:A_WORD}",
        "3:22: upstream.bootstrap.servers: the value of `${env:A_WORD}` is not understood, expected `host:port`",
    ),
    (
        "  security.protocol: SASL_SSL\n  sasl",
        "  security.protocol: TLS\n  sasl",
        "4:22: upstream.security.protocol: `TLS` is not known, expected `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`",
    ),
    (
        "  security.protocol: SASL_SSL\n  sasl",
        "  security.protocol: SASL_PLAINTEXT\n  sasl",
        "8:8: upstream.tls: has no use with security.protocol SASL_PLAINTEXT, expected SSL or SASL_SSL",
    ),
    (
        "sasl.mechanism: SCRAM-SHA-512",
        "sasl.mechanism: OAUTHBEARER",
        "5:19: upstream.sasl.mechanism: `OAUTHBEARER` is not built yet, expected `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`",
    ),
    (
        "sasl.mechanism: SCRAM-SHA-512",
        "sasl.mechanism: scram-sha-512",
        "5:19: upstream.sasl.mechanism: `scram-sha-512` is no mechanism, expected `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`",
    ),
    (
        "  username: doorkeeper\n",
        "",
        "3:3: upstream.username: is missing, expected the user that Doorkeeper is for the brokers",
    ),
    (
        "${file:upstream.password}",
        "${file:open.password}",
        "7:13: upstream.password: others can use `open.password` (mode 0644), which holds a secret: `chmod 600` it",
    ),
    (
        "${file:upstream.password}",
        "${file:no.password}",
        "7:13: upstream.password: cannot read `no.password`: No such file or directory (os error 2)",
    ),
    (
        "{ trust: ca.crt }",
        "{ trust: empty.crt }",
        "8:17: upstream.tls.trust: holds no certificate, expected PEM (`-----BEGIN CERTIFICATE-----`)",
    ),
    (
        "{ trust: ca.crt }",
        "{ trust: ca.crt, certificate: tls.crt }",
        "8:8: upstream.tls.private_key: is missing, expected the path of a PEM file",
    ),
    ("{ trust: ca.crt }", "{ trust: ca.crt, crl: ca.crl }", "8:30: upstream.tls.crl: is not built yet: remove it"),
    (
        "listeners:\n",
        "listeners: []\nothers:\n",
        "9:12: listeners: is empty, expected at least one listener|10:1: others: unknown key, expected one of `cluster`, `upstream`, `listeners`, `authorizer`, `store`, `metrics`, `logging`, `limits`, `audit` or `shutdown`",
    ),
    (
        "name: CLIENT",
        "name: CLI ENT",
        "10:11: listeners[0].name: `CLI ENT` is not understood, expected letters, digits, `-`, `_` and `.`",
    ),
    (
        "address: 127.0.0.1:19092",
        "address: localhost:19092",
        "11:14: listeners[0].address: `localhost:19092` is not understood, expected an IP address and a port such as `0.0.0.0:9092` or `[::]:9092`",
    ),
    (
        "address: 127.0.0.1:19092",
        "address: 127.0.0.1:19103",
        "15:14: listeners[0].brokers: broker 3 of listener `CLIENT` would be at port 19103, which is listener `CLIENT`'s",
    ),
    (
        "    security.protocol: SASL_SSL\n    tls: { certificate: tls.crt, private_key: tls.key }\n",
        "    security.protocol: SASL_SSL\n",
        "10:5: listeners[0].tls: is missing, expected `{ certificate: tls.crt, private_key: tls.key }`",
    ),
    (
        "    security.protocol: SASL_SSL\n    tls",
        "    security.protocol: PLAINTEXT\n    tls",
        "13:10: listeners[0].tls: has no use without TLS, expected `security.protocol` SSL or SASL_SSL|14:30: listeners[0].sasl.enabled.mechanisms: has no use without SASL, expected `security.protocol` SASL_SSL or SASL_PLAINTEXT",
    ),
    (
        "certificate: tls.crt",
        "certificate: no.crt",
        "13:25: listeners[0].tls.certificate: cannot read `no.crt`: No such file or directory (os error 2)",
    ),
    (
        "private_key: tls.key",
        "private_key: open.key",
        "13:47: listeners[0].tls.private_key: others can use `open.key` (mode 0640), which holds a secret: `chmod 600` it",
    ),
    (
        "private_key: tls.key",
        "private_key: other.key",
        "13:47: listeners[0].tls.private_key: does not belong to the certificate",
    ),
    (
        "private_key: tls.key",
        "private_key: encrypted.key",
        "13:47: listeners[0].tls.private_key: holds an encrypted key, which is not read here: decrypt it, and keep the file to yourself",
    ),
    (
        "private_key: tls.key",
        "private_key: tls.crt",
        "13:47: listeners[0].tls.private_key: others can use `tls.crt` (mode 0644), which holds a secret: `chmod 600` it",
    ),
    (
        "private_key: tls.key }",
        "private_key: tls.key, crl: ca.crl }",
        "13:61: listeners[0].tls.crl: is not built yet: remove it",
    ),
    (
        "    sasl.enabled",
        "    ssl.client.auth: required\n    sasl.enabled",
        "13:10: listeners[0].tls.trust: is missing, expected who may sign client certificates: the path of a PEM file",
    ),
    (
        "    sasl.enabled",
        "    ssl.client.auth: REQUIRED\n    sasl.enabled",
        "14:22: listeners[0].ssl.client.auth: `REQUIRED` is not known, expected `none`, `requested` or `required`",
    ),
    (
        "    sasl.enabled",
        "    principal: User:payments\n    sasl.enabled",
        "14:16: listeners[0].principal: has no use where clients log in, expected `security.protocol` PLAINTEXT or SSL",
    ),
    (
        "    sasl.enabled",
        "    proxy_protocol: true\n    sasl.enabled",
        "14:21: listeners[0].proxy_protocol: is not built yet: remove it",
    ),
    (
        "    sasl.enabled",
        "    super.users: admin\n    sasl.enabled",
        "14:18: listeners[0].super.users: super user `admin` has no type, expected principals such as `User:admin`, separated by semicolons",
    ),
    (
        "SCRAM-SHA-256,SCRAM-SHA-512",
        "SCRAM-SHA-256,GSSAPI",
        "14:30: listeners[0].sasl.enabled.mechanisms: `GSSAPI` is not built yet, expected `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`",
    ),
    (
        "SCRAM-SHA-256,SCRAM-SHA-512",
        "PLAIN,PLAIN",
        "14:30: listeners[0].sasl.enabled.mechanisms: `PLAIN` is here twice",
    ),
    ("mode: ports", "mode: sni", "15:22: listeners[0].brokers.mode: `sni` is not built yet, expected `ports`"),
    (
        "advertised_host: kafka.example.com",
        "advertised_host: kafka.example.com:9092",
        "15:46: listeners[0].brokers.advertised_host: `kafka.example.com:9092` is not understood, expected a host name or an address, without a port",
    ),
    (
        ", first_port: 19100",
        "",
        "15:75: listeners[0].brokers.node_ids: needs `first_port` beside it, such as `first_port: 9100`",
    ),
    (
        ", first_port: 19100, node_ids: 0-19",
        "",
        "15:14: listeners[0].brokers: has no ports, expected `first_port` and `node_ids`, or `nodes`",
    ),
    (
        "first_port: 19100",
        "first_port: 65530",
        "15:94: listeners[0].brokers.node_ids: the last of these ids would be at port 65549, and 65535 is the highest",
    ),
    (
        "node_ids: 0-19",
        "node_ids: 19-0",
        "15:94: listeners[0].brokers.node_ids: `19-0` is not understood, expected the lowest and the highest id of a broker, such as `0-19`",
    ),
    (
        "cluster: test",
        "cluster: test\nauthorizer: { mode: shadows }",
        "2:21: authorizer.mode: `shadows` is not known, expected `enforce` or `shadow`",
    ),
    (
        "cluster: test",
        "cluster: test\nauthorizer: { shadow.principals: User:a }",
        "2:34: authorizer.shadow.principals: is for `mode: shadow`",
    ),
    (
        "cluster: test",
        "cluster: test\nauthorizer: { mode: shadow, shadow.principals: \"\" }",
        "2:48: authorizer.shadow.principals: names nobody: for everybody, leave it out",
    ),
    (
        "cluster: test",
        "cluster: test\nauthorizer: { mode: shadow, shadow.principals: a }",
        "2:48: authorizer.shadow.principals: super user `a` has no type, expected principals such as `User:admin`, separated by semicolons",
    ),
    (
        "{ file: acls.yaml }",
        "{ kafka: { topic: acls } }",
        "16:17: store.kafka.keys: is missing, expected a list of one key, `[\"${file:store.key}\"]`, or two",
    ),
    (
        "{ file: acls.yaml }",
        "{ kafka: { keys: [], topic: a/b }, max_staleness: 1s }",
        "16:25: store.kafka.keys: is empty, expected at least one key|16:36: store.kafka.topic: `a/b` is not understood, expected a topic's name: up to 249 of `A-Z a-z 0-9 . _ -`|16:58: store.max_staleness: is too short, expected at least `5s`: a broker that is restarted takes that long",
    ),
    ("{ file: acls.yaml }", "{ file: acls.yaml, max_staleness: 5m }", "16:42: store.max_staleness: is for `kafka`"),
    (
        "{ file: acls.yaml }",
        "{ poll_interval: 1s }",
        "16:8: store: names no store, expected `file`, `embedded`, `kafka` or `upstream`|16:25: store.poll_interval: is for `file`",
    ),
    (
        "{ file: acls.yaml }",
        "{ file: acls.yaml, embedded: db }",
        "16:37: store.embedded: is here beside another store, expected one of them; `acls` and `users` may name one each",
    ),
    ("{ file: acls.yaml }", "{ embedded: db, poll_interval: 10s }", "16:39: store.poll_interval: is for `file`"),
    (
        "{ file: acls.yaml }",
        "{ embedded: nowhere/db }",
        "16:20: store.embedded: cannot use `nowhere/db`: the directory it is to be made in is not there",
    ),
    (
        "{ file: acls.yaml }",
        "{ acls: { embedded: db } }",
        "16:16: store.acls: is here without `users`: say where each is, or write `store: { embedded: … }` for both",
    ),
    (
        "{ file: acls.yaml }",
        "{ acls: { embedded: db }, users: { embedded: db } }",
        "16:41: store.users: is the same directory as that of `acls`: write `store: { embedded: … }` for both",
    ),
    (
        "{ file: acls.yaml }",
        "{ file: acls.yaml, bootstrap: { acls: [{ principal: User:a, allow: Read, topic: a }] } }",
        "16:38: store.bootstrap: fills new stores, but `acls` are in a file: write them there",
    ),
    (
        "{ file: acls.yaml }",
        "{ upstream: {} }",
        "16:20: store.upstream: a cluster tells its ACLs and not its users: write `store: { acls: { upstream: {} }, users: { embedded: … } }`",
    ),
    (
        "{ file: acls.yaml }",
        "{ acls: { upstream: { poll_interval: 0 } }, users: { embedded: db } }",
        "16:45: store.acls.upstream.poll_interval: is zero, expected how often the cluster is asked for its ACLs, such as `5s`",
    ),
    (
        "{ file: acls.yaml }",
        "{ acls: { upstream: {} }, users: { embedded: db }, bootstrap: { acls: [{ principal: User:a, allow: Read, topic: a }] } }",
        "16:70: store.bootstrap: fills new stores, but `acls` are those of the cluster: make them there",
    ),
    (
        "{ file: acls.yaml }",
        "{ embedded: db, bootstrap: { acls: [{ principal: User:a, allow: Reed, topic: a }] } }",
        "16:72: store.bootstrap.acls[0].allow: `Reed` is not understood, expected `All`, `Read`, `Write`, `Create`, `Delete`, `Alter`, `Describe`, `ClusterAction`, `DescribeConfigs`, `AlterConfigs`, `IdempotentWrite`, `CreateTokens`, `DescribeTokens` or `TwoPhaseCommit`",
    ),
    (
        "{ file: acls.yaml }",
        "{ file: acls.yaml, poll_interval: 10 }",
        "16:42: store.poll_interval: `10` is not understood, expected a duration such as `500ms`, `10s`, `5m` or `1h`",
    ),
    (
        "127.0.0.1:19464",
        "127.0.0.1:19092",
        "17:21: metrics.address: `metrics` would be at port 19092, which is listener `CLIENT`'s",
    ),
    (
        "cluster: test",
        "cluster: test\nlogging: { level: loud }",
        "2:19: logging.level: `loud` is not understood, expected a level such as `info`, and levels of targets such as `info,kafka.authorizer.logger=debug`",
    ),
    (
        "cluster: test",
        "cluster: test\naudit: { overflow: sometimes }",
        "2:20: audit.overflow: `sometimes` is not known, expected `drop` or `block`",
    ),
    (
        "cluster: test",
        "cluster: test\nlimits: { memory_budget: 64MiB }",
        "2:26: limits.memory_budget: 67108864 bytes do not hold one request of `socket.request.max.bytes`, 104857600 bytes",
    ),
    (
        "cluster: test",
        "cluster: test\nlimits: { max.connections.per.ip: 0 }",
        "2:35: limits.max.connections.per.ip: is 0 and nobody is named in `max.connections.per.ip.overrides`: nobody could connect",
    ),
    (
        "cluster: test",
        "cluster: test\nlimits: { max.connections.per.ip.overrides: \"10.0.0.1:5,localhost:9\" }",
        "2:45: limits.max.connections.per.ip.overrides: `localhost:9` is not one of addresses and numbers such as `10.0.0.5:100`",
    ),
    (
        "cluster: test",
        "cluster: test\nlimits: { connections.max.idle.ms: -1 }",
        "2:36: limits.connections.max.idle.ms: `-1` is not understood, expected a whole number from 1 to 2147483647",
    ),
    (
        "cluster: test",
        "cluster: test\nauthorizer: { allow.everyone.if.no.acl.found: yes }",
        "2:47: authorizer.allow.everyone.if.no.acl.found: `yes` is not known, expected `true` or `false`",
    ),
    ("cluster: test", "cluster: test\nlisteners: {}\nupstream", "3:1: this is not YAML: simple key expected ':'"),
];

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_was_expected() {
    let mut wrong = Vec::new();
    for (part, replacement, expected) in BAD {
        let (status, lines) = said(part, replacement);
        let told: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("error    doorkeeper.yaml:")).collect();
        if (status, told) != (Some(1), expected.split('|').collect()) {
            wrong.push(format!("with `{replacement}`: status {status:?}\n{}\nexpected\n{expected}", lines.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn all_mistakes_of_both_files_are_told_at_once() {
    let scene = Scene::new(
        &GOOD.replace("name: CLIENT", "nam: CLIENT").replace("cluster: test", "cluster:"),
        "acls:\n  - { principal: User:a, allow: Reed, topic: a }\n  - { topic: b }\n",
    );
    let output = scene.run(&["check", "doorkeeper.yaml"]);
    let said = text(&output.stdout);
    let places: Vec<&str> = said.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        places,
        [
            "error    doorkeeper.yaml:1:1",
            "error    doorkeeper.yaml:10:5",
            "error    doorkeeper.yaml:10:5",
            "error    acls.yaml:2:33",
            "error    acls.yaml:3:5",
            "error    acls.yaml:3:5",
            "6 errors, 0 warnings",
        ],
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn without_a_word_about_the_store_it_is_embedded_and_not_touched_by_a_check() {
    let scene = Scene::new(&GOOD.replace("store: { file: acls.yaml }\n", ""), GOOD_ACLS);
    let output = scene.run(&["check", "doorkeeper.yaml"]);
    let said = text(&output.stdout);
    let expected = "doorkeeper.yaml can be run: cluster `test`, 1 listener (CLIENT), ACLs and users in the embedded store \
                    `doorkeeper-store`\n";
    assert_eq!((output.status.code(), said.as_str()), (Some(0), expected));
    assert!(!scene.path("doorkeeper-store").exists());
}

#[test]
fn run_ends_with_the_same_words_and_binds_nothing() {
    let scene = Scene::new(&GOOD.replace("node_ids: 0-19", "node_ids: x"), GOOD_ACLS);
    let checked = text(&scene.run(&["check", "doorkeeper.yaml"]).stdout);
    for arguments in [&["run", "doorkeeper.yaml"][..], &["doorkeeper.yaml"]] {
        let output = scene.run(arguments);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), checked.clone()));
    }
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let scene = Scene::new(GOOD, GOOD_ACLS);
    let output = scene.run(&["check", "no.yaml"]);
    let expected =
        "error    no.yaml: cannot read `no.yaml`: No such file or directory (os error 2)\n1 error, 0 warnings\n";
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), expected.to_owned()));
}

#[test]
fn a_port_that_is_taken_is_a_failure_to_run() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let scene = Scene::new(&GOOD.replace("127.0.0.1:19464", &address), GOOD_ACLS);
    let output = scene.run(&["run", "doorkeeper.yaml"]);
    let log = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{log}");
    assert!(log.contains(&format!("cannot listen on metrics.address `{address}`")), "{log}");
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let scene = Scene::new(GOOD, GOOD_ACLS);
    for arguments in [&["check"][..], &["--no-such-flag"], &["run"], &["run", "a", "b"]] {
        assert_eq!(scene.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let version = scene.run(&["--version"]);
    assert_eq!(text(&version.stdout), format!("doorkeeper {}\n", env!("CARGO_PKG_VERSION")));
}
