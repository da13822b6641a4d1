//! Clients and networks that break at the worst moment.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{FetchRequest, MetadataRequest};
use testkit::{RawClient, Weather};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ground::{Door, Plan, ground};
use crate::process::memory;
use crate::records::{batch, describe, fetch_request, large_topic, produce};
use crate::{SOON, eventually};

const MEBIBYTE: usize = 1024 * 1024;

/// A request on its way over a bare socket, which can be dropped at any moment.
async fn asking_for_all_of(topic: &str, door: &Door) -> Result<TcpStream> {
    let frame = testkit::raw_client::request_frame(12, 7, None, &fetch_request(topic, 5_000))?;
    let mut stream = TcpStream::connect(door.address()).await?;
    stream.write_all(&u32::try_from(frame.len())?.to_be_bytes()).await?;
    stream.write_all(&frame).await?;
    Ok(stream)
}

#[tokio::test]
async fn a_slow_reader_of_a_large_fetch_holds_up_nobody_and_takes_no_memory() -> Result<()> {
    large_topic(&ground().await?.kafka, "alice-slow", 48).await?;
    let door = Door::open().await?;
    let mut quick = door.alice().await?;
    describe(&mut quick, "alice-slow").await?;
    let before = memory(door.doorkeeper.process_id())?;

    let mut slow = asking_for_all_of("alice-slow", &door).await?;
    let mut passed_on = 0.0;
    eventually("the answer has begun and stands still", async || {
        let last = passed_on;
        passed_on = door.metric("doorkeeper_response_bytes_total", "").await?;
        for _ in 0..10 {
            describe(&mut quick, "alice-slow").await?;
        }
        Ok(passed_on > 1e5 && passed_on - last < 1e4)
    })
    .await?;
    let more = memory(door.doorkeeper.process_id())?.saturating_sub(before);
    println!("an answer of 48 MiB that nobody reads: {more} bytes of memory more, {passed_on} bytes passed on");
    ensure!(passed_on < 40e6, "nothing stopped the broker: {passed_on} bytes were passed on");
    ensure!(more < 8 * MEBIBYTE, "{more} bytes more");

    let length = usize::try_from(slow.read_u32().await?)?;
    ensure!(length > 47 * MEBIBYTE, "an answer of {length} bytes");
    let mut answer = vec![0; length];
    slow.read_exact(&mut answer).await?;
    testkit::raw_client::response_of::<FetchRequest>(12, 7, answer.into())?;
    drop((slow, quick));
    door.is_left_clean("OPEN").await
}

/// From version 16 on an answer may name brokers, so it is held until it has been looked through.
#[tokio::test]
async fn slow_readers_of_answers_that_must_be_held_share_one_budget_and_hold_up_nobody() -> Result<()> {
    const BUDGET: usize = 105 * MEBIBYTE;
    let ground = ground().await?;
    large_topic(&ground.kafka, "alice-held", 48).await?;
    ground.kafka.create_topic("alice-small", 1).await?;
    let mut admin = ground.kafka.admin().await?;
    let large = fetch_by_id(describe(&mut admin, "alice-held").await?.topic_id);
    let small = fetch_by_id(describe(&mut admin, "alice-small").await?.topic_id);
    let door = Plan::new("OPEN", "").await?.with("limits: { memory_budget: 105MiB }\n").open().await?;
    let mut quick = door.alice().await?;
    describe(&mut quick, "alice-small").await?;
    let before = memory(door.doorkeeper.process_id())?;

    // Two of these answers fit.
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut client = door.alice().await?;
        let asked = client.send_only(16, &large).await?;
        slow.push((client, asked));
    }
    eventually("two answers are held", async || {
        Ok(door.metric("doorkeeper_memory_budget_used_bytes", "").await? > 95e6)
    })
    .await?;
    let began = Instant::now();
    for _ in 0..20 {
        produce(&mut quick, "alice-small", batch("quick")?).await?;
        let answer = quick.send(16, &small).await?;
        ensure!(answer.error_code == 0, "{answer:?}");
        let held = door.metric("doorkeeper_memory_budget_used_bytes", "").await?;
        ensure!(held < BUDGET as f64, "{held} bytes are held");
    }
    let (elapsed, more) = (began.elapsed(), memory(door.doorkeeper.process_id())?.saturating_sub(before));
    println!("beside four slow readers: 20 produces and fetches in {elapsed:?}, {more} bytes of memory more");
    ensure!(elapsed < SOON, "20 produces and fetches took {elapsed:?}");
    ensure!(more < 2 * BUDGET, "{more} bytes of memory for a budget of {BUDGET}");

    // Those that wait get theirs when the others have read.
    let mut reading = JoinSet::new();
    for (mut client, asked) in slow {
        reading.spawn(async move { client.receive::<FetchRequest>(16, asked).await });
    }
    while let Some(answer) = reading.join_next().await {
        let answer = answer??;
        let records = answer.responses.first().and_then(|topic| topic.partitions.first());
        let length = records.and_then(|partition| partition.records.as_ref()).map_or(0, Bytes::len);
        ensure!(length > 47 * MEBIBYTE, "{length} bytes of records");
    }
    drop(quick);
    door.is_left_clean("OPEN").await
}

