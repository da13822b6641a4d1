//! Control connections: pipelined, lost, stuck, lied to, and made again.

mod common;

use std::sync::Arc;
use std::time::Duration;

use authentication::Mechanism;
use bytes::Bytes;
use client::testing::{FakeBroker, FakeCluster, Reply, header};
use client::{Connector, ControlConnection, HostPort, MetadataTopics, RequestError, UpstreamSecurity};
use common::*;
use protocol::messages::MetadataResponse;
use protocol::{ApiKey, StrBytes};
use tokio::sync::Notify;
use tokio::task::JoinSet;

fn control(to: HostPort, security: UpstreamSecurity) -> Arc<ControlConnection> {
    let connector = connector(&to, security);
    Arc::new(ControlConnection::new(connector, to, Arc::new(Notify::new())))
}

fn hasty(to: HostPort, request_timeout: Duration) -> ControlConnection {
    let mut settings = settings(to.clone(), plaintext());
    settings.request_timeout = request_timeout;
    ControlConnection::new(Connector::new(settings).unwrap(), to, Arc::new(Notify::new()))
}

fn topic(name: &str) -> MetadataTopics {
    MetadataTopics::Names(vec![StrBytes::from_string(name.to_owned())])
}

fn names(response: &MetadataResponse) -> Vec<(String, i16)> {
    let topics = response.topics.iter();
    topics.map(|topic| (topic.name.as_deref().map_or("", |name| name).to_owned(), topic.error_code)).collect()
}

/// Answers ApiVersions as it should, and Metadata by `answer`, which is told how many came before.
async fn broker_with_metadata(answer: impl Fn(usize, Bytes) -> Reply + Send + Sync + 'static) -> FakeBroker {
    let answer = Arc::new(answer);
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    FakeBroker::start(move || {
        let (answer, asked, cluster) = (Arc::clone(&answer), Arc::clone(&asked), FakeCluster::default());
        Box::new(move |frame| match header(&frame).api_key {
            ApiKey::Metadata => answer(asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst), frame),
            _ => cluster.answer(frame),
        })
    })
    .await
}

#[tokio::test]
async fn nothing_is_connected_before_the_first_request() {
    let cluster = FakeCluster::default();
    cluster.add_topic("orders", 7, 3);
    let served = cluster.clone();
    let broker = FakeBroker::start(move || served.script()).await;
    let control = control(broker.address(), plaintext());
    assert!(!control.state().connected);
    let answer = control.metadata(topic("orders"), false).await.unwrap();
    assert_eq!(names(&answer), [("orders".to_owned(), 0)]);
    assert!(control.state().connected);
    assert_eq!(broker.connections(), 1);
}

#[tokio::test]
async fn requests_of_many_callers_share_one_connection_and_each_gets_its_own_answer() {
    let cluster = FakeCluster::default();
    for index in 0..200 {
        cluster.add_topic(&format!("topic-{index}"), index, 1);
    }
    let served = cluster.clone();
    let broker = FakeBroker::start(move || served.script()).await;
    let control = control(broker.address(), plaintext());
    let mut callers = JoinSet::new();
    for index in 0..200 {
        let control = Arc::clone(&control);
        callers.spawn(async move {
            let name = format!("topic-{index}");
            let answer = control.metadata(topic(&name), false).await.unwrap();
            assert_eq!(names(&answer), [(name, 0)]);
        });
    }
    while let Some(done) = callers.join_next().await {
        done.unwrap();
    }
    assert_eq!(broker.connections(), 1);
}

#[tokio::test]
async fn a_restarted_broker_is_connected_again_and_its_versions_are_learned_anew() {
    let cluster = FakeCluster::default();
    let served = cluster.clone();
    let broker = FakeBroker::start(move || served.script()).await;
    let port = broker.port();
    let control = control(broker.address(), plaintext());
    control.metadata(MetadataTopics::None, false).await.unwrap();
    broker.stop().await;
    eventually("the loss is noticed", || !control.state().connected).await;

    cluster.state().metadata_versions = 0..=12;
    let served = cluster.clone();
    let _broker = FakeBroker::start_at(port, None, move || served.script()).await;
    let versions = control.versions().await.unwrap();
    let metadata = versions.api_keys.iter().find(|api| api.api_key == ApiKey::Metadata.code()).unwrap();
    assert_eq!(metadata.max_version, 12);
}

#[tokio::test]
async fn a_request_whose_connection_is_lost_is_sent_once_more() {
    let cluster = FakeCluster::default();
    let broker = broker_with_metadata(move |before, frame| match before {
        0 => Reply::Close,
        _ => cluster.answer(frame),
    })
    .await;
    let control = control(broker.address(), plaintext());
    control.metadata(MetadataTopics::None, false).await.unwrap();
    assert_eq!(broker.connections(), 2);
}

