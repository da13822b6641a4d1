//! OffsetFetch (9): `KafkaApis.handleOffsetFetchRequest`.
//!
//! Describe on each group, then Describe on each topic. Up to version 7 a request is about one group, from 8 on about
//! several, which are decided apart. The coordinator is asked even if no topic is left, since the group itself may be in
//! error; then denied topics are not mentioned. Where all offsets are asked for, denied topics are left out of the
//! answer.
//!
//! From version 10 on topics are named by id, in requests and answers. An id that no topic has is asked about under the
//! empty name, as by a broker, and answered UNKNOWN_TOPIC_ID whatever the answer was. Among all offsets, a topic without
//! a name has just been deleted, and is left out.

use acl::{AclOperation, Grants, ResourceType};
use protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use protocol::messages::{GroupId, OffsetFetchRequest, OffsetFetchResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse, StrBytes};
use uuid::Uuid;

use crate::{Authorize, Edit, Edited, Lookup, Outcome, RequestContext};

/// From this version on topics are named by id.
const TOPIC_IDS: i16 = 10;

impl Authorize for OffsetFetchRequest {
    fn lookup(&self, version: i16, _grants: &Grants) -> Lookup {
        if version < TOPIC_IDS {
            return Lookup::default();
        }
        Lookup::topic_ids(
            self.groups.iter().flat_map(|group| group.topics.iter().flatten()).map(|topic| topic.topic_id),
        )
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<OffsetFetchResponse> {
        if context.version >= 8 { several_groups(self, context) } else { one_group(self, context) }
    }
}

fn one_group(request: &mut OffsetFetchRequest, context: &mut RequestContext<'_>) -> Outcome<OffsetFetchResponse> {
    if !context.authorize(AclOperation::Describe, ResourceType::Group, &request.group_id) {
        return Outcome::Respond(request.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
    }
    let Some(topics) = request.topics.take() else {
        return Outcome::ForwardThen(Edit::typed(|context, response: &mut OffsetFetchResponse| {
            let names = response.topics.iter().map(|topic| &topic.name.0);
            let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, names);
            response.topics.retain(|topic| authorized.contains(&topic.name));
        }));
    };
    let (allowed, denied) =
        context.partition_seq_by_authorized(AclOperation::Describe, ResourceType::Topic, topics, |topic| &topic.name);
    request.topics = Some(allowed);
    let denied = denied.into_iter().map(denied_topic).collect();
    Outcome::without(denied, false, |response: &mut OffsetFetchResponse, denied| {
        if response.error_code == 0 {
            response.topics.extend(denied);
        }
    })
}

/// What has to be done to the answer for one group.
enum GroupEdit {
    /// Does not come from the broker.
    Denied(OffsetFetchResponseGroup),
    LeaveOutDenied,
    Append(Vec<OffsetFetchResponseTopics>),
}

fn several_groups(request: &mut OffsetFetchRequest, context: &mut RequestContext<'_>) -> Outcome<OffsetFetchResponse> {
    let mut edits = Vec::new();
    request.groups.retain_mut(|group| {
        let allowed = context.authorize(AclOperation::Describe, ResourceType::Group, &group.group_id);
        edits.push(if allowed {
            decide_topics(group, context)
        } else {
            GroupEdit::Denied(denied_group(group.group_id.clone()))
        });
        allowed
    });
    let reduced = edits.iter().any(|edit| match edit {
        GroupEdit::Denied(_) => true,
        GroupEdit::LeaveOutDenied => false,
        GroupEdit::Append(denied) => !denied.is_empty(),
    });
    let looks = reduced || edits.iter().any(|edit| matches!(edit, GroupEdit::LeaveOutDenied));
    match (reduced, looks) {
        (true, _) if request.groups.is_empty() => {
            let mut response = OffsetFetchResponse::default();
            merge_groups(edits, context, &mut response);
            Outcome::Respond(response)
        }
        (true, _) => Outcome::ForwardReduced(edit_groups(edits)),
        (false, true) => Outcome::ForwardThen(edit_groups(edits)),
        (false, false) => Outcome::Forward,
    }
}

/// Takes out of an allowed group the topics that are not to be asked for.
fn decide_topics(group: &mut OffsetFetchRequestGroup, context: &mut RequestContext<'_>) -> GroupEdit {
    let Some(topics) = group.topics.take() else { return GroupEdit::LeaveOutDenied };
    let named: Vec<StrBytes> =
        topics.iter().map(|topic| name_of(&topic.name, topic.topic_id, context).unwrap_or_default()).collect();
    let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, &named);
    let (mut allowed, mut refused) = (Vec::new(), Vec::new());
    for (topic, name) in topics.into_iter().zip(named) {
        if context.version >= TOPIC_IDS && name.is_empty() {
            refused.push(refused_topic_of_group(topic, ErrorCode::UNKNOWN_TOPIC_ID));
        } else if authorized.contains(&name) {
            allowed.push(topic);
        } else {
            refused.push(refused_topic_of_group(topic, ErrorCode::TOPIC_AUTHORIZATION_FAILED));
        }
    }
    group.topics = Some(allowed);
    GroupEdit::Append(refused)
}

