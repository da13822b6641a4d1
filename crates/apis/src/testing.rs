//! What the tests of the API files share: a client with ACLs in front of a cluster made of values.
//!
//! ```text
//! let mut client = Client::with(&["allow Write Topic orders"]).topic("orders", 3);
//! let asked = client.ask(9, &request);               // through the bytes, the guard, `judge` and `decide`
//! assert_eq!(client.decisions(), ["allowed Write Topic orders x2"]);
//! assert_eq!(asked.forwarded(), &reduced);           // or .response(), .closed()
//! let response = client.answer(asked, broker_says);  // through the edit, look-ups and addresses
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;

use acl::{
    AccessControlEntry, AclBinding, AclBindingFilter, AclPermissionType, AuthorizationResult, CLUSTER_NAME, Grants,
    Host, Identity, KafkaPrincipal, PatternType, Policy, ResourcePattern, ResourceType, Settings,
};
use authentication::ScramMechanism;
use bytes::{Bytes, BytesMut};
use protocol::{
    ApiKey, BrokerAddresses, Decodable, Encodable, ErrorCode, ErrorResponse, Limits, Request, RequestFrame, StrBytes,
    encode_request, encode_response, guard_request, guard_response,
};
use uuid::Uuid;

use crate::{
    Answer, AuthorizedRequest, Channel, ConnectionState, Decision, Found, FoundMember, FoundTopic, Lookup, Member,
    MemberSubscription, Refused, RequestContext, Requirement, ResponseEdit, ScramAlteration, ScramUser, Serve,
    SubscriptionPattern, Verdict, judge, table,
};

/// Who asks in tests.
const PRINCIPAL: &str = "User:alice";
const CORRELATION_ID: i32 = 7;

/// One connection of `User:alice` from 10.0.0.1, and the cluster behind it.
pub(crate) struct Client {
    grants: Grants,
    cluster: Cluster,
    pub(crate) state: ConnectionState,
    decisions: Vec<Decision>,
    store: Store,
    /// What had to be looked up for the last request and its answer, in order.
    pub(crate) lookups: Vec<Lookup>,
}

/// What became of a request.
pub(crate) struct Asked<T: Request> {
    version: i16,
    fate: Fate<T>,
}

/// A request that a failing test can show, together with its answer.
pub(crate) trait Shown: Request<Response: Debug> + Debug {}

impl<T: Request<Response: Debug> + Debug> Shown for T {}

enum Fate<T: Request> {
    Forwarded { request: T, as_it_came: bool, edit: Option<ResponseEdit> },
    ForwardedThenClosed(T),
    Answered(T::Response),
    Closed(&'static str),
}

/// A store made of values.
#[derive(Default)]
struct Store {
    acls: Vec<AclBinding>,
    users: BTreeMap<Arc<str>, BTreeMap<ScramMechanism, u32>>,
    refuses: Option<Refused>,
}

impl Store {
    fn serve<R>(&mut self, serve: Serve<R>) -> R {
        let refused = self.refuses.clone();
        match serve {
            Serve::DescribeAcls { filter, reply } => {
                reply(self.acls.iter().filter(|acl| filter.matches(acl)).cloned().collect())
            }
            Serve::CreateAcls { bindings, reply } => reply(refused.map_or(Ok(()), Err).map(|()| {
                self.acls.extend(bindings);
                self.acls.sort();
                self.acls.dedup();
            })),
            Serve::DeleteAcls { filters, reply } => reply(refused.map_or(Ok(()), Err).map(|()| {
                let found = |filter: &AclBindingFilter| -> Vec<AclBinding> {
                    self.acls.iter().filter(|acl| filter.matches(acl)).cloned().collect()
                };
                let found = filters.iter().map(found).collect();
                self.acls.retain(|acl| !filters.iter().any(|filter| filter.matches(acl)));
                found
            })),
            Serve::DescribeScramCredentials { reply } => {
                let user = |(name, credentials): (&Arc<str>, &BTreeMap<ScramMechanism, u32>)| ScramUser {
                    name: name.clone(),
                    credentials: credentials.iter().map(|(mechanism, iterations)| (*mechanism, *iterations)).collect(),
                };
                reply(self.users.iter().map(user).collect())
            }
            Serve::AlterScramCredentials { alterations, reply } => reply(refused.map_or(Ok(()), Err).map(|()| {
                let mut missing = BTreeSet::new();
                for ScramAlteration { user, mechanism, credential } in alterations {
                    let credentials = self.users.entry(user.clone()).or_default();
                    let done = match credential {
                        Some(credential) => {
                            assert_eq!(credential.validate(mechanism), Ok(()));
                            credentials.insert(mechanism, credential.iterations);
                            true
                        }
                        None => credentials.remove(&mechanism).is_some(),
                    };
                    if !done {
                        missing.insert(user);
                    }
                }
                self.users.retain(|_, credentials| !credentials.is_empty());
                missing
            })),
        }
    }
}

#[derive(Default)]
struct Cluster {
    topics: BTreeMap<String, i32>,
    auto_create_topics: bool,
    /// By id of member or instance.
    members: BTreeMap<String, MemberSubscription>,
    streams_topics: BTreeSet<StrBytes>,
}

impl Client {
    /// A client with ACLs such as `allow Read Topic orders`, `deny Write Topic pay- prefixed`, `allow Create Cluster`.
    pub(crate) fn with(acls: &[&str]) -> Client {
        Client {
            grants: grants(acls),
            cluster: Cluster::default(),
            state: ConnectionState::default(),
            decisions: Vec::new(),
            store: Store::default(),
            lookups: Vec::new(),
        }
    }

