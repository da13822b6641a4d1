//! ConsumerGroupDescribe (69): `KafkaApis.handleConsumerGroupDescribe` (KIP-848).
//!
//! Describe on each group; denied ones are answered first, the coordinator is asked for the rest even if nothing is left.
//! Then the finished answer is looked through: a group that is assigned any topic the caller may not Describe is replaced
//! by TOPIC_AUTHORIZATION_FAILED.

use std::collections::BTreeSet;

use acl::{AclOperation, ResourceType};
use protocol::messages::consumer_group_describe_response::{DescribedGroup, Member};
use protocol::messages::{ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, GroupId};
use protocol::{ErrorCode, StrBytes};

use crate::outcome::prepend;
use crate::{Authorize, Edit, Outcome, RequestContext};

const HIDDEN_TOPICS: &str = "the group has topics that the client is not authorized to describe";

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
            prepend(denied, &mut response.groups);
        });
        if reduced { Outcome::ForwardReduced(edit) } else { Outcome::ForwardThen(edit) }
    }
}

fn denied_group(group: GroupId) -> DescribedGroup {
    DescribedGroup::default().with_group_id(group).with_error_code(ErrorCode::GROUP_AUTHORIZATION_FAILED.0)
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
