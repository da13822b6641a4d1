//! ApiVersions: what a client is offered is what the broker and Doorkeeper both serve.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use kafka_protocol::messages::ApiVersionsResponse;
use testkit::{RawClient, Release};

use crate::stage;

pub(crate) type Ranges = BTreeMap<i16, (i16, i16)>;

/// Who somebody is, ACLs and users are Doorkeeper's own, whatever the broker has.
pub(crate) const OWN: &[i16] = &[17, 18, 29, 30, 31, 36, 50, 51];
const PRODUCE: i16 = 0;

pub(crate) fn ranges(answer: &ApiVersionsResponse) -> Ranges {
    answer.api_keys.iter().map(|api| (api.api_key, (api.min_version, api.max_version))).collect()
}

/// What the broker offers, and what Doorkeeper does.
async fn offered(release: Release) -> Result<(Ranges, Ranges)> {
    let stage = stage(release).await?;
    let theirs = ranges(&stage.kafka().admin().await?.api_versions().await?);
    let ours = ranges(&stage.raw("admin").await?.api_versions().await?);
    Ok((theirs, ours))
}

/// All that the broker offers up to its newest version, from the oldest that Kafka 4.3 still knows.
async fn everything_is_offered_that_both_know(release: Release) -> Result<()> {
    let (theirs, ours) = offered(release).await?;
    for (key, (min, max)) in theirs.iter().filter(|(key, _)| !OWN.contains(key)) {
        let Some((our_min, our_max)) = ours.get(key) else { anyhow::bail!("{release:?}: {key} is not offered") };
        ensure!(
            our_max == max && our_min >= min,
            "{release:?}: {key} is {min}-{max} and offered as {our_min}-{our_max}"
        );
    }
    let more: Vec<_> = ours.keys().filter(|key| !theirs.contains_key(key) && !OWN.contains(key)).collect();
    ensure!(more.is_empty(), "{release:?}: {more:?} are offered, and the broker has none of them");
    Ok(())
}

#[tokio::test]
async fn what_kafka_3_9_and_we_know_is_offered() -> Result<()> {
    everything_is_offered_that_both_know(Release::V3_9).await?;
    let (theirs, ours) = offered(Release::V3_9).await?;
    // Produce begins where the broker's does (KAFKA-18659); Fetch where Kafka 4.3's does.
    ensure!(ours[&PRODUCE].0 == theirs[&PRODUCE].0 && theirs[&1].0 == 0 && ours[&1] == (4, theirs[&1].1));
    Ok(())
}

#[tokio::test]
async fn what_kafka_4_1_and_we_know_is_offered() -> Result<()> {
    everything_is_offered_that_both_know(Release::V4_1).await?;
    let (theirs, ours) = offered(Release::V4_1).await?;
    let mut common = theirs.clone();
    common.retain(|key, _| !OWN.contains(key));
    ensure!(common.iter().all(|(key, range)| ours.get(key) == Some(range)), "{theirs:?} {ours:?}");
    Ok(())
}

/// A request in a version that only newer brokers serve ends the connection, as it does there.
#[tokio::test]
async fn a_version_that_the_broker_does_not_serve_ends_the_connection() -> Result<()> {
    for release in [Release::V3_9, Release::V4_1] {
        let (theirs, _) = offered(release).await?;
        let stage = stage(release).await?;
        for key in [1, 9] {
            let version = theirs[&key].1 + 1;
            let mut alice = stage.raw("alice").await?;
            alice.write_frame(&header(key, version)).await?;
            closes(&mut alice, key, version).await?;
        }
    }
    Ok(())
}

/// A request header of the flexible form, with an empty body.
pub(crate) fn header(key: i16, version: i16) -> Vec<u8> {
    let mut frame = [key.to_be_bytes(), version.to_be_bytes()].concat();
    frame.extend([0, 0, 0, 1, 0xff, 0xff, 0]);
    frame
}

pub(crate) async fn closes(client: &mut RawClient, key: i16, version: i16) -> Result<()> {
    let answer = client.read_frame().await?;
    ensure!(answer.is_none(), "{key} in version {version} was answered");
    Ok(())
}