    /// A client without ACLs who is somebody else, or has logged in with a delegation token.
    pub(crate) fn of(principal: &str, authenticated_by_token: bool) -> Client {
        let identity = Identity { authenticated_by_token, ..identity(principal) };
        Client { grants: Policy::empty(Settings::default()).grants(&Arc::new(identity)), ..Client::with(&[]) }
    }

    /// A client that comes in this way, and not over PLAINTEXT.
    pub(crate) fn over(mut self, channel: Channel) -> Client {
        self.state = ConnectionState::over(channel);
        self
    }

    /// In front of a cluster that has this topic; its id is [`topic_id`].
    pub(crate) fn topic(mut self, name: &str, partitions: i32) -> Client {
        self.cluster.topics.insert(name.to_owned(), partitions);
        self
    }

    /// In front of a cluster whose broker describes this member of every consumer group so.
    pub(crate) fn member(mut self, id: &str, pattern: Option<&str>, names: &[&str]) -> Client {
        let names = names.iter().map(|name| str_bytes(name)).collect();
        self.cluster.members.insert(id.to_owned(), MemberSubscription::described(pattern.map(str_bytes), names));
        self
    }

    /// In front of a cluster whose Streams groups have these internal topics.
    pub(crate) fn streams_topics(mut self, topics: &[&str]) -> Client {
        self.cluster.streams_topics = topics.iter().map(|name| str_bytes(name)).collect();
        self
    }

    /// In front of a cluster that creates topics that are asked for.
    pub(crate) fn auto_create_topics(mut self) -> Client {
        self.cluster.auto_create_topics = true;
        self
    }

    /// With these ACLs in the store. They do not change what the client may do.
    pub(crate) fn stored(mut self, acls: &[&str]) -> Client {
        self.store.acls = acls.iter().map(|line| binding(line)).collect();
        self
    }

    /// With these users in the store.
    pub(crate) fn users(mut self, users: &[(&str, ScramMechanism, u32)]) -> Client {
        for (user, mechanism, iterations) in users {
            self.store.users.entry((*user).into()).or_default().insert(*mechanism, *iterations);
        }
        self
    }

    /// With a store that changes nothing.
    pub(crate) fn store_refuses(mut self, refused: Refused) -> Client {
        self.store.refuses = Some(refused);
        self
    }

    /// The ACLs of the store: `Allow Read on Topic Literal foo for User:bob from *`.
    pub(crate) fn store(&self) -> Vec<String> {
        let shown = |AclBinding { pattern, entry }: &AclBinding| {
            format!(
                "{} {} on {} {} {} for {} from {}",
                entry.permission_type,
                entry.operation,
                pattern.resource_type,
                pattern.pattern_type,
                pattern.name,
                entry.principal,
                entry.host
            )
        };
        self.store.acls.iter().map(shown).collect()
    }

    /// The users of the store: `alice SCRAM-SHA-256 4096`.
    pub(crate) fn stored_users(&self) -> Vec<String> {
        let users = self.store.users.iter();
        let credentials = users.flat_map(|(user, credentials)| {
            credentials.iter().map(move |(mechanism, iterations)| format!("{user} {mechanism} {iterations}"))
        });
        credentials.collect()
    }

    /// The ACLs change while the connection stays.
    pub(crate) fn acls_are_now(&mut self, acls: &[&str]) {
        self.grants = grants(acls);
    }

