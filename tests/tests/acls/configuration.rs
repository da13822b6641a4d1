//! Each start tells the audit of changes whether its configuration is the one of the start before.

use std::fs;

use anyhow::{Context, Result, ensure};
use testkit::Stage;
use testkit::stage::Plan;

use crate::{POLICY, SOON};

/// What the last start told, behind the words that are the same for all.
async fn told(stage: &Stage) -> Result<String> {
    let words = "File = doorkeeper.yaml: ";
    let line = stage.doorkeeper().wait_for_line(|line| line.contains(words), SOON).await?;
    Ok(line.split_once(words).context("a line without them")?.1.to_owned())
}

#[tokio::test]
async fn another_configuration_is_told_of_at_the_next_start() -> Result<()> {
    let mut stage = Stage::build(Plan::embedded(POLICY)).await?;
    let first = told(&stage).await?;
    let digest = first.strip_prefix("started with configuration: before = unknown, after = ").context(first.clone())?;
    ensure!(digest.starts_with("sha256:"), "{first}");
    let digest = digest.to_owned();

    let file = stage.doorkeeper().directory().join("doorkeeper.yaml");
    let text = fs::read_to_string(file)?;
    for (text, verb) in
        [(format!("# a comment\n{text}"), "unchanged"), (format!("{text}limits: {{ max_in_flight: 32 }}\n"), "altered")]
    {
        stage.doorkeeper().write("doorkeeper.yaml", &text)?;
        stage.doorkeeper().stop().await?;
        stage.doorkeeper_mut().start_again().await?;
        let again = told(&stage).await?;
        let before = format!("{verb} configuration: before = {digest}, after = ");
        let after = again.strip_prefix(&before).with_context(|| again.clone())?;
        ensure!((after == digest) == (verb == "unchanged"), "{again}");
    }
    Ok(())
}
