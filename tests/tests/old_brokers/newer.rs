//! A broker that is newer than our table: it knows more versions, and APIs that we have never heard of. Clients are
//! offered what both know, and nothing else reaches it.
//!
//! There is no such Kafka yet, so a relay before a real one makes it say so.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{ApiVersionsResponse, MetadataRequest, ProduceRequest, ResponseHeader, TopicName};
use kafka_protocol::protocol::{Decodable, Encodable};
use testkit::{Doorkeeper, FreePorts, KafkaCluster, Options, RawClient, Security};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::negotiation::{OWN, closes, header, ranges};
use crate::{POLICY, str_bytes};

const API_VERSIONS: i16 = 18;
/// Keys that no Kafka has yet.
const UNHEARD_OF: [i16; 2] = [93, 999];
/// So many versions more than the real one.
const MORE: i16 = 3;

/// What a relay has seen.
#[derive(Debug, Default)]
struct Seen {
    answers: AtomicUsize,
    keys: Mutex<HashSet<(i16, i16)>>,
}

/// Lets a real broker, as soon as there is one, seem newer than it is.
async fn relay(listener: TcpListener, broker: watch::Receiver<Option<SocketAddr>>, seen: Arc<Seen>) -> Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        let (mut broker, seen) = (broker.clone(), Arc::clone(&seen));
        tokio::spawn(async move {
            let address = broker.wait_for(Option::is_some).await?.context("no broker")?;
            let (from_client, to_client) = client.into_split();
            let (from_broker, to_broker) = TcpStream::connect(address).await?.into_split();
            let asked = Arc::new(Mutex::new(HashSet::new()));
            tokio::try_join!(
                requests(from_client, to_broker, Arc::clone(&asked), &seen),
                responses(from_broker, to_client, asked, &seen)
            )
        });
    }
}

/// Correlation ids of ApiVersions that are on their way, with their version.
type Asked = Arc<Mutex<HashSet<(i32, i16)>>>;

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, asked: Asked, seen: &Seen) -> Result<()> {
    loop {
        let frame = read(&mut from).await?;
        let mut head = frame.clone();
        let (key, version, id) = (head.try_get_i16()?, head.try_get_i16()?, head.try_get_i32()?);
        seen.keys.lock().unwrap_or_else(PoisonError::into_inner).insert((key, version));
        if key == API_VERSIONS {
            asked.lock().unwrap_or_else(PoisonError::into_inner).insert((id, version));
        }
        write(&mut to, &frame).await?;
    }
}

async fn responses(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, asked: Asked, seen: &Seen) -> Result<()> {
    loop {
        let frame = read(&mut from).await?;
        let id = frame.clone().try_get_i32()?;
        let version = {
            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            let found = asked.iter().find(|(other, _)| *other == id).copied();
            found.inspect(|found| {
                asked.remove(found);
            })
        };
        match version {
            Some((_, version)) => {
                seen.answers.fetch_add(1, Ordering::Relaxed);
                write(&mut to, &newer(frame, version)?).await?;
            }
            None => write(&mut to, &frame).await?,
        }
    }
}

/// The answer of a broker with more of everything.
fn newer(mut frame: Bytes, version: i16) -> Result<Bytes> {
    let header = ResponseHeader::decode(&mut frame, 0)?;
    let mut answer = ApiVersionsResponse::decode(&mut frame, version)?;
    answer.api_keys.iter_mut().for_each(|api| api.max_version += MORE);
    let unheard_of = |key: i16| ApiVersion::default().with_api_key(key).with_max_version(7);
    answer.api_keys.extend(UNHEARD_OF.map(unheard_of));
    let mut bytes = BytesMut::new();
    header.encode(&mut bytes, 0)?;
    answer.encode(&mut bytes, version)?;
    Ok(bytes.freeze())
}

async fn read(from: &mut OwnedReadHalf) -> Result<Bytes> {
    let size = usize::try_from(from.read_i32().await?)?;
    let mut frame = vec![0; size];
    from.read_exact(&mut frame).await?;
    Ok(frame.into())
}

async fn write(to: &mut OwnedWriteHalf, frame: &[u8]) -> Result<()> {
    let mut bytes = BytesMut::with_capacity(frame.len() + 4);
    bytes.put_i32(i32::try_from(frame.len())?);
    bytes.put_slice(frame);
    Ok(to.write_all(&bytes).await?)
}

