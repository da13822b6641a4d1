//! The tools that Kafka's administrators know, once more: ACLs and users are in a topic of the cluster that is protected.

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
#[path = "../acls/users.rs"]
mod users;

use anyhow::Result;
use testkit::Stage;
use testkit::stage::Plan;

use crate::tools::*;

/// 32 bytes in base64, in the file that the stage has for a policy.
const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// The stage that tests share.
async fn prepared() -> Result<Stage> {
    let bootstrap: String = POLICY.lines().map(|line| format!("    {line}\n")).collect();
    let store = format!("\n  kafka: {{ keys: [\"${{file:acls.yaml}}\"] }}\n  bootstrap:\n{bootstrap}");
    Stage::build(Plan { store: store.trim_end().to_owned(), ..Plan::new(KEY) }).await
}
