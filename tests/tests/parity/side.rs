//! One of the two that are compared: where it is, what its ids are, and who is connected to it.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use serde_json::Value;
use testkit::RawClient;
use uuid::Uuid;

use crate::codec::{self, Names};
use crate::schema::Schemas;
use crate::world::ANONYMOUS;

/// Longer than anything waits in a case.
const DEADLINE: Duration = Duration::from_secs(10);
const CLIENT_ID: &str = "parity";
const LAST_API_VERSIONS: i16 = 4;

/// What is answered to a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Answer(Value),
    /// Nothing came, and the connection lives.
    Silence,
    Closed,
    /// Neither side has answered for a while; the connection is given up.
    Unanswered,
    /// Bytes that are no such response, or no answer within the deadline.
    Nonsense(String),
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Answer(value) => value.fmt(f),
            other => write!(f, "{other:?}"),
        }
    }
}

/// Where a side listens, and as whom its super user looks behind it.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) name: &'static str,
    /// SASL_PLAINTEXT and PLAINTEXT.
    pub(crate) client: SocketAddr,
    pub(crate) open: SocketAddr,
    /// Ports under which the broker is told to clients, and what they are called in comparisons.
    pub(crate) ports: BTreeMap<u16, &'static str>,
    pub(crate) cluster_id: String,
    schemas: Arc<Schemas>,
    connections: HashMap<String, RawClient>,
    /// To the broker itself, as a super user.
    admin: RawClient,
    ids: Ids,
    next_correlation_id: i32,
}

#[derive(Debug, Default)]
struct Ids {
    of: HashMap<String, Uuid>,
    names: HashMap<Uuid, String>,
    producers: HashMap<String, i64>,
}

impl Names for Ids {
    fn topic_id(&self, name: &str) -> Option<Uuid> {
        self.of.get(name).copied()
    }

    /// Ids that a test made up, so that they are unknown, are told from ids that a broker made up.
    fn text(&self, id: Uuid) -> String {
        match self.names.get(&id) {
            Some(name) => format!("id:{name}"),
            None if id.is_nil() => String::new(),
            None if id.as_bytes().starts_with(b"unknown") => id.to_string(),
            None => "id?".to_owned(),
        }
    }

    fn producer(&self, transactional_id: &str) -> Option<i64> {
        self.producers.get(transactional_id).copied()
    }
}

/// A request that was sent, or the one behind a request without an answer.
struct Sent {
    key: i16,
    version: i16,
    id: i32,
    is_answer: bool,
}

/// Ids as they are.
struct Plain;

impl Names for Plain {
    fn topic_id(&self, _: &str) -> Option<Uuid> {
        None
    }

    fn text(&self, id: Uuid) -> String {
        id.to_string()
    }

    fn producer(&self, _: &str) -> Option<i64> {
        None
    }
}

impl Side {
    pub(crate) fn new(
        name: &'static str,
        addresses: (SocketAddr, SocketAddr),
        ports: &[(u16, &'static str)],
        admin: RawClient,
        schemas: Arc<Schemas>,
    ) -> Side {
        Side {
            name,
            client: addresses.0,
            open: addresses.1,
            ports: ports.iter().copied().collect(),
            cluster_id: String::new(),
            schemas,
            connections: HashMap::new(),
            admin,
            ids: Ids::default(),
            next_correlation_id: 1,
        }
    }

    /// Asks as somebody, on the connection that somebody has; `alice#2` is alice on another one.
    pub(crate) async fn ask(&mut self, user: &str, key: i16, version: i16, request: &Value) -> Result<Outcome> {
        let outcomes = self.ask_at_once(user, &[(key, version, request)]).await?;
        outcomes.into_iter().next().context("no outcome")
    }

    /// Asks several things before the first is answered.
    pub(crate) async fn ask_at_once(&mut self, user: &str, questions: &[(i16, i16, &Value)]) -> Result<Vec<Outcome>> {
        let mut connection = match self.connections.remove(user) {
            Some(connection) => connection,
            None => self.connect(user).await?,
        };
        let mut sent = Vec::new();
        for (key, version, request) in questions {
            sent.push(self.send(&mut connection, *key, *version, request).await?);
        }
        let mut outcomes = Vec::new();
        for sent in sent {
            outcomes.push(self.receive(&mut connection, sent).await?);
        }
        if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Answer(_) | Outcome::Silence)) {
            self.connections.insert(user.to_owned(), connection);
        }
        Ok(outcomes)
    }

    /// Asks the broker itself as a super user.
    pub(crate) async fn behind(&mut self, api: &str, version: i16, request: &Value) -> Result<Value> {
        let (key, frame) = self.behind_frame(api, version, request).await?;
        codec::decode_response(self.schemas.response(key)?, version, frame, &self.ids).map(|(_, value)| value)
    }

    /// The key of an API by its name.
    pub(crate) fn key(&self, api: &str) -> Result<i16> {
        self.schemas.key(api)
    }

