//! What administrators do at the replicas, and what must come of it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest, MetadataRequest};
use testkit::RawClient;
use tokio::time::Instant;

use crate::ground::{Ground, log_in, text, topic_name};

/// TOPIC_AUTHORIZATION_FAILED
pub(crate) const DENIED: i16 = 29;

/// Codes of Kafka's enums.
const TOPIC: i8 = 2;
const LITERAL: i8 = 3;
const DESCRIBE: i8 = 8;
const ALLOW: i8 = 3;
const ANY: i8 = 1;

const PROBE: &str = "User:probe";

/// `User:probe` may Describe the topic of this name, which does not exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Acl(String);

impl Acl {
    pub(crate) fn numbered(part: &str, number: usize) -> Acl {
        Acl(format!("probe-{part}-{number}"))
    }

    fn creation(&self) -> CreateAclsRequest {
        let creation = AclCreation::default()
            .with_resource_type(TOPIC)
            .with_resource_name(text(&self.0))
            .with_resource_pattern_type(LITERAL)
            .with_principal(text(PROBE))
            .with_host(text("*"))
            .with_operation(DESCRIBE)
            .with_permission_type(ALLOW);
        CreateAclsRequest::default().with_creations(vec![creation])
    }

    fn deletion(&self) -> DeleteAclsRequest {
        let filter = DeleteAclsFilter::default()
            .with_resource_type_filter(TOPIC)
            .with_resource_name_filter(Some(text(&self.0)))
            .with_pattern_type_filter(LITERAL)
            .with_principal_filter(Some(text(PROBE)))
            .with_host_filter(Some(text("*")))
            .with_operation(DESCRIBE)
            .with_permission_type(ALLOW);
        DeleteAclsRequest::default().with_filters(vec![filter])
    }
}

impl fmt::Display for Acl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keeps what has been acknowledged.
pub(crate) struct Administrator {
    there: BTreeSet<Acl>,
    /// Nobody can say of these: two changed them at once, or no answer came.
    either: BTreeSet<Acl>,
}

impl Administrator {
    pub(crate) fn new(_: &Ground) -> Administrator {
        Administrator { there: BTreeSet::new(), either: BTreeSet::new() }
    }

    /// Creates it at a replica, which acknowledges it.
    pub(crate) async fn create(&mut self, ground: &Ground, replica: usize, acl: &Acl) -> Result<()> {
        let (error, message) = create(ground, replica, acl).await?;
        ensure!(error == 0, "{acl} at replica {replica}: error {error}, {message}");
        self.there.insert(acl.clone());
        Ok(())
    }