    /// Sends a request, and decides it.
    pub(crate) fn ask<T: ErrorResponse>(&mut self, version: i16, request: &T) -> Asked<T>
    where
        T::Response: Decodable,
    {
        let key = ApiKey::try_from(T::KEY).unwrap();
        let header = RequestFrame::header(key, version, CORRELATION_ID, "tests");
        let frame = without_size(encode_request(&header, request).unwrap());
        let guarded = guard_request(RequestFrame::parse(frame.clone()).unwrap(), &Limits::default()).unwrap();
        let case = judge(guarded).unwrap();

        self.decisions.clear();
        self.lookups.clear();
        let lookup = case.lookup(&self.grants, &self.state);
        let found = self.look_up(lookup);
        let verdict = case.decide(&mut self.context(key, version, &found));
        self.check_against_the_table(key);
        let decode = |authorized: &AuthorizedRequest| {
            let frame = RequestFrame::parse(authorized.bytes().clone()).unwrap();
            assert_eq!((frame.correlation_id, frame.client_id.as_deref()), (CORRELATION_ID, Some("tests")));
            guard_request(frame, &Limits::default()).unwrap().decode::<T>().unwrap()
        };
        let fate = match verdict {
            Verdict::Forward(authorized, edit) => {
                let as_it_came = authorized.bytes() == &frame;
                Fate::Forwarded { request: decode(&authorized), as_it_came, edit }
            }
            Verdict::ForwardThenClose(authorized) => Fate::ForwardedThenClosed(decode(&authorized)),
            Verdict::Respond(bytes) => {
                let guarded = guard_response(key, version, without_size(bytes), &Limits::default()).unwrap();
                Fate::Answered(guarded.decode().unwrap())
            }
            Verdict::Serve(serve) => {
                let bytes = self.store.serve(serve).unwrap();
                let guarded = guard_response(key, version, without_size(bytes), &Limits::default()).unwrap();
                Fate::Answered(guarded.decode().unwrap())
            }
            Verdict::Close(why) => Fate::Closed(why),
        };
        Asked { version, fate }
    }

    /// The broker answers a forwarded request; what the client gets.
    pub(crate) fn answer<T: Shown>(&mut self, asked: Asked<T>, response: T::Response) -> T::Response {
        let Asked { version, fate: Fate::Forwarded { edit, .. } } = asked else {
            panic!("only a forwarded request has a broker's answer: {}", asked.fate.name());
        };
        let key = ApiKey::try_from(T::KEY).unwrap();
        let bytes = without_size(encode_response(version, CORRELATION_ID, &response).unwrap());
        let guarded = guard_response(key, version, bytes, &Limits::default()).unwrap();
        let Some(edit) = edit else { return guarded.decode().unwrap() };
        let found = Found::default();
        let mut answer = edit.apply(&mut self.context(key, version, &found), &guarded, &Doorkeeper).unwrap();
        loop {
            match answer {
                Answer::AsItCame => return guarded.decode().unwrap(),
                Answer::Bytes(bytes) => {
                    self.check_against_the_table(key);
                    let edited = guard_response(key, version, without_size(bytes), &Limits::default()).unwrap();
                    return edited.decode().unwrap();
                }
                Answer::Needs(lookup, edit) => {
                    let found = self.look_up(lookup);
                    answer = edit.resume(&mut self.context(key, version, &found), &Doorkeeper).unwrap();
                }
            }
        }
    }

    /// What the law was asked for the last request and its answer: `denied Read Topic orders x2`, with `(quiet)` if a
    /// denial is not worth an INFO line.
    pub(crate) fn decisions(&self) -> Vec<String> {
        self.decisions.iter().map(text).collect()
    }

    /// The column of the table that says what is asked is documentation; here it is proven.
    fn check_against_the_table(&self, key: ApiKey) {
        for decision in &self.decisions {
            let asked = Requirement { operation: decision.operation, resource_type: decision.resource_type };
            assert!(table::row(key).requirements.contains(&asked), "the row of {key:?} does not name {asked:?}");
        }
    }

    fn context<'a>(&'a mut self, api_key: ApiKey, version: i16, found: &'a Found) -> RequestContext<'a> {
        RequestContext {
            api_key,
            version,
            client_id: StrBytes::from_static_str("tests"),
            grants: &self.grants,
            found,
            state: &mut self.state,
            decisions: &mut self.decisions,
        }
    }

