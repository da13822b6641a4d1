//! DescribeShareGroupOffsets (90): `KafkaApis.handleDescribeShareGroupOffsetsRequest` (KIP-932).
//!
//! Describe on each group, then Describe on each topic. The coordinator is asked even if no topic is left, since the
//! group itself may be in error; then denied topics are not mentioned. Where all offsets of a group are asked for, denied
//! topics are left out of the answer.

use acl::{AclOperation, ResourceType};
use protocol::messages::describe_share_group_offsets_request::{
    DescribeShareGroupOffsetsRequestGroup, DescribeShareGroupOffsetsRequestTopic,
};
use protocol::messages::describe_share_group_offsets_response::{
    DescribeShareGroupOffsetsResponseGroup, DescribeShareGroupOffsetsResponsePartition,
    DescribeShareGroupOffsetsResponseTopic,
};
use protocol::messages::{DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, GroupId};
use protocol::{ErrorCode, StrBytes};

use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for DescribeShareGroupOffsetsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeShareGroupOffsetsResponse> {
        let mut edits = Vec::new();
        self.groups.retain_mut(|group| {
            let edit = decide(group, context);
            let goes_on = !matches!(edit, GroupEdit::Denied(_));
            edits.push(edit);
            goes_on
        });
        let reduced = edits.iter().any(|edit| match edit {
            GroupEdit::Denied(_) => true,
            GroupEdit::LeaveOutDenied => false,
            GroupEdit::Append(denied) => !denied.is_empty(),
        });
        let looks = reduced || edits.iter().any(|edit| matches!(edit, GroupEdit::LeaveOutDenied));
        let edit = |context: &mut RequestContext<'_>, response: &mut DescribeShareGroupOffsetsResponse| {
            merge_groups(edits, context, response);
        };
        match (reduced, looks) {
            (true, _) if self.groups.is_empty() => {
                let mut response = DescribeShareGroupOffsetsResponse::default();
                edit(context, &mut response);
                Outcome::Respond(response)
            }
            (true, _) => Outcome::ForwardReduced(Edit::typed(edit)),
            (false, true) => Outcome::ForwardThen(Edit::typed(edit)),
            (false, false) => Outcome::Forward,
        }
    }
}

/// What has to be done to the answer for one group.
enum GroupEdit {
    /// Does not come from the broker.
    Denied(DescribeShareGroupOffsetsResponseGroup),
    LeaveOutDenied,
    Append(Vec<DescribeShareGroupOffsetsResponseTopic>),
}

fn decide(group: &mut DescribeShareGroupOffsetsRequestGroup, context: &mut RequestContext<'_>) -> GroupEdit {
    if !context.authorize(AclOperation::Describe, ResourceType::Group, &group.group_id.0) {
        return GroupEdit::Denied(denied_group(group.group_id.clone()));
    }
    let Some(topics) = group.topics.take() else { return GroupEdit::LeaveOutDenied };
    let (operation, resource_type) = (AclOperation::Describe, ResourceType::Topic);
    let (allowed, denied) =
        context.partition_seq_by_authorized(operation, resource_type, topics, |topic| &topic.topic_name.0);
    group.topics = Some(allowed);
    GroupEdit::Append(denied.into_iter().map(denied_topic).collect())
}

/// A broker answers groups in the order in which they were asked for.
fn merge_groups(
    edits: Vec<GroupEdit>,
    context: &mut RequestContext<'_>,
    response: &mut DescribeShareGroupOffsetsResponse,
) {
    let mut answered = std::mem::take(&mut response.groups).into_iter();
    for edit in edits {
        let group = match edit {
            GroupEdit::Denied(group) => Some(group),
            GroupEdit::LeaveOutDenied => answered.next().map(|mut group| {
                let names = group.topics.iter().map(|topic| &topic.topic_name.0);
                let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, names);
                group.topics.retain(|topic| authorized.contains(&topic.topic_name.0));
                group
            }),
            GroupEdit::Append(denied) => answered.next().map(|mut group| {
                if group.error_code == ErrorCode::NONE.0 {
                    group.topics.extend(denied);
                }
                group
            }),
        };
        response.groups.extend(group);
    }
}

fn denied_group(group_id: GroupId) -> DescribeShareGroupOffsetsResponseGroup {
    let error = ErrorCode::GROUP_AUTHORIZATION_FAILED;
    DescribeShareGroupOffsetsResponseGroup::default().with_group_id(group_id).with_error_code(error.0)
}

