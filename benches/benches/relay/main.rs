//! CPU seconds of the proxy, beside HAProxy on the same load in the same run.
//!
//! ```text
//! load ──TLS──▶ HAProxy (TLS offload alone)          ──▶ Kafka
//! load ──TLS──▶ Doorkeeper (TLS, SCRAM, ACLs, audit) ──▶ Kafka
//! ```
//!
//! Both run all the time; the loads alternate, A B A B …, so that a machine that changes its speed changes both. What is
//! counted is user and system time of the proxy's process alone (`/proc/PID/stat`), not of Kafka or of the load.
//! Run it with `make bench`, or `cargo bench -p benches --bench relay`; `ROUNDS=9` for more pairs.

mod haproxy;
mod load;
mod usage;

use anyhow::{Context, Result};
use comfy_table::Table;
use testkit::{Entrance, Stage};

use crate::haproxy::Haproxy;
use crate::load::{Load, Target};
use crate::usage::cpu_seconds;

const POLICY: &str = "\
users:
  alice: { password: alice-secret }
acls:
  - { principal: User:alice, allow: [Read, Write, Describe], topic: bench }
  - { principal: User:bob, allow: All, topic: other }
";

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let rounds: usize = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    println!("starting Kafka, Doorkeeper and HAProxy …");
    let stage = Stage::start(POLICY).await?;
    stage.kafka().create_topic("bench", 1).await?;
    let haproxy = Haproxy::start(&stage).await?;
    let doorkeeper = Target::doorkeeper(&stage, stage.port(Entrance::Client))?;
    let offload = Target::offload(&stage, haproxy.port())?;

    let mut table = Table::new();
    table.set_header(["load", "unit", "HAProxy, CPU s", "Doorkeeper, CPU s", "ratio, median", "min", "max", "at most"]);
    for load in Load::ALL {
        load.warm_up(&offload).await?;
        load.warm_up(&doorkeeper).await?;
        let (mut theirs, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=rounds {
            let one = measured(load, &offload, haproxy.process_id()).await?;
            let other = measured(load, &doorkeeper, stage.doorkeeper().process_id()).await?;
            println!("{}: round {round} of {rounds}: HAProxy {one:.3}, Doorkeeper {other:.3}", load.name());
            theirs.push(one);
            ours.push(other);
            ratios.push(other / one);
        }
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        table.add_row([
            load.name().to_owned(),
            load.unit().to_owned(),
            format!("{:.3}", median(&mut theirs)?),
            format!("{:.3}", median(&mut ours)?),
            format!("{:.2}", median(&mut ratios)?),
            format!("{least:.2}"),
            format!("{most:.2}"),
            format!("{:.1}", load.bound()),
        ]);
    }
    println!("{table}");
    Ok(())
}

/// CPU seconds that a process spends on one unit of a load.
async fn measured(load: Load, target: &Target, process: i32) -> Result<f64> {
    let before = cpu_seconds(process)?;
    let units = load.run(target).await?;
    Ok((cpu_seconds(process)? - before) / units)
}

fn median(values: &mut [f64]) -> Result<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("no rounds")
}
