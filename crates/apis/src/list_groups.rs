//! ListGroups (16): `KafkaApis.handleListGroupsRequest`.
//!
//! Never refused: who may Describe the cluster sees all groups, everybody else those that he may Describe.

use acl::{AclOperation, ResourceType};
use protocol::messages::{ListGroupsRequest, ListGroupsResponse};

use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for ListGroupsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ListGroupsResponse> {
        if context.authorize_cluster_quietly(AclOperation::Describe) {
            return Outcome::Forward;
        }
        Outcome::ForwardThen(Edit::typed(|context, response: &mut ListGroupsResponse| {
            response.groups.retain(|group| {
                context.authorize_quietly(AclOperation::Describe, ResourceType::Group, &group.group_id.0)
            });
        }))
    }
}
