//! What tests of ACLs and users share, whichever store these are in: the binary says by its `prepared`.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use testkit::{Entrance, RawClient, Stage, Tool, ToolOutput};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// `admin` is a super user; `manager` may what kafka-acls needs, and `auditor` half of it.
pub(crate) const POLICY: &str = "\
users:
  admin: { password: admin-secret }
  manager: { password: manager-secret }
  auditor: { password: auditor-secret }
  alice: { password: alice-secret }
acls:
  - { principal: User:manager, allow: [Alter, Describe], cluster: true }
  - { principal: User:auditor, allow: Describe, cluster: true }
";

pub(crate) const SOON: Duration = Duration::from_secs(10);

/// TOPIC_AUTHORIZATION_FAILED
pub(crate) const DENIED: i16 = 29;

/// The stage that tests share. It plays on a runtime of its own, since each test ends its own.
pub(crate) async fn stage() -> Result<&'static Stage> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static STAGE: OnceCell<Stage> = OnceCell::const_new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("a runtime can be made"));
    STAGE.get_or_try_init(|| async { runtime.spawn(crate::prepared()).await? }).await
}

/// Kafka's own tool, as a user.
pub(crate) async fn kafka_acls(stage: &Stage, user: &str, arguments: &str) -> Result<ToolOutput> {
    let properties = stage.user(user)?;
    let tool = Tool::kafka("kafka-acls")
        .args(["--bootstrap-server", &stage.bootstrap(Entrance::Client), "--command-config"])
        .arg(properties)
        .args(arguments.split_whitespace());
    tool.run().await
}

/// As [`kafka_acls`], which has to succeed; what it printed.
pub(crate) async fn kafka_acls_ok(stage: &Stage, user: &str, arguments: &str) -> Result<String> {
    let output = kafka_acls(stage, user, arguments).await?;
    anyhow::ensure!(output.status.success(), "{output}");
    Ok(output.stdout)
}

/// The entries that `kafka-acls --list` printed, each as `TOPIC LITERAL name: (principal=…)`, in order.
pub(crate) fn listed(printed: &str) -> Vec<String> {
    let mut pattern = String::new();
    let mut entries = Vec::new();
    for line in printed.lines() {
        if let Some(rest) = line.strip_prefix("Current ACLs for resource `ResourcePattern(resourceType=") {
            let rest = rest.trim_end_matches(")`:");
            pattern = rest.replace(", name=", " ").replace(", patternType=", " ");
        } else if let Some(entry) = line.strip_prefix('\t') {
            entries.push(format!("{pattern}: {entry}"));
        }
    }
    entries.sort();
    entries
}

/// The error code of a topic in an answer to Metadata: what Describe on it came to.
pub(crate) async fn asks_for(client: &mut RawClient, topic: &str) -> Result<i16> {
    let topic = MetadataRequestTopic::default().with_name(Some(TopicName(str_bytes(topic))));
    let response = client.send(12, &MetadataRequest::default().with_topics(Some(vec![topic]))).await?;
    Ok(response.topics[0].error_code)
}

pub(crate) fn str_bytes(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
