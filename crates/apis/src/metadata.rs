//! Metadata (3): `KafkaApis.handleTopicMetadataRequest`.
//!
//! Describe on each topic, in three forms. All topics: those denied are left out, and no denial is logged. By name: a
//! denied topic is answered as denied whether or not it exists, and asking may create it ([`crate::auto_topic_creation`]).
//! By id (version 12 on): entries that have only a name are ignored.
//!
//! Both fields of authorized operations (KIP-430) are ours: the broker's would say what Doorkeeper may do. Brokers and the
//! ids of cluster and controller are told to everybody.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

use acl::{AclOperation, AuthorizationResult, CLUSTER_NAME, Grants, ResourceType};
use protocol::messages::metadata_request::MetadataRequestTopic;
use protocol::messages::metadata_response::MetadataResponseTopic;
use protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse, StrBytes, TopicList};
use uuid::Uuid;

use crate::auto_topic_creation::{self, Creation, create_denied, missing_topics};
use crate::{Authorize, Edit, Edited, Lookup, Outcome, RequestContext};

impl Authorize for MetadataRequest {
    fn lookup(&self, version: i16, grants: &Grants) -> Lookup {
        match form(self, version) {
            Form::ByIds(ids) => Lookup::topic_ids(ids),
            Form::ByNames(mut names) => {
                let describe = |name: &str| grants.authorize(AclOperation::Describe, ResourceType::Topic, name);
                names.retain(|name| describe(name) == AuthorizationResult::Allowed);
                Creation::lookup(version, &names, grants)
            }
            Form::AllTopics | Form::Refused(_) => Lookup::default(),
        }
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<MetadataResponse> {
        match form(self, context.version) {
            Form::Refused(error) => Outcome::Respond(self.error_response(context.version, error)),
            Form::AllTopics => all_topics(self, context.version),
            Form::ByIds(ids) => by_ids(self, ids, context),
            Form::ByNames(names) => by_names(self, names, context),
        }
    }
}

/// What is asked for. Names and ids once each, in the order of the request.
enum Form {
    AllTopics,
    ByNames(Vec<StrBytes>),
    ByIds(Vec<Uuid>),
    /// Nothing that a broker answers.
    Refused(ErrorCode),
}

fn form(request: &MetadataRequest, version: i16) -> Form {
    let Some(topics) = &request.topics else { return Form::AllTopics };
    let by_id = topics.iter().any(|topic| !topic.topic_id.is_nil());
    let unnamed = topics.iter().any(|topic| topic.name.is_none());
    match version {
        0 if topics.is_empty() => Form::AllTopics,
        ..=11 if by_id || unnamed => Form::Refused(ErrorCode::INVALID_REQUEST),
        _ if by_id => Form::ByIds(distinct(topics.iter().map(|topic| topic.topic_id).filter(|id| !id.is_nil()))),
        _ if unnamed => Form::Refused(ErrorCode::UNKNOWN_SERVER_ERROR),
        _ => Form::ByNames(distinct(topics.iter().filter_map(|topic| topic.name.as_deref()).cloned())),
    }
}

fn distinct<T: Clone + Eq + Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.filter(|one| seen.insert(one.clone())).collect()
}

fn all_topics(request: &MetadataRequest, version: i16) -> Outcome<MetadataResponse> {
    let operations = Operations::of(request, version);
    Outcome::ForwardThen(Edit::topics(move |context, response| {
        // A broker names each topic once: nothing is to be sorted and counted.
        response.topics.retain(|topic| {
            let asked = |name| context.authorize_quietly(AclOperation::Describe, ResourceType::Topic, name);
            topic.name.as_ref().is_some_and(asked)
        });
        operations.fill_in(context, response);
    }))
}

/// Unknown ids come first in the answer, denied ones last.
fn by_ids(
    request: &mut MetadataRequest,
    ids: Vec<Uuid>,
    context: &mut RequestContext<'_>,
) -> Outcome<MetadataResponse> {
    let names: BTreeSet<&StrBytes> = ids.iter().filter_map(|id| context.found.topic_name(*id)).collect();
    let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, names);
    let (mut allowed, mut unknown, mut denied) = (HashSet::new(), Vec::new(), Vec::new());
    for id in ids {
        match context.found.topic_name(id) {
            None => unknown.push(denied_topic(None, id, ErrorCode::UNKNOWN_TOPIC_ID)),
            Some(name) if authorized.contains(name) => drop(allowed.insert(id)),
            Some(_) => denied.push(denied_topic(None, id, ErrorCode::TOPIC_AUTHORIZATION_FAILED)),
        }
    }
    let reduced = retain(request, |topic| allowed.contains(&topic.topic_id));
    let operations = Operations::of(request, context.version);
    let edit = Edit::topics(move |context, response| {
        operations.fill_in(context, response);
        response.prepend(unknown);
        response.append(denied);
    });
    if reduced { Outcome::ForwardReduced(edit) } else { Outcome::ForwardThen(edit) }
}

