//! The whole proxy between real sockets: logins, refusals, who goes when, and the end. The broker is one of values
//! (`client::testing`).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, KafkaPrincipal, Policy, ResourcePattern,
    ResourceType,
};
use authentication::{Mechanism, ScramCredential, ScramMechanism, SslPrincipalMapper, Users};
use bytes::Bytes;
use client::testing::{FakeBroker, FakeCluster};
use client::{
    ConnectError, Connected, Connector, HostPort, SaslCredentials, TlsSettings, UpstreamSecurity, UpstreamSettings,
};
use protocol::messages::metadata_request::MetadataRequestTopic;
use protocol::messages::{MetadataRequest, MetadataResponse};
use protocol::{ApiKey, ErrorCode, Limits, RequestFrame, StrBytes, encode_request, guard_response};
use proxy::settings::{AuditSettings, BrokerPorts, ClientAuth, ListenerSettings, SecurityProtocol};
use proxy::{ProxyError, Settings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);
const PASSWORD: &str = "secret of alice";

/// A proxy with one listener in front of one broker.
struct House {
    address: SocketAddr,
    current: store::Current,
    stop: Arc<Notify>,
    served: JoinHandle<()>,
    audit: PathBuf,
    _broker: FakeBroker,
}

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("it is bound").port()
}

fn listener(security_protocol: SecurityProtocol) -> ListenerSettings {
    ListenerSettings {
        name: "CLIENT".into(),
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        security_protocol,
        tls: None,
        client_auth: ClientAuth::None,
        principal_mapping: SslPrincipalMapper::parse("RULE:^CN=([a-z]+),.*$/$1/,DEFAULT").expect("two rules"),
        mechanisms: vec![Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512],
        principal: None,
        brokers: BrokerPorts {
            advertised_host: "kafka.example.com".to_owned(),
            first_port: None,
            node_ids: 0..=0,
            nodes: BTreeMap::from([(1, free_port())]),
        },
        lenient_scram_nonce: false,
    }
}

fn settings(listener: ListenerSettings, audit: PathBuf) -> Settings {
    Settings {
        cluster: "test".to_owned(),
        listeners: vec![listener],
        limits: proxy::settings::Limits::default(),
        audit: AuditSettings { json: Some(audit), allowed: true, ..AuditSettings::default() },
        shutdown_delay: Duration::ZERO,
        shutdown_deadline: Duration::from_secs(5),
    }
}

fn snapshot(users: &[&str], generation: u64) -> store::Snapshot {
    let mut known = Users::builder();
    for user in users {
        let credential = ScramCredential::derive(ScramMechanism::Sha256, PASSWORD, b"salt of some length", 4096);
        known.credential(user, ScramMechanism::Sha256, credential).expect("a user once");
    }
    let describe = AclBinding::new(
        ResourcePattern::literal(ResourceType::Topic, "orders"),
        AccessControlEntry::new("User:alice", "*", AclOperation::Describe, AclPermissionType::Allow),
    );
    let policy = Policy::new(acl::Settings::default(), [describe]);
    store::Snapshot { policy, users: known.build().into(), generation }
}

fn upstream(to: HostPort, security: UpstreamSecurity) -> Connector {
    let settings = UpstreamSettings {
        bootstrap_servers: vec![to],
        security,
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(5),
    };
    Connector::new(settings).expect("they can be used")
}

impl House {
    async fn open(listener: ListenerSettings) -> House {
        House::with(listener, |_| {}).await
    }

    async fn with(listener: ListenerSettings, change: impl FnOnce(&mut Settings)) -> House {
        let cluster = FakeCluster::default();
        cluster.add_topic("orders", 1, 3);
        cluster.add_topic("secret", 2, 3);
        let served = cluster.clone();
        let broker = FakeBroker::start(move || served.script()).await;
        cluster.state().brokers.insert(1, broker.port());
        let current = store::Current::new(snapshot(&["alice", "bob"], 1));
        let audit = std::env::temp_dir().join(format!("doorkeeper-audit-{}-{}", std::process::id(), free_port()));
        let mut settings = settings(listener, audit.clone());
        change(&mut settings);
        let connector = upstream(broker.address(), UpstreamSecurity::default());
        let bound = proxy::bind(settings, connector, current.clone().into()).await.expect("all ports are free");
        let (_, address, _) = *bound.addresses().first().expect("bootstrap comes first");
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let served = tokio::spawn(bound.serve(async move { stopped.notified().await }));
        House { address, current, stop, served, audit, _broker: broker }
    }

