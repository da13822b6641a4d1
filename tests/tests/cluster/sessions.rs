//! Sessions that the broker ends (`connections.max.reauth.ms`, KIP-368): a client's connection outlives them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use kafka_protocol::messages::{FetchRequest, MetadataRequest};
use testkit::RawClient;

use crate::ground::{PASSWORD, Plan, SHORT_SESSION_MS, USERNAME, ground};
use crate::records::{batch, describe, fetch, fetch_request, produce};

const LIFETIME: Duration = Duration::from_millis(SHORT_SESSION_MS);

#[tokio::test]
async fn a_clients_connection_outlives_the_sessions_at_the_broker() -> Result<()> {
    let ground = ground().await?;
    ground.kafka.create_topic("alice-session", 1).await?;
    ground.kafka.create_topic("alice-empty", 1).await?;
    let upstream = format!(
        "  security.protocol: SASL_PLAINTEXT\n  sasl.mechanism: SCRAM-SHA-256\n  \
         username: {USERNAME}\n  password: ${{file:password}}\n"
    );
    let door = Plan::new("SHORT", &upstream).await?.open().await?;

    // What happens to a client of the broker itself that does not log in again.
    let mut careless = RawClient::connect(ground.address("SHORT")?).await?;
    careless.login_plain(USERNAME, PASSWORD).await?;
    describe(&mut careless, "alice-session").await?;

    let (mut idle, mut busy) = (door.alice().await?, door.alice().await?);
    describe(&mut idle, "alice-session").await?;
    let began = Instant::now();
    let mut written = 0;
    while began.elapsed() < LIFETIME * 3 {
        // A parked Fetch with two requests behind it: whenever the session ends, something is in flight.
        let fetching = busy.send_only(12, &fetch_request("alice-empty", 150)).await?;
        let asking = busy.send_only(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await?;
        let parked = busy.receive::<FetchRequest>(12, fetching).await;
        let parked =
            parked.with_context(|| format!("after {:?}: {}", began.elapsed(), door.doorkeeper.log().tail(9)))?;
        ensure!(parked.error_code == 0, "{parked:?}");
        busy.receive::<MetadataRequest>(12, asking).await?;
        produce(&mut busy, "alice-session", batch(format!("{written}"))?).await?;
        written += 1;
    }
    ensure!(describe(&mut careless, "alice-session").await.is_err(), "the broker does not end sessions");
    describe(&mut idle, "alice-session").await.context("a connection that was idle for three lifetimes")?;
    ensure!(!fetch(&mut busy, "alice-session").await?.is_empty() && written > 5, "{written}");
    ensure!(door.metric("doorkeeper_upstream_connect_errors_total", "").await? == 0.0);
    drop((idle, busy));
    door.is_left_clean("SHORT").await
}
