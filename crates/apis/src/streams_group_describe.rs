//! StreamsGroupDescribe (89): `KafkaApis.handleStreamsGroupDescribe` (KIP-1071).
//!
//! Describe on each group; denied ones are answered first, the coordinator is asked for the rest even if nothing is left.
//! Then the finished answer is looked through: a group whose topology has any topic the caller may not Describe is
//! replaced by TOPIC_AUTHORIZATION_FAILED.

use std::collections::BTreeSet;

use acl::{AclOperation, ResourceType};
use protocol::messages::streams_group_describe_response::{DescribedGroup, Subtopology};
use protocol::messages::{GroupId, StreamsGroupDescribeRequest, StreamsGroupDescribeResponse};
use protocol::{ErrorCode, StrBytes};

use crate::outcome::prepend;
use crate::{Authorize, Edit, Outcome, RequestContext};

const HIDDEN_TOPICS: &str = "The described group uses topics that the client is not authorized to describe.";

impl Authorize for StreamsGroupDescribeRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<StreamsGroupDescribeResponse> {
        let groups = std::mem::take(&mut self.group_ids);
        let (allowed, denied): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| context.authorize(AclOperation::Describe, ResourceType::Group, &group.0));
        self.group_ids = allowed;
        let reduced = !denied.is_empty();
        let denied: Vec<DescribedGroup> = denied.into_iter().map(denied_group).collect();
        let operations = self.include_authorized_operations;
        let edit = Edit::typed(move |context, response: &mut StreamsGroupDescribeResponse| {
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

fn hide_topics(context: &mut RequestContext<'_>, response: &mut StreamsGroupDescribeResponse) {
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
    let subtopologies = group.topology.iter().flat_map(|topology| topology.subtopologies.iter().flatten());
    let topics = |subtopology: &Subtopology| {
        let named = subtopology.source_topics.iter().chain(&subtopology.repartition_sink_topics);
        let described = subtopology.repartition_source_topics.iter().chain(&subtopology.state_changelog_topics);
        named.chain(described.map(|topic| &topic.name)).map(|name| name.0.clone()).collect::<Vec<_>>()
    };
    subtopologies.flat_map(topics).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use protocol::messages::streams_group_describe_response::{TopicInfo, Topology};

    use super::*;
    use crate::testing::{Client, str_bytes};

    fn asking(groups: &[&str]) -> StreamsGroupDescribeRequest {
        let groups = groups.iter().map(|name| str_bytes(name).into()).collect();
        StreamsGroupDescribeRequest::default().with_group_ids(groups)
    }

    fn described(name: &str, subtopology: Option<Subtopology>) -> DescribedGroup {
        let topology = subtopology.map(|it| Topology::default().with_subtopologies(Some(vec![it])));
        DescribedGroup::default().with_group_id(str_bytes(name).into()).with_topology(topology)
    }

    fn reading(topic: &str) -> Subtopology {
        Subtopology::default().with_source_topics(vec![str_bytes(topic).into()])
    }

    fn answer(groups: Vec<DescribedGroup>) -> StreamsGroupDescribeResponse {
        StreamsGroupDescribeResponse::default().with_groups(groups)
    }

    fn hidden(name: &str) -> DescribedGroup {
        described(name, None)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
            .with_error_message(Some(str_bytes(HIDDEN_TOPICS)))
    }

    #[test]
    fn denied_groups_come_first_and_one_with_hidden_topics_is_replaced() {
        let mut client = Client::with(&["allow Describe Group a", "allow Describe Group b", "allow Read Topic orders"]);
        let asked = client.ask(0, &asking(&["a", "c", "b"]));
        assert_eq!(asked.forwarded(), &asking(&["a", "b"]));
        let broker = vec![described("a", Some(reading("orders"))), described("b", Some(reading("pay")))];
        assert_eq!(
            client.answer(asked, answer(broker)),
            answer(vec![denied_group(str_bytes("c").into()), described("a", Some(reading("orders"))), hidden("b"),])
        );
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

    #[test]
    fn a_topic_of_any_role_hides_the_group() {
        let info = || vec![TopicInfo::default().with_name(str_bytes("pay").into())];
        let nothing = Subtopology::default;
        for subtopology in [
            reading("pay"),
            nothing().with_repartition_sink_topics(vec![str_bytes("pay").into()]),
            nothing().with_repartition_source_topics(info()),
            nothing().with_state_changelog_topics(info()),
        ] {
            let mut client = Client::with(&["allow Describe Group a"]);
            let asked = client.ask(0, &asking(&["a"]));
            let broker = answer(vec![described("a", Some(subtopology))]);
            assert_eq!(client.answer(asked, broker), answer(vec![hidden("a")]));
        }
    }

    #[test]
    fn the_operations_are_the_callers() {
        let mut client = Client::with(&["allow Read Group a"]);
        let asked = client.ask(0, &asking(&["a"]).with_include_authorized_operations(true));
        let broker = answer(vec![described("a", None).with_authorized_operations(3400)]);
        let expected = answer(vec![described("a", None).with_authorized_operations(1 << 3 | 1 << 8)]);
        assert_eq!(client.answer(asked, broker), expected);
    }
}
