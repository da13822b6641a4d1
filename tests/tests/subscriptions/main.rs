//! Subscriptions by regular expression (KIP-848), and internal topics of Streams groups (KIP-1071): what a broker would decide
//! later by the caller's identity is decided by Doorkeeper, by Java's consumer and by raw requests.

mod broker;
mod java;
mod raw;
mod streams;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use kafka_protocol::messages::consumer_group_describe_response::Member;
use kafka_protocol::messages::{ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest, FindCoordinatorRequest};
use kafka_protocol::protocol::StrBytes;
use testkit::RawClient;
use tokio::time::{Instant, sleep};

const POLICY: &str = "\
users:
  admin: { password: admin-secret }
  alice: { password: alice-secret }
acls:
  - { principal: User:alice, allow: [Read, Write, Describe], topic: { prefixed: alice- } }
  - { principal: User:alice, allow: [Read, Describe], group: { prefixed: alice- } }
";

const SOON: Duration = Duration::from_secs(30);

fn str_bytes(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Waits until the broker behind coordinates groups.
async fn coordinate(client: &mut RawClient, group: &str) -> Result<()> {
    let end = Instant::now() + SOON;
    loop {
        let find = FindCoordinatorRequest::default().with_coordinator_keys(vec![str_bytes(group)]);
        let found = client.send(4, &find).await?;
        let response = client.send(1, &beating(group, 1)).await?;
        // Until then it is not available, loading, or another's.
        if ![14, 15, 16].contains(&response.error_code) {
            return Ok(());
        }
        ensure!(Instant::now() < end, "{found:?} {response:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// A heartbeat of the member `member` that says nothing of its subscription.
fn beating(group: &str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(str_bytes(group).into())
        .with_member_id(str_bytes("member"))
        .with_member_epoch(epoch)
        .with_rebalance_timeout_ms(-1)
        .with_topic_partitions(None)
}

/// The first heartbeat of the member, as Java's consumer sends it.
fn joining(group: &str, names: &[&str], pattern: Option<&str>) -> ConsumerGroupHeartbeatRequest {
    beating(group, 0)
        .with_rebalance_timeout_ms(60_000)
        .with_topic_partitions(Some(Vec::new()))
        .with_subscribed_topic_names(Some(names.iter().map(|name| str_bytes(name).into()).collect()))
        .with_subscribed_topic_regex(pattern.map(str_bytes))
}

/// The only member of a group as it is shown to this client.
async fn shown(client: &mut RawClient, group: &str) -> Result<Member> {
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![str_bytes(group).into()]);
    let response = client.send(1, &request).await?;
    let group = response.groups.into_iter().next().context("no group")?;
    let code = group.error_code;
    group.members.into_iter().next().with_context(|| format!("no member: {code} {:?}", group.error_message))
}

/// What the member is subscribed to: its regular expression, and its names in order.
async fn subscription(client: &mut RawClient, group: &str) -> Result<(Option<String>, Vec<String>)> {
    let member = shown(client, group).await?;
    let mut names: Vec<String> = member.subscribed_topic_names.iter().map(|name| name.0.to_string()).collect();
    names.sort();
    Ok((member.subscribed_topic_regex.map(|pattern| pattern.to_string()), names))
}
