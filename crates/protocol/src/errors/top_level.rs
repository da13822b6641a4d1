//! APIs whose answer has one place for the code: on top, with nothing below it.

use kafka_protocol::protocol::{Message, Request};

use super::{ErrorResponse, generic_text};
use crate::error_code::ErrorCode;
use crate::messages::api_versions_response::ApiVersion;
use crate::messages::*;

/// The code, and every other field as it is by default.
macro_rules! code_only {
    ($($request:ident)*) => {
        $(impl ErrorResponse for $request {
            fn error_response(&self, _version: i16, error: ErrorCode) -> Self::Response {
                Self::Response::default().with_error_code(error.0)
            }
        })*
    };
}

/// The code, and null where a text could stand.
macro_rules! code_without_text {
    ($($request:ident)*) => {
        $(impl ErrorResponse for $request {
            fn error_response(&self, _version: i16, error: ErrorCode) -> Self::Response {
                Self::Response::default().with_error_code(error.0).with_error_message(None)
            }
        })*
    };
}

/// The code and its generic text.
macro_rules! code_and_text {
    ($($request:ident)*) => {
        $(impl ErrorResponse for $request {
            fn error_response(&self, _version: i16, error: ErrorCode) -> Self::Response {
                Self::Response::default().with_error_code(error.0).with_error_message(generic_text(error))
            }
        })*
    };
}

code_only! {
    AddOffsetsToTxnRequest
    AllocateProducerIdsRequest
    AlterPartitionRequest
    AssignReplicasToDirsRequest
    BeginQuorumEpochRequest
    BrokerHeartbeatRequest
    BrokerRegistrationRequest
    DescribeDelegationTokenRequest
    DescribeLogDirsRequest
    EndQuorumEpochRequest
    EndTxnRequest
    EnvelopeRequest
    ExpireDelegationTokenRequest
    FetchSnapshotRequest
    GetTelemetrySubscriptionsRequest
    HeartbeatRequest
    LeaveGroupRequest
    ListConfigResourcesRequest
    ListGroupsRequest
    ListTransactionsRequest
    OffsetDeleteRequest
    PushTelemetryRequest
    RenewDelegationTokenRequest
    SaslHandshakeRequest
    SyncGroupRequest
    UpdateRaftVoterRequest
    VoteRequest
}

code_without_text! {
    ConsumerGroupHeartbeatRequest
    DescribeAclsRequest
    DescribeClusterRequest
    SaslAuthenticateRequest
    ShareAcknowledgeRequest
    ShareFetchRequest
    ShareGroupHeartbeatRequest
    StreamsGroupHeartbeatRequest
    UpdateFeaturesRequest
}

code_and_text! {
    AddRaftVoterRequest
    AlterShareGroupOffsetsRequest
    ControllerRegistrationRequest
    DeleteShareGroupOffsetsRequest
    DescribeQuorumRequest
    RemoveRaftVoterRequest
    UnregisterBrokerRequest
}

/// Unlike the producer id, the epoch is not -1 by default.
impl ErrorResponse for InitProducerIdRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> InitProducerIdResponse {
        InitProducerIdResponse::default().with_error_code(error.0).with_producer_epoch(-1)
    }
}

/// UNSUPPORTED_VERSION says which versions of ApiVersions there are. (It is sent in the form of version 0.)
impl ErrorResponse for ApiVersionsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> ApiVersionsResponse {
        let response = ApiVersionsResponse::default().with_error_code(error.0);
        if error != ErrorCode::UNSUPPORTED_VERSION {
            return response;
        }
        let versions = ApiVersionsRequest::VERSIONS;
        response.with_api_keys(vec![
            ApiVersion::default()
                .with_api_key(ApiVersionsRequest::KEY)
                .with_min_version(versions.min)
                .with_max_version(versions.max),
        ])
    }
}
