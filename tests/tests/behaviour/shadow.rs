//! `mode: shadow`: what would be denied is told, counted and let through, and nobody can forget that it is on.

use anyhow::{Result, ensure};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::{CreateAclsRequest, CreateTopicsRequest};
use testkit::Stage;
use testkit::stage::Plan;

use crate::health::get;
use crate::{POLICY, SOON, metadata, str_bytes, topic_name};

/// TOPIC_AUTHORIZATION_FAILED
const TOPIC_DENIED: i16 = 29;
/// CLUSTER_AUTHORIZATION_FAILED
const CLUSTER_DENIED: i16 = 31;

#[tokio::test]
async fn who_is_in_shadow_is_told_of_and_let_through_and_nobody_else_is() -> Result<()> {
    let authorizer = "  mode: shadow\n  shadow.principals: User:alice\n".to_owned();
    let stage = Stage::build(Plan { authorizer, ..Plan::new(POLICY) }).await?;
    stage.kafka().create_topic("payments", 1).await?;
    let on = "shadow mode is on for User:alice: what is denied is told, counted, and let through";
    stage.doorkeeper().wait_for_line(|line| line.contains("WARN") && line.contains(on), SOON).await?;

    let (mut alice, mut bob) = (stage.raw("alice").await?, stage.raw("bob").await?);
    ensure!(metadata(&mut alice, "payments").await?.topics[0].error_code == 0);
    ensure!(metadata(&mut bob, "payments").await?.topics[0].error_code == TOPIC_DENIED);
    for told in ["Principal = User:alice is ShadowDenied operation", "Principal = User:bob is Denied operation"] {
        let line = |line: &str| line.contains(told) && line.contains("resource = Topic:LITERAL:payments");
        stage.doorkeeper().wait_for_line(line, SOON).await?;
    }

    // Create on the cluster is only tried first: the denial that counts is that of the topic.
    let topic =
        CreatableTopic::default().with_name(topic_name("new")).with_num_partitions(1).with_replication_factor(1);
    let create = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(10_000);
    let created = alice.send(7, &create).await?;
    ensure!((created.topics[0].error_code, created.topics[0].num_partitions) == (0, 1), "{created:?}");

    // Our own store stays closed.
    let creation = AclCreation::default()
        .with_resource_type(2)
        .with_resource_name(str_bytes("payments"))
        .with_resource_pattern_type(3)
        .with_principal(str_bytes("User:alice"))
        .with_host(str_bytes("*"))
        .with_operation(3)
        .with_permission_type(3);
    let acls = alice.send(3, &CreateAclsRequest::default().with_creations(vec![creation])).await?;
    ensure!(acls.results[0].error_code == CLUSTER_DENIED, "{acls:?}");

    let metrics = get(&stage, "/metrics").await?;
    for line in [
        "doorkeeper_shadow_mode 1",
        "doorkeeper_shadow_denied_total{api=\"Metadata\",operation=\"Describe\",resource_type=\"Topic\"} 1",
        "doorkeeper_shadow_denied_total{api=\"CreateTopics\",operation=\"Create\",resource_type=\"Topic\"} 1",
    ] {
        ensure!(metrics.lines().any(|found| found == line), "no `{line}`:\n{metrics}");
    }
    ensure!(!metrics.contains("doorkeeper_shadow_denied_total{api=\"CreateAcls\""), "{metrics}");
    Ok(())
}