    async fn connect(&self, security: UpstreamSecurity) -> Result<Connected, ConnectError> {
        let to = HostPort::new("127.0.0.1", self.address.port());
        upstream(to.clone(), security).connect(&to).await
    }

    /// Bytes on a bare socket, and what comes back until it is closed.
    async fn say(&self, bytes: &[u8]) -> Vec<u8> {
        let mut socket = TcpStream::connect(self.address).await.expect("it listens");
        socket.write_all(bytes).await.expect("it reads");
        let mut came = Vec::new();
        timeout(DEADLINE, socket.read_to_end(&mut came)).await.expect("it closes").expect("in good order");
        came
    }

    /// Stops it, and gives back the audit.
    async fn close(self) -> Vec<serde_json::Value> {
        self.stop.notify_one();
        timeout(DEADLINE, self.served).await.expect("it ends").expect("no panic");
        let lines = std::fs::read_to_string(&self.audit).expect("it was written");
        std::fs::remove_file(&self.audit).expect("it is ours");
        lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

fn sasl(mechanism: Mechanism, username: &str, password: &str) -> UpstreamSecurity {
    let credentials =
        SaslCredentials { mechanism, username: username.to_owned(), password: password.to_owned().into() };
    UpstreamSecurity { tls: None, sasl: Some(credentials) }
}

/// Topics that the client is told of, with their error codes, and the addresses of the brokers.
async fn metadata(connected: &mut Connected, topics: &[&str]) -> Option<(Vec<(String, i16)>, Vec<(String, i32)>)> {
    let named = topics.iter().map(|topic| {
        MetadataRequestTopic::default().with_name(Some(StrBytes::from_string((*topic).to_owned()).into()))
    });
    let request = MetadataRequest::default().with_topics(Some(named.collect()));
    let header = RequestFrame::header(ApiKey::Metadata, 9, 7, "test");
    let bytes = encode_request(&header, &request).expect("it can be written");
    connected.stream.write_all(&bytes).await.ok()?;
    let answer = async {
        let size = connected.stream.read_u32().await.ok()?;
        let mut frame = vec![0; usize::try_from(size).ok()?];
        connected.stream.read_exact(&mut frame).await.ok()?;
        Some(Bytes::from(frame))
    };
    let frame = timeout(DEADLINE, answer).await.expect("an answer or an end")?;
    let guarded = guard_response(ApiKey::Metadata, 9, frame, &Limits::default()).expect("well formed");
    let response: MetadataResponse = guarded.decode().expect("metadata");
    let name = |name: Option<protocol::messages::TopicName>| name.map(|name| name.to_string()).unwrap_or_default();
    let topics = response.topics.into_iter().map(|topic| (name(topic.name), topic.error_code)).collect();
    let brokers = response.brokers.into_iter().map(|broker| (broker.host.to_string(), broker.port)).collect();
    Some((topics, brokers))
}

fn is_login(event: &serde_json::Value) -> bool {
    event["event"] == "login"
}

#[tokio::test]
async fn users_log_in_by_scram_and_plain_and_see_what_they_may() {
    let settings = listener(SecurityProtocol::SaslPlaintext);
    let port = i32::from(settings.brokers.nodes[&1]);
    let house = House::open(settings).await;
    for mechanism in [Mechanism::ScramSha256, Mechanism::Plain] {
        let mut connected = house.connect(sasl(mechanism, "alice", PASSWORD)).await.expect("alice may");
        assert!(connected.versions.api_keys.iter().any(|api| api.api_key == ApiKey::Metadata.code()));
        let (mut topics, brokers) = metadata(&mut connected, &["orders", "secret"]).await.expect("an answer");
        topics.sort();
        let denied = ErrorCode::TOPIC_AUTHORIZATION_FAILED.0;
        assert_eq!(topics, [("orders".to_owned(), 0), ("secret".to_owned(), denied)]);
        assert_eq!(brokers, [("kafka.example.com".to_owned(), port)]);
    }
    let audit = house.close().await;
    let logins: Vec<_> = audit.iter().filter(|event| is_login(event)).map(|event| &event["mechanism"]).collect();
    assert_eq!(logins, ["SCRAM-SHA-256", "PLAIN"]);
    let denied = audit.iter().find(|event| event["result"] == "Denied").expect("a denial");
    let told =
        ["principal", "operation", "host", "resource_type", "resource_name", "request", "rule"].map(|key| &denied[key]);
    let expected = ["User:alice", "DESCRIBE", "127.0.0.1", "Topic", "secret", "Metadata", "DefaultDeny"];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_failed_login_is_answered_late_and_told_with_its_true_cause() {
    let house = House::open(listener(SecurityProtocol::SaslPlaintext)).await;
    for (mechanism, user, password) in [
        (Mechanism::ScramSha256, "alice", "wrong"),
        (Mechanism::ScramSha256, "nobody", "wrong"),
        (Mechanism::ScramSha512, "alice", PASSWORD),
        (Mechanism::Plain, "alice", "wrong"),
    ] {
        let began = Instant::now();
        let refused = house.connect(sasl(mechanism, user, password)).await.expect_err("it fails");
        assert!(matches!(refused, ConnectError::Authentication { .. }), "{refused}");
        assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());
        assert!(!refused.to_string().contains("wrong password"), "the client learns what Kafka tells: {refused}");
    }
    let audit = house.close().await;
    let causes: Vec<_> = audit.iter().filter_map(|event| event["cause"].as_str()).collect();
    assert_eq!(
        causes,
        [
            "SCRAM-SHA-256: wrong password for user `alice`",
            "SCRAM-SHA-256: user `nobody` is unknown or has no credential that fits",
            "SCRAM-SHA-512: user `alice` is unknown or has no credential that fits",
            "PLAIN: wrong password for user `alice`",
        ]
    );
}

#[tokio::test]
async fn what_is_not_a_login_is_closed_without_a_word() {
    let house = House::open(listener(SecurityProtocol::SaslPlaintext)).await;
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03],
        &[0, 0, 0, 0],
        &[0, 0, 0, 8, 0, 3, 0, 1, 0, 0, 0, 1],
        &[0xff, 0xff, 0xff, 0xff],
        &[0, 0, 0, 10, 0x7f, 0xff, 0, 0, 0, 0, 0, 1, 0, 0],
    ] {
        assert_eq!(house.say(bytes).await, b"", "{bytes:?}");
    }
    let audit = house.close().await;
    let causes: Vec<_> = audit.iter().filter_map(|event| event["cause"].as_str()).collect();
    assert_eq!(causes.len(), 6, "{causes:#?}");
    assert!(causes[1].starts_with("tls came to a listener that speaks plaintext"), "{}", causes[1]);
}