    /// Creates it at a replica, again and again if that fails.
    pub(crate) async fn create_in_the_end(
        &mut self,
        ground: &Ground,
        replica: usize,
        acl: &Acl,
        within: Duration,
    ) -> Result<()> {
        let deadline = Instant::now() + within;
        loop {
            let last = create(ground, replica, acl).await;
            if matches!(last, Ok((0, _))) {
                self.there.insert(acl.clone());
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{acl} at replica {replica}: {last:?}");
        }
    }

    /// A replica without Kafka says that nothing was changed, and that is so. Connected before: without a broker nobody
    /// gets in.
    pub(crate) async fn is_refused(&self, client: &mut RawClient, acl: &Acl) -> Result<()> {
        let (error, message) = create_by(client, acl).await?;
        ensure!(error != 0 && message.contains("nothing was changed"), "{acl}: error {error}, {message}");
        Ok(())
    }

    /// Asks for it at a replica, and does not wait for the answer.
    pub(crate) async fn begin(&mut self, ground: &Ground, replica: usize, acl: &Acl) -> Result<()> {
        let mut client = log_in(ground.replicas[replica].bootstrap(), "admin").await?;
        client.send_only(3, &acl.creation()).await?;
        self.either.insert(acl.clone());
        Ok(())
    }

    /// Creates it at one replica while it is deleted at another. Both are acknowledged.
    pub(crate) async fn create_and_delete_at_once(
        &mut self,
        ground: &Ground,
        one: usize,
        other: usize,
        acl: &Acl,
    ) -> Result<()> {
        let delete = async {
            let mut client = log_in(ground.replicas[other].bootstrap(), "admin").await?;
            client.send(3, &acl.deletion()).await
        };
        let ((error, message), deleted) = tokio::try_join!(create(ground, one, acl), delete)?;
        ensure!(error == 0, "error {error}, {message}");
        ensure!(deleted.filter_results.iter().all(|result| result.error_code == 0), "{deleted:?}");
        self.either.insert(acl.clone());
        Ok(())
    }

    /// How long it takes until the probe, connected to a replica, is allowed.
    pub(crate) async fn in_force(
        &self,
        ground: &Ground,
        replica: usize,
        acl: &Acl,
        within: Duration,
    ) -> Result<Duration> {
        let began = Instant::now();
        let mut client: Option<RawClient> = None;
        loop {
            // Logging in is no part of it, unless the connection was lost.
            let asked = match client.as_mut() {
                Some(client) => asks_for(client, &acl.0).await,
                None => match log_in(ground.replicas[replica].bootstrap(), "probe").await {
                    Ok(connected) => {
                        client = Some(connected);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            match asked {
                Ok(error) if error != DENIED => return Ok(began.elapsed()),
                Ok(_) => {}
                Err(_) => client = None,
            }
            ensure!(began.elapsed() < within, "{acl} was not in force at replica {replica} within {within:?}");
            tokio::task::yield_now().await;
        }
    }

    /// All replicas list the same: what was acknowledged, and of the rest what it came to.
    pub(crate) async fn agree(&self, ground: &Ground, within: Duration) -> Result<()> {
        let began = Instant::now();
        loop {
            let lists = tokio::try_join!(list(ground, 0), list(ground, 1), list(ground, 2));
            let verdict = lists.and_then(|(zero, one, two)| {
                ensure!(zero == one && one == two, "replicas list {zero:?}, {one:?} and {two:?}");
                let known: BTreeSet<Acl> = zero.difference(&self.either).cloned().collect();
                ensure!(known == self.there, "{known:?} are there, and {:?} was acknowledged", self.there);
                Ok(())
            });
            match verdict {
                Ok(()) => return Ok(()),
                Err(error) if began.elapsed() > within => return Err(error),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }
}

/// The error code and message that a replica answers with.
async fn create(ground: &Ground, replica: usize, acl: &Acl) -> Result<(i16, String)> {
    let mut client = log_in(ground.replicas[replica].bootstrap(), "admin").await?;
    create_by(&mut client, acl).await
}

async fn create_by(client: &mut RawClient, acl: &Acl) -> Result<(i16, String)> {
    client.set_deadline(crate::LONG);
    let response = client.send(3, &acl.creation()).await?;
    let result = response.results.first().context("an answer without a result")?;
    Ok((result.error_code, result.error_message.as_deref().unwrap_or_default().to_owned()))
}

/// What a replica lists for the probe.
async fn list(ground: &Ground, replica: usize) -> Result<BTreeSet<Acl>> {
    let mut client = log_in(ground.replicas[replica].bootstrap(), "admin").await?;
    let request = DescribeAclsRequest::default()
        .with_resource_type_filter(ANY)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(ANY)
        .with_host_filter(None)
        .with_principal_filter(Some(text(PROBE)))
        .with_operation(ANY)
        .with_permission_type(ANY);
    let response = client.send(3, &request).await?;
    if response.error_code != 0 {
        bail!("replica {replica} answered DescribeAcls with error {}", response.error_code);
    }
    Ok(response.resources.iter().map(|resource| Acl(resource.resource_name.to_string())).collect())
}

/// The error code of a topic in an answer to Metadata: what Describe on it came to.
pub(crate) async fn asks_for(client: &mut RawClient, topic: &str) -> Result<i16> {
    let topic = MetadataRequestTopic::default().with_name(Some(topic_name(topic)));
    let request = MetadataRequest::default().with_topics(Some(vec![topic])).with_allow_auto_topic_creation(false);
    let response = client.send(12, &request).await?;
    Ok(response.topics.first().context("an answer without the topic")?.error_code)
}
