//! StreamsGroupHeartbeat (88): `KafkaApis.handleStreamsGroupHeartbeat` (KIP-1071).
//!
//! Read on the group; then, when a topology is sent, Describe on every topic named in it: one denied name denies the
//! request, and the client is not told which.
//!
//! At any heartbeat the broker creates the internal topics that are missing, and would do so by *our* identity, which may
//! everything. So they are derived here from the topology, the request's and the one that the group has at the broker, and
//! Create on the cluster or on each that is missing is asked before the heartbeat goes on. A broker goes on without creating
//! anything, and says so in the status; we refuse the heartbeat (`docs/differences.md`).

use std::collections::BTreeSet;

use acl::{AclOperation, AuthorizationResult, Grants, ResourceType};
use protocol::messages::streams_group_heartbeat_request::{Subtopology, Topology};
use protocol::messages::{StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::internal_topics::{can_be_a_topic, is_internal};
use crate::{Authorize, Lookup, Outcome, RequestContext};

impl Authorize for StreamsGroupHeartbeatRequest {
    fn lookup(&self, _version: i16, grants: &Grants) -> Lookup {
        let group = grants.authorize(AclOperation::Read, ResourceType::Group, &self.group_id);
        if self.member_epoch < 0 || group == AuthorizationResult::Denied {
            return Lookup::default();
        }
        let own = self.topology.as_ref().map(internal_topics).unwrap_or_default();
        Lookup { streams_group: Some(self.group_id.0.clone()), ..Lookup::topics(&own) }
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<StreamsGroupHeartbeatResponse> {
        let refusal = |error| self.error_response(context.version, error);
        let denied = refusal(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        let denied_group = refusal(ErrorCode::GROUP_AUTHORIZATION_FAILED);
        let invalid = refusal(ErrorCode::STREAMS_INVALID_TOPOLOGY);
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(denied_group);
        }
        let subtopologies = self.topology.iter().flat_map(|topology| &topology.subtopologies);
        let topics: BTreeSet<StrBytes> = subtopologies.flat_map(topics_of).collect();
        if let Some(text) = invalid_topics(&topics) {
            return Outcome::Respond(invalid.with_error_message(Some(text)));
        }
        let described = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, &topics);
        if topics.iter().any(|name| !described.contains(name)) {
            return Outcome::Respond(denied);
        }
        // A broker that forgets a member creates nothing for it.
        if self.member_epoch < 0 {
            return Outcome::Forward;
        }
        let mut internal = self.topology.as_ref().map(internal_topics).unwrap_or_default();
        internal.extend(context.found.streams_topics.iter().cloned());
        match not_creatable(internal, context) {
            None => Outcome::Forward,
            Some(text) => Outcome::Respond(denied.with_error_message(Some(text))),
        }
    }
}

fn topics_of(subtopology: &Subtopology) -> impl Iterator<Item = StrBytes> {
    let named = subtopology.source_topics.iter().chain(&subtopology.repartition_sink_topics);
    let described = subtopology.repartition_source_topics.iter().chain(&subtopology.state_changelog_topics);
    named.chain(described.map(|topic| &topic.name)).map(|name| name.0.clone())
}

/// What the broker creates if it is missing: `InternalTopicManager.missingInternalTopics`.
fn internal_topics(topology: &Topology) -> BTreeSet<StrBytes> {
    let repartitions = topology.subtopologies.iter().flat_map(|it| &it.repartition_source_topics);
    let changelogs = topology.subtopologies.iter().flat_map(|it| &it.state_changelog_topics);
    repartitions.chain(changelogs).map(|topic| topic.name.0.clone()).collect()
}

fn invalid_topics(topics: &BTreeSet<StrBytes>) -> Option<StrBytes> {
    let internal = topics.iter().filter(|name| is_internal(name));
    let invalid = topics.iter().filter(|name| !can_be_a_topic(name));
    let prohibited = |names| format!("Use of Kafka internal topics {names} in a Kafka Streams topology is prohibited.");
    let no_topics = |names| format!("Topic names {names} are not valid topic names.");
    let text = listed(internal, ",").map(prohibited).or_else(|| listed(invalid, ",").map(no_topics));
    text.map(StrBytes::from_string)
}

/// Of internal topics those that are missing and that the caller may not create, in words.
fn not_creatable(mut missing: BTreeSet<StrBytes>, context: &mut RequestContext<'_>) -> Option<StrBytes> {
    missing.retain(|name| !context.found.topics.contains_key(name));
    if missing.is_empty() || context.authorize_cluster_quietly(AclOperation::Create) {
        return None;
    }
    let creatable = context.filter_by_authorized(AclOperation::Create, ResourceType::Topic, &missing);
    let denied = listed(missing.iter().filter(|name| !creatable.contains(name)), ", ");
    denied.map(|names| StrBytes::from_string(format!("not authorized to create the internal topics: {names}")))
}

/// Names in a row, if there are any.
fn listed<'a>(topics: impl Iterator<Item = &'a StrBytes>, separator: &str) -> Option<String> {
    let topics: Vec<&str> = topics.map(|name| &**name).collect();
    (!topics.is_empty()).then(|| topics.join(separator))
}

#[cfg(test)]
mod tests {
    use protocol::messages::streams_group_heartbeat_request::TopicInfo;

    use super::*;
    use crate::testing::{Client, str_bytes};

    const ACLS: [&str; 3] = ["allow Read Group app", "allow Read Topic orders", "allow Describe Topic app- prefixed"];

