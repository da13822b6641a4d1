//! Jikkou, a tool that makes a cluster's ACLs what files in Git say: its own engine and Kafka provider, unmodified.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use testkit::{Entrance, Process, Stage};

use crate::{kafka_acls_ok, listed, stage};

/// Starting a JVM that compiles one file first, beside other tests.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the repository of a team says first.
const FIRST: &str = "\
apiVersion: kafka.jikkou.io/v1beta2
kind: KafkaPrincipalAuthorization
metadata: { name: 'User:gitops-shop' }
spec:
  acls:
    - resource: { type: topic, pattern: 'gitops-orders', patternType: LITERAL }
      type: ALLOW
      operations: [READ, WRITE]
      host: '*'
    - resource: { type: group, pattern: 'gitops-', patternType: PREFIXED }
      type: ALLOW
      operations: [READ]
      host: '10.0.0.1'
---
apiVersion: kafka.jikkou.io/v1beta2
kind: KafkaPrincipalAuthorization
metadata: { name: 'User:gitops-guest' }
spec:
  acls:
    - resource: { type: topic, pattern: 'gitops-', patternType: PREFIXED }
      type: DENY
      operations: [ALL]
      host: '*'
";

/// What it says after a commit: one operation less, one principal with nothing left.
const SECOND: &str = "\
apiVersion: kafka.jikkou.io/v1beta2
kind: KafkaPrincipalAuthorization
metadata: { name: 'User:gitops-shop' }
spec:
  acls:
    - resource: { type: topic, pattern: 'gitops-orders', patternType: LITERAL }
      type: ALLOW
      operations: [READ]
      host: '*'
---
apiVersion: kafka.jikkou.io/v1beta2
kind: KafkaPrincipalAuthorization
metadata:
  name: 'User:gitops-guest'
  annotations: { jikkou.io/delete: true }
spec:
  acls:
    - resource: { type: topic, pattern: 'gitops-', patternType: PREFIXED }
      type: DENY
      operations: [ALL]
      host: '*'
";

#[tokio::test]
async fn a_gitops_tool_makes_acls_what_its_files_say() -> Result<()> {
    let stage = stage().await?;
    let changed = reconcile(stage, FIRST).await?;
    ensure!(changed.iter().all(|line| line.starts_with("CHANGED ")) && changed.len() == 2, "{changed:#?}");
    let expected = [
        "GROUP gitops- PREFIXED: (principal=User:gitops-shop, host=10.0.0.1, operation=READ, permissionType=ALLOW)",
        "TOPIC gitops- PREFIXED: (principal=User:gitops-guest, host=*, operation=ALL, permissionType=DENY)",
        "TOPIC gitops-orders LITERAL: (principal=User:gitops-shop, host=*, operation=READ, permissionType=ALLOW)",
        "TOPIC gitops-orders LITERAL: (principal=User:gitops-shop, host=*, operation=WRITE, permissionType=ALLOW)",
    ];
    ensure!(ours(stage).await? == expected, "{:#?}", ours(stage).await?);

    let again = reconcile(stage, FIRST).await?;
    ensure!(again.iter().all(|line| line.starts_with("OK ")), "nothing is left to do: {again:#?}");

    reconcile(stage, SECOND).await?;
    ensure!(ours(stage).await? == expected[2..3], "{:#?}", ours(stage).await?);
    Ok(())
}

/// Every ACL that the tool made.
async fn ours(stage: &Stage) -> Result<Vec<String>> {
    let all = listed(&kafka_acls_ok(stage, "auditor", "--list").await?);
    Ok(all.into_iter().filter(|entry| entry.contains("gitops-")).collect())
}

/// What Jikkou says it did, a line for each principal.
async fn reconcile(stage: &Stage, wanted: &str) -> Result<Vec<String>> {
    let properties = stage.user("manager")?;
    let file = properties.with_file_name("gitops.yaml");
    std::fs::write(&file, wanted)?;
    // The client's settings name the broker, too: the tool has no option for it.
    let settings = properties.with_file_name("gitops.properties");
    let bootstrap = format!("bootstrap.servers={}\n", stage.bootstrap(Entrance::Client));
    std::fs::write(&settings, std::fs::read_to_string(&properties)? + "\n" + &bootstrap)?;

    let directory = testkit::paths::repository().join("tests/gitops");
    let mut command = Command::new(java_21()?);
    command.arg(format!("-Dlogback.configurationFile={}", directory.join("logback.xml").display()));
    command.args(["-XX:TieredStopAtLevel=1", "-cp", &class_path(&directory).await?]);
    command.arg(directory.join("Reconcile.java")).args([&file, &settings]).arg("FULL");
    let process = Process::start("jikkou", command, b"", None)?;
    let status = process.wait(PATIENCE).await?;
    ensure!(status.success(), "{}\n{}", process.stdout().tail(30), process.stderr().tail(30));
    Ok(process.stdout().lines())
}

async fn class_path(directory: &Path) -> Result<String> {
    let script = testkit::paths::repository().join("tests/kafka/classpath");
    let mut command = Command::new(script);
    command.env("POM_DIRECTORY", directory);
    let process = Process::start("classpath", command, b"", None)?;
    let status = process.wait(Duration::from_secs(300)).await?;
    ensure!(status.success(), "{}", process.stderr().tail(20));
    Ok(process.stdout().tail(1).trim().to_owned())
}

/// Jikkou needs a newer Java than Kafka does.
fn java_21() -> Result<PathBuf> {
    let script = testkit::paths::repository().join("scripts/java-21");
    let found = Command::new(script).output().context("scripts/java-21 cannot be started")?;
    ensure!(found.status.success(), "there is no Java 21 in JAVA_HOME, the PATH or /usr/lib/jvm: install one");
    Ok(PathBuf::from(String::from_utf8(found.stdout)?.trim()))
}
