//! A real Streams application (`tests/java/StreamsApplication.java`) at a broker and through Doorkeeper: with the ACLs it
//! needs it works, and without one of them it ends in the same way; by both of its group protocols.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::{ClientProperties, Process, java, paths};

use crate::acls::{CREATE, DELETE, GROUP, READ, TOPIC, TRANSACTIONAL_ID, WRITE, acl, prefixed};
use crate::duet::Duet;
use crate::ground::ground;
use crate::world::ADMIN;

const USER: &str = "streamer";
const DEADLINE: Duration = Duration::from_secs(60);

/// An application of its own name with topics of its own, and one of its ACLs that it does not get.
struct Application<'a> {
    name: &'a str,
    protocol: &'a str,
    without: Option<(i8, i8)>,
}

impl Application<'_> {
    fn source(&self) -> String {
        format!("{}.in", self.name)
    }

    fn sink(&self) -> String {
        format!("{}.out", self.name)
    }

    /// What it writes by the streams protocol is exactly once, so that both are tried.
    fn guarantee(&self) -> &'static str {
        if self.protocol == "streams" { "exactly_once_v2" } else { "at_least_once" }
    }

    /// All that it needs; its own topics and transactions begin with its name and a hyphen.
    fn acls(&self) -> Vec<Value> {
        let own = |operation| prefixed(acl(USER, operation, TOPIC, &format!("{}-", self.name)));
        let transactions = prefixed(acl(USER, WRITE, TRANSACTIONAL_ID, &format!("{}-", self.name)));
        let all = [
            transactions,
            acl(USER, READ, TOPIC, &self.source()),
            acl(USER, WRITE, TOPIC, &self.sink()),
            acl(USER, READ, GROUP, self.name),
            own(CREATE),
            own(READ),
            own(WRITE),
            own(DELETE),
        ];
        let left_out = |acl: &Value| match self.without {
            _ if acl["ResourceType"] == TRANSACTIONAL_ID => self.guarantee() == "at_least_once",
            Some((operation, kind)) => acl["Operation"] == operation && acl["ResourceType"] == kind,
            None => false,
        };
        all.into_iter().filter(|acl| !left_out(acl)).collect()
    }

    /// Topics with three records to count, ACLs, and then the application on both sides.
    async fn start(&self, duet: &mut Duet, directory: &Path) -> Result<[Process; 2]> {
        duet.topic(&self.source(), 1).await?;
        duet.topic(&self.sink(), 1).await?;
        duet.fill(&self.source(), 0, 3).await?;
        let acls = self.acls();
        duet.allow(&acls.iter().collect::<Vec<_>>()).await?;
        let [reference, doorkeeper] = ground().await?.bootstraps();
        Ok([self.launch("broker", &reference, directory)?, self.launch("doorkeeper", &doorkeeper, directory)?])
    }

    fn launch(&self, side: &str, bootstrap: &str, directory: &Path) -> Result<Process> {
        let properties = ClientProperties::new("SASL_PLAINTEXT")
            .plain(USER, &format!("{USER}-secret"))
            .with("bootstrap.servers", bootstrap)
            .with("application.id", self.name)
            .with("group.protocol", self.protocol)
            .with("processing.guarantee", self.guarantee())
            .with("state.dir", &directory.join(side).display().to_string())
            .with("replication.factor", "1")
            .with("statestore.cache.max.bytes", "0")
            .with("auto.offset.reset", "earliest");
        let file = properties.write(directory, &format!("{side}.properties"))?;
        let tests = paths::repository().join("tests");
        let source = tests.join("java/StreamsApplication.java");
        let mut command = java::program(&source, &tests.join("kafka/streams"), 192)?;
        command.arg(file).arg(self.source()).arg(self.sink());
        Process::start(&format!("{} at the {side}", self.name), command, b"", None)
    }
}

async fn says(process: &Process, wanted: impl Fn(&str) -> bool) -> Result<String> {
    let said = process.stdout().wait_for(wanted, DEADLINE).await;
    said.with_context(|| format!("{}\n{}", process.stdout().tail(20), process.stderr().tail(40)))
}