#[tokio::test]
async fn a_login_has_a_deadline() {
    let limits = |settings: &mut Settings| settings.limits.handshake_timeout = Duration::from_millis(300);
    let house = House::with(listener(SecurityProtocol::SaslPlaintext), limits).await;
    assert_eq!(house.say(&[0, 0]).await, b"");
    let audit = house.close().await;
    assert_eq!(audit.first().map(|event| event["cause"].clone()), Some("the login took longer than it may".into()));
}

#[tokio::test]
async fn too_many_strangers_displace_each_other_and_nobody_else() {
    let few = |settings: &mut Settings| settings.limits.max_unauthenticated_connections = 3;
    let house = House::with(listener(SecurityProtocol::SaslPlaintext), few).await;
    let mut alice = house.connect(sasl(Mechanism::ScramSha256, "alice", PASSWORD)).await.expect("alice may");
    let mut strangers = Vec::new();
    for _ in 0..4 {
        strangers.push(TcpStream::connect(house.address).await.expect("it listens"));
    }
    let oldest = timeout(DEADLINE, strangers[0].read(&mut [0])).await.expect("it is closed");
    assert!(matches!(oldest, Ok(0) | Err(_)));
    let mut bob = house.connect(sasl(Mechanism::ScramSha256, "bob", PASSWORD)).await.expect("bob may");
    assert!(metadata(&mut alice, &["orders"]).await.is_some());
    assert!(metadata(&mut bob, &["orders"]).await.is_some());
}

