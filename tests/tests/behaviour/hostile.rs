//! Whoever floods, stalls or lies does not stop another client's work.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use testkit::{Entrance, RawClient, Stage};
use tokio::task::JoinSet;

use crate::{POLICY, SOON, metadata};

const REQUESTS: usize = 200;

/// The 99th of a hundred answers to alice, slowest last.
async fn p99(alice: &mut RawClient) -> Result<Duration> {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let start = Instant::now();
        metadata(alice, "alice-flood").await?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[REQUESTS * 99 / 100])
}

/// Connects again and again, and does something rude each time.
async fn rude(address: std::net::SocketAddr, turn: usize) {
    let Ok(mut client) = RawClient::connect(address).await else { return };
    client.set_deadline(Duration::from_millis(200));
    let _ = match turn % 4 {
        // Claims a hundred megabytes and sends ten bytes.
        0 => client.write_raw(&[0x06, 0, 0, 0, 0, 3, 0, 1, 0, 0]).await,
        // Metadata for 2^31 topics.
        1 => client.write_frame(&[0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]).await,
        // Half a header, then silence.
        2 => client.write_raw(&[0, 0, 0, 20, 0]).await,
        // Not Kafka at all.
        _ => client.write_raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await,
    };
    let _ = client.read_frame().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_floods_stalls_and_lies_does_not_stop_another() -> Result<()> {
    let stage = Stage::start(POLICY).await?;
    stage.kafka().create_topic("alice-flood", 1).await?;
    let mut alice = stage.raw("alice").await?;
    p99(&mut alice).await?;
    let quiet = p99(&mut alice).await?;

    let addresses = [Entrance::Client, Entrance::Open, Entrance::Services]
        .map(|entrance| std::net::SocketAddr::from(([127, 0, 0, 1], stage.port(entrance))));
    let mut flood = JoinSet::new();
    for worker in 0..16_usize {
        flood.spawn(async move {
            for turn in 0..usize::MAX {
                rude(addresses[(worker + turn) % 3], worker + turn).await;
            }
        });
    }
    let flooded = p99(&mut alice).await?;
    flood.shutdown().await;
    println!("p99 of Metadata: {quiet:?} quiet, {flooded:?} under a flood");
    ensure!(flooded < quiet * 20 + Duration::from_millis(100), "{quiet:?} became {flooded:?}");

    let wanted = |line: &str| line.contains("malformed");
    stage.doorkeeper().wait_for_line(wanted, SOON).await?;
    ensure!(stage.doorkeeper().exit_status().is_none(), "doorkeeper has ended");
    ensure!(!stage.doorkeeper().log().lines().iter().any(|line| line.contains("panicked")), "a panic");
    Ok(())
}
