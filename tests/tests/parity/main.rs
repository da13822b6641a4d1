//! Parity: the same request to a Kafka with `StandardAuthorizer` and to Doorkeeper before one without, the answers
//! compared field for field, and what it left behind.
//!
//! `make parity SEED=… CASES=…` asks more than `make test` does, and writes `docs/parity.md`.
//!
//! Start reading at [`run`]; what may differ is one list, in [`exceptions`].

mod apis;
mod cases;
mod codec;
mod compare;
mod effects;
mod exceptions;
mod generate;
mod one;
mod page;
mod prepare;
mod random;
mod records;
mod report;
mod run;
mod scene;
mod schema;
mod security;
mod settings;
mod side;
mod summary;
mod values;
mod world;

use anyhow::{Result, ensure};

use crate::run::Plan;
use crate::scene::{Setting, setting_of};

/// Cases in `make test`.
const SAMPLE: u64 = 400;

async fn parity(setting: Setting, share: u64, only: &[&str]) -> Result<()> {
    let seed = setting_of("SEED")?.unwrap_or(1);
    let cases = setting_of("CASES")?.unwrap_or(SAMPLE) * share / 100;
    if cases == 0 {
        return page::write();
    }
    let only = match std::env::var("ONLY") {
        Ok(names) if !names.is_empty() => names.split(',').map(str::to_owned).collect(),
        _ => only.iter().map(|name| (*name).to_owned()).collect(),
    };
    let replay = std::env::var("REPLAY").ok();
    let case = setting_of("CASE")?;
    let report = run::run(&Plan { setting, seed, cases: usize::try_from(cases)?, case, only, replay }).await?;
    println!("{report}");
    let differences = report.differences();
    page::keep(&report)?;
    ensure!(differences == 0, "{differences} cases with differences, SEED={seed}; they are shown above");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_api_answers_as_a_broker_does() -> Result<()> {
    parity(Setting::Usual, 80, &[]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_api_answers_as_a_broker_does_where_everybody_may_what_no_acl_names() -> Result<()> {
    parity(Setting::Everyone, 20, &[]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_switched_off_is_refused_as_a_broker_does() -> Result<()> {
    let affected = [
        "DeleteTopics",
        "ConsumerGroupHeartbeat",
        "ConsumerGroupDescribe",
        "StreamsGroupHeartbeat",
        "StreamsGroupDescribe",
    ];
    parity(Setting::SwitchedOff, 10, &affected).await
}
