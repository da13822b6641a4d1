//! Transactional APIs that answer per partition or transaction.

use std::collections::{BTreeMap, BTreeSet};

use super::{ErrorResponse, each};
use crate::error_code::ErrorCode;
use crate::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use crate::messages::describe_transactions_response::TransactionState;
use crate::messages::txn_offset_commit_response::{TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic};
use crate::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use crate::messages::*;

/// From version 4 on (batches, sent by brokers) on top, before on every partition.
impl ErrorResponse for AddPartitionsToTxnRequest {
    fn error_response(&self, version: i16, error: ErrorCode) -> AddPartitionsToTxnResponse {
        let response = AddPartitionsToTxnResponse::default();
        if version >= 4 {
            return response.with_error_code(error.0);
        }
        response.with_results_by_topic_v3_and_below(each(&self.v3_and_below_topics, |topic| {
            AddPartitionsToTxnTopicResult::default().with_name(topic.name.clone()).with_results_by_partition(each(
                &topic.partitions,
                |&partition| {
                    AddPartitionsToTxnPartitionResult::default()
                        .with_partition_index(partition)
                        .with_partition_error_code(error.0)
                },
            ))
        }))
    }
}

/// Each producer once, by its last marker; each partition once; topics without partitions are not answered. (Kafka
/// answers in the order of hash maps.)
impl ErrorResponse for WriteTxnMarkersRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> WriteTxnMarkersResponse {
        let mut markers = BTreeMap::new();
        for marker in &self.markers {
            let mut topics: BTreeMap<&TopicName, BTreeSet<i32>> = BTreeMap::new();
            for topic in marker.topics.iter().filter(|topic| !topic.partition_indexes.is_empty()) {
                topics.entry(&topic.name).or_default().extend(&topic.partition_indexes);
            }
            markers.insert(marker.producer_id, topics);
        }
        let failed =
            |index| WritableTxnMarkerPartitionResult::default().with_partition_index(index).with_error_code(error.0);
        let markers = markers.into_iter().map(|(producer_id, topics)| {
            let topics = topics.into_iter().map(|(name, partitions)| {
                WritableTxnMarkerTopicResult::default()
                    .with_name(name.clone())
                    .with_partitions(partitions.into_iter().map(failed).collect())
            });
            WritableTxnMarkerResult::default().with_producer_id(producer_id).with_topics(topics.collect())
        });
        WriteTxnMarkersResponse::default().with_markers(markers.collect())
    }
}

impl ErrorResponse for TxnOffsetCommitRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> TxnOffsetCommitResponse {
        TxnOffsetCommitResponse::default().with_topics(each(&self.topics, |topic| {
            TxnOffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(each(
                &topic.partitions,
                |partition| {
                    TxnOffsetCommitResponsePartition::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(error.0)
                },
            ))
        }))
    }
}

impl ErrorResponse for DescribeTransactionsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DescribeTransactionsResponse {
        DescribeTransactionsResponse::default().with_transaction_states(each(&self.transactional_ids, |id| {
            TransactionState::default().with_error_code(error.0).with_transactional_id(id.clone())
        }))
    }
}
