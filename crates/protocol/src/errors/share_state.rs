//! The share coordinator's state APIs (KIP-932), sent by brokers: each answers per partition.

use super::{ErrorResponse, each, generic_text};
use crate::error_code::ErrorCode;
use crate::messages::*;

/// The five differ in the names of their types, and in whether the text is null or the generic one.
macro_rules! per_partition {
    ($request:ident, $response:ident, $module:ident, $topic:ident, $text:expr) => {
        impl ErrorResponse for $request {
            fn error_response(&self, _version: i16, error: ErrorCode) -> $response {
                use crate::messages::$module::{PartitionResult, $topic};
                let text: fn(ErrorCode) -> Option<crate::StrBytes> = $text;
                $response::default().with_results(each(&self.topics, |topic| {
                    $topic::default().with_topic_id(topic.topic_id).with_partitions(each(
                        &topic.partitions,
                        |partition| {
                            PartitionResult::default()
                                .with_partition(partition.partition)
                                .with_error_code(error.0)
                                .with_error_message(text(error))
                        },
                    ))
                }))
            }
        }
    };
}

per_partition!(
    InitializeShareGroupStateRequest,
    InitializeShareGroupStateResponse,
    initialize_share_group_state_response,
    InitializeStateResult,
    |_| None
);
per_partition!(
    ReadShareGroupStateRequest,
    ReadShareGroupStateResponse,
    read_share_group_state_response,
    ReadStateResult,
    generic_text
);
per_partition!(
    WriteShareGroupStateRequest,
    WriteShareGroupStateResponse,
    write_share_group_state_response,
    WriteStateResult,
    generic_text
);
per_partition!(
    DeleteShareGroupStateRequest,
    DeleteShareGroupStateResponse,
    delete_share_group_state_response,
    DeleteStateResult,
    |_| None
);
per_partition!(
    ReadShareGroupStateSummaryRequest,
    ReadShareGroupStateSummaryResponse,
    read_share_group_state_summary_response,
    ReadStateSummaryResult,
    generic_text
);