/// Its counts are in the sink, and its own topics are there; the same of both sides.
async fn it_works(name: &str, protocol: &str) -> Result<()> {
    let mut duet = Duet::begin().await?;
    let directory = tempfile::tempdir()?;
    let application = Application { name, protocol, without: None };
    let processes = application.start(&mut duet, directory.path()).await?;
    for process in &processes {
        says(process, |line| line == "RUNNING").await?;
    }
    let end = json!([{ "Name": application.sink(), "Partitions": [{ "PartitionIndex": 0, "Timestamp": -1 }] }]);
    // Ends of transactions are among them.
    let counted = |answer: &Value| answer["Topics"][0]["Partitions"][0]["Offset"].as_i64() >= Some(3);
    duet.each_following(ADMIN, "ListOffsets", 7, json!({ "ReplicaId": -1, "Topics": end }), &[], counted).await?;
    for topic in ["words-repartition", "counts-changelog"] {
        let request = json!({ "Topics": [{ "Name": format!("{name}-{topic}") }], "AllowAutoTopicCreation": false });
        let answer = duet.ask(USER, "Metadata", 12, request).await?;
        ensure!(answer["Topics"][0]["ErrorCode"] == 0, "{answer}");
    }
    for process in &processes {
        process.terminate(DEADLINE).await?;
    }
    Ok(())
}

/// How it ends at the broker and through Doorkeeper, without one of its ACLs.
async fn ends(name: &str, protocol: &str, without: (i8, i8)) -> Result<[String; 2]> {
    let mut duet = Duet::begin().await?;
    let directory = tempfile::tempdir()?;
    let application = Application { name, protocol, without: Some(without) };
    let [reference, doorkeeper] = application.start(&mut duet, directory.path()).await?;
    let failed = |line: &str| line.starts_with("FAILED");
    Ok([says(&reference, failed).await?, says(&doorkeeper, failed).await?])
}

#[tokio::test]
async fn an_application_works_by_the_classic_protocol() -> Result<()> {
    it_works("streams-classic", "classic").await
}

#[tokio::test]
async fn an_application_works_by_the_streams_protocol() -> Result<()> {
    it_works("streams-modern", "streams").await
}

#[tokio::test]
async fn without_its_group_an_application_ends_as_at_a_broker() -> Result<()> {
    for (name, protocol) in [("streams-group-1", "classic"), ("streams-group-2", "streams")] {
        let [reference, doorkeeper] = ends(name, protocol, (READ, GROUP)).await?;
        ensure!(
            reference == doorkeeper && reference.contains("GroupAuthorizationException"),
            "{reference}\n{doorkeeper}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn without_create_an_application_ends_as_at_a_broker() -> Result<()> {
    let [reference, doorkeeper] = ends("streams-create", "classic", (CREATE, TOPIC)).await?;
    ensure!(reference == doorkeeper && reference.contains("TopicAuthorizationException"), "{reference}\n{doorkeeper}");
    Ok(())
}

/// A broker goes on without topics that may not be created, and Doorkeeper lets no such member in; on neither side there
/// are any (`docs/differences.md`).
#[tokio::test]
async fn by_the_streams_protocol_without_create_it_ends_only_at_doorkeeper() -> Result<()> {
    let mut duet = Duet::begin().await?;
    let directory = tempfile::tempdir()?;
    let name = "streams-refused";
    let application = Application { name, protocol: "streams", without: Some((CREATE, TOPIC)) };
    let [reference, doorkeeper] = application.start(&mut duet, directory.path()).await?;
    let failed = |line: &str| line.starts_with("FAILED");
    let said = says(&doorkeeper, failed).await?;
    ensure!(said.contains("TopicAuthorizationException"), "{said}");
    says(&reference, |line| line == "REBALANCING").await?;
    for topic in ["words-repartition", "counts-changelog"] {
        let request = json!({ "Topics": [{ "Name": format!("{name}-{topic}") }], "AllowAutoTopicCreation": false });
        let answer = duet.ask(ADMIN, "Metadata", 12, request).await?;
        ensure!(answer["Topics"][0]["ErrorCode"] == 3, "{answer}");
    }
    Ok(())
}
