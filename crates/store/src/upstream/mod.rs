//! The ACLs of a cluster that has an authorizer of its own: read there, and changed there.
//!
//! ```text
//!            ┌── every `poll_interval`, and after each change of ours ──┐
//! Current ◀──┤ DescribeAcls                                            │ the cluster behind us
//! a request ─┴─▶ turn ─▶ CreateAcls, DeleteAcls ─▶ read until it holds ─▶ the answer
//! ```
//!
//! What one change may hold, whether it is done whole, and what is wrong with it, is for the cluster to say. It is answered
//! when what was read back has it, so it holds for every decision of this process then. Others, and changes made at the
//! cluster itself, are seen with the next poll.
//!
//! A broker that is asked for the first time may know less than the one that has shown a change of ours. For some seconds
//! an answer without that change is not believed, so that nothing comes back that was taken away.
//!
//! An ACL that this release does not know (of a newer Kafka) is ignored, told and counted if all it could do is allow. If
//! it might deny, nothing of that reading is used: what was known goes on, and grows older
//! ([`Following`](crate::Following)). Also if the cluster is lost. Host ranges mean nothing to a broker, so they mean
//! nothing here.
//!
//! Users cannot be read from a cluster: they are in another store.
//!
//! Start reading at [`UpstreamStore`]; `cluster.rs` asks, `wire.rs` says what the words of the answers mean.

mod cluster;
mod error;
mod store;
mod wire;

use std::time::{Duration, Instant};

use acl::AclBinding;
use client::Connector;
use protocol::messages::DescribeAclsResponse;

use crate::{Current, Following};
use cluster::Cluster;
pub use error::UpstreamError;
pub use store::UpstreamStore;
use wire::Understood;

/// Between attempts of a start to reach the cluster.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Attempts of a start that fail between two words in the log.
const ATTEMPTS_PER_WARNING: u32 = 10;

/// How the cluster's ACLs are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How often they are read when nothing here changes them.
    pub poll_interval: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { poll_interval: Duration::from_secs(5) }
    }
}

/// The ACLs, read and not yet followed.
#[derive(Debug)]
pub struct LoadedAcls {
    settings: Settings,
    cluster: Cluster,
    response: DescribeAclsResponse,
    understood: Understood,
    following: Following,
}

/// Reads the ACLs for the first time; waits for a cluster that cannot be reached yet.
///
/// # Errors
/// What waiting does not mend: no login, no authorizer, no right to read them, an ACL that might deny and is not known.
pub async fn load(
    settings: Settings,
    connector: &Connector,
    everyone_if_no_acl: bool,
) -> Result<LoadedAcls, UpstreamError> {
    let mut cluster = Cluster::new(connector.clone());
    let mut failures = 0;
    loop {
        let asked_at = Instant::now();
        match read(&mut cluster, everyone_if_no_acl).await {
            Ok((response, understood)) => {
                let following = Following::new(asked_at);
                following.ignores(understood.ignored.len());
                wire::tell_of_ignored(&understood.ignored);
                return Ok(LoadedAcls { settings, cluster, response, understood, following });
            }
            Err(error) if error.may_pass() => {
                if failures % ATTEMPTS_PER_WARNING == 0 {
                    tracing::warn!("the ACLs of the cluster cannot be read yet, and nothing can be decided: {error}");
                }
                failures += 1;
                tokio::time::sleep(TRY_AGAIN).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Asks once, and keeps nothing: how many ACLs the cluster has. For `doorkeeper check --online`.
///
/// # Errors
/// As [`load`], and if the cluster cannot be reached.
pub async fn check(connector: &Connector, everyone_if_no_acl: bool) -> Result<usize, UpstreamError> {
    let (_, understood) = read(&mut Cluster::new(connector.clone()), everyone_if_no_acl).await?;
    Ok(understood.acls.len())
}

async fn read(
    cluster: &mut Cluster,
    everyone_if_no_acl: bool,
) -> Result<(DescribeAclsResponse, Understood), UpstreamError> {
    let response = cluster.describe().await?;
    let understood = wire::understand(&response, everyone_if_no_acl)?;
    Ok((response, understood))
}

impl LoadedAcls {
    pub fn acls(&self) -> &[AclBinding] {
        &self.understood.acls
    }

    /// The store that changes the ACLs of `current`, in which these are already.
    pub fn into_store(self, current: Current) -> UpstreamStore {
        UpstreamStore::new(self, current)
    }
}
