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

#[cfg(test)]
mod tests {
    use protocol::messages::list_groups_response::ListedGroup;

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn listing(groups: &[&str]) -> ListGroupsResponse {
        let group = |name: &&str| ListedGroup::default().with_group_id(str_bytes(name).into());
        ListGroupsResponse::default().with_groups(groups.iter().map(group).collect())
    }

    #[test]
    fn who_may_describe_the_cluster_sees_all_groups() {
        for version in [0, 5] {
            let mut client = Client::with(&["allow Describe Cluster"]);
            assert!(client.ask(version, &ListGroupsRequest::default()).passed_through());
            assert_eq!(client.decisions(), ["allowed Describe Cluster kafka-cluster (quiet)"]);
        }
    }

    #[test]
    fn others_see_the_groups_they_may_describe() {
        for version in [0, 5] {
            let mut client = Client::with(&["allow Read Group bill prefixed", "deny Describe Group billing-2"]);
            let asked = client.ask(version, &ListGroupsRequest::default());
            let answer = client.answer(asked, listing(&["audit", "billing-1", "billing-2"]));
            assert_eq!(answer, on_the_wire(version, &listing(&["billing-1"])));
            assert_eq!(
                client.decisions(),
                [
                    "denied Describe Cluster kafka-cluster (quiet)",
                    "denied Describe Group audit (quiet)",
                    "allowed Describe Group billing-1 (quiet)",
                    "denied Describe Group billing-2 (quiet)",
                ]
            );
        }
    }
}
