//! Connections to brokers that behave, and to brokers that do not.

mod common;

use std::time::Duration;

use authentication::Mechanism;
use client::testing::{FakeBroker, FakeCluster, Reply, Script, api_versions, header};
use client::{ConnectError, Connector, HostPort, Owner, UpstreamSecurity};
use common::*;
use protocol::messages::ApiVersionsResponse;
use protocol::messages::api_versions_response::ApiVersion;
use protocol::{ApiKey, encode_response};

async fn cluster_broker() -> FakeBroker {
    let cluster = FakeCluster::default();
    FakeBroker::start(move || cluster.script()).await
}

/// A broker that answers the first request with these bytes, and nothing after it.
async fn broker_that_says(reply: impl Fn() -> Reply + Send + Sync + Clone + 'static) -> FakeBroker {
    FakeBroker::start(move || {
        let reply = reply.clone();
        Box::new(move |_| reply())
    })
    .await
}

fn reason_and_text(outcome: Result<client::Connected, ConnectError>, broker: &FakeBroker) -> (&'static str, String) {
    let error = outcome.map(|_| "connected").unwrap_err();
    (error.reason(), error.to_string().replace(&broker.address().to_string(), "BROKER"))
}

#[tokio::test]
async fn plaintext_needs_nothing_but_the_brokers_versions() {
    let broker = cluster_broker().await;
    let connected = connect(&broker.address(), plaintext()).await.unwrap();
    assert_eq!((connected.versions, connected.session_lifetime), (api_versions(&(0..=13)), None));
}

#[tokio::test]
async fn a_broker_that_refuses_our_version_is_asked_again_in_one_it_knows() {
    for (known, expected) in [(Some(2), vec![4, 2]), (Some(0), vec![4, 0]), (None, vec![4, 0])] {
        let (told, mut asked) = tokio::sync::mpsc::unbounded_channel();
        let broker = FakeBroker::start(move || -> Script {
            let told = told.clone();
            Box::new(move |frame| {
                let request = header(&frame);
                let version = request.api_version;
                told.send(version).unwrap();
                let api = ApiVersion::default().with_api_key(18).with_max_version(known.unwrap_or(0));
                let (version, response) = if version > known.unwrap_or(0) {
                    let keys = known.map(|_| api).into_iter().collect();
                    (0, ApiVersionsResponse::default().with_error_code(35).with_api_keys(keys))
                } else {
                    (version, ApiVersionsResponse::default().with_api_keys(vec![api]))
                };
                Reply::Bytes(encode_response(version, request.correlation_id, &response).unwrap())
            })
        })
        .await;
        let connected = connect(&broker.address(), plaintext()).await.unwrap();
        assert_eq!(connected.versions.error_code, 0);
        let mut versions = Vec::new();
        while let Ok(version) = asked.try_recv() {
            versions.push(version);
        }
        assert_eq!(versions, expected);
    }
}

#[tokio::test]
async fn every_mechanism_logs_in_with_the_right_password_and_with_no_other() {
    for mechanism in Mechanism::ALL {
        let broker = FakeBroker::start(sasl_script(Mechanism::ALL.to_vec(), FakeCluster::default())).await;
        let connected = connect(&broker.address(), sasl(mechanism, "secret")).await.unwrap();
        assert_eq!(connected.session_lifetime, None);

        let refused = connect(&broker.address(), sasl(mechanism, "wrong")).await.unwrap_err();
        assert_eq!((refused.reason(), refused.owner()), ("authentication", Owner::Configuration), "{refused}");
    }
}

#[tokio::test]
async fn a_mechanism_that_is_not_enabled_is_answered_with_those_that_are() {
    let broker = FakeBroker::start(sasl_script(vec![Mechanism::ScramSha512], FakeCluster::default())).await;
    let refused = connect(&broker.address(), sasl(Mechanism::ScramSha256, "secret")).await;
    let expected = "no login at `BROKER`: the broker refused the login by SCRAM-SHA-256: it offers `SCRAM-SHA-512`";
    assert_eq!(reason_and_text(refused, &broker), ("authentication", expected.to_owned()));
}

#[tokio::test]
async fn the_lifetime_of_a_session_is_told() {
    let script = session_script(Duration::from_secs(60), FakeCluster::default());
    let broker = FakeBroker::start(script).await;
    let connected = connect(&broker.address(), sasl(Mechanism::Plain, "any")).await.unwrap();
    assert_eq!(connected.session_lifetime, Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn plain_without_tls_is_refused_off_loopback() {
    let elsewhere = settings(HostPort::new("kafka-0", 9092), sasl(Mechanism::Plain, "secret"));
    let refused = Connector::new(elsewhere).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "PLAIN would send the password in the clear to `kafka-0:9092`: use SASL_SSL, or a SCRAM mechanism"
    );
    let over_tls = UpstreamSecurity { tls: Authority::new().client(false).tls, ..sasl(Mechanism::Plain, "secret") };
    assert!(Connector::new(settings(HostPort::new("kafka-0", 9092), over_tls)).is_ok());
    let scram = sasl(Mechanism::ScramSha256, "secret");
    assert!(Connector::new(settings(HostPort::new("kafka-0", 9092), scram)).is_ok());
}

#[tokio::test]
async fn tls_believes_the_authority_and_the_host_name_only() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let cluster = FakeCluster::default();
    let scripts = move || cluster.script();
    let right = FakeBroker::start_tls(ours.broker("127.0.0.1", false), scripts.clone()).await;
    let misnamed = FakeBroker::start_tls(ours.broker("kafka.example.com", false), scripts.clone()).await;
    let foreign = FakeBroker::start_tls(theirs.broker("127.0.0.1", false), scripts).await;

    assert!(connect(&right.address(), ours.client(false)).await.is_ok());
    for broker in [&misnamed, &foreign] {
        let (reason, text) = reason_and_text(connect(&broker.address(), ours.client(false)).await, broker);
        assert_eq!(reason, "tls", "{text}");
    }
}

