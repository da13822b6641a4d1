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
