//! DescribeGroups (15): `KafkaApis.handleDescribeGroupsRequest`.
//!
//! Describe on each group, asked again for one named twice. Denied groups are answered first; the coordinator is asked
//! for the rest even if nothing is left. The operations a caller may do on a group (KIP-430) are the caller's, not ours.

use acl::{AclOperation, ResourceType};
use protocol::ErrorCode;
use protocol::messages::describe_groups_response::DescribedGroup;
use protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse, GroupId};

use crate::outcome::prepend;
use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for DescribeGroupsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeGroupsResponse> {
        let groups = std::mem::take(&mut self.groups);
        let (allowed, denied): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| context.authorize(AclOperation::Describe, ResourceType::Group, &group.0));
        self.groups = allowed;
        let denied: Vec<DescribedGroup> = denied.into_iter().map(denied_group).collect();
        let operations = self.include_authorized_operations;
        let nothing_to_do = denied.is_empty() && !operations;
        let reduced = !denied.is_empty();
        let edit = Edit::typed(move |context, response: &mut DescribeGroupsResponse| {
            if operations {
                authorized_operations(context, response);
            }
            prepend(denied, &mut response.groups);
        });
        match (nothing_to_do, reduced) {
            (true, _) => Outcome::Forward,
            (false, true) => Outcome::ForwardReduced(edit),
            (false, false) => Outcome::ForwardThen(edit),
        }
    }
}

fn denied_group(group: GroupId) -> DescribedGroup {
    DescribedGroup::default().with_group_id(group).with_error_code(ErrorCode::GROUP_AUTHORIZATION_FAILED.0)
}

fn authorized_operations(context: &mut RequestContext<'_>, response: &mut DescribeGroupsResponse) {
    for group in response.groups.iter_mut().filter(|group| group.error_code == ErrorCode::NONE.0) {
        group.authorized_operations = context.authorized_operations(ResourceType::Group, &group.group_id.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn asking(groups: &[&str]) -> DescribeGroupsRequest {
        DescribeGroupsRequest::default().with_groups(groups.iter().map(|name| str_bytes(name).into()).collect())
    }

    fn described(name: &str) -> DescribedGroup {
        DescribedGroup::default().with_group_id(str_bytes(name).into()).with_group_state(str_bytes("Stable"))
    }

    fn denied(name: &str) -> DescribedGroup {
        denied_group(str_bytes(name).into())
    }

    #[test]
    fn allowed_groups_pass_through_unless_operations_are_asked_for() {
        for version in [0, 6] {
            let mut client = Client::with(&["allow Read Group a"]);
            assert!(client.ask(version, &asking(&["a"])).passed_through());
            assert_eq!(client.decisions(), ["allowed Describe Group a"]);
        }
    }

    #[test]
    fn denied_groups_come_first_and_the_rest_is_asked_for_even_if_nothing_is_left() {
        for version in [0, 6] {
            let mut client = Client::with(&["allow Describe Group a"]);
            let asked = client.ask(version, &asking(&["a", "b", "b"]));
            assert_eq!(asked.forwarded(), &asking(&["a"]));
            assert_eq!(
                client.decisions(),
                ["allowed Describe Group a", "denied Describe Group b", "denied Describe Group b"]
            );
            let broker = DescribeGroupsResponse::default().with_groups(vec![described("a")]);
            let expected =
                DescribeGroupsResponse::default().with_groups(vec![denied("b"), denied("b"), described("a")]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));

            let asked = Client::with(&[]).ask(version, &asking(&["a"]));
            assert_eq!(asked.forwarded(), &asking(&[]));
        }
    }

    #[test]
    fn the_operations_are_the_callers() {
        let mut client = Client::with(&["allow Read Group a"]);
        let asked = client.ask(6, &asking(&["a", "b"]).with_include_authorized_operations(true));
        let broker = DescribeGroupsResponse::default().with_groups(vec![
            described("a").with_authorized_operations(3400),
            described("dead").with_error_code(ErrorCode::GROUP_ID_NOT_FOUND.0),
        ]);
        let expected = DescribeGroupsResponse::default().with_groups(vec![
            denied("b"),
            described("a").with_authorized_operations(1 << 3 | 1 << 8),
            described("dead").with_error_code(ErrorCode::GROUP_ID_NOT_FOUND.0),
        ]);
        assert_eq!(client.answer(asked, broker), expected);
    }
}
