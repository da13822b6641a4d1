//! Policies change while connections stay.

use std::time::Duration;

use anyhow::{Result, ensure};
use testkit::Stage;

use crate::{POLICY, SOON, metadata};

#[tokio::test]
async fn a_change_holds_for_the_next_request_of_a_live_connection() -> Result<()> {
    let stage = Stage::start(POLICY).await?;
    stage.kafka().create_topic("payments", 1).await?;
    let mut alice = stage.raw("alice").await?;
    ensure!(metadata(&mut alice, "payments").await?.topics[0].error_code == 29);
    let grant = "  - { principal: User:alice, allow: Describe, topic: payments }\n";
    stage.policy_is_now(&format!("{POLICY}{grant}")).await?;
    ensure!(metadata(&mut alice, "payments").await?.topics[0].error_code == 0);
    stage.policy_is_now(POLICY).await?;
    ensure!(metadata(&mut alice, "payments").await?.topics[0].error_code == 29);

    let without_alice = POLICY.replace("  alice: { password: alice-secret }\n", "");
    stage.policy_is_now(&without_alice).await?;
    alice.expect_close().await?;
    ensure!(stage.raw("alice").await.is_err(), "a removed user has logged in");
    Ok(())
}

#[tokio::test]
async fn a_broken_edit_or_a_mass_removal_keeps_the_old_policy_and_says_so() -> Result<()> {
    let stage = Stage::start(POLICY).await?;
    stage.kafka().create_topic("alice-kept", 1).await?;
    let mut alice = stage.raw("alice").await?;
    for (broken, word) in [
        ("acls:\n  - { principal: User:alice, allow: Reed, topic: x }\n".to_owned(), "acls.yaml:2"),
        (String::new(), "acls.yaml"),
        (POLICY.lines().take(4).collect::<Vec<_>>().join("\n") + "\nacls: []\n", "allow_mass_removal"),
    ] {
        let mark = stage.doorkeeper().log().mark();
        stage.doorkeeper().write("acls.yaml", &broken)?;
        let told = stage.doorkeeper().log().wait_for_since(mark, |line| line.contains(word), SOON);
        told.await.map_err(|error| error.context(word.to_owned()))?;
        ensure!(metadata(&mut alice, "alice-kept").await?.topics[0].error_code == 0);
    }
    let metrics = crate::health::get(&stage, "/metrics").await?;
    let failed = |line: &&str| line.starts_with("doorkeeper_policy_reloads_total") && line.contains("fail");
    ensure!(metrics.lines().find(failed).is_some_and(|line| !line.ends_with(" 0")), "{metrics}");
    stage
        .policy_is_now(&format!("{POLICY}# whole again\n  - {{ principal: User:bob, allow: Read, topic: x }}\n"))
        .await?;
    tokio::time::timeout(Duration::from_secs(5), metadata(&mut alice, "alice-kept")).await??;
    Ok(())
}