#[tokio::test]
async fn one_more_of_an_address_is_closed_until_another_one_has_gone() {
    let two = |settings: &mut Settings| settings.limits.max_connections_per_ip = 2;
    let house = House::with(listener(SecurityProtocol::SaslPlaintext), two).await;
    let mut alice = house.connect(sasl(Mechanism::ScramSha256, "alice", PASSWORD)).await.expect("alice may");
    let bob = house.connect(sasl(Mechanism::ScramSha256, "bob", PASSWORD)).await.expect("bob may");
    let mut third = TcpStream::connect(house.address).await.expect("it listens");
    let read = timeout(DEADLINE, third.read(&mut [0])).await.expect("it is closed");
    assert!(matches!(read, Ok(0) | Err(_)));
    assert!(metadata(&mut alice, &["orders"]).await.is_some());

    drop(bob);
    let again = async {
        while house.connect(sasl(Mechanism::ScramSha256, "bob", PASSWORD)).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, again).await.expect("there is a place again");
}

#[tokio::test]
async fn an_address_may_have_more_or_fewer_than_the_others() {
    let none = |settings: &mut Settings| {
        settings.limits.max_connections_per_ip_overrides = BTreeMap::from([(std::net::Ipv4Addr::LOCALHOST.into(), 0)]);
    };
    let house = House::with(listener(SecurityProtocol::SaslPlaintext), none).await;
    assert!(house.connect(sasl(Mechanism::ScramSha256, "alice", PASSWORD)).await.is_err());
}

#[tokio::test]
async fn whoever_is_removed_is_disconnected_and_the_others_stay() {
    let house = House::open(listener(SecurityProtocol::SaslPlaintext)).await;
    let mut alice = house.connect(sasl(Mechanism::ScramSha256, "alice", PASSWORD)).await.expect("alice may");
    let mut bob = house.connect(sasl(Mechanism::ScramSha256, "bob", PASSWORD)).await.expect("bob may");
    assert!(metadata(&mut bob, &["orders"]).await.is_some());
    house.current.replace(snapshot(&["alice"], 2));
    let read = timeout(DEADLINE, bob.stream.read(&mut [0])).await.expect("it is closed");
    assert!(matches!(read, Ok(0) | Err(_)));
    assert!(metadata(&mut alice, &["orders"]).await.is_some());
    assert!(house.connect(sasl(Mechanism::ScramSha256, "bob", PASSWORD)).await.is_err());
}