    fn look_up(&mut self, lookup: Lookup) -> Found {
        let found = self.cluster.find(&lookup);
        if !lookup.is_empty() {
            self.lookups.push(lookup);
        }
        found
    }
}

impl<T: Shown> Asked<T> {
    /// What went to the broker, the connection staying open.
    pub(crate) fn forwarded(&self) -> &T {
        match &self.fate {
            Fate::Forwarded { request, .. } => request,
            other => panic!("not forwarded: {}", other.name()),
        }
    }

    /// What went to the broker, if anything did.
    pub(crate) fn try_forwarded(&self) -> Option<&T> {
        match &self.fate {
            Fate::Forwarded { request, .. } => Some(request),
            _ => None,
        }
    }

    /// Whether the bytes that came in went to the broker.
    pub(crate) fn went_on_as_it_came(&self) -> bool {
        matches!(self.fate, Fate::Forwarded { as_it_came: true, .. })
    }

    /// Whether the bytes that came in went to the broker, and its answer goes to the client unseen.
    pub(crate) fn passed_through(&self) -> bool {
        matches!(self.fate, Fate::Forwarded { as_it_came: true, edit: None, .. })
    }

    /// What went to the broker before the connection was closed.
    pub(crate) fn forwarded_then_closed(&self) -> &T {
        match &self.fate {
            Fate::ForwardedThenClosed(request) => request,
            other => panic!("not forwarded and closed: {}", other.name()),
        }
    }

    /// What was answered here.
    pub(crate) fn response(self) -> T::Response {
        match self.fate {
            Fate::Answered(response) => response,
            other => panic!("not answered here: {}", other.name()),
        }
    }

