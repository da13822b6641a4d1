//! WriteTxnMarkers (27): `KafkaApis.handleWriteTxnMarkersRequest`.
//!
//! Sent by transaction coordinators, which have ClusterAction, and by administrators who end a hanging transaction, who
//! have Alter; both on the cluster, Alter being asked first. The topics are not looked at.

use acl::AclOperation;
use protocol::messages::write_txn_markers_response::WritableTxnMarkerTopicResult;
use protocol::messages::{WriteTxnMarkersRequest, WriteTxnMarkersResponse};
use protocol::{ErrorCode, ErrorResponse};

use crate::merging::{each_once, together};
use crate::{Authorize, Outcome, RequestContext};

impl Authorize for WriteTxnMarkersRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<WriteTxnMarkersResponse> {
        let allowed = context.authorize_cluster_quietly(AclOperation::Alter)
            || context.authorize_cluster(AclOperation::ClusterAction);
        if allowed {
            return Outcome::Forward;
        }
        let mut response = self.error_response(context.version, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
        for marker in &mut response.markers {
            let topics = std::mem::take(&mut marker.topics);
            let name = |topic: &WritableTxnMarkerTopicResult| topic.name.clone();
            marker.topics = together(topics, name, |first, next| first.partitions.extend(next.partitions));
            for topic in &mut marker.topics {
                each_once(&mut topic.partitions, |partition| partition.partition_index);
            }
        }
        Outcome::Respond(response)
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
    use protocol::messages::write_txn_markers_response::{
        WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
    };

    use super::*;
    use crate::testing::{Client, str_bytes};

    fn marking(producer: i64) -> WriteTxnMarkersRequest {
        let topic =
            WritableTxnMarkerTopic::default().with_name(str_bytes("orders").into()).with_partition_indexes(vec![0, 1]);
        let marker = WritableTxnMarker::default().with_producer_id(producer.into()).with_topics(vec![topic]);
        WriteTxnMarkersRequest::default().with_markers(vec![marker])
    }

    #[test]
    fn either_of_two_operations_allows() {
        let mut client = Client::with(&["allow Alter Cluster"]);
        assert!(client.ask(1, &marking(7)).passed_through());
        assert_eq!(client.decisions(), ["allowed Alter Cluster kafka-cluster (quiet)"]);

        client.acls_are_now(&["allow ClusterAction Cluster"]);
        assert!(client.ask(1, &marking(7)).passed_through());
        assert_eq!(
            client.decisions(),
            ["denied Alter Cluster kafka-cluster (quiet)", "allowed ClusterAction Cluster kafka-cluster"]
        );
    }

    #[test]
    fn without_them_every_partition_of_every_marker_is_denied() {
        let mut client = Client::with(&["allow Write Topic orders"]);
        let asked = client.ask(1, &marking(7));
        assert_eq!(
            client.decisions(),
            ["denied Alter Cluster kafka-cluster (quiet)", "denied ClusterAction Cluster kafka-cluster"]
        );
        let partition = |index| {
            WritableTxnMarkerPartitionResult::default()
                .with_partition_index(index)
                .with_error_code(ErrorCode::CLUSTER_AUTHORIZATION_FAILED.0)
        };
        let topic = WritableTxnMarkerTopicResult::default()
            .with_name(str_bytes("orders").into())
            .with_partitions(vec![partition(0), partition(1)]);
        let marker = WritableTxnMarkerResult::default().with_producer_id(7.into()).with_topics(vec![topic]);
        assert_eq!(asked.response(), WriteTxnMarkersResponse::default().with_markers(vec![marker]));

        let empty = Client::with(&[]).ask(1, &WriteTxnMarkersRequest::default());
        assert_eq!(empty.response(), WriteTxnMarkersResponse::default());
    }

    #[test]
    fn a_denied_partition_is_answered_once_however_often_it_is_named() {
        let mut twice = marking(7);
        let topics = twice.markers[0].topics.clone();
        twice.markers[0].topics.extend(topics);
        assert_eq!(Client::with(&[]).ask(1, &twice).response(), Client::with(&[]).ask(1, &marking(7)).response());
    }
}
