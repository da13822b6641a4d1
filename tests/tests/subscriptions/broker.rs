//! The same requests to a real broker with `StandardAuthorizer` and to Doorkeeper: what a member's client sees is the same.

use anyhow::{Context as _, Result, ensure};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::{ConsumerGroupHeartbeatRequest, CreateAclsRequest};
use testkit::{KafkaCluster, Options, RawClient, ScramMechanism, Security, Stage};

use crate::{POLICY, beating, coordinate, joining, str_bytes, subscription};

/// What is answered to a heartbeat, code and text; then how the member is shown.
type Seen = (i16, Option<String>, Option<(Option<String>, Vec<String>)>);

async fn see(client: &mut RawClient, request: &ConsumerGroupHeartbeatRequest) -> Result<(i32, Seen)> {
    let response = client.send(1, request).await?;
    let text = response.error_message.map(|text| text.to_string());
    let seen = (response.error_code, text, subscription(client, "alice-same").await.ok());
    Ok((response.member_epoch, seen))
}

/// A life with all that can be said of a subscription. Epochs go on by themselves.
fn life() -> Vec<(&'static str, ConsumerGroupHeartbeatRequest)> {
    const GROUP: &str = "alice-same";
    let changing = |names: Option<&[&str]>, pattern: Option<&str>| {
        let said = joining(GROUP, names.unwrap_or_default(), pattern);
        let names = said.subscribed_topic_names.filter(|_| names.is_some());
        beating(GROUP, 1).with_subscribed_topic_names(names).with_subscribed_topic_regex(said.subscribed_topic_regex)
    };
    vec![
        ("nobody knows the member", beating(GROUP, 1)),
        ("an invalid regular expression", joining(GROUP, &[], Some("alice-("))),
        ("without a closing bracket", joining(GROUP, &[], Some("[a"))),
        ("an operator too many", joining(GROUP, &[], Some("a**"))),
        ("a class that there is not", joining(GROUP, &[], Some("[[:foo:]]"))),
        ("look-ahead", joining(GROUP, &[], Some("(?=a)"))),
        ("joins", joining(GROUP, &[], Some("alice-.*"))),
        ("beats", beating(GROUP, 1)),
        ("another regular expression", changing(None, Some("alice-e."))),
        ("names beside it", changing(Some(&["alice-us", "alice-eu"]), None)),
        ("other names", changing(Some(&["alice-us"]), None)),
        ("a denied name beside it", changing(Some(&["bob-eu"]), None)),
        ("the regular expression goes, the names stay", changing(None, Some(""))),
        ("a regular expression comes, the names stay", changing(None, Some(".*-us"))),
        ("all goes", changing(Some(&[]), Some(""))),
        ("an invalid change", changing(None, Some("x{1001}"))),
        ("joins again, without a regular expression", joining(GROUP, &["alice-eu"], None)),
        ("leaves", beating(GROUP, -1)),
        ("beats after it has left", beating(GROUP, 1)),
    ]
}

#[tokio::test]
async fn a_member_sees_of_doorkeeper_what_it_sees_of_a_broker() -> Result<()> {
    let stage = Stage::start(POLICY).await?;
    let secured = Options::secured(Security::SaslPlaintext).user("alice", "alice-secret");
    let reference = KafkaCluster::start(Options { super_users: Some(Vec::new()), ..secured }).await?;
    for topic in ["alice-eu", "alice-us", "bob-eu"] {
        stage.kafka().create_topic(topic, 1).await?;
        reference.create_topic(topic, 1).await?;
    }
    let mut theirs = reference_client(&reference).await?;
    let mut ours = stage.raw("alice").await?;
    coordinate(&mut theirs, "alice-same").await?;
    coordinate(&mut ours, "alice-same").await?;
    let (mut their_epoch, mut our_epoch) = (1, 1);
    for (what, request) in life() {
        let at = |epoch: i32| match request.member_epoch {
            1 => request.clone().with_member_epoch(epoch),
            _ => request.clone(),
        };
        let (epoch, expected) = see(&mut theirs, &at(their_epoch)).await?;
        their_epoch = if epoch > 0 { epoch } else { their_epoch };
        let (epoch, seen) = see(&mut ours, &at(our_epoch)).await?;
        our_epoch = if epoch > 0 { epoch } else { our_epoch };
        ensure!(seen == expected, "{what}: a broker {expected:?}, doorkeeper {seen:?}");
    }
    Ok(())
}

/// Logged in at the broker as alice, who is allowed what she is in `POLICY`.
async fn reference_client(reference: &KafkaCluster) -> Result<RawClient> {
    let (topic, group, prefixed, allow) = (2, 3, 4, 3);
    let (read, write, describe) = (3, 4, 8);
    let creation = |(resource_type, operation): (i8, i8)| {
        AclCreation::default()
            .with_resource_type(resource_type)
            .with_resource_name(str_bytes("alice-"))
            .with_resource_pattern_type(prefixed)
            .with_principal(str_bytes("User:alice"))
            .with_host(str_bytes("*"))
            .with_operation(operation)
            .with_permission_type(allow)
    };
    let allowed = [(topic, read), (topic, write), (topic, describe), (group, read), (group, describe)];
    let request = CreateAclsRequest::default().with_creations(allowed.map(creation).to_vec());
    let response = reference.admin().await?.send(3, &request).await?;
    ensure!(response.results.iter().all(|result| result.error_code == 0), "{response:?}");
    let address = reference.bootstrap().parse().context("the address of the broker")?;
    let mut client = RawClient::connect(address).await?;
    client.login_scram(ScramMechanism::Sha256, "alice", "alice-secret").await?;
    Ok(client)
}
