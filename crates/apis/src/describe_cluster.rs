//! DescribeCluster (60): `KafkaApis.handleDescribeCluster`.
//!
//! Everybody may ask. Only the bit field of operations, if it is asked for, depends on Describe on the cluster: without
//! it the field reads 0. A request for another type of endpoint than brokers is refused by the broker before it decides.

use acl::{AclOperation, CLUSTER_NAME, ResourceType};
use protocol::ErrorCode;
use protocol::messages::{DescribeClusterRequest, DescribeClusterResponse};

use crate::{Authorize, Edit, Outcome, RequestContext};

/// `EndpointType.BROKER`, which is what version 0 means too.
const BROKER_ENDPOINTS: i8 = 1;

impl Authorize for DescribeClusterRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeClusterResponse> {
        if !self.include_cluster_authorized_operations || self.endpoint_type != BROKER_ENDPOINTS {
            return Outcome::Forward;
        }
        let operations = if context.authorize_cluster(AclOperation::Describe) {
            context.authorized_operations(ResourceType::Cluster, CLUSTER_NAME)
        } else {
            0
        };
        Outcome::ForwardThen(Edit::typed(move |_, response: &mut DescribeClusterResponse| {
            if response.error_code == ErrorCode::NONE.0 {
                response.cluster_authorized_operations = operations;
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::BrokerId;
    use protocol::messages::describe_cluster_response::DescribeClusterBroker;

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn cluster() -> DescribeClusterResponse {
        let broker = DescribeClusterBroker::default().with_broker_id(BrokerId(1)).with_port(9092);
        DescribeClusterResponse::default()
            .with_cluster_id(str_bytes("cluster"))
            .with_brokers(vec![broker.with_host(str_bytes("kafka-1"))])
    }

    fn ours(operations: i32) -> DescribeClusterResponse {
        let mut answer = cluster().with_cluster_authorized_operations(operations);
        answer.brokers[0] = answer.brokers[0].clone().with_host(str_bytes("doorkeeper")).with_port(9101);
        answer
    }

    #[test]
    fn everybody_may_ask_and_is_told_our_addresses() {
        for version in [0, 2] {
            let mut client = Client::with(&[]);
            let asked = client.ask(version, &DescribeClusterRequest::default());
            assert!(asked.went_on_as_it_came());
            assert_eq!(client.answer(asked, cluster()), on_the_wire(version, &ours(i32::MIN)));
            assert_eq!(client.decisions(), Vec::<String>::new());
        }
    }

    #[test]
    fn the_operations_are_the_callers_or_none() {
        let request = DescribeClusterRequest::default().with_include_cluster_authorized_operations(true);
        for (acl, operations, decision) in [
            ("allow Alter Cluster", 1 << 7 | 1 << 8, "allowed Describe Cluster kafka-cluster"),
            ("allow Create Cluster", 0, "denied Describe Cluster kafka-cluster"),
        ] {
            for version in [0, 2] {
                let mut client = Client::with(&[acl]);
                let asked = client.ask(version, &request);
                assert_eq!(client.decisions(), [decision]);
                let broker = cluster().with_cluster_authorized_operations(8096);
                assert_eq!(client.answer(asked, broker), on_the_wire(version, &ours(operations)));
            }
        }
    }
}
