//! DeleteGroups (42): `KafkaApis.handleDeleteGroupsRequest`.
//!
//! Delete on each distinct group. The coordinator is asked for the rest even if nothing is left; denied groups are
//! appended to its answer.

use std::collections::HashSet;

use acl::{AclOperation, ResourceType};
use protocol::ErrorCode;
use protocol::messages::delete_groups_response::DeletableGroupResult;
use protocol::messages::{DeleteGroupsRequest, DeleteGroupsResponse, GroupId};

use crate::{Authorize, Outcome, RequestContext};

impl Authorize for DeleteGroupsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DeleteGroupsResponse> {
        let mut seen = HashSet::new();
        let mut groups = std::mem::take(&mut self.groups_names);
        groups.retain(|group| seen.insert(group.clone()));
        let (allowed, denied) =
            context.partition_seq_by_authorized(AclOperation::Delete, ResourceType::Group, groups, |group| &group.0);
        self.groups_names = allowed;
        let denied = denied.into_iter().map(denied_group).collect();
        Outcome::without(denied, false, |response: &mut DeleteGroupsResponse, denied| response.results.extend(denied))
    }
}

fn denied_group(group: GroupId) -> DeletableGroupResult {
    DeletableGroupResult::default().with_group_id(group).with_error_code(ErrorCode::GROUP_AUTHORIZATION_FAILED.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn deleting(groups: &[&str]) -> DeleteGroupsRequest {
        DeleteGroupsRequest::default().with_groups_names(groups.iter().map(|name| str_bytes(name).into()).collect())
    }

    #[test]
    fn allowed_groups_pass_through() {
        for version in [0, 2] {
            let mut client = Client::with(&["allow Delete Group a"]);
            assert!(client.ask(version, &deleting(&["a"])).passed_through());
            assert_eq!(client.decisions(), ["allowed Delete Group a"]);
        }
    }

    #[test]
    fn denied_groups_are_appended_once_each() {
        for version in [0, 2] {
            let mut client = Client::with(&["allow Delete Group a"]);
            let asked = client.ask(version, &deleting(&["b", "a", "b", "a"]));
            assert_eq!(asked.forwarded(), &deleting(&["a"]));
            let deleted = DeletableGroupResult::default().with_group_id(str_bytes("a").into());
            let broker = DeleteGroupsResponse::default().with_results(vec![deleted.clone()]);
            let expected =
                DeleteGroupsResponse::default().with_results(vec![deleted, denied_group(str_bytes("b").into())]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn with_all_groups_denied_the_coordinator_is_asked_for_none() {
        let mut client = Client::with(&["allow Describe Group a"]);
        let asked = client.ask(2, &deleting(&["a"]));
        assert_eq!(asked.forwarded(), &deleting(&[]));
        let expected = DeleteGroupsResponse::default().with_results(vec![denied_group(str_bytes("a").into())]);
        assert_eq!(client.answer(asked, DeleteGroupsResponse::default()), expected);
    }
}
