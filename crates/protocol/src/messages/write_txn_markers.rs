//! WriteTxnMarkers (27) version 2: markers say by which version of transactions they were made (KIP-1228).

pub mod write_txn_markers_request {
    use kafka_protocol::messages::ProducerId;

    use super::write_txn_markers_response::WriteTxnMarkersResponse;
    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::write_txn_markers_request::WritableTxnMarkerTopic;

    message! {
        WriteTxnMarkersRequest, versions 1 to 2, flexible from 1 {
            markers with_markers: Vec<WritableTxnMarker>;
        }
    }
    request!(WriteTxnMarkersRequest, key 27, flexible from 1, answered by WriteTxnMarkersResponse);

    message! {
        WritableTxnMarker, versions 1 to 2, flexible from 1 {
            producer_id with_producer_id: ProducerId;
            producer_epoch with_producer_epoch: i16;
            transaction_result with_transaction_result: bool;
            topics with_topics: Vec<WritableTxnMarkerTopic>;
            coordinator_epoch with_coordinator_epoch: i32;
            transaction_version with_transaction_version: i8, in 2..;
        }
    }
    structures_of_the_crate!(WritableTxnMarkerTopic);
}

pub mod write_txn_markers_response {
    use crate::messages::define::{message, response, structures_of_the_crate};

    pub use kafka_protocol::messages::write_txn_markers_response::{
        WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
    };

    message! {
        WriteTxnMarkersResponse, versions 1 to 2, flexible from 1 {
            markers with_markers: Vec<WritableTxnMarkerResult>;
        }
    }
    response!(WriteTxnMarkersResponse, flexible from 1);
    structures_of_the_crate!(WritableTxnMarkerResult);
}
