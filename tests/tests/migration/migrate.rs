//! `doorkeeper migrate` between all kinds of stores: nothing is lost, nothing is overwritten, nothing comes alive.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Result, ensure};
use testkit::{FreePorts, KafkaCluster};

use crate::{configuration, doorkeeper_ok, doorkeeper_refuses};

const FILE: &str = "\
users:
  alice: { password: alice-secret }
  bob: { groups: [finance] }
acls:
  - { principal: User:alice, allow: [Read, Write], topic: { prefixed: orders- } }
  - { principal: Group:finance, deny: All, topic: \"*\", hosts: [10.0.0.0/8, 10.1.1.1] }
";

fn write(directory: &Path, name: &str, text: &str) -> Result<()> {
    fs::write(directory.join(name), text)?;
    Ok(fs::set_permissions(directory.join(name), fs::Permissions::from_mode(0o600))?)
}

async fn migrate(directory: &Path, arguments: &str) -> Result<String> {
    let words: Vec<&str> = std::iter::once("migrate").chain(arguments.split_whitespace()).collect();
    doorkeeper_ok(directory, &words).await
}

async fn refuses(directory: &Path, arguments: &str) -> Result<String> {
    let words: Vec<&str> = std::iter::once("migrate").chain(arguments.split_whitespace()).collect();
    doorkeeper_refuses(directory, &words).await
}

/// Neither has what the other has not.
async fn same(directory: &Path, one: &str, other: &str) -> Result<()> {
    doorkeeper_ok(directory, &["acls", "diff", one, other]).await.map(drop)
}

#[tokio::test]
async fn from_a_file_to_a_database_and_back() -> Result<()> {
    let work = tempfile::tempdir()?;
    let directory = work.path();
    write(directory, "acls.yaml", FILE)?;
    let table = "from  file:acls.yaml\nto    embedded:store\n\n          from      to  to add   there already\n\
        ACLs         4       0       4               0\nusers        2       0       2               0\n\n";
    let said = migrate(directory, "file:acls.yaml embedded:store --dry-run").await?;
    ensure!(said.starts_with(table) && said.ends_with("Nothing was changed.\n"), "{said}");
    ensure!(said.contains("+user alice (SCRAM-SHA-256, SCRAM-SHA-512)\n+user bob (groups only)\n"), "{said}");
    ensure!(!directory.join("store").exists(), "a dry run has made something");

    let said = migrate(directory, "file:acls.yaml embedded:store").await?;
    let done =
        "4 ACLs and 2 users were written to embedded:store, read again and found as they are in file:acls.yaml.\n";
    assert_eq!(said, format!("{table}{done}"));
    assert_eq!(fs::read_to_string(directory.join("acls.yaml"))?, FILE, "what is read stays as it is");
    let said = migrate(directory, "embedded:store file:back.yaml").await?;
    ensure!(said.ends_with("found as they are in embedded:store.\n"), "{said}");
    same(directory, "file:acls.yaml", "file:back.yaml").await?;
    let text = fs::read_to_string(directory.join("back.yaml"))?;
    ensure!(text.contains("bob: { groups: [finance] }"), "{text}");
    assert_eq!(
        doorkeeper_ok(directory, &["users", "list", "--file", "back.yaml"]).await?,
        doorkeeper_ok(directory, &["users", "list", "--embedded", "store"]).await?
    );

    let said = migrate(directory, "embedded:store file:back.yaml").await?;
    ensure!(said.ends_with("Everything is there already; nothing was changed.\n"), "{said}");
    write(directory, "more.yaml", "acls:\n  - { principal: User:alice, allow: Describe, cluster: true }\n")?;
    let said = refuses(directory, "file:more.yaml embedded:store").await?;
    ensure!(said.contains("embedded:store is not empty: `--merge`"), "{said}");
    let said = migrate(directory, "file:more.yaml embedded:store --merge").await?;
    ensure!(said.contains("1 ACL and 0 users were written"), "{said}");
    let said = refuses(directory, "file:none.yaml embedded:store").await?;
    ensure!(said.contains("none.yaml"), "{said}");
    Ok(())
}

#[tokio::test]
async fn to_a_topic_that_clusters_share_and_out_of_it() -> Result<()> {
    let kafka = KafkaCluster::shared().await?;
    let work = tempfile::tempdir()?;
    let directory = work.path();
    write(directory, "acls.yaml", FILE)?;
    write(directory, "everywhere.yaml", "acls:\n  - { principal: User:ops, allow: All, cluster: true }\n")?;
    write(directory, "store.key", &format!("{}\n", "8".repeat(64)))?;
    let ports = FreePorts::reserve(2)?;
    let store = |topic: &str| {
        format!("{{ kafka: {{ topic: {topic}, keys: [\"${{file:store.key}}\"], replication.factor: 1 }} }}")
    };
    let one = configuration(&kafka.bootstrap(), &ports, &store("__moved"));
    write(directory, "one.yaml", &one)?;
    write(directory, "two.yaml", &one.replace("cluster: moved", "cluster: another"))?;

    let said = migrate(directory, "file:acls.yaml config:one.yaml").await?;
    ensure!(
        said.ends_with(
            "4 ACLs and 2 users were written to config:one.yaml, read again and found as they are in file:acls.yaml.\n"
        ),
        "{said}"
    );
    let said = refuses(directory, "file:everywhere.yaml config:one.yaml").await?;
    ensure!(said.contains("is not empty"), "{said}");
    let said = migrate(directory, "file:everywhere.yaml config:two.yaml --all-clusters").await?;
    ensure!(said.contains("1 ACL and 0 users were written"), "{said}");

    migrate(directory, "config:one.yaml file:one-back.yaml").await?;
    let text = fs::read_to_string(directory.join("one-back.yaml"))?;
    ensure!(text.contains("User:ops") && text.contains("bob: { groups: [finance] }"), "{text}");
    migrate(directory, "config:two.yaml file:two-back.yaml").await?;
    same(directory, "file:everywhere.yaml", "file:two-back.yaml").await?;

    write(directory, "password", "carol-secret")?;
    doorkeeper_ok(directory, &["users", "add", "carol", "--password-file", "password", "--config", "one.yaml"]).await?;
    let said = doorkeeper_ok(directory, &["users", "list", "--config", "one.yaml"]).await?;
    let names: Vec<&str> = said.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(names, ["alice", "bob", "carol"]);
    assert_eq!(doorkeeper_ok(directory, &["users", "list", "--config", "two.yaml"]).await?, "");
    Ok(())
}

#[tokio::test]
async fn ranges_do_not_come_alive_and_users_do_not_go_to_a_broker() -> Result<()> {
    let work = tempfile::tempdir()?;
    let directory = work.path();
    write(directory, "acls.yaml", FILE)?;
    let range = "Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=t, patternType=LITERAL)`:\n\
        \t(principal=User:a, host=10.0.0.0/8, operation=READ, permissionType=ALLOW)\n\
        \t(principal=User:a, host=*, operation=WRITE, permissionType=ALLOW)\n\n";
    write(directory, "list.txt", range)?;
    let words = ["migrate", "list:list.txt", "embedded:store"];
    let output = crate::doorkeeper(directory, &words).await?;
    ensure!(
        output.status.code() == Some(1) && output.stderr.contains("1 ACL: the host means somebody in embedded:store"),
        "{output}"
    );
    let said = migrate(directory, "list:list.txt embedded:store --skip-ranges").await?;
    ensure!(said.contains("1 ACL and 0 users were written"), "{said}");
    let said = refuses(directory, "file:acls.yaml kafka:localhost:1 --skip-ranges --only users").await?;
    ensure!(said.contains("takes no users"), "{said}");
    let said = refuses(directory, "file:acls.yaml list:list.txt --skip-ranges").await?;
    ensure!(said.contains("list:list.txt can only be read"), "{said}");
    let said = refuses(directory, "file:acls.yaml embedded:new --all-clusters").await?;
    ensure!(said.contains("`--all-clusters` is for the store `kafka`"), "{said}");
    Ok(())
}
