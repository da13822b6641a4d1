//! The tools that Kafka's administrators know, once more: ACLs are those of the cluster behind, which has an authorizer of
//! its own.

#[path = "../acls/gitops.rs"]
mod gitops;
#[path = "../acls/kafka_acls.rs"]
mod kafka_acls;
#[path = "../acls/live.rs"]
mod live;
#[path = "../acls/python.rs"]
mod python;
#[path = "../acls/tools.rs"]
mod tools;

use anyhow::Result;
use testkit::stage::Plan;
use testkit::{Options, Stage};

use crate::tools::*;

/// The stage that tests share. Doorkeeper comes without a login, and the broker lets that user do all.
async fn prepared() -> Result<Stage> {
    let kafka = Options { super_users: Some(vec!["User:ANONYMOUS".to_owned()]), ..Options::default() };
    let users = POLICY.lines().take_while(|line| *line != "acls:").map(|line| format!("    {line}\n"));
    let users: String = users.collect();
    let store = format!("\n  acls: {{ upstream: {{}} }}\n  users: {{ embedded: users }}\n  bootstrap:\n{users}");
    let plan = Plan { kafka, store: store.trim_end().to_owned(), ..Plan::new("") };
    let stage = Stage::build(plan).await?;
    for line in [
        "--add --cluster --operation Alter --operation Describe --allow-principal User:manager",
        "--add --cluster --operation Describe --allow-principal User:auditor",
    ] {
        kafka_acls_ok(&stage, "admin", line).await?;
    }
    Ok(stage)
}
