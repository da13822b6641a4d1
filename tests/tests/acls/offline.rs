//! What commands change in a store that no Doorkeeper runs with is told to the audit by the next start, once.

use std::fs;

use anyhow::{Result, ensure};
use testkit::stage::Plan;
use testkit::{Doorkeeper, Stage};

use crate::{POLICY, SOON};

const BEGINS: &str = "System user = ";

fn is_told(line: &str) -> bool {
    line.contains(BEGINS)
}

/// The lines behind who and when, which the machine says.
fn told(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| Some(line.split_once(BEGINS)?.1.split_once("Z ")?.1)).collect()
}

#[tokio::test]
async fn a_change_made_offline_is_told_by_the_next_start_and_by_no_other() -> Result<()> {
    let mut stage = Stage::build(Plan::embedded(POLICY)).await?;
    let directory = stage.doorkeeper().directory().to_owned();
    let configuration = fs::read_to_string(directory.join("doorkeeper.yaml"))?;
    stage.doorkeeper().write("doorkeeper.yaml", &format!("{configuration}audit: {{ json: audit.json }}\n"))?;
    stage.doorkeeper().write("password", "offline-secret")?;
    stage.doorkeeper().stop().await?;
    for command in [
        "acls --embedded store --add --topic offline --operation Read --allow-principal User:alice",
        "users add offline --mechanism SCRAM-SHA-256 --password-file password --embedded store",
        "acls --embedded store --list",
        "acls --embedded store --remove --force --topic offline",
    ] {
        let output = Doorkeeper::run(&directory, &command.split(' ').collect::<Vec<_>>()).await?;
        ensure!(output.status.success(), "{output}");
    }

    stage.doorkeeper_mut().start_again().await?;
    // The store's journal is told before readiness; the log is read as it comes.
    let last = |line: &str| is_told(line) && line.contains(" deleted ACL ");
    stage.doorkeeper().wait_for_line(last, SOON).await?;
    let lines = stage.doorkeeper().log().lines();
    let acl = "(pattern=ResourcePattern(resourceType=TOPIC, name=offline, patternType=LITERAL), \
               entry=(principal=User:alice, host=*, operation=READ, permissionType=ALLOW))";
    let expected = [
        format!("created ACL by command = acls --add: before = none, after = {acl}"),
        "created SCRAM-SHA-256 credential of user offline by command = users add: before = none, after = \
         iterations=4096"
            .to_owned(),
        format!("deleted ACL by command = acls --remove: before = {acl}, after = none"),
    ];
    ensure!(told(&lines) == expected, "{lines:#?}");
    let uid = format!("(uid {}) on store = ", rustix::process::getuid().as_raw());
    ensure!(lines.iter().filter(|line| is_told(line)).all(|line| line.contains(&uid)), "{lines:#?}");
    let json = fs::read_to_string(directory.join("audit.json"))?;
    ensure!(json.lines().filter(|line| line.contains("\"command\":\"acls --add\"")).count() == 1, "{json}");
    ensure!(!json.contains("offline-secret"), "{json}");

    stage.doorkeeper().stop().await?;
    stage.doorkeeper_mut().start_again().await?;
    let lines = stage.doorkeeper().log().lines();
    ensure!(told(&lines).is_empty(), "{lines:#?}");
    let again = fs::read_to_string(directory.join("audit.json"))?;
    ensure!(again.matches("\"changed_at_ms\"").count() == 3, "{again}");
    Ok(())
}