    fn joining(source: &str, repartition: &str, changelogs: &[&str]) -> StreamsGroupHeartbeatRequest {
        let info = |name: &&str| TopicInfo::default().with_name(str_bytes(name).into());
        let reading = Subtopology::default()
            .with_source_topics(vec![str_bytes(source).into()])
            .with_repartition_sink_topics(vec![str_bytes(repartition).into()]);
        let counting = Subtopology::default()
            .with_source_topics(vec![str_bytes("orders").into()])
            .with_repartition_source_topics(vec![info(&repartition)])
            .with_state_changelog_topics(changelogs.iter().map(info).collect());
        let topology = Topology::default().with_subtopologies(vec![reading, counting]);
        without_topology().with_topology(Some(topology))
    }

    fn without_topology() -> StreamsGroupHeartbeatRequest {
        StreamsGroupHeartbeatRequest::default().with_group_id(str_bytes("app").into()).with_member_id(str_bytes("m"))
    }

    fn refused(error: ErrorCode, text: Option<&str>) -> StreamsGroupHeartbeatResponse {
        StreamsGroupHeartbeatResponse::default().with_error_code(error.0).with_error_message(text.map(str_bytes))
    }

    fn client(acls: &[&str]) -> Client {
        Client::with(acls).topic("orders", 3).topic("pay", 3).topic("app-repartition", 3)
    }

    #[test]
    fn what_the_group_is_missing_later_must_be_creatable_too() {
        let mut client = client(&["allow Read Group app"]).streams_topics(&["app-repartition", "app-changelog"]);
        let beating = without_topology().with_member_epoch(7);
        let text = "not authorized to create the internal topics: app-changelog";
        let expected = refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED, Some(text));
        assert_eq!(client.ask(0, &beating).response(), expected);
        let lookup = Lookup { streams_group: Some(str_bytes("app")), ..Lookup::default() };
        assert_eq!(client.lookups, [lookup]);

        client.acls_are_now(&["allow Read Group app", "allow Create Topic app- prefixed"]);
        assert!(client.ask(0, &beating).passed_through());
        client.acls_are_now(&["allow Read Group app"]);
        let mut client = client.topic("app-changelog", 3);
        assert!(client.ask(0, &beating).passed_through());
        assert_eq!(client.decisions(), ["allowed Read Group app"]);
    }

    #[test]
    fn a_topology_that_a_member_leaves_out_is_the_groups_all_the_same() {
        let mut client = client(&ACLS).streams_topics(&["app-changelog"]);
        let asked = client.ask(0, &joining("orders", "app-repartition", &[]));
        let text = "not authorized to create the internal topics: app-changelog";
        assert_eq!(asked.response(), refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED, Some(text)));
    }

    #[test]
    fn a_member_that_leaves_asks_for_the_group_alone() {
        let mut client = client(&["allow Read Group app"]).streams_topics(&["app-changelog"]);
        assert!(client.ask(0, &without_topology().with_member_epoch(-1)).passed_through());
        assert_eq!(client.decisions(), ["allowed Read Group app"]);
        assert_eq!(client.lookups, []);
        client.acls_are_now(&["allow Describe Group app", "allow All Topic *"]);
        let asked = client.ask(0, &joining("orders", "app-repartition", &["app-changelog"]));
        assert_eq!(client.lookups, []);
        assert_eq!(asked.response(), refused(ErrorCode::GROUP_AUTHORIZATION_FAILED, None));
    }

    #[test]
    fn one_denied_topic_denies_the_request() {
        let mut client = client(&ACLS);
        let asked = client.ask(0, &joining("pay", "app-repartition", &[]));
        assert_eq!(
            client.decisions(),
            [
                "allowed Read Group app",
                "allowed Describe Topic app-repartition",
                "allowed Describe Topic orders",
                "denied Describe Topic pay"
            ]
        );
        assert_eq!(asked.response(), refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED, None));
    }

    #[test]
    fn internal_topics_that_exist_need_no_create() {
        let mut client = client(&ACLS).topic("app-changelog", 3);
        assert!(client.ask(0, &joining("orders", "app-repartition", &["app-changelog", "orders"])).passed_through());
        assert_eq!(
            client.decisions(),
            [
                "allowed Read Group app",
                "allowed Describe Topic app-changelog",
                "allowed Describe Topic app-repartition",
                "allowed Describe Topic orders",
            ]
        );
    }

    #[test]
    fn internal_topics_that_are_missing_must_be_creatable() {
        let request = joining("orders", "app-repartition", &["app-a", "app-b"]);
        let create = |acl: &'static str| [&ACLS[..], &[acl]].concat();

        let mut client = client(&create("allow Create Topic app- prefixed"));
        assert!(client.ask(0, &request).passed_through());
        assert_eq!(
            client.decisions().split_off(5),
            ["denied Create Cluster kafka-cluster (quiet)", "allowed Create Topic app-a", "allowed Create Topic app-b"]
        );
        client.acls_are_now(&create("allow Create Cluster"));
        assert!(client.ask(0, &request).passed_through());
        assert_eq!(client.decisions().split_off(5), ["allowed Create Cluster kafka-cluster (quiet)"]);

        client.acls_are_now(&create("allow Create Topic app-a"));
        let text = "not authorized to create the internal topics: app-b";
        let expected = refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED, Some(text));
        assert_eq!(client.ask(0, &request).response(), expected);
    }

    #[test]
    fn a_topology_of_impossible_topics_is_refused_before_anything_is_told() {
        for (source, text) in [
            (
                "__consumer_offsets",
                "Use of Kafka internal topics __consumer_offsets in a Kafka Streams topology is prohibited.",
            ),
            ("a b", "Topic names a b are not valid topic names."),
        ] {
            let mut client = client(&["allow Read Group app"]);
            let asked = client.ask(0, &joining(source, "app-repartition", &[]));
            assert_eq!(client.decisions(), ["allowed Read Group app"]);
            assert_eq!(asked.response(), refused(ErrorCode::STREAMS_INVALID_TOPOLOGY, Some(text)));
        }
    }
}
