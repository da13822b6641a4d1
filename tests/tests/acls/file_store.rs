//! Where ACLs and users are in a file, they are shown over the wire and changed by an editor only.

use anyhow::{Result, ensure};
use testkit::{Entrance, Stage, Tool};

use crate::{POLICY, kafka_acls, kafka_acls_ok, listed};

#[tokio::test]
async fn changes_are_refused_with_the_place_to_make_them() -> Result<()> {
    let stage = Stage::start(POLICY).await?;
    let found = listed(&kafka_acls_ok(&stage, "auditor", "--list --cluster").await?);
    ensure!(found.len() == 3, "{found:#?}");
    let output = kafka_acls(&stage, "manager", "--add --topic x --operation Read --allow-principal User:alice").await?;
    let said = "PolicyViolationException: ACLs are edited in the file `acls.yaml`, which Doorkeeper follows, and not over the wire";
    ensure!(!output.status.success() && output.to_string().contains(said), "{output}");
    let output = kafka_acls(&stage, "manager", "--remove --force --cluster").await?;
    ensure!(!output.status.success() && output.to_string().contains("PolicyViolationException"), "{output}");
    ensure!(listed(&kafka_acls_ok(&stage, "auditor", "--list --cluster").await?) == found);

    let alter = Tool::kafka("kafka-configs")
        .args(["--bootstrap-server", &stage.bootstrap(Entrance::Client), "--command-config"])
        .arg(stage.user("manager")?)
        .args(["--alter", "--user", "alice", "--add-config", "SCRAM-SHA-256=[iterations=4096,password=other]"]);
    let output = alter.run().await?;
    let said = "PolicyViolationException: users are edited in the file";
    ensure!(!output.status.success() && output.to_string().contains(said), "{output}");
    stage.raw("alice").await.map(drop)
}
