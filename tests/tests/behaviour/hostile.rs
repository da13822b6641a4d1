//! Whoever floods, stalls or lies does not stop another client's work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use testkit::{Entrance, RawClient, Stage};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{POLICY, SOON, metadata, topic_name};

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

/// Somebody who is logged in and may do nothing: long requests that are denied, and topics that nobody has.
async fn insider(stage: Arc<Stage>, worker: u64) -> Result<()> {
    const MANY: u64 = 20_000;
    let mut bob = stage.raw("bob").await?;
    let named = (0..MANY)
        .map(|number| MetadataRequestTopic::default().with_name(Some(topic_name(&format!("bob-{worker}-{number}")))));
    let named = MetadataRequest::default().with_topics(Some(named.collect()));
    for turn in 0..u64::MAX {
        bob.send(12, &named).await?;
        let numbers = turn * MANY + 1..(turn + 1) * MANY;
        let of_nobody = numbers.map(|number| {
            MetadataRequestTopic::default().with_name(None).with_topic_id(Uuid::from_u64_pair(worker + 1, number))
        });
        bob.send(12, &MetadataRequest::default().with_topics(Some(of_nobody.collect()))).await?;
    }
    Ok(())
}

/// Logs in with a wrong password, then again and stops in the middle.
async fn guesser(stage: Arc<Stage>) {
    loop {
        let Ok(mut client) = stage.raw_before_login().await else { continue };
        client.set_deadline(Duration::from_millis(200));
        let _ = client.login_plain("alice", "a guess").await;
        let Ok(mut client) = stage.raw_before_login().await else { continue };
        client.set_deadline(Duration::from_millis(200));
        // The first bytes of a SaslHandshake of 25.
        let _ = client.write_raw(&[0, 0, 0, 25, 0, 17, 0, 1, 0, 0]).await;
        let _ = client.read_frame().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_logged_in_or_guess_passwords_do_not_stop_another() -> Result<()> {
    let stage = Arc::new(Stage::start(POLICY).await?);
    stage.kafka().create_topic("alice-flood", 1).await?;
    let mut alice = stage.raw("alice").await?;
    p99(&mut alice).await?;
    let quiet = p99(&mut alice).await?;

    let mut insiders = JoinSet::new();
    (0..4).for_each(|worker| drop(insiders.spawn(insider(Arc::clone(&stage), worker))));
    let beside_insiders = p99(&mut alice).await?;
    let mut guessers = JoinSet::new();
    (0..16).for_each(|_| drop(guessers.spawn(guesser(Arc::clone(&stage)))));
    let beside_both = p99(&mut alice).await?;
    let stopped = insiders.try_join_next();
    ensure!(stopped.is_none(), "the insiders were to go on: {stopped:?}");
    insiders.shutdown().await;
    guessers.shutdown().await;
    println!(
        "p99 of Metadata: {quiet:?} quiet, {beside_insiders:?} beside insiders, {beside_both:?} with guessers as well"
    );
    for loud in [beside_insiders, beside_both] {
        ensure!(loud < quiet * 20 + Duration::from_secs(1), "{quiet:?} became {loud:?}");
    }
    ensure!(stage.doorkeeper().exit_status().is_none(), "doorkeeper has ended");
    ensure!(!stage.doorkeeper().log().lines().iter().any(|line| line.contains("panicked")), "a panic");
    Ok(())
}
