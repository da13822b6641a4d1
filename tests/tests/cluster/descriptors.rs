//! File descriptors run out: nobody spins, whoever is served stays served, and all is well when some are free again.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::net::TcpStream;

use crate::ground::{Plan, ground};
use crate::process::processor_time;
use crate::records::describe;
use crate::{SOON, eventually};

#[tokio::test]
async fn without_file_descriptors_nobody_spins_and_the_served_stay_served() -> Result<()> {
    ground().await?.kafka.create_topic("alice-files", 1).await?;
    let door = Plan::new("OPEN", "").await?.open_with_few_files(64).await?;
    let mut alice = door.alice().await?;
    describe(&mut alice, "alice-files").await?;

    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(TcpStream::connect(door.address()).await?);
    }
    let out = |line: &str| line.contains("no connection can be accepted");
    door.doorkeeper.wait_for_line(out, SOON).await?;
    let (began, used) = (Instant::now(), processor_time(door.doorkeeper.process_id())?);
    let last_pause = |line: &str| out(line) && line.contains("for 1000 ms");
    door.doorkeeper.wait_for_line(last_pause, SOON).await?;
    for _ in 0..20 {
        describe(&mut alice, "alice-files").await?;
    }
    let used = processor_time(door.doorkeeper.process_id())?.saturating_sub(used);
    let elapsed = began.elapsed();
    println!("without descriptors for {elapsed:?}: {used:?} on a processor");
    ensure!(used < elapsed / 2, "{used:?} on a processor in {elapsed:?}");
    let lines = door.doorkeeper.log().lines().iter().filter(|line| out(line)).count();
    ensure!(lines < 30, "{lines} lines in {elapsed:?}");

    drop(crowd);
    let mut late = tokio::time::timeout(Duration::from_secs(10), door.alice()).await??;
    describe(&mut late, "alice-files").await?;
    ensure!(door.metric("doorkeeper_connections_rejected_total", "accept_error").await? > 0.0);
    let readable = async || Ok(door.metric("doorkeeper_policy_last_reload_successful", "").await? == 1.0);
    eventually("the policy can be read again", readable).await?;
    drop((alice, late));
    door.is_left_clean("OPEN").await
}