#[tokio::test]
async fn a_broker_that_asks_for_a_certificate_gets_ours() {
    let authority = Authority::new();
    let cluster = FakeCluster::default();
    let broker = FakeBroker::start_tls(authority.broker("127.0.0.1", true), move || cluster.script()).await;
    assert!(connect(&broker.address(), authority.client(true)).await.is_ok());
    let (reason, text) = reason_and_text(connect(&broker.address(), authority.client(false)).await, &broker);
    assert_eq!((reason, text.contains("CertificateRequired")), ("tls", true), "{text}");
}

#[tokio::test]
async fn tls_and_plaintext_that_meet_are_recognised() {
    let authority = Authority::new();
    let cluster = FakeCluster::default();
    let scripts = move || cluster.script();
    let tls = FakeBroker::start_tls(authority.broker("127.0.0.1", false), scripts).await;
    let (reason, text) = reason_and_text(connect(&tls.address(), plaintext()).await, &tls);
    assert_eq!((reason, text.contains("security.protocol")), ("protocol", true), "{text}");

    let plain = broker_that_says(|| Reply::frame(b"plaintext")).await;
    let hasty = settings_with_timeout(&plain, authority.client(false), Duration::from_millis(200));
    let (reason, _) = reason_and_text(hasty.connect(&plain.address()).await, &plain);
    // A plaintext broker waits for the rest of the "frame" that a ClientHello seems to begin.
    assert_eq!(reason, "timeout");
}

fn settings_with_timeout(broker: &FakeBroker, security: UpstreamSecurity, timeout: Duration) -> Connector {
    let mut settings = settings(broker.address(), security);
    settings.connect_timeout = timeout;
    Connector::new(settings).unwrap()
}

#[tokio::test]
async fn whatever_is_no_answer_ends_the_attempt() {
    let cases: Vec<(&'static [u8], &str)> = vec![
        (&[0x7f, 0xff, 0xff, 0xff], "a frame claims `2147483647` bytes, expected 4 to 524288"),
        (&[0xff, 0xff, 0xff, 0xff], "a frame claims `-1` bytes, expected 4 to 524288"),
        (&[0, 0, 0, 3, 1, 2, 3], "a frame claims `3` bytes, expected 4 to 524288"),
        (&[0, 0, 0, 4, 0, 0, 0, 0], "malformed ApiVersions version 4 at byte 4"),
    ];
    for (bytes, expected) in cases {
        let broker = broker_that_says(move || Reply::Bytes(bytes.into())).await;
        let outcome = connect(&broker.address(), plaintext()).await;
        let expected = format!("`BROKER` does not speak as a kafka broker (versions): {expected}");
        let (reason, text) = reason_and_text(outcome, &broker);
        assert_eq!((reason, text.starts_with(&expected)), ("protocol", true), "{text}");
    }
}

#[tokio::test]
async fn an_answer_to_another_request_ends_the_attempt() {
    let broker = broker_that_says(|| Reply::Bytes(encode_response(4, 77, &api_versions(&(0..=13))).unwrap())).await;
    let (reason, text) = reason_and_text(connect(&broker.address(), plaintext()).await, &broker);
    assert_eq!((reason, text.ends_with("the answer to request `0` has the correlation id `77`")), ("protocol", true));
}

#[tokio::test]
async fn a_count_that_the_frame_cannot_hold_ends_the_attempt() {
    // Correlation id 0, error 0, then a compact array of 2^31 - 2 elements.
    let hostile = [0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07];
    let broker = broker_that_says(move || Reply::frame(&hostile)).await;
    let (reason, text) = reason_and_text(connect(&broker.address(), plaintext()).await, &broker);
    assert_eq!((reason, text.contains("cannot fit")), ("protocol", true), "{text}");
}

#[tokio::test]
async fn a_closed_connection_and_a_closed_port_are_both_unreachable() {
    let closing = broker_that_says(|| Reply::Close).await;
    let (reason, text) = reason_and_text(connect(&closing.address(), plaintext()).await, &closing);
    assert_eq!(
        (reason, text),
        ("unreachable", "`BROKER` cannot be reached (versions): the connection was closed".to_owned())
    );
    let address = closing.address();
    closing.stop().await;
    assert_eq!(connect(&address, plaintext()).await.unwrap_err().reason(), "unreachable");
}

#[tokio::test]
async fn silence_ends_at_the_deadline_in_every_phase() {
    let silent = broker_that_says(|| Reply::Silence).await;
    let stalls_at_login = FakeBroker::start(|| {
        let cluster = FakeCluster::default();
        Box::new(move |frame| match header(&frame).api_key {
            ApiKey::ApiVersions => cluster.answer(frame),
            _ => Reply::Silence,
        })
    })
    .await;
    let cases = [
        (&silent, Authority::new().client(false), "tls"),
        (&silent, plaintext(), "versions"),
        (&stalls_at_login, sasl(Mechanism::ScramSha256, "secret"), "login"),
    ];
    for (broker, security, phase) in cases {
        let connector = settings_with_timeout(broker, security, Duration::from_millis(100));
        let expected = format!("`BROKER` did not answer in time ({phase}): 100 ms have passed");
        assert_eq!(reason_and_text(connector.connect(&broker.address()).await, broker), ("timeout", expected));
    }
}