#[tokio::test]
async fn a_request_that_loses_two_connections_is_not_sent_a_third_time() {
    let broker = broker_with_metadata(|_, _| Reply::Close).await;
    let control = control(broker.address(), plaintext());
    let error = control.metadata(MetadataTopics::None, false).await.unwrap_err();
    assert!(matches!(error, RequestError::Broker { api_key: ApiKey::Metadata, .. }), "{error}");
    assert_eq!(broker.connections(), 2);
}

#[tokio::test]
async fn a_broker_that_is_gone_fails_the_request_and_not_the_handle() {
    let cluster = FakeCluster::default();
    let served = cluster.clone();
    let broker = FakeBroker::start(move || served.script()).await;
    let (address, port) = (broker.address(), broker.port());
    broker.stop().await;
    let control = control(address, plaintext());
    let error = control.metadata(MetadataTopics::None, false).await.unwrap_err();
    assert!(matches!(&error, RequestError::Connect(cause) if cause.reason() == "unreachable"), "{error}");

    let served = cluster.clone();
    let _broker = FakeBroker::start_at(port, None, move || served.script()).await;
    control.metadata(MetadataTopics::None, false).await.unwrap();
}

#[tokio::test]
async fn a_broker_that_does_not_answer_is_given_up_at_the_deadline() {
    let cluster = FakeCluster::default();
    let broker = broker_with_metadata(move |before, frame| match before {
        0 => Reply::Silence,
        _ => cluster.answer(frame),
    })
    .await;
    let control = hasty(broker.address(), Duration::from_millis(200));
    let error = control.metadata(MetadataTopics::None, false).await.unwrap_err();
    let expected = format!("`{}` did not answer Metadata within 200 ms", broker.address());
    assert_eq!(error.to_string(), expected);
    // The next one does not wait behind it: the stuck connection is gone.
    control.metadata(MetadataTopics::None, false).await.unwrap();
    assert_eq!(broker.connections(), 2);
}

#[tokio::test]
async fn lies_cost_the_connection_and_nothing_else() {
    type Lie = fn(Bytes) -> Reply;
    let lies: [(Lie, &str); 4] = [
        (|_| Reply::Bytes(Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff])), "a frame claims"),
        (|_| Reply::frame(&[0, 0, 0x30, 0x39, 0, 0]), "has the correlation id `12345`"),
        (|frame| Reply::frame(&[&header(&frame).correlation_id.to_be_bytes()[..], &[0, 0, 0]].concat()), "malformed"),
        (
            // A count of brokers that no frame can hold.
            |frame| {
                let id = header(&frame).correlation_id.to_be_bytes();
                Reply::frame(&[&id[..], &[0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07]].concat())
            },
            "cannot fit",
        ),
    ];
    for (lie, expected) in lies {
        let cluster = FakeCluster::default();
        let broker = broker_with_metadata(move |before, frame| match before {
            0 | 1 => lie(frame),
            _ => cluster.answer(frame),
        })
        .await;
        let control = control(broker.address(), plaintext());
        let error = control.metadata(MetadataTopics::None, false).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let _ = control.metadata(MetadataTopics::None, false).await;
        control.metadata(MetadataTopics::None, false).await.unwrap();
    }
}

#[tokio::test]
async fn a_login_that_ends_soon_is_made_anew_on_another_connection() {
    let script = session_script(Duration::from_millis(200), FakeCluster::default());
    let broker = FakeBroker::start(script).await;
    let control = control(broker.address(), sasl(Mechanism::Plain, "any"));
    control.metadata(MetadataTopics::None, false).await.unwrap();
    eventually("the session ends", || !control.state().connected).await;
    control.metadata(MetadataTopics::None, false).await.unwrap();
    assert_eq!(broker.connections(), 2);
}

#[tokio::test]
async fn a_broker_too_old_for_a_request_is_not_asked() {
    let cluster = FakeCluster::default();
    cluster.state().metadata_versions = 0..=11;
    let served = cluster.clone();
    let broker = FakeBroker::start(move || served.script()).await;
    let control = control(broker.address(), plaintext());
    let ids = MetadataTopics::Ids(vec![uuid::Uuid::from_u128(7)]);
    let error = control.metadata(ids, false).await.unwrap_err();
    assert!(matches!(error, RequestError::Unsendable { .. }), "{error}");
    assert_eq!(cluster.times_asked(ApiKey::Metadata), 0);
}

#[tokio::test]
async fn the_connection_ends_with_its_handle() {
    let broker = broker_with_metadata(|_, _| Reply::Silence).await;
    let lost = Arc::new(Notify::new());
    let connector = connector(&broker.address(), plaintext());
    let control = ControlConnection::new(connector, broker.address(), Arc::clone(&lost));
    control.versions().await.unwrap();
    drop(control);
    lost.notified().await;
}
