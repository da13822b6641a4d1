//! `doorkeeper users` beside `kafka-configs.sh`: the same users on the same servers, and credentials brought over.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use testkit::stage::Plan;
use testkit::{Doorkeeper, Entrance, FreePorts, KafkaCluster, Options, ScramMechanism, Security, Stage, Tool};

use crate::{configuration, doorkeeper_ok, doorkeeper_refuses, logs_in};

const POLICY: &str = "\
users:
  manager: { password: manager-secret }
acls:
  - { principal: User:manager, allow: [Alter, Describe, DescribeConfigs], cluster: true }
";

fn write(directory: &Path, name: &str, text: &str) -> Result<()> {
    let path = directory.join(name);
    fs::write(&path, text)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

/// What `kafka-configs --describe` shows of all users, in the form of `doorkeeper users list`, and ordered as that is: a
/// broker tells the mechanisms of a user in any order.
async fn described(bootstrap: &str, properties: &Path) -> Result<String> {
    let tool = Tool::kafka("kafka-configs").args(["--bootstrap-server", bootstrap, "--command-config"]).arg(properties);
    let printed = tool.args(["--describe", "--entity-type", "users"]).run_ok().await?;
    let user = |line: &str| {
        let rest = line.strip_prefix("SCRAM credential configs for user-principal '")?;
        let (name, credentials) = rest.split_once("' are ")?;
        let mut credentials: Vec<&str> = credentials.split(", ").collect();
        credentials.sort_unstable();
        Some(format!("{name}: {}\n", credentials.join(", ")))
    };
    let mut users: Vec<String> = printed.lines().filter_map(user).collect();
    users.sort();
    Ok(users.concat())
}

#[tokio::test]
async fn kafka_configs_sees_what_is_changed_here_and_is_seen() -> Result<()> {
    let stage = Stage::build(Plan::embedded(POLICY)).await?;
    let (directory, bootstrap) = (stage.doorkeeper().directory(), stage.bootstrap(Entrance::Client));
    let manager = stage.user("manager")?;
    let server = ["--bootstrap-server", &bootstrap, "--command-config", manager.to_str().context("a path")?];
    write(directory, "dora.password", "dora-secret\n")?;

    let add =
        [&["users", "add", "dora", "--iterations", "8192", "--password-file", "dora.password"], &server[..]].concat();
    let said = doorkeeper_ok(directory, &add).await?;
    assert_eq!(said, "dora: SCRAM-SHA-256 and SCRAM-SHA-512 set, 8192 iterations\n");
    stage.raw("dora").await?;
    stage.raw_before_login().await?.login_scram(ScramMechanism::Sha512, "dora", "dora-secret").await?;

    let tool = Tool::kafka("kafka-configs").args(server);
    let frank = ["--alter", "--user", "frank", "--add-config", "SCRAM-SHA-512=[iterations=4096,password=x]"];
    tool.args(frank).run_ok().await?;
    let expected = "dora: SCRAM-SHA-256=iterations=8192, SCRAM-SHA-512=iterations=8192\n\
        frank: SCRAM-SHA-512=iterations=4096\n\
        manager: SCRAM-SHA-256=iterations=4096, SCRAM-SHA-512=iterations=4096\n";
    let list = [&["users", "list"], &server[..]].concat();
    assert_eq!(doorkeeper_ok(directory, &list).await?, expected);
    assert_eq!(described(&bootstrap, &manager).await?, expected);

    let remove = |more: &[&'static str]| [&["users", "remove", "dora"], more, &server[..]].concat();
    let said = doorkeeper_ok(directory, &remove(&["--mechanism", "SCRAM-SHA-256"])).await?;
    assert_eq!(said, "dora: SCRAM-SHA-256 removed\n");
    ensure!(stage.raw("dora").await.is_err(), "a removed credential let somebody in");
    assert_eq!(doorkeeper_ok(directory, &remove(&[])).await?, "dora: removed\n");
    assert_eq!(doorkeeper_refuses(directory, &remove(&[])).await?, "doorkeeper: there is no user `dora`\n");
    let expected: String = expected.lines().skip(1).map(|line| format!("{line}\n")).collect();
    assert_eq!(described(&bootstrap, &manager).await?, expected);

    let list = ["users", "list", "--embedded", "store"];
    let said = doorkeeper_refuses(directory, &list).await?;
    ensure!(said.contains("ask that one, with `--bootstrap-server`") && said.contains("is in use"), "{said}");
    Ok(())
}

/// The way of a broker's users: out of its metadata log, as they are, without a password being known.
#[tokio::test]
async fn users_of_a_broker_log_in_here_with_the_passwords_they_have() -> Result<()> {
    let options = Options::secured(Security::SaslPlaintext).user("admin", "admin-secret").user("alice", "alice-secret");
    let kafka = KafkaCluster::start(options.listener("OPEN", Security::Plaintext)).await?;
    let work = tempfile::tempdir()?;
    let directory = work.path();
    let login = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=\
        org.apache.kafka.common.security.scram.ScramLoginModule required \\\n  username=\"admin\" password=\"admin-secret\";\n";
    write(directory, "admin.properties", login)?;
    write(directory, "password", "bob-secret")?;
    let bootstrap = kafka.bootstrap();
    let server = ["--bootstrap-server", &bootstrap, "--command-config", "admin.properties"];

    doorkeeper_ok(directory, &[&["users", "add", "bob", "--password-file", "password"], &server[..]].concat()).await?;
    doorkeeper_ok(directory, &[&["users", "add", "gone", "--password-file", "password"], &server[..]].concat()).await?;
    doorkeeper_ok(directory, &[&["users", "remove", "gone"], &server[..]].concat()).await?;
    let listed = doorkeeper_ok(directory, &[&["users", "list"], &server[..]].concat()).await?;
    assert_eq!(
        listed.lines().map(|line| line.split(':').next()).collect::<Vec<_>>(),
        [Some("admin"), Some("alice"), Some("bob")]
    );
    assert_eq!(listed, described(&bootstrap, &directory.join("admin.properties")).await?);
    let port = kafka.brokers().first().context("a broker")?.address(0).port();
    ensure!(logs_in(port, ScramMechanism::Sha256, "bob", "bob-secret").await?, "the broker does not know bob");

    write(directory, "records.txt", &metadata_log(&kafka).await?)?;
    let import = ["users", "import", "records.txt"];
    let said = doorkeeper_refuses(directory, &[&import, &server[..], &["--replace"]].concat()).await?;
    ensure!(said.contains("Kafka's API takes salted passwords only"), "{said}");
    let said = doorkeeper_ok(directory, &[&import[..], &["--embedded", "store", "--dry-run"]].concat()).await?;
    ensure!(said.ends_with("6 credentials of 3 users would be imported; nothing was changed\n"), "{said}");
    for to in [&["--embedded", "store"], &["--file", "users.yaml"]] {
        let said = doorkeeper_ok(directory, &[&import[..], to].concat()).await?;
        ensure!(said.ends_with("6 credentials of 3 users imported\n"), "{said}");
        let said = doorkeeper_refuses(directory, &[&import[..], to].concat()).await?;
        ensure!(said.contains("already there: admin, alice, bob; `--replace`"), "{said}");
        assert_eq!(doorkeeper_ok(directory, &[&["users", "list"], &to[..]].concat()).await?, listed);
    }

    for store in [format!("{{ embedded: {} }}", directory.join("store").display()), "{ file: users.yaml }".to_owned()] {
        let ports = FreePorts::reserve(2)?;
        let users = fs::read_to_string(directory.join("users.yaml"))?;
        let configuration = configuration(&kafka.bootstrap_of("OPEN"), &ports, &store);
        let doorkeeper = Doorkeeper::start(&configuration, &[("users.yaml", &users)]).await?;
        for mechanism in ScramMechanism::ALL {
            for user in ["alice", "bob"] {
                ensure!(logs_in(ports.get(0), mechanism, user, &format!("{user}-secret")).await?, "{user} {store}");
                ensure!(!logs_in(ports.get(0), mechanism, user, "secret").await?, "{user} by a wrong password");
            }
            ensure!(!logs_in(ports.get(0), mechanism, "gone", "bob-secret").await?, "a removed user came back");
        }
        doorkeeper.stop().await?;
    }
    Ok(())
}

async fn metadata_log(kafka: &KafkaCluster) -> Result<String> {
    let open = kafka.bootstrap_of("OPEN");
    let printed = Tool::kafka("kafka-log-dirs").args(["--bootstrap-server", &open, "--describe"]).run_ok().await?;
    let (_, rest) = printed.split_once("\"logDir\":\"").context("no directory of logs")?;
    let (logs, _) = rest.split_once('"').context("no directory of logs")?;
    let log = Path::new(logs).join("__cluster_metadata-0/00000000000000000000.log");
    let tool = Tool::kafka("kafka-dump-log").args(["--cluster-metadata-decoder", "--files"]).arg(log);
    tool.run_ok().await
}

#[tokio::test]
async fn users_of_a_jaas_file_become_scram_users_of_a_file_that_check_finds_in_order() -> Result<()> {
    let work = tempfile::tempdir()?;
    let directory = work.path();
    let properties = "listeners=SASL_SSL://:9093\nlistener.name.sasl_ssl.plain.sasl.jaas.config=\
        org.apache.kafka.common.security.plain.PlainLoginModule required \\\n  username=\"broker\" password=\"x\" \\\n  \
        user_alice=\"alice-secret\" \\\n  user_bob=\"bob-secret\";\n";
    write(directory, "server.properties", properties)?;
    write(directory, "acls.yaml", "# ours\nacls:\n  - { principal: User:alice, allow: Read, topic: orders }\n")?;
    let to = ["--file", "acls.yaml"];
    let said = doorkeeper_ok(directory, &[&["users", "import", "server.properties"], &to[..]].concat()).await?;
    ensure!(said.ends_with("4 credentials of 2 users imported\n"), "{said}");
    doorkeeper_ok(directory, &[&["users", "remove", "bob"], &to[..]].concat()).await?;
    let text = fs::read_to_string(directory.join("acls.yaml"))?;
    ensure!(
        text.starts_with(
            "# ours\nacls:\n  - { principal: User:alice, allow: Read, topic: orders }\n\nusers:\n  alice: {"
        ),
        "{text}"
    );

    let ports = FreePorts::reserve(2)?;
    write(directory, "doorkeeper.yaml", &configuration("localhost:9092", &ports, "{ file: acls.yaml }"))?;
    let said = doorkeeper_ok(directory, &["check", "doorkeeper.yaml"]).await?;
    assert_eq!(said, "doorkeeper.yaml can be run: cluster `moved`, 1 listener (CLIENT), 1 ACL, 1 user\n");
    Ok(())
}