/// Topics that must not be created come behind the others in the answer, those that must not be described last. With
/// none left the request still goes on, for the brokers.
fn by_names(
    request: &mut MetadataRequest,
    names: Vec<StrBytes>,
    context: &mut RequestContext<'_>,
) -> Outcome<MetadataResponse> {
    let version = context.version;
    let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, &names);
    let (mut allowed, denied): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| authorized.contains(name));

    let creation = Creation::decide(request, &allowed, context);
    if let Creation::Denied(denied) = &creation {
        allowed.retain(|name| !denied.contains(name));
    }
    let allowed: HashSet<StrBytes> = allowed.into_iter().collect();
    let reduced = retain(request, |topic| topic.name.as_deref().is_some_and(|name| allowed.contains(name)));
    // In version 0 an empty list asks for all topics, and nothing asks for none.
    let none_asked = version == 0 && allowed.is_empty();
    let changed = reduced || matches!(creation, Creation::Apart(_));
    let operations = Operations::of(request, version);

    let finish = move |context: &mut RequestContext<'_>, response: &mut TopicList, undone: BTreeSet<StrBytes>| {
        if none_asked {
            response.topics.clear();
        }
        operations.fill_in(context, response);
        response.append(undone.into_iter().map(create_denied));
        response.append(
            denied
                .into_iter()
                .map(|name| denied_topic(Some(name.into()), Uuid::nil(), ErrorCode::TOPIC_AUTHORIZATION_FAILED)),
        );
    };
    let edit = Edit::Topics(Box::new(move |context, response| {
        let missing = missing_topics(response);
        if let Some(lookup) = creation.second_request(&missing) {
            return Edited::Needs(
                lookup,
                Box::new(move |context, response| {
                    let undone = auto_topic_creation::settle(&missing, context, response);
                    finish(context, response, undone);
                    Edited::Done
                }),
            );
        }
        let undone = creation.denied(&missing, context);
        finish(context, response, undone);
        Edited::Done
    }));
    if changed { Outcome::ForwardReduced(edit) } else { Outcome::ForwardThen(edit) }
}

/// Keeps only some of the topics asked for. Whether that made any difference.
fn retain(request: &mut MetadataRequest, keep: impl Fn(&MetadataRequestTopic) -> bool) -> bool {
    let Some(topics) = &mut request.topics else { return false };
    let asked = topics.len();
    topics.retain(keep);
    topics.len() != asked
}

fn denied_topic(name: Option<TopicName>, id: Uuid, error: ErrorCode) -> MetadataResponseTopic {
    MetadataResponseTopic::default().with_name(name).with_topic_id(id).with_error_code(error.0)
}

/// Which fields of authorized operations were asked for. The one of the cluster moved to DescribeCluster.
#[derive(Clone, Copy)]
struct Operations {
    cluster: bool,
    topics: bool,
}

impl Operations {
    fn of(request: &MetadataRequest, version: i16) -> Operations {
        Operations {
            cluster: (8..=10).contains(&version) && request.include_cluster_authorized_operations,
            topics: version >= 8 && request.include_topic_authorized_operations,
        }
    }

