//! ConsumerGroupDescribe (69): `KafkaApis.handleConsumerGroupDescribe` (KIP-848).
//!
//! Describe on each group; denied ones are answered first, the coordinator is asked for the rest even if nothing is left.
//! Then the finished answer is looked through: a group that is assigned any topic the caller may not Describe is replaced
//! by TOPIC_AUTHORIZATION_FAILED.
//!
//! A member that subscribed to a regular expression is shown as a broker shows it: with the expression, and the topics that
//! it named. What the broker behind has in their places is ours (`carried_subscription.rs`).

use std::collections::BTreeSet;

use acl::{AclOperation, ResourceType};
use protocol::messages::consumer_group_describe_response::{DescribedGroup, Member};
use protocol::messages::{ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, GroupId, TopicName};
use protocol::{ErrorCode, StrBytes};

use crate::outcome::prepend;
use crate::{Authorize, CarriedSubscription, Edit, Outcome, RequestContext};

const HIDDEN_TOPICS: &str = "The group has described topic(s) that the client is not authorized to describe.";

impl Authorize for ConsumerGroupDescribeRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ConsumerGroupDescribeResponse> {
        let groups = std::mem::take(&mut self.group_ids);
        let (allowed, denied): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| context.authorize(AclOperation::Describe, ResourceType::Group, &group.0));
        self.group_ids = allowed;
        let reduced = !denied.is_empty();
        let denied: Vec<DescribedGroup> = denied.into_iter().map(denied_group).collect();
        let operations = self.include_authorized_operations;
        let edit = Edit::typed(move |context, response: &mut ConsumerGroupDescribeResponse| {
            if operations {
                for group in response.groups.iter_mut().filter(|group| group.error_code == ErrorCode::NONE.0) {
                    group.authorized_operations = context.authorized_operations(ResourceType::Group, &group.group_id.0);
                }
            }
            hide_topics(context, response);
            response.groups.iter_mut().flat_map(|group| &mut group.members).for_each(show_subscription);
            prepend(denied, &mut response.groups);
        });
        if reduced { Outcome::ForwardReduced(edit) } else { Outcome::ForwardThen(edit) }
    }
}

fn denied_group(group: GroupId) -> DescribedGroup {
    DescribedGroup::default().with_group_id(group).with_error_code(ErrorCode::GROUP_AUTHORIZATION_FAILED.0)
}

fn show_subscription(member: &mut Member) {
    let carried = member.subscribed_topic_regex.as_deref().and_then(CarriedSubscription::decode);
    if let Some(CarriedSubscription { pattern, names }) = carried {
        member.subscribed_topic_regex = Some(pattern);
        member.subscribed_topic_names = names.into_iter().map(TopicName).collect();
    }
}

fn hide_topics(context: &mut RequestContext<'_>, response: &mut ConsumerGroupDescribeResponse) {
    let topics: BTreeSet<StrBytes> = response.groups.iter().flat_map(topics_of).collect();
    let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, &topics);
    for group in &mut response.groups {
        if topics_of(group).any(|topic| !authorized.contains(&topic)) {
            *group = DescribedGroup::default()
                .with_group_id(group.group_id.clone())
                .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
                .with_error_message(Some(StrBytes::from_static_str(HIDDEN_TOPICS)));
        }
    }
}

