//! The wire as a broker treats it: versions, unknown keys, acks=0, pipelines.

use anyhow::{Result, ensure};
use bytes::BufMut as _;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{
    ApiVersionsRequest, FetchRequest, HeartbeatRequest, MetadataRequest, ProduceRequest, SaslHandshakeRequest,
};
use testkit::{Entrance, RawClient, Stage};
use tokio::sync::OnceCell;

use crate::{POLICY, metadata, produce, str_bytes, topic_name};

/// One stage for the tests of this file.
async fn stage() -> Result<&'static Stage> {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    static STAGE: OnceCell<Stage> = OnceCell::const_new();
    let runtime = RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().expect("a runtime can be made"));
    STAGE
        .get_or_try_init(|| async {
            let stage = runtime.spawn(Stage::start(POLICY)).await??;
            stage.kafka().create_topic("alice-wire", 1).await?;
            stage.kafka().create_topic("open", 1).await?;
            Ok(stage)
        })
        .await
}

async fn open(stage: &Stage) -> Result<RawClient> {
    RawClient::connect(std::net::SocketAddr::from(([127, 0, 0, 1], stage.port(Entrance::Open)))).await
}

fn header(key: i16, version: i16) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.put_i16(key);
    frame.put_i16(version);
    frame.put_i32(1);
    frame.put_i16(-1);
    frame
}

#[tokio::test]
async fn api_versions_of_an_unknown_version_is_answered_in_version_0_with_error_35() -> Result<()> {
    let stage = stage().await?;
    for mut client in [stage.raw_before_login().await?, stage.raw("alice").await?, open(stage).await?] {
        for version in [5, 99, -1] {
            let mut frame = header(18, version);
            frame.put_u8(0);
            client.write_frame(&frame).await?;
            let answer = client.read_frame().await?.unwrap_or_default();
            let expected: &[u8] = &[0, 0, 0, 1, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4];
            ensure!(answer == expected, "{answer:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn produce_is_advertised_from_version_0_and_nothing_that_is_refused() -> Result<()> {
    let answer = stage().await?.raw("alice").await?.api_versions().await?;
    let range =
        |key: i16| answer.api_keys.iter().find(|api| api.api_key == key).map(|api| (api.min_version, api.max_version));
    ensure!(range(0) == Some((0, 13)), "{:?}", range(0));
    ensure!(range(1) == Some((4, 18)), "{:?}", range(1));
    for refused in [4, 52, 58, 82] {
        ensure!(range(refused).is_none(), "{refused}");
    }
    Ok(())
}

#[tokio::test]
async fn what_a_broker_would_not_take_closes_the_connection() -> Result<()> {
    let stage = stage().await?;
    let cases: [(&str, Vec<u8>); 7] = [
        ("an unknown key", header(999, 0)),
        ("a negative key", header(-1, 0)),
        ("a vendor's key", header(10_001, 0)),
        ("a removed API", header(4, 0)),
        ("an API that is refused", header(52, 0)),
        ("an unknown version", header(12, 99)),
        ("a frame that is cut off", vec![0, 3]),
    ];
    for (what, frame) in cases {
        let mut alice = stage.raw("alice").await?;
        alice.write_frame(&frame).await?;
        alice.expect_close().await.map_err(|error| error.context(what))?;
    }
    for size in [[0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff]] {
        let mut alice = stage.raw("alice").await?;
        alice.write_raw(&size).await?;
        alice.expect_close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_never_asks_for_api_versions_is_served() -> Result<()> {
    let mut client = open(stage().await?).await?;
    let answer = metadata(&mut client, "open").await?;
    ensure!(answer.topics[0].error_code == 0, "{answer:?}");
    Ok(())
}

#[tokio::test]
async fn sasl_on_an_open_listener_or_after_login_is_illegal_but_harmless() -> Result<()> {
    let stage = stage().await?;
    for mut client in [open(stage).await?, stage.raw("alice").await?] {
        let request = SaslHandshakeRequest::default().with_mechanism(str_bytes("PLAIN"));
        let answer = client.send(1, &request).await?;
        ensure!(answer.error_code == 34 && answer.mechanisms.is_empty(), "{answer:?}");
        client
            .send(
                4,
                &ApiVersionsRequest::default()
                    .with_client_software_name(str_bytes("x"))
                    .with_client_software_version(str_bytes("1")),
            )
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_denied_acks_0_closes_the_connection() -> Result<()> {
    let stage = stage().await?;
    let mut alice = stage.raw("alice").await?;
    alice.send_only(9, &produce("payments", 0)).await?;
    alice.expect_close().await
}

#[tokio::test]
async fn requests_behind_a_parked_fetch_are_read_and_answered_in_order() -> Result<()> {
    let stage = stage().await?;
    let mut alice = stage.raw("alice").await?;
    let partition = FetchPartition::default().with_partition(0).with_partition_max_bytes(1024);
    let topic = FetchTopic::default().with_topic(topic_name("alice-wire")).with_partitions(vec![partition]);
    let fetch = FetchRequest::default()
        .with_max_wait_ms(2000)
        .with_min_bytes(1)
        .with_max_bytes(1024)
        .with_session_epoch(-1)
        .with_topics(vec![topic]);
    let heartbeat = |group: &str| HeartbeatRequest::default().with_group_id(str_bytes(group).into());
    let fetching = alice.send_only(12, &fetch).await?;
    let denied = alice.send_only(4, &heartbeat("other")).await?;
    let allowed = alice.send_only(4, &heartbeat("alice-group")).await?;
    let fetched = alice.receive::<FetchRequest>(12, fetching).await?;
    ensure!(fetched.error_code == 0 && fetched.responses[0].partitions[0].error_code == 0, "{fetched:?}");
    ensure!(alice.receive::<HeartbeatRequest>(4, denied).await?.error_code == 30);
    ensure!(alice.receive::<HeartbeatRequest>(4, allowed).await?.error_code != 30);
    Ok(())
}

#[tokio::test]
async fn a_denied_and_an_allowed_topic_are_answered_side_by_side() -> Result<()> {
    let stage = stage().await?;
    let mut alice = stage.raw("alice").await?;
    let mut request: ProduceRequest = produce("payments", 1);
    request.topic_data.extend(produce("alice-wire", 1).topic_data);
    let answer = alice.send(9, &request).await?;
    let mut errors: Vec<(String, i16)> = answer
        .responses
        .iter()
        .map(|topic| (topic.name.to_string(), topic.partition_responses[0].error_code))
        .collect();
    errors.sort();
    ensure!(errors[1] == ("payments".to_owned(), 29), "{errors:?}");
    ensure!(errors[0].0 == "alice-wire" && errors[0].1 != 29, "{errors:?}");
    let all = alice.send(12, &MetadataRequest::default().with_topics(None)).await?;
    ensure!(
        all.topics.iter().all(|topic| topic.name.as_ref().is_some_and(|name| name.starts_with("alice-"))),
        "{all:?}"
    );
    Ok(())
}