#[tokio::test]
async fn without_a_login_everybody_is_anonymous_or_whom_the_listener_says() {
    for (principal, error) in
        [(None, ErrorCode::TOPIC_AUTHORIZATION_FAILED.0), (Some(KafkaPrincipal::user("alice")), ErrorCode::NONE.0)]
    {
        let settings = ListenerSettings { principal, ..listener(SecurityProtocol::Plaintext) };
        let house = House::open(settings).await;
        let mut connected = house.connect(UpstreamSecurity::default()).await.expect("anybody may");
        let (topics, _) = metadata(&mut connected, &["orders"]).await.expect("an answer");
        assert_eq!(topics, [("orders".to_owned(), error)]);
        house.close().await;
    }
}

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Authority { issuer: CertifiedIssuer::self_signed(params, key).expect("a certificate") }
    }

    /// Certificate and private key in PEM.
    fn issue(&self, common_name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params.distinguished_name.push(DnType::CommonName, common_name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn server(&self, client_auth: ClientAuth) -> Arc<rustls::ServerConfig> {
        use rustls::pki_types::pem::PemObject;
        let (certificate, key) = self.issue("doorkeeper");
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(self.issuer.pem().as_bytes()).expect("a certificate");
        roots.add(root).expect("an authority");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = verifier.allow_unauthenticated().build().expect("a verifier");
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("two versions");
        let config = match client_auth {
            ClientAuth::None => config.with_no_client_auth(),
            ClientAuth::Requested | ClientAuth::Required => config.with_client_cert_verifier(verifier),
        };
        Arc::new(config.with_single_cert(vec![certificate], key).expect("they fit"))
    }

    fn client(&self, identity: Option<&str>) -> TlsSettings {
        let identity = identity.map(|name| self.issue(name));
        let identity = identity.as_ref().map(|(certificate, key)| (certificate.as_bytes(), key.as_bytes()));
        TlsSettings::from_pem(self.issuer.pem().as_bytes(), identity).expect("they can be read")
    }
}

#[tokio::test]
async fn a_client_certificate_is_mapped_to_a_principal() {
    let authority = Authority::new();
    let settings = ListenerSettings {
        tls: Some(authority.server(ClientAuth::Requested)),
        client_auth: ClientAuth::Requested,
        ..listener(SecurityProtocol::Ssl)
    };
    let house = House::open(settings).await;
    for (identity, error) in [
        (Some("alice"), ErrorCode::NONE.0),
        (Some("Alice"), ErrorCode::TOPIC_AUTHORIZATION_FAILED.0),
        (None, ErrorCode::TOPIC_AUTHORIZATION_FAILED.0),
    ] {
        let security = UpstreamSecurity { tls: Some(authority.client(identity)), sasl: None };
        let mut connected = house.connect(security).await.expect("anybody may");
        let (topics, _) = metadata(&mut connected, &["orders"]).await.expect("an answer");
        assert_eq!(topics, [("orders".to_owned(), error)], "{identity:?}");
    }
    let audit = house.close().await;
    let principals: Vec<_> = audit.iter().filter(|event| is_login(event)).map(|event| &event["principal"]).collect();
    assert_eq!(principals, ["User:alice", "User:CN=Alice,O=Example"]);
}

#[tokio::test]
async fn scram_works_behind_tls_and_plaintext_on_its_port_is_recognised() {
    let authority = Authority::new();
    let settings =
        ListenerSettings { tls: Some(authority.server(ClientAuth::None)), ..listener(SecurityProtocol::SaslSsl) };
    let house = House::open(settings).await;
    let security =
        UpstreamSecurity { tls: Some(authority.client(None)), ..sasl(Mechanism::ScramSha256, "alice", PASSWORD) };
    let mut connected = house.connect(security).await.expect("alice may");
    assert!(metadata(&mut connected, &["orders"]).await.is_some());
    let refused = house.connect(sasl(Mechanism::ScramSha256, "alice", PASSWORD)).await;
    assert!(refused.is_err());
    let audit = house.close().await;
    let cause = audit.iter().find_map(|event| event["cause"].as_str()).expect("a failed login");
    assert!(cause.starts_with("plaintext came to a listener that speaks tls"), "{cause}");
    assert_eq!(cause.matches("127.0.0.1:").count(), 2, "both addresses: {cause}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let settings = settings(ListenerSettings { address, ..listener(SecurityProtocol::Plaintext) }, "/dev/null".into());
    let connector = upstream(HostPort::new("127.0.0.1", 1), UpstreamSecurity::default());
    let error =
        proxy::bind(settings, connector, store::Current::new(snapshot(&[], 1)).into()).await.expect_err("it is taken");
    assert!(matches!(&error, ProxyError::Bind { address: named, .. } if *named == address), "{error}");
}

#[tokio::test]
async fn idle_connections_go_when_it_stops_and_no_new_ones_come() {
    let house = House::open(listener(SecurityProtocol::SaslPlaintext)).await;
    let mut alice = house.connect(sasl(Mechanism::ScramSha256, "alice", PASSWORD)).await.expect("alice may");
    assert!(metadata(&mut alice, &["orders"]).await.is_some());
    let address = house.address;
    let began = Instant::now();
    house.close().await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let read = timeout(DEADLINE, alice.stream.read(&mut [0])).await.expect("it is closed");
    assert!(matches!(read, Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
}