    /// Whether the connection was closed without anything being forwarded.
    pub(crate) fn closed(&self) -> bool {
        matches!(self.fate, Fate::Closed(_))
    }
}

impl<T: Shown> Fate<T> {
    fn name(&self) -> String {
        match self {
            Fate::Forwarded { request, .. } => format!("forwarded {request:?}"),
            Fate::ForwardedThenClosed(request) => format!("forwarded, then closed {request:?}"),
            Fate::Answered(response) => format!("answered here {response:?}"),
            Fate::Closed(why) => format!("closed: {why}"),
        }
    }
}

impl Cluster {
    fn find(&self, lookup: &Lookup) -> Found {
        let found = |(name, partitions): (&String, &i32)| {
            let is_internal = name.starts_with("__");
            (str_bytes(name), FoundTopic { id: topic_id(name), partitions: *partitions, is_internal })
        };
        let streams_topics = match lookup.streams_group {
            Some(_) => self.streams_topics.clone(),
            None => BTreeSet::new(),
        };
        let asked =
            |name: &str| lookup.all_topics || lookup.topics.iter().chain(&streams_topics).any(|topic| &**topic == name);
        let member = match lookup.member.as_deref() {
            None => FoundMember::NotTold,
            Some(Member { member, instance, .. }) => {
                let ids = std::iter::once(member).chain(instance);
                let known = ids.into_iter().find_map(|id| self.members.get(&**id));
                known.map_or(FoundMember::Missing, |known| FoundMember::Subscribed(known.clone()))
            }
        };
        let members_own = match &member {
            FoundMember::Subscribed(subscription) => subscription.pattern.as_ref(),
            FoundMember::NotTold | FoundMember::Missing => None,
        };
        let matching = lookup.matching.as_ref().or(members_own).map(|pattern| {
            let mut compiled = SubscriptionPattern::compile(pattern)?;
            Ok(self.topics.keys().filter(|name| compiled.matches(name)).map(|name| str_bytes(name)).collect())
        });
        let names =
            |id: &Uuid| self.topics.keys().find(|name| topic_id(name) == *id).map(|name| (*id, str_bytes(name)));
        let created = |name: &StrBytes| {
            let error = match self.topics.contains_key(&**name) {
                true => ErrorCode::NONE,
                false if name.contains('!') => ErrorCode::INVALID_TOPIC_EXCEPTION,
                false => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            };
            (name.clone(), error.0)
        };
        Found {
            topic_names: lookup.topic_ids.iter().filter_map(names).collect(),
            topics: self.topics.iter().filter(|(name, _)| asked(name)).map(found).collect(),
            auto_create_topics: lookup.auto_create_topics && self.auto_create_topics,
            created: lookup.create_topics.iter().map(created).collect(),
            member,
            matching,
            streams_topics: streams_topics.clone(),
        }
    }
}

/// Node n is offered at `doorkeeper:9100+n`.
struct Doorkeeper;

impl BrokerAddresses for Doorkeeper {
    fn address(&self, node_id: i32) -> Option<(StrBytes, u16)> {
        let port = u16::try_from(node_id).ok()? + 9100;
        Some((StrBytes::from_static_str("doorkeeper"), port))
    }
}

/// The id of a topic in tests: made of the first bytes of its name.
pub(crate) fn topic_id(name: &str) -> Uuid {
    let mut id = [0; 16];
    id.iter_mut().zip(name.bytes()).for_each(|(byte, letter)| *byte = letter);
    Uuid::from_bytes(id)
}

pub(crate) fn str_bytes(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// A message as the other side reads it: what stands in no field of the version reads as the default.
pub(crate) fn on_the_wire<R: Encodable + Decodable>(version: i16, message: &R) -> R {
    let mut bytes = BytesMut::new();
    message.encode(&mut bytes, version).unwrap();
    R::decode(&mut bytes.freeze(), version).unwrap()
}

/// What `User:alice` may do under these ACLs.
pub(crate) fn grants(acls: &[&str]) -> Grants {
    let policy = Policy::new(Settings::default(), acls.iter().map(|line| binding(line)));
    policy.grants(&Arc::new(identity(PRINCIPAL)))
}

fn identity(principal: &str) -> Identity {
    Identity {
        principal: KafkaPrincipal::parse(principal).unwrap(),
        groups: Vec::new(),
        host: Host::from(IpAddr::from([10, 0, 0, 1])),
        listener: "CLIENT".into(),
        authenticated_by_token: false,
    }
}

/// An ACL of `User:alice`.
pub(crate) fn binding(line: &str) -> AclBinding {
    let words: Vec<&str> = line.split(' ').collect();
    let (permission, operation, resource_type, name, pattern_type) = match words[..] {
        [permission, operation, "Cluster"] => (permission, operation, "Cluster", CLUSTER_NAME, "Literal"),
        [permission, operation, resource_type, name] => (permission, operation, resource_type, name, "Literal"),
        [permission, operation, resource_type, name, pattern] => (permission, operation, resource_type, name, pattern),
        _ => panic!("`{line}` is not like `allow Read Topic orders`"),
    };
    let resource_type: ResourceType = resource_type.parse().unwrap();
    let pattern_type: PatternType = pattern_type.parse().unwrap();
    let permission: AclPermissionType = permission.parse().unwrap();
    AclBinding::new(
        ResourcePattern::new(resource_type, name, pattern_type),
        AccessControlEntry::new(PRINCIPAL, "*", operation.parse().unwrap(), permission),
    )
}

fn text(decision: &Decision) -> String {
    let result = match decision.result {
        AuthorizationResult::Allowed => "allowed",
        AuthorizationResult::Denied => "denied",
    };
    let count = match decision.reference_count {
        1 => String::new(),
        count => format!(" x{count}"),
    };
    let quiet = if decision.log_if_denied { "" } else { " (quiet)" };
    format!("{result} {} {} {}{count}{quiet}", decision.operation, decision.resource_type, &*decision.name)
}

fn without_size(bytes: Bytes) -> Bytes {
    bytes.slice(4..)
}

mod tests {
    use protocol::messages::{HeartbeatRequest, HeartbeatResponse};

    use super::*;

    #[test]
    fn a_request_goes_through_the_bytes_and_its_answer_comes_back() {
        let heartbeat = HeartbeatRequest::default().with_group_id(str_bytes("billing").into());

        let mut client = Client::with(&["allow Read Group bill prefixed"]);
        let asked = client.ask(4, &heartbeat);
        assert_eq!(client.decisions(), ["allowed Read Group billing"]);
        assert!(asked.passed_through());
        assert_eq!(asked.forwarded(), &heartbeat);
        let answer = HeartbeatResponse::default().with_error_code(ErrorCode::REBALANCE_IN_PROGRESS.0);
        assert_eq!(client.answer(asked, answer.clone()), answer);

        client.acls_are_now(&["allow All Group bill prefixed", "deny Read Group billing"]);
        let asked = client.ask(0, &heartbeat);
        assert_eq!(client.decisions(), ["denied Read Group billing"]);
        let denied = HeartbeatResponse::default().with_error_code(ErrorCode::GROUP_AUTHORIZATION_FAILED.0);
        assert_eq!(asked.response(), denied);
    }
}
