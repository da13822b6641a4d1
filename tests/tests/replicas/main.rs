//! Three replicas of Doorkeeper whose ACLs are in a topic of the three-broker Kafka they protect, while what is between
//! them breaks: no allowed client is refused, no denied one let in, nothing that was acknowledged is lost, and then
//! everything agrees again.
//!
//! One long test, as one night would be; [`ground`] is the place, [`changes`] what administrators do, [`traffic`] the
//! clients who must not notice.

mod changes;
mod ground;
mod traffic;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use testkit::Weather;

use crate::changes::{Acl, Administrator};
use crate::ground::{Ground, LEADER, log_in, others};
use crate::traffic::Traffic;

/// What the page on stores promises between replicas that reach Kafka.
const A_SECOND: Duration = Duration::from_secs(1);

/// For a Kafka that elects leaders on a busy machine, and for a replica that starts.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_agree_through_a_bad_night() -> Result<()> {
    let mut ground = Ground::prepare().await?;
    let mut administrator = Administrator::new(&ground);
    let traffic = Traffic::begin(&ground)?;
    traffic.flows(LONG).await?;

    in_force_within_a_second(&ground, &mut administrator).await.context("in force within a second")?;
    the_same_entries_at_the_same_time(&ground, &mut administrator)
        .await
        .context("the same entries at the same time")?;
    a_slow_line(&ground, &mut administrator).await.context("a slow line")?;
    a_replica_cut_off(&ground, &mut administrator).await.context("a replica cut off")?;
    a_broker_killed(&mut ground, &mut administrator).await.context("a broker killed")?;
    a_replica_killed(&mut ground, &mut administrator).await.context("a replica killed")?;

    ground.kafka.start_broker(LEADER).await?;
    administrator.agree(&ground, LONG).await.context("after all of it")?;
    traffic.flows(LONG).await?;
    let told = traffic.end().await?;
    let kept = ground.records().await?;
    println!("{told}; {kept} records are in the topic");
    ensure!(kept == told.acknowledged, "{told}, and {kept} records are in the topic");
    Ok(())
}

async fn in_force_within_a_second(ground: &Ground, administrator: &mut Administrator) -> Result<()> {
    let mut longest = Duration::ZERO;
    for round in 0..12 {
        let (at, acl) = (round % 3, Acl::numbered("calm", round));
        administrator.create(ground, at, &acl).await?;
        for other in others(at) {
            longest = longest.max(administrator.in_force(ground, other, &acl, A_SECOND).await?);
        }
    }
    println!("after an ACL was acknowledged at one replica, it was in force at both others within {longest:?}");
    Ok(())
}

async fn the_same_entries_at_the_same_time(ground: &Ground, administrator: &mut Administrator) -> Result<()> {
    for round in 0..10 {
        let acl = Acl::numbered("contested", round);
        let (one, other) = (round % 3, (round + 1) % 3);
        administrator.create_and_delete_at_once(ground, one, other, &acl).await?;
        administrator.agree(ground, A_SECOND).await.with_context(|| format!("{acl}, in round {round}"))?;
    }
    Ok(())
}

async fn a_slow_line(ground: &Ground, administrator: &mut Administrator) -> Result<()> {
    let delay = Duration::from_millis(100);
    ground.replicas[2].weather(Weather::Delay(delay));
    let acl = Acl::numbered("slow", 0);
    administrator.create(ground, 0, &acl).await?;
    administrator.in_force(ground, 1, &acl, A_SECOND).await?;
    administrator.in_force(ground, 2, &acl, A_SECOND + 4 * delay).await?;
    let acl = Acl::numbered("slow", 1);
    administrator.create(ground, 2, &acl).await?;
    administrator.in_force(ground, 0, &acl, A_SECOND).await?;
    ground.replicas[2].weather(Weather::Clear);
    Ok(())
}

async fn a_replica_cut_off(ground: &Ground, administrator: &mut Administrator) -> Result<()> {
    let mut connected = log_in(ground.replicas[2].bootstrap(), "admin").await?;
    ground.replicas[2].cut_off(true);
    let during = Acl::numbered("cut", 0);
    administrator.create(ground, 0, &during).await?;
    administrator.in_force(ground, 1, &during, A_SECOND).await?;
    administrator.is_refused(&mut connected, &Acl::numbered("cut", 1)).await?;
    ground.replicas[2].cut_off(false);
    administrator.in_force(ground, 2, &during, LONG).await.context("the line is whole again")?;
    administrator.agree(ground, LONG).await
}

async fn a_broker_killed(ground: &mut Ground, administrator: &mut Administrator) -> Result<()> {
    ground.kafka.kill_broker(LEADER).await?;
    // Asked at all three while a new leader is looked for.
    for round in 0..6 {
        administrator.create_in_the_end(ground, round % 3, &Acl::numbered("killed-broker", round), LONG).await?;
    }
    administrator.agree(ground, LONG).await.context("two brokers are left")
}

async fn a_replica_killed(ground: &mut Ground, administrator: &mut Administrator) -> Result<()> {
    administrator.begin(ground, 1, &Acl::numbered("killed-replica", 0)).await?;
    ground.replicas[1].doorkeeper.kill().await?;
    let acl = Acl::numbered("killed-replica", 1);
    administrator.create(ground, 0, &acl).await?;
    administrator.in_force(ground, 2, &acl, A_SECOND).await?;
    ground.replicas[1].doorkeeper.start_again().await?;
    administrator.in_force(ground, 1, &acl, A_SECOND).await.context("it is ready only when it knows all")?;
    administrator.agree(ground, LONG).await
}