fn denied_topic(topic: DescribeShareGroupOffsetsRequestTopic) -> DescribeShareGroupOffsetsResponseTopic {
    let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    let partition = |index| {
        DescribeShareGroupOffsetsResponsePartition::default()
            .with_partition_index(index)
            .with_start_offset(-1)
            .with_error_code(error.0)
            .with_error_message(Some(StrBytes::from_static_str(error.message())))
    };
    DescribeShareGroupOffsetsResponseTopic::default()
        .with_topic_name(topic.topic_name)
        .with_partitions(topic.partitions.into_iter().map(partition).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, str_bytes, topic_id};

    fn group(name: &str, topics: Option<&[&str]>) -> DescribeShareGroupOffsetsRequestGroup {
        let topic = |name: &&str| {
            DescribeShareGroupOffsetsRequestTopic::default()
                .with_topic_name(str_bytes(name).into())
                .with_partitions(vec![0, 3])
        };
        DescribeShareGroupOffsetsRequestGroup::default()
            .with_group_id(str_bytes(name).into())
            .with_topics(topics.map(|topics| topics.iter().map(topic).collect()))
    }

    fn asking(groups: Vec<DescribeShareGroupOffsetsRequestGroup>) -> DescribeShareGroupOffsetsRequest {
        DescribeShareGroupOffsetsRequest::default().with_groups(groups)
    }

    fn answer(groups: Vec<DescribeShareGroupOffsetsResponseGroup>) -> DescribeShareGroupOffsetsResponse {
        DescribeShareGroupOffsetsResponse::default().with_groups(groups)
    }

    fn described(
        name: &str,
        topics: Vec<DescribeShareGroupOffsetsResponseTopic>,
    ) -> DescribeShareGroupOffsetsResponseGroup {
        DescribeShareGroupOffsetsResponseGroup::default().with_group_id(str_bytes(name).into()).with_topics(topics)
    }

    fn offsets(name: &str) -> DescribeShareGroupOffsetsResponseTopic {
        let partition = |index| {
            let partition = DescribeShareGroupOffsetsResponsePartition::default().with_partition_index(index);
            partition.with_start_offset(42).with_leader_epoch(5)
        };
        DescribeShareGroupOffsetsResponseTopic::default()
            .with_topic_name(str_bytes(name).into())
            .with_topic_id(topic_id(name))
            .with_partitions(vec![partition(0), partition(3)])
    }

    fn denied(name: &str) -> DescribeShareGroupOffsetsResponseTopic {
        let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
        let partition = |index| {
            DescribeShareGroupOffsetsResponsePartition::default()
                .with_partition_index(index)
                .with_start_offset(-1)
                .with_error_code(error.0)
                .with_error_message(Some(str_bytes(error.message())))
        };
        DescribeShareGroupOffsetsResponseTopic::default()
            .with_topic_name(str_bytes(name).into())
            .with_partitions(vec![partition(0), partition(3)])
    }

    #[test]
    fn allowed_topics_of_allowed_groups_pass_through() {
        let mut client = Client::with(&["allow Describe Group a", "allow Describe Topic orders"]);
        assert!(client.ask(0, &asking(vec![group("a", Some(&["orders"]))])).passed_through());
        assert_eq!(client.decisions(), ["allowed Describe Group a", "allowed Describe Topic orders"]);
        assert!(client.ask(1, &asking(vec![group("a", Some(&[]))])).passed_through());
    }

    #[test]
    fn groups_are_answered_in_order_with_denied_topics_behind_the_others() {
        let mut client = Client::with(&["allow Read Group a prefixed", "allow Read Topic orders"]);
        let asked = client.ask(
            0,
            &asking(vec![group("b", None), group("a1", Some(&["pay", "orders"])), group("b", Some(&["orders"]))]),
        );
        assert_eq!(
            client.decisions(),
            [
                "denied Describe Group b",
                "allowed Describe Group a1",
                "allowed Describe Topic orders",
                "denied Describe Topic pay",
                "denied Describe Group b",
            ]
        );
        assert_eq!(asked.forwarded(), &asking(vec![group("a1", Some(&["orders"]))]));
        let broker = answer(vec![described("a1", vec![offsets("orders")])]);
        let refused = described("b", vec![]).with_error_code(ErrorCode::GROUP_AUTHORIZATION_FAILED.0);
        let expected = answer(vec![refused.clone(), described("a1", vec![offsets("orders"), denied("pay")]), refused]);
        assert_eq!(client.answer(asked, broker), expected);
    }

    #[test]
    fn with_all_topics_denied_the_coordinator_is_asked_whether_the_group_is_in_error() {
        for (broker, expected) in [
            (described("a", vec![]), described("a", vec![denied("pay")])),
            (described("a", vec![]).with_error_code(15), described("a", vec![]).with_error_code(15)),
        ] {
            let mut client = Client::with(&["allow Describe Group a"]);
            let asked = client.ask(0, &asking(vec![group("a", Some(&["pay"]))]));
            assert_eq!(asked.forwarded(), &asking(vec![group("a", Some(&[]))]));
            assert_eq!(client.answer(asked, answer(vec![broker])), answer(vec![expected]));
        }
    }

    #[test]
    fn denied_topics_are_left_out_where_all_are_asked_for() {
        let mut client = Client::with(&["allow Describe Group a", "allow Describe Topic orders"]);
        let asked = client.ask(0, &asking(vec![group("a", None)]));
        assert!(asked.went_on_as_it_came());
        let broker = answer(vec![described("a", vec![offsets("pay"), offsets("orders")])]);
        assert_eq!(client.answer(asked, broker), answer(vec![described("a", vec![offsets("orders")])]));
        assert_eq!(
            client.decisions(),
            ["allowed Describe Group a", "allowed Describe Topic orders", "denied Describe Topic pay"]
        );
    }

    #[test]
    fn with_all_groups_denied_no_coordinator_is_asked() {
        let asked = Client::with(&[]).ask(0, &asking(vec![group("a", None)]));
        let refused = described("a", vec![]).with_error_code(ErrorCode::GROUP_AUTHORIZATION_FAILED.0);
        assert_eq!(asked.response(), answer(vec![refused]));
    }
}