    /// Puts our fields in the place of the broker's, in an answer that has no denied topics yet.
    fn fill_in(self, context: &mut RequestContext<'_>, response: &mut TopicList) {
        response.cluster_authorized_operations = match self.cluster {
            false => TopicList::NOT_ASKED,
            true if context.authorize_cluster(AclOperation::Describe) => {
                context.authorized_operations(ResourceType::Cluster, CLUSTER_NAME)
            }
            true => 0,
        };
        for topic in &mut response.topics {
            topic.authorized_operations = match &topic.name {
                Some(name) if self.topics && topic.error_code != ErrorCode::UNKNOWN_TOPIC_ID.0 => {
                    context.authorized_operations(ResourceType::Topic, name)
                }
                _ => TopicList::NOT_ASKED,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::metadata_response::MetadataResponseBroker;

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes, topic_id};

    const UNKNOWN: i16 = 3;
    const INVALID: i16 = 17;
    const DENIED: i16 = 29;

    /// Without the permission to create topics, where the version can say so.
    fn named(version: i16, names: &[&str]) -> MetadataRequest {
        creating(names).with_allow_auto_topic_creation(version < 4)
    }

    fn creating(names: &[&str]) -> MetadataRequest {
        let topic = |name: &&str| MetadataRequestTopic::default().with_name(Some(str_bytes(name).into()));
        MetadataRequest::default().with_topics(Some(names.iter().map(topic).collect()))
    }

    fn id(name: &str) -> MetadataRequestTopic {
        MetadataRequestTopic::default().with_name(None).with_topic_id(topic_id(name))
    }

    fn by_id(topics: &[MetadataRequestTopic]) -> MetadataRequest {
        named(13, &[]).with_topics(Some(topics.to_vec()))
    }

    fn topic(name: &str, error: i16) -> MetadataResponseTopic {
        let id = if error == 0 { topic_id(name) } else { Uuid::nil() };
        denied_topic(Some(str_bytes(name).into()), id, ErrorCode(error))
    }

    fn nameless(name: &str, error: i16) -> MetadataResponseTopic {
        denied_topic(None, topic_id(name), ErrorCode(error))
    }

    /// As a broker answers: node 1 is at its own address.
    fn broker_says(version: i16, topics: &[MetadataResponseTopic]) -> MetadataResponse {
        answer_at(version, "kafka", 9092, topics)
    }

    /// As a client sees it.
    fn answer(version: i16, topics: &[MetadataResponseTopic]) -> MetadataResponse {
        answer_at(version, "doorkeeper", 9101, topics)
    }

    fn answer_at(version: i16, host: &str, port: i32, topics: &[MetadataResponseTopic]) -> MetadataResponse {
        let node = MetadataResponseBroker::default().with_node_id(1.into()).with_host(str_bytes(host)).with_port(port);
        let response = MetadataResponse::default()
            .with_brokers(vec![node])
            .with_controller_id(1.into())
            .with_topics(topics.to_vec());
        on_the_wire(version, &response)
    }

    #[test]
    fn denied_topics_are_left_out_where_all_are_asked_for() {
        for version in [0, 1, 13] {
            let mut client = Client::with(&["allow Read Topic orders"]);
            let all = if version == 0 { creating(&[]) } else { creating(&[]).with_topics(None) };
            let asked = client.ask(version, &all);
            assert!(asked.went_on_as_it_came());
            let broker = broker_says(version, &[topic("secret", 0), topic("orders", 0)]);
            assert_eq!(client.answer(asked, broker), answer(version, &[topic("orders", 0)]));
            let quiet = ["denied Describe Topic secret (quiet)", "allowed Describe Topic orders (quiet)"];
            assert_eq!(client.decisions(), quiet);
        }
    }

    #[test]
    fn allowed_topics_go_on_as_they_came() {
        for version in [4, 13] {
            let mut client = Client::with(&["allow Describe Topic *"]);
            let asked = client.ask(version, &named(version, &["orders", "audit", "orders"]));
            assert_eq!(client.decisions(), ["allowed Describe Topic audit", "allowed Describe Topic orders"]);
            assert!(asked.went_on_as_it_came());
            let broker = broker_says(version, &[topic("orders", 0), topic("audit", UNKNOWN)]);
            assert_eq!(client.answer(asked, broker), answer(version, &[topic("orders", 0), topic("audit", UNKNOWN)]));
        }
    }

    #[test]
    fn denied_topics_are_answered_behind_the_others_whether_or_not_they_exist() {
        for version in [0, 4, 13] {
            let mut client = Client::with(&["allow Describe Topic orders", "allow Create Cluster"]).topic("secret", 1);
            let asked = client.ask(version, &named(version, &["secret", "orders", "gone"]));
            assert_eq!(client.lookups, []);
            assert_eq!(
                client.decisions(),
                ["denied Describe Topic gone", "allowed Describe Topic orders", "denied Describe Topic secret"]
            );
            assert_eq!(asked.forwarded(), &named(version, &["orders"]));
            assert_eq!(
                client.answer(asked, broker_says(version, &[topic("orders", 0)])),
                answer(version, &[topic("orders", 0), topic("secret", DENIED), topic("gone", DENIED)])
            );
        }
    }

    #[test]
    fn with_every_topic_denied_the_brokers_are_still_asked_for() {
        for version in [1, 13] {
            let mut client = Client::with(&[]);
            let asked = client.ask(version, &named(version, &["secret"]));
            assert_eq!(asked.forwarded(), &named(version, &[]));
            let broker = broker_says(version, &[]);
            assert_eq!(client.answer(asked, broker), answer(version, &[topic("secret", DENIED)]));
        }
        let mut client = Client::with(&[]);
        let asked = client.ask(0, &named(0, &["secret"]));
        assert_eq!(asked.forwarded(), &named(0, &[]), "which asks for all of them");
        let broker = broker_says(0, &[topic("secret", 0), topic("orders", 0)]);
        assert_eq!(client.answer(asked, broker), answer(0, &[topic("secret", DENIED)]));
    }

    #[test]
    fn topics_by_id_are_decided_by_their_names() {
        for version in [12, 13] {
            let mut client = Client::with(&["allow Describe Topic orders"])
                .topic("orders", 1)
                .topic("secret", 1)
                .topic("ignored", 1);
            let ignored = MetadataRequestTopic::default().with_name(Some(str_bytes("ignored").into()));
            let asked = client.ask(version, &by_id(&[id("secret"), ignored, id("orders"), id("gone")]));
            assert_eq!(client.lookups, [Lookup::topic_ids(["secret", "orders", "gone"].map(topic_id))]);
            assert_eq!(client.decisions(), ["allowed Describe Topic orders", "denied Describe Topic secret"]);
            assert_eq!(asked.forwarded(), &by_id(&[id("orders")]));
            assert_eq!(
                client.answer(asked, broker_says(version, &[topic("orders", 0)])),
                answer(version, &[nameless("gone", 100), topic("orders", 0), nameless("secret", DENIED)])
            );

            let asked = client.ask(version, &by_id(&[id("orders"), id("orders")]));
            assert!(asked.went_on_as_it_came());
        }
    }

    #[test]
    fn requests_that_no_broker_answers_are_refused() {
        let mut client = Client::with(&["allow Describe Topic *"]).topic("orders", 1);
        for (version, request, error, at_the_top) in [
            (10, by_id(&[id("orders")]), 42, 0),
            (11, by_id(&[id("")]), 42, 0),
            (12, by_id(&[id("")]), -1, 0),
            (13, by_id(&[id("")]), -1, -1),
        ] {
            let asked = client.ask(version, &request);
            let topic_id = request.topics.iter().flatten().next().unwrap().topic_id;
            let topic = topic("", error).with_topic_id(topic_id);
            let refused = MetadataResponse::default().with_topics(vec![topic]).with_error_code(at_the_top);
            assert_eq!(asked.response(), refused, "version {version}");
            assert!(client.decisions().is_empty());
        }
    }

    #[test]
    fn authorized_operations_are_the_callers() {
        const READ_AND_DESCRIBE: i32 = 1 << 3 | 1 << 8;
        const DESCRIBE: i32 = 1 << 8;
        let about_topics = named(8, &["orders", "secret"]).with_include_topic_authorized_operations(true);
        let request = about_topics.clone().with_include_cluster_authorized_operations(true);
        for version in [8, 10] {
            let theirs = topic("orders", 0).with_topic_authorized_operations(3576);
            let broker = broker_says(version, &[theirs]).with_cluster_authorized_operations(8096);
            let ours = topic("orders", 0).with_topic_authorized_operations(READ_AND_DESCRIBE);
            let expected = answer(version, &[ours, topic("secret", DENIED)]);

            let mut client = Client::with(&["allow Read Topic orders", "allow Describe Cluster"]);
            let asked = client.ask(version, &request);
            let answered = client.answer(asked, broker.clone());
            assert_eq!(answered, expected.clone().with_cluster_authorized_operations(DESCRIBE));

            client.acls_are_now(&["allow Read Topic orders"]);
            let asked = client.ask(version, &request);
            assert_eq!(client.answer(asked, broker), expected.with_cluster_authorized_operations(0));
            assert_eq!(client.decisions().last().unwrap(), "denied Describe Cluster kafka-cluster");
        }

        let mut client = Client::with(&["allow Read Topic orders"]);
        let asked = client.ask(13, &about_topics);
        let theirs = topic("orders", 0).with_topic_authorized_operations(3576);
        let ours = topic("orders", 0).with_topic_authorized_operations(READ_AND_DESCRIBE);
        let answered = client.answer(asked, broker_says(13, &[theirs]));
        assert_eq!(answered, answer(13, &[ours, topic("secret", DENIED)]));
    }

    #[test]
    fn who_may_create_every_topic_has_them_created_by_the_broker() {
        for acls in [
            ["allow Describe Topic *", "allow Create Topic orders"],
            ["allow Describe Topic *", "allow Create Cluster"],
        ] {
            for version in [0, 3, 4, 13] {
                let mut client = Client::with(&acls).auto_create_topics();
                let asked = client.ask(version, &creating(&["orders"]));
                assert!(asked.went_on_as_it_came());
                let broker = broker_says(version, &[topic("orders", UNKNOWN)]);
                assert_eq!(client.answer(asked, broker), answer(version, &[topic("orders", UNKNOWN)]));
                assert_eq!(client.lookups, []);
                assert!(client.decisions().last().unwrap().starts_with("allowed Create"));
            }
        }
    }

    #[test]
    fn topics_that_exist_need_no_permission_to_be_created() {
        for version in [4, 13] {
            let mut client = Client::with(&["allow Read Topic orders"]).auto_create_topics().topic("orders", 1);
            let asked = client.ask(version, &creating(&["orders"]));
            assert_eq!(asked.forwarded(), &named(version, &["orders"]));
            let broker = broker_says(version, &[topic("orders", 0)]);
            assert_eq!(client.answer(asked, broker), answer(version, &[topic("orders", 0)]));
            assert_eq!(client.decisions(), ["allowed Describe Topic orders"]);
            assert_eq!(client.lookups, []);
        }
    }

    #[test]
    fn missing_topics_are_created_apart_for_those_who_may() {
        let acls = [
            "allow Describe Topic *",
            "deny Describe Topic secret",
            "allow Create Topic mine",
            "allow Create Topic m!",
        ];
        let names = ["secret", "orders", "mine", "others", "__consumer_offsets", "m!"];
        let broker = |version| {
            let internal = topic("__consumer_offsets", UNKNOWN);
            let missing = [topic("mine", UNKNOWN), topic("others", UNKNOWN), internal, topic("m!", INVALID)];
            broker_says(version, &[&[topic("orders", 0)][..], &missing].concat())
        };
        for version in [4, 13] {
            let mut client = Client::with(&acls).auto_create_topics();
            let asked = client.ask(version, &creating(&names));
            assert_eq!(asked.forwarded(), &named(version, &names[1..]));
            let answered = client.answer(asked, broker(version));
            let create_topics = [str_bytes("mine"), str_bytes("m!")].into();
            assert_eq!(client.lookups, [Lookup { auto_create_topics: true, create_topics, ..Lookup::default() }]);
            assert_eq!(
                client.decisions()[6..],
                [
                    "denied Create Cluster kafka-cluster (quiet)",
                    "denied Create Topic __consumer_offsets",
                    "allowed Create Topic m!",
                    "allowed Create Topic mine",
                    "denied Create Topic others",
                ]
            );
            let undone = topic("__consumer_offsets", DENIED).with_is_internal(true);
            let last = [undone, topic("others", DENIED), topic("secret", DENIED)];
            let created = [topic("orders", 0), topic("mine", UNKNOWN), topic("m!", INVALID)];
            assert_eq!(answered, answer(version, &[&created[..], &last].concat()));

            let mut client = Client::with(&acls);
            let asked = client.ask(version, &creating(&names));
            let answered = client.answer(asked, broker(version));
            let mut as_the_broker_says = broker(version).topics;
            as_the_broker_says.push(topic("secret", DENIED));
            assert_eq!(answered, answer(version, &as_the_broker_says), "a broker that creates none");
            assert_eq!(client.decisions().len(), 6);
        }
    }

    #[test]
    fn before_version_4_what_must_not_be_created_is_left_out() {
        let acls = ["allow Describe Topic *", "allow Create Topic mine"];
        for version in [0, 3] {
            let mut client = Client::with(&acls).auto_create_topics().topic("orders", 1);
            let asked = client.ask(version, &named(version, &["others", "mine", "orders"]));
            let topics = ["others", "mine", "orders"].map(str_bytes);
            assert_eq!(client.lookups, [Lookup { auto_create_topics: true, ..Lookup::topics(&topics) }]);
            assert_eq!(
                client.decisions()[3..],
                [
                    "denied Create Cluster kafka-cluster (quiet)",
                    "allowed Create Topic mine",
                    "denied Create Topic others",
                ]
            );
            assert_eq!(asked.forwarded(), &named(version, &["mine", "orders"]));
            let broker = broker_says(version, &[topic("orders", 0), topic("mine", UNKNOWN)]);
            assert_eq!(
                client.answer(asked, broker),
                answer(version, &[topic("orders", 0), topic("mine", UNKNOWN), topic("others", DENIED)])
            );

            let mut client = Client::with(&acls).topic("orders", 1);
            let asked = client.ask(version, &named(version, &["others", "orders"]));
            assert!(asked.went_on_as_it_came(), "a broker that creates none");
        }
    }
}