/// The name of a topic that is named by it or, from version 10 on, by its id.
fn name_of(name: &TopicName, id: Uuid, context: &RequestContext<'_>) -> Option<StrBytes> {
    if context.version < TOPIC_IDS { Some(name.0.clone()) } else { context.found.topic_name(id).cloned() }
}

fn edit_groups(edits: Vec<GroupEdit>) -> Edit<OffsetFetchResponse> {
    Edit::Typed(Box::new(|context: &mut RequestContext<'_>, response: &mut OffsetFetchResponse| {
        let unnamed = if context.version < TOPIC_IDS { Lookup::default() } else { names_to_filter(&edits, response) };
        if unnamed.is_empty() {
            merge_groups(edits, context, response);
            return Edited::Done;
        }
        let merge = |context: &mut RequestContext<'_>, response: &mut OffsetFetchResponse| {
            merge_groups(edits, context, response);
            Edited::Done
        };
        Edited::Needs(unnamed, Box::new(merge))
    }))
}

/// The names that have to be known before denied topics can be left out.
fn names_to_filter(edits: &[GroupEdit], response: &OffsetFetchResponse) -> Lookup {
    let from_broker = edits.iter().filter(|edit| !matches!(edit, GroupEdit::Denied(_)));
    let filtered = from_broker.zip(&response.groups).filter(|(edit, _)| matches!(edit, GroupEdit::LeaveOutDenied));
    Lookup::topic_ids(filtered.flat_map(|(_, group)| &group.topics).map(|topic| topic.topic_id))
}

/// A broker answers groups in the order in which they were asked for. One in error has no topics at all.
fn merge_groups(edits: Vec<GroupEdit>, context: &mut RequestContext<'_>, response: &mut OffsetFetchResponse) {
    let mut answered = std::mem::take(&mut response.groups).into_iter();
    for edit in edits {
        let group = match edit {
            GroupEdit::Denied(group) => Some(group),
            GroupEdit::LeaveOutDenied => answered.next().map(|mut group| {
                leave_out_denied(&mut group, context);
                group
            }),
            GroupEdit::Append(denied) => answered.next().map(|mut group| {
                if group.error_code == 0 {
                    group.topics.extend(denied);
                }
                group
            }),
        };
        response.groups.extend(group);
    }
}

fn leave_out_denied(group: &mut OffsetFetchResponseGroup, context: &mut RequestContext<'_>) {
    let named = |topic: &OffsetFetchResponseTopics| name_of(&topic.name, topic.topic_id, context);
    let names: Vec<Option<StrBytes>> = group.topics.iter().map(named).collect();
    let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, names.iter().flatten());
    let mut names = names.iter();
    group
        .topics
        .retain(|_| names.next().is_some_and(|name| name.as_ref().is_some_and(|name| authorized.contains(name))));
}

fn denied_group(group_id: GroupId) -> OffsetFetchResponseGroup {
    let error = ErrorCode::GROUP_AUTHORIZATION_FAILED;
    OffsetFetchResponseGroup::default().with_group_id(group_id).with_error_code(error.0)
}

