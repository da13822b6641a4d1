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