fn fetch_by_id(topic_id: Uuid) -> FetchRequest {
    let mut request = fetch_request("", 5_000);
    for topic in &mut request.topics {
        topic.topic_id = topic_id;
    }
    request
}

#[tokio::test]
async fn clients_that_go_in_the_middle_of_an_answer_leave_nothing_behind() -> Result<()> {
    large_topic(&ground().await?.kafka, "alice-gone", 16).await?;
    let door = Door::open().await?;
    for abrupt in [false, true] {
        let mut clients = Vec::new();
        for _ in 0..10 {
            clients.push(asking_for_all_of("alice-gone", &door).await?);
        }
        for client in &mut clients {
            client.read_exact(&mut [0; 1000]).await?;
            if abrupt {
                // A reset instead of a farewell.
                #[expect(deprecated, reason = "zero does not block")]
                client.set_linger(Some(Duration::ZERO))?;
            }
        }
        ensure!(door.upstream_connections("OPEN").await? >= 10);
        drop(clients);
        door.is_left_clean("OPEN").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_sends_no_more_still_gets_its_answers() -> Result<()> {
    let ground = ground().await?;
    ground.kafka.create_topic("alice-half", 1).await?;
    let door = Door::open().await?;
    let mut alice = door.alice().await?;
    let fetching = alice.send_only(12, &fetch_request("alice-half", 20_000)).await?;
    let asking = alice.send_only(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await?;
    alice.shut_down_writing().await?;
    // The Fetch is parked until there is something.
    produce(&mut ground.kafka.admin().await?, "alice-half", batch("late")?).await?;
    let fetched = alice.receive::<FetchRequest>(12, fetching).await?;
    let records = fetched.responses.first().and_then(|topic| topic.partitions.first());
    ensure!(records.and_then(|partition| partition.records.as_ref()).is_some_and(|records| !records.is_empty()));
    alice.receive::<MetadataRequest>(12, asking).await?;
    alice.expect_close().await?;
    door.is_left_clean("OPEN").await
}

#[tokio::test]
async fn a_broker_that_goes_in_the_middle_of_a_request_closes_its_clients_and_no_others() -> Result<()> {
    let ground = ground().await?;
    large_topic(&ground.kafka, "alice-cut", 16).await?;
    let door = Plan::new("CUT", "").await?.open().await?;
    let mut waiting = door.alice().await?;
    describe(&mut waiting, "alice-cut").await?;
    let mut idle = door.alice().await?;
    idle.api_versions().await?;

    let mut reading = asking_for_all_of("alice-cut", &door).await?;
    reading.read_exact(&mut [0; 1000]).await?;
    ground.cut.set_to_client(Weather::Stall);
    waiting.send_only(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await?;
    ground.cut.cut();
    waiting.expect_close().await.context("a client that waits for an answer")?;
    let mut rest = Vec::new();
    // An end or a reset: the answer is cut either way.
    let _ = tokio::time::timeout(SOON, reading.read_to_end(&mut rest)).await?;
    ensure!(rest.len() < 16 * MEBIBYTE, "the answer is whole");
    ground.cut.set(Weather::Clear);
    describe(&mut idle, "alice-cut").await.context("a client that had nothing at the broker yet")?;
    describe(&mut door.alice().await?, "alice-cut").await.context("a client that comes back")?;
    drop((waiting, reading, idle));
    door.is_left_clean("CUT").await
}

#[tokio::test]
async fn a_broker_that_says_nothing_is_given_up_in_time_and_found_again() -> Result<()> {
    let ground = ground().await?;
    ground.kafka.create_topic("alice-silence", 1).await?;
    let timeouts = "  socket.connection.setup.timeout.ms: 1000\n  request.timeout.ms: 1000\n";
    let door = Plan::new("STALLED", timeouts).await?.open().await?;
    let (mut asking, mut connecting, mut patient) = (door.alice().await?, door.alice().await?, door.alice().await?);
    for client in [&mut asking, &mut patient] {
        describe(client, "alice-silence").await?;
    }
    connecting.api_versions().await?;

    ground.stalled.set_to_client(Weather::Stall);
    let metadata = MetadataRequest::default().with_topics(Some(Vec::new()));
    // As long as its client wishes: whoever asked decides when it is enough.
    let waiting = patient.send_only(12, &metadata).await?;
    connecting.send_only(12, &metadata).await?;
    connecting.expect_close().await.context("a client for whom no connection can be made")?;
    // What has this id must be asked of the broker before anything is decided.
    let unknown = MetadataRequestTopic::default().with_topic_id(Uuid::from_u128(7)).with_name(None);
    asking.send_only(12, &MetadataRequest::default().with_topics(Some(vec![unknown]))).await?;
    asking.expect_close().await.context("a client whose request cannot be decided")?;
    let told = |what: &'static str| move |line: &str| line.contains("WARN") && line.contains(what);
    door.doorkeeper.wait_for_line(told("no connection to the broker"), SOON).await?;
    door.doorkeeper.wait_for_line(told("the broker could not be asked what a decision needs"), SOON).await?;
    ensure!(door.metric("doorkeeper_upstream_connect_errors_total", "reason=\"timeout\"").await? > 0.0);
    eventually("the broker counts as down", async || Ok(door.metric("doorkeeper_upstream_up", "").await? == 0.0))
        .await?;
    ensure!(door.get("/readyz").await?.0 == 200, "an upstream that is lost later is no unreadiness");

    ground.stalled.set(Weather::Clear);
    patient.receive::<MetadataRequest>(12, waiting).await.context("a client that has waited")?;
    eventually("the broker counts as up", async || Ok(door.metric("doorkeeper_upstream_up", "").await? == 1.0)).await?;
    describe(&mut door.alice().await?, "alice-silence").await?;
    drop((asking, connecting, patient));
    door.is_left_clean("STALLED").await
}

#[tokio::test]
async fn tls_on_a_plaintext_port_and_plaintext_on_a_tls_port_are_one_clear_line_each() -> Result<()> {
    let ground = ground().await?;
    let door = Door::open().await?;
    let mut hello = TcpStream::connect(door.address()).await?;
    let from = hello.local_addr()?;
    hello.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 1, 2, 3, 4, 5, 6, 7]).await?;
    ensure!(hello.read(&mut [0; 64]).await.unwrap_or(0) == 0, "a ClientHello is answered");
    one_line(&door, "tls came to a listener that speaks plaintext", from, door.address()).await?;

    let tls = RawClient::connect_tls(door.address(), ground.certificates.client_config(None)?, "localhost").await;
    ensure!(tls.is_err(), "a handshake with a plaintext port");

    let mut plain = RawClient::connect(door.secure_address()).await?;
    plain.send_only(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await?;
    let answer = plain.read_frame().await;
    ensure!(!matches!(answer, Ok(Some(_))), "plaintext is answered: {answer:?}");
    one_line(&door, "plaintext came to a listener that speaks tls", plain.local_address(), door.secure_address())
        .await?;
    door.is_left_clean("OPEN").await
}

async fn one_line(door: &Door, what: &str, from: std::net::SocketAddr, to: std::net::SocketAddr) -> Result<()> {
    let (from, to) = (from.to_string(), to.to_string());
    let told = |line: &str| line.contains(what) && line.contains(&from) && line.contains(&to);
    door.doorkeeper.wait_for_line(told, SOON).await?;
    let lines = door.doorkeeper.log().lines();
    let about = lines.iter().filter(|line| line.contains(&from)).count();
    ensure!(about == 1, "{about} lines about {from}:\n{}", door.doorkeeper.log().tail(10));
    Ok(())
}