fn denied_topic(topic: OffsetFetchRequestTopic) -> OffsetFetchResponseTopic {
    let partition = |index| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(index)
            .with_committed_offset(-1)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
    };
    OffsetFetchResponseTopic::default()
        .with_name(topic.name)
        .with_partitions(topic.partition_indexes.into_iter().map(partition).collect())
}

fn refused_topic_of_group(topic: OffsetFetchRequestTopics, error: ErrorCode) -> OffsetFetchResponseTopics {
    let partition = |index| {
        OffsetFetchResponsePartitions::default()
            .with_partition_index(index)
            .with_committed_offset(-1)
            .with_error_code(error.0)
    };
    OffsetFetchResponseTopics::default()
        .with_name(topic.name)
        .with_topic_id(topic.topic_id)
        .with_partitions(topic.partition_indexes.into_iter().map(partition).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes, topic_id};

    type Topics<'a> = &'a [(&'a str, &'a [i32])];
    type Offsets<'a> = &'a [(&'a str, &'a [(i32, i64, i16)])];

    fn one(topics: Option<Topics<'_>>) -> OffsetFetchRequest {
        let topic = |(name, partitions): &(&str, &[i32])| {
            OffsetFetchRequestTopic::default()
                .with_name(str_bytes(name).into())
                .with_partition_indexes(partitions.to_vec())
        };
        OffsetFetchRequest::default()
            .with_group_id(str_bytes("billing").into())
            .with_topics(topics.map(|topics| topics.iter().map(topic).collect()))
    }

    fn offsets(topics: Offsets<'_>) -> OffsetFetchResponse {
        let topic = |(name, partitions): &(&str, &[(i32, i64, i16)])| {
            let partition = |(index, offset, error): &(i32, i64, i16)| {
                OffsetFetchResponsePartition::default()
                    .with_partition_index(*index)
                    .with_committed_offset(*offset)
                    .with_error_code(*error)
            };
            OffsetFetchResponseTopic::default()
                .with_name(str_bytes(name).into())
                .with_partitions(partitions.iter().map(partition).collect())
        };
        OffsetFetchResponse::default().with_topics(topics.iter().map(topic).collect())
    }

    fn group(id: &str, topics: Option<Topics<'_>>) -> OffsetFetchRequestGroup {
        let topic = |(name, partitions): &(&str, &[i32])| {
            OffsetFetchRequestTopics::default()
                .with_name(str_bytes(name).into())
                .with_topic_id(topic_id(name))
                .with_partition_indexes(partitions.to_vec())
        };
        OffsetFetchRequestGroup::default()
            .with_group_id(str_bytes(id).into())
            .with_topics(topics.map(|topics| topics.iter().map(topic).collect()))
    }

    fn several(groups: &[OffsetFetchRequestGroup]) -> OffsetFetchRequest {
        OffsetFetchRequest::default().with_groups(groups.to_vec())
    }

    fn group_offsets(id: &str, error: i16, topics: Offsets<'_>) -> OffsetFetchResponseGroup {
        let topic = |(name, partitions): &(&str, &[(i32, i64, i16)])| {
            let partition = |(index, offset, error): &(i32, i64, i16)| {
                OffsetFetchResponsePartitions::default()
                    .with_partition_index(*index)
                    .with_committed_offset(*offset)
                    .with_error_code(*error)
            };
            OffsetFetchResponseTopics::default()
                .with_name(str_bytes(name).into())
                .with_topic_id(topic_id(name))
                .with_partitions(partitions.iter().map(partition).collect())
        };
        OffsetFetchResponseGroup::default()
            .with_group_id(str_bytes(id).into())
            .with_error_code(error)
            .with_topics(topics.iter().map(topic).collect())
    }

    fn group_answers(groups: &[OffsetFetchResponseGroup]) -> OffsetFetchResponse {
        OffsetFetchResponse::default().with_groups(groups.to_vec())
    }

    #[test]
    fn allowed_topics_go_through() {
        let mut client = Client::with(&["allow Read Group billing", "allow Describe Topic orders"]);
        for version in [1, 7] {
            assert!(client.ask(version, &one(Some(&[("orders", &[0, 1])]))).passed_through());
            assert_eq!(client.decisions(), ["allowed Describe Group billing", "allowed Describe Topic orders"]);
        }
        client = client.topic("orders", 1);
        for version in [8, 9, 10] {
            assert!(client.ask(version, &several(&[group("billing", Some(&[("orders", &[0, 1])]))])).passed_through());
            assert_eq!(client.decisions(), ["allowed Describe Group billing", "allowed Describe Topic orders"]);
        }
    }

    #[test]
    fn denied_topics_of_one_group_are_appended() {
        for version in [1, 7] {
            let mut client = Client::with(&["allow Read Group billing", "allow Describe Topic orders"]);
            let asked = client.ask(version, &one(Some(&[("secret", &[0, 1]), ("orders", &[0])])));
            assert_eq!(
                client.decisions(),
                ["allowed Describe Group billing", "allowed Describe Topic orders", "denied Describe Topic secret"]
            );
            assert_eq!(asked.forwarded(), &one(Some(&[("orders", &[0])])));
            assert_eq!(
                client.answer(asked, offsets(&[("orders", &[(0, 42, 0)])])),
                offsets(&[("orders", &[(0, 42, 0)]), ("secret", &[(0, -1, 29), (1, -1, 29)])])
            );
        }
    }

    #[test]
    fn with_every_topic_denied_the_coordinator_is_still_asked() {
        let mut client = Client::with(&["allow Read Group billing"]);
        let asked = client.ask(1, &one(Some(&[("secret", &[0])])));
        assert_eq!(asked.forwarded(), &one(Some(&[])));
        assert_eq!(client.answer(asked, offsets(&[])), offsets(&[("secret", &[(0, -1, 29)])]));

        let asked = client.ask(7, &one(Some(&[("secret", &[0])])));
        assert_eq!(asked.forwarded(), &one(Some(&[])));
        let not_coordinator = offsets(&[]).with_error_code(16);
        assert_eq!(client.answer(asked, not_coordinator.clone()), not_coordinator);

        let asked = client.ask(9, &several(&[group("billing", Some(&[("secret", &[0])]))]));
        assert_eq!(asked.forwarded(), &several(&[group("billing", Some(&[]))]));
        let not_coordinator = group_answers(&[group_offsets("billing", 16, &[])]);
        assert_eq!(client.answer(asked, not_coordinator.clone()), not_coordinator);
    }

    #[test]
    fn one_denied_group_is_answered_as_its_version_can() {
        let request = one(Some(&[("orders", &[0, 1])]));
        let mut client = Client::with(&["allow Read Topic *"]);
        for (version, expected) in [
            (1, offsets(&[("orders", &[(0, -1, 30), (1, -1, 30)])])),
            (2, offsets(&[]).with_error_code(30)),
            (7, offsets(&[]).with_error_code(30)),
        ] {
            let asked = client.ask(version, &request);
            assert_eq!(client.decisions(), ["denied Describe Group billing"]);
            assert_eq!(asked.response(), expected, "version {version}");
        }
    }

    #[test]
    fn groups_are_decided_apart_and_keep_their_order() {
        for version in [8, 9, 10] {
            let mut client = Client::with(&["allow Read Group a", "allow Read Group c", "allow Read Topic orders"])
                .topic("orders", 1)
                .topic("secret", 1);
            let topics: Topics<'_> = &[("secret", &[0]), ("orders", &[0])];
            let request = several(&[group("b", Some(topics)), group("a", Some(topics)), group("c", None)]);
            let asked = client.ask(version, &request);
            assert_eq!(
                client.decisions(),
                [
                    "denied Describe Group b",
                    "allowed Describe Group a",
                    "allowed Describe Topic orders",
                    "denied Describe Topic secret",
                    "allowed Describe Group c",
                ]
            );
            let left = several(&[group("a", Some(&[("orders", &[0])])), group("c", None)]);
            assert_eq!(asked.forwarded(), &on_the_wire(version, &left));
            let broker = group_answers(&[
                group_offsets("a", 0, &[("orders", &[(0, 1, 0)])]),
                group_offsets("c", 0, &[("secret", &[(0, 2, 0)]), ("orders", &[(0, 3, 0)])]),
            ]);
            let expected = group_answers(&[
                group_offsets("b", 30, &[]),
                group_offsets("a", 0, &[("orders", &[(0, 1, 0)]), ("secret", &[(0, -1, 29)])]),
                group_offsets("c", 0, &[("orders", &[(0, 3, 0)])]),
            ]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn with_every_group_denied_nothing_is_forwarded() {
        let mut client = Client::with(&["allow Read Topic *"]);
        let asked = client.ask(9, &several(&[group("a", None), group("b", Some(&[]))]));
        assert_eq!(client.decisions(), ["denied Describe Group a", "denied Describe Group b"]);
        assert_eq!(asked.response(), group_answers(&[group_offsets("a", 30, &[]), group_offsets("b", 30, &[])]));
    }

    #[test]
    fn denied_topics_are_left_out_of_all_offsets() {
        let mut client = Client::with(&["allow Read Group billing", "allow Read Topic orders"]);
        let asked = client.ask(7, &one(None));
        assert!(asked.went_on_as_it_came());
        let broker = offsets(&[("secret", &[(0, 1, 0)]), ("orders", &[(0, 2, 0)])]);
        assert_eq!(client.answer(asked, broker), offsets(&[("orders", &[(0, 2, 0)])]));
        assert_eq!(
            client.decisions(),
            ["allowed Describe Group billing", "allowed Describe Topic orders", "denied Describe Topic secret"]
        );

        let asked = client.ask(8, &several(&[group("billing", None)]));
        assert!(asked.went_on_as_it_came());
        let broker = group_answers(&[group_offsets("billing", 0, &[("secret", &[(0, 1, 0)])])]);
        assert_eq!(client.answer(asked, broker), group_answers(&[group_offsets("billing", 0, &[])]));
    }

    #[test]
    fn all_offsets_by_id_are_filtered_by_the_names_of_their_topics() {
        let mut client = Client::with(&["allow Read Group billing", "allow Read Topic orders"])
            .topic("orders", 1)
            .topic("secret", 1);
        let asked = client.ask(10, &several(&[group("pay", None), group("billing", None)]));
        assert_eq!(asked.forwarded(), &several(&[group("billing", None)]));
        let found: Offsets<'_> = &[("secret", &[(0, 1, 0)]), ("gone", &[(0, 1, 0)]), ("orders", &[(0, 2, 0)])];
        let answer = client.answer(asked, group_answers(&[group_offsets("billing", 0, found)]));
        let shown = group_offsets("billing", 0, &[("orders", &[(0, 2, 0)])]);
        assert_eq!(answer, on_the_wire(10, &group_answers(&[group_offsets("pay", 30, &[]), shown])));
        assert_eq!(client.lookups, [Lookup::topic_ids(["gone", "orders", "secret"].map(topic_id))]);
        assert_eq!(
            client.decisions(),
            [
                "denied Describe Group pay",
                "allowed Describe Group billing",
                "allowed Describe Topic orders",
                "denied Describe Topic secret"
            ]
        );
    }

    #[test]
    fn an_id_that_no_topic_has_is_unknown_whoever_asks() {
        for (acls, decided) in [
            (&["allow Read Group billing", "allow Read Topic orders"][..], "denied Describe Topic "),
            (&["allow Read Group billing", "allow Read Topic *"], "allowed Describe Topic "),
        ] {
            let mut client = Client::with(acls).topic("orders", 1);
            let asked = client.ask(10, &several(&[group("billing", Some(&[("gone", &[0]), ("orders", &[0])]))]));
            assert_eq!(
                client.decisions(),
                ["allowed Describe Group billing", decided, "allowed Describe Topic orders"]
            );
            let left = several(&[group("billing", Some(&[("orders", &[0])]))]);
            assert_eq!(asked.forwarded(), &on_the_wire(10, &left));
            let broker = group_answers(&[group_offsets("billing", 0, &[("orders", &[(0, 5, 0)])])]);
            let expected = group_offsets("billing", 0, &[("orders", &[(0, 5, 0)]), ("gone", &[(0, -1, 100)])]);
            assert_eq!(client.answer(asked, broker), on_the_wire(10, &group_answers(&[expected])));
        }
    }
}