fn topics_of(group: &DescribedGroup) -> impl Iterator<Item = StrBytes> {
    let assignments = |member: &Member| {
        let assigned = member.assignment.topic_partitions.iter().chain(&member.target_assignment.topic_partitions);
        assigned.map(|topic| topic.topic_name.0.clone()).collect::<Vec<_>>()
    };
    group.members.iter().flat_map(assignments).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use protocol::messages::consumer_group_describe_response::{Assignment, TopicPartitions};

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn asking(groups: &[&str]) -> ConsumerGroupDescribeRequest {
        ConsumerGroupDescribeRequest::default()
            .with_group_ids(groups.iter().map(|name| str_bytes(name).into()).collect())
    }

    fn described(name: &str, assigned: &str) -> DescribedGroup {
        let topic = TopicPartitions::default().with_topic_name(str_bytes(assigned).into());
        let target = Assignment::default().with_topic_partitions(vec![topic]);
        let group =
            DescribedGroup::default().with_group_id(str_bytes(name).into()).with_group_state(str_bytes("Stable"));
        group.with_members(vec![Member::default().with_target_assignment(target)])
    }

    #[test]
    fn denied_groups_come_first_and_one_with_hidden_topics_is_replaced() {
        for version in [0, 1] {
            let mut client =
                Client::with(&["allow Describe Group a", "allow Describe Group b", "allow Read Topic orders"]);
            let asked = client.ask(version, &asking(&["a", "c", "b"]));
            assert_eq!(asked.forwarded(), &asking(&["a", "b"]));
            let broker = vec![described("a", "orders"), described("b", "pay")];
            let answer = client.answer(asked, ConsumerGroupDescribeResponse::default().with_groups(broker));
            let hidden = DescribedGroup::default()
                .with_group_id(str_bytes("b").into())
                .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
                .with_error_message(Some(str_bytes(HIDDEN_TOPICS)));
            let groups = vec![denied_group(str_bytes("c").into()), described("a", "orders"), hidden];
            let expected = ConsumerGroupDescribeResponse::default().with_groups(groups);
            assert_eq!(answer, on_the_wire(version, &expected));
            assert_eq!(
                client.decisions(),
                [
                    "allowed Describe Group a",
                    "denied Describe Group c",
                    "allowed Describe Group b",
                    "allowed Describe Topic orders",
                    "denied Describe Topic pay",
                ]
            );
        }
    }

    #[test]
    fn a_regular_expression_is_shown_as_it_was_sent() {
        for version in [0, 1] {
            let mut client = Client::with(&["allow Describe Group a"]);
            let asked = client.ask(version, &asking(&["a"]));
            let member = |pattern: &str, names: &[&str]| {
                let names = names.iter().map(|name| str_bytes(name).into()).collect();
                let member = Member::default().with_subscribed_topic_names(names);
                member.with_subscribed_topic_regex(Some(str_bytes(pattern)))
            };
            let group = |members| DescribedGroup::default().with_group_id(str_bytes("a").into()).with_members(members);
            let carried = CarriedSubscription { pattern: str_bytes("or.*"), names: vec![str_bytes("pay")] }.encode();
            let broker = group(vec![member(&carried, &["orders", "pay"]), member("x", &["pay"]), member("", &["pay"])]);
            let shown = group(vec![member("or.*", &["pay"]), member("x", &["pay"]), member("", &["pay"])]);
            let answer = client.answer(asked, ConsumerGroupDescribeResponse::default().with_groups(vec![broker]));
            let expected = ConsumerGroupDescribeResponse::default().with_groups(vec![shown]);
            assert_eq!(answer, on_the_wire(version, &expected));
        }
    }

    #[test]
    fn with_all_groups_denied_the_coordinator_is_asked_for_none() {
        let mut client = Client::with(&[]);
        let asked = client.ask(1, &asking(&["a"]));
        assert_eq!(asked.forwarded(), &asking(&[]));
        let expected = vec![denied_group(str_bytes("a").into())];
        let expected = ConsumerGroupDescribeResponse::default().with_groups(expected);
        assert_eq!(client.answer(asked, ConsumerGroupDescribeResponse::default()), expected);
    }

    #[test]
    fn the_operations_are_the_callers() {
        let mut client = Client::with(&["allow Read Group a", "allow Read Topic orders"]);
        let asked = client.ask(1, &asking(&["a"]).with_include_authorized_operations(true));
        let group = described("a", "orders");
        let broker = vec![group.clone().with_authorized_operations(3400)];
        let answer = client.answer(asked, ConsumerGroupDescribeResponse::default().with_groups(broker));
        let expected = vec![group.with_authorized_operations(1 << 3 | 1 << 8)];
        assert_eq!(answer, ConsumerGroupDescribeResponse::default().with_groups(expected));
    }
}