/// A broker that seems newer, and a Doorkeeper that is told by it to come through the relay.
struct Scene {
    kafka: KafkaCluster,
    seen: Arc<Seen>,
    client: SocketAddr,
    _doorkeeper: Doorkeeper,
    _ports: FreePorts,
}

impl Scene {
    async fn start() -> Result<Scene> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (here, there) = watch::channel(None);
        let seen = Arc::new(Seen::default());
        let port = listener.local_addr()?.port();
        tokio::spawn(relay(listener, there, Arc::clone(&seen)));
        let kafka = Options { listeners: Vec::new(), ..Options::default() };
        let kafka = kafka.listener_behind("CLIENT", Security::Plaintext, port);
        let kafka = KafkaCluster::start(kafka).await?;
        here.send(Some(kafka.broker(0)?.address(0))).context("the relay has ended")?;

        let ports = FreePorts::reserve(2)?;
        let (client, node) = (ports.get(0), ports.get(1));
        let configuration = format!(
            "cluster: newer\n\
             upstream: {{ bootstrap.servers: \"127.0.0.1:{port}\", security.protocol: PLAINTEXT }}\n\
             listeners:\n\
             \x20 - name: OPEN\n\
             \x20   address: 127.0.0.1:{client}\n\
             \x20   security.protocol: PLAINTEXT\n\
             \x20   brokers: {{ mode: ports, advertised_host: 127.0.0.1, nodes: {{ 0: {node} }} }}\n\
             store: {{ file: acls.yaml }}\n"
        );
        let doorkeeper = Doorkeeper::start(&configuration, &[("acls.yaml", POLICY)]).await?;
        let client = SocketAddr::from(([127, 0, 0, 1], client));
        Ok(Scene { kafka, seen, client, _doorkeeper: doorkeeper, _ports: ports })
    }

    async fn client(&self) -> Result<RawClient> {
        RawClient::connect(self.client).await
    }
}

#[tokio::test]
async fn of_a_newer_broker_clients_are_offered_what_both_know() -> Result<()> {
    let scene = Scene::start().await?;
    let theirs = ranges(&scene.kafka.admin().await?.api_versions().await?);
    let mut client = scene.client().await?;
    let ours = ranges(&client.api_versions().await?);
    ensure!(scene.seen.answers.load(Ordering::Relaxed) > 0, "Doorkeeper has not asked the relay");
    // The real broker is as new as our table, so that is what both know; but for a version that a broker has only when it
    // is told to.
    let unstable = [(22, 6)];
    for (key, (min, max)) in theirs.iter().filter(|(key, _)| !OWN.contains(key)) {
        let max = unstable.iter().find(|(other, _)| other == key).map_or(max, |(_, max)| max);
        ensure!(ours.get(key) == Some(&(*min, *max)), "{key} is {min}-{max} and offered as {:?}", ours.get(key));
    }
    ensure!(UNHEARD_OF.iter().all(|key| !ours.contains_key(key)), "{ours:?}");

    // It works, in the newest versions that both know.
    scene.kafka.create_topic("open-newer", 1).await?;
    let topic = MetadataRequestTopic::default().with_name(Some(TopicName(str_bytes("open-newer"))));
    let metadata = client.send(ours[&3].1, &MetadataRequest::default().with_topics(Some(vec![topic]))).await?;
    let topic = metadata.topics.first().context("no topic")?;
    ensure!(topic.error_code == 0 && metadata.brokers.len() == 1, "{metadata:?}");
    let partition = PartitionProduceData::default().with_index(0).with_records(Some(Bytes::new()));
    let data = TopicProduceData::default().with_topic_id(topic.topic_id).with_partition_data(vec![partition]);
    let request = ProduceRequest::default().with_acks(1).with_timeout_ms(5000).with_topic_data(vec![data]);
    let answer = client.send(ours[&0].1, &request).await?;
    let invalid_record = 87;
    ensure!(answer.responses[0].partition_responses[0].error_code == invalid_record, "{answer:?}");

    // What only the broker claims to know never gets there.
    for (key, version) in [(3, ours[&3].1 + 1), (1, ours[&1].1 + MORE), (UNHEARD_OF[0], 0), (UNHEARD_OF[1], 7)] {
        let mut client = scene.client().await?;
        client.write_frame(&header(key, version)).await?;
        closes(&mut client, key, version).await?;
    }
    let seen = scene.seen.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let newest = |key: i16| theirs.get(&key).map_or(-1, |(_, max)| *max);
    ensure!(seen.iter().all(|(key, version)| *version <= newest(*key)), "the broker was sent {seen:?}");
    Ok(())
}
