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