    /// As [`Side::behind`], with the ids of topics as they are.
    pub(crate) async fn behind_with_ids(&mut self, api: &str, version: i16, request: &Value) -> Result<Value> {
        let (key, frame) = self.behind_frame(api, version, request).await?;
        codec::decode_response(self.schemas.response(key)?, version, frame, &Plain).map(|(_, value)| value)
    }

    async fn behind_frame(&mut self, api: &str, version: i16, request: &Value) -> Result<(i16, Bytes)> {
        let key = self.schemas.key(api)?;
        let (frame, _) = self.frame(key, version, request)?;
        self.admin.write_frame(&frame).await?;
        let answer = self.admin.read_frame().await?;
        Ok((key, answer.with_context(|| format!("{api}: the broker has closed"))?))
    }

    /// Somebody's next question is asked on a new connection.
    pub(crate) fn disconnect(&mut self, user: &str) {
        self.connections.remove(user);
    }

    /// What a topic's id is here.
    pub(crate) fn learn_topic(&mut self, name: &str, id: Uuid) {
        self.ids.names.retain(|_, known| known != name);
        self.ids.names.insert(id, name.to_owned());
        self.ids.of.insert(name.to_owned(), id);
    }

    /// What a transactional id's producer is here.
    pub(crate) fn learn_producer(&mut self, transactional_id: &str, producer: i64) {
        self.ids.producers.insert(transactional_id.to_owned(), producer);
    }

    async fn connect(&self, user: &str) -> Result<RawClient> {
        let mut client = match user {
            ANONYMOUS => RawClient::connect(self.open).await?,
            _ => {
                let user = user.split('#').next().unwrap_or(user);
                let mut client = RawClient::connect(self.client).await?;
                let login = client.login_plain(user, &format!("{user}-secret")).await;
                login.with_context(|| format!("{} does not let `{user}` in", self.name))?;
                client
            }
        };
        client.set_deadline(DEADLINE);
        Ok(client)
    }

    async fn send(
        &mut self,
        connection: &mut RawClient,
        key: i16,
        version: i16,
        request: &Value,
    ) -> Result<Option<Sent>> {
        let (frame, id) = self.frame(key, version, request)?;
        connection.write_frame(&frame).await?;
        if self.schemas.request(key)?.api != "Produce" || request["Acks"] != 0 {
            return Ok(Some(Sent { key, version, id, is_answer: true }));
        }
        // What has no answer is followed by something that the same broker answers.
        let (key, version) = (self.schemas.key("Metadata")?, 4);
        let (frame, id) = self.frame(key, version, &serde_json::json!({ "Topics": [] }))?;
        // The server may have closed before this is written.
        let written = connection.write_frame(&frame).await;
        Ok(written.ok().map(|()| Sent { key, version, id, is_answer: false }))
    }

    async fn receive(&self, connection: &mut RawClient, sent: Option<Sent>) -> Result<Outcome> {
        let Some(Sent { key, version, id, is_answer }) = sent else { return Ok(Outcome::Closed) };
        match connection.read_frame().await {
            Ok(Some(frame)) if is_answer => self.decoded(key, version, id, frame, Outcome::Answer),
            Ok(Some(frame)) => self.decoded(key, version, id, frame, |_| Outcome::Silence),
            Ok(None) => Ok(Outcome::Closed),
            Err(error) => Ok(Outcome::Nonsense(format!("{error:#}"))),
        }
    }

    fn decoded(
        &self,
        key: i16,
        version: i16,
        id: i32,
        frame: Bytes,
        then: impl Fn(Value) -> Outcome,
    ) -> Result<Outcome> {
        let response = self.schemas.response(key)?;
        // Whoever asks in a version that is not served is told in version 0.
        let version = if response.api == "ApiVersions" && version > LAST_API_VERSIONS { 0 } else { version };
        let decoded = codec::decode_response(response, version, frame, &self.ids);
        Ok(match decoded {
            Ok((correlation_id, value)) if correlation_id == id => then(value),
            Ok((other, _)) => Outcome::Nonsense(format!("the answer to request {other} instead of {id}")),
            Err(error) => Outcome::Nonsense(format!("{error:#}")),
        })
    }

    fn frame(&mut self, key: i16, version: i16, request: &Value) -> Result<(Bytes, i32)> {
        let id = self.next_correlation_id;
        self.next_correlation_id += 1;
        let header = (key, version, id, CLIENT_ID);
        let frame = codec::encode_request(self.schemas.request(key)?, header, request, &self.ids)?;
        Ok((frame, id))
    }
}

/// The error code of an answer that must have none.
pub(crate) fn expect_success(what: &str, answer: &Value) -> Result<()> {
    match first_error(answer) {
        None => Ok(()),
        Some(code) => bail!("{what} was answered with error {code}: {answer}"),
    }
}

/// The first error code in an answer, wherever it stands.
pub(crate) fn first_error(answer: &Value) -> Option<i64> {
    match answer {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| match value.as_i64() {
            Some(code) if name == "ErrorCode" => (code != 0).then_some(code),
            _ => first_error(value),
        }),
        Value::Array(list) => list.iter().find_map(first_error),
        _ => None,
    }
}
