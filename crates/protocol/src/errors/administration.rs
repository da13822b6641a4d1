//! Administrative APIs that answer per ACL, configuration resource, quota, user or directory.

use std::collections::BTreeSet;

use super::{ErrorResponse, each, generic_text};
use crate::StrBytes;
use crate::error_code::ErrorCode;
use crate::messages::*;

impl ErrorResponse for CreateAclsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> CreateAclsResponse {
        use crate::messages::create_acls_response::AclCreationResult;
        CreateAclsResponse::default().with_results(each(&self.creations, |_| {
            AclCreationResult::default().with_error_code(error.0).with_error_message(None)
        }))
    }
}

impl ErrorResponse for DeleteAclsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DeleteAclsResponse {
        use crate::messages::delete_acls_response::DeleteAclsFilterResult;
        DeleteAclsResponse::default().with_filter_results(each(&self.filters, |_| {
            DeleteAclsFilterResult::default().with_error_code(error.0).with_error_message(None)
        }))
    }
}

impl ErrorResponse for DescribeConfigsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DescribeConfigsResponse {
        use crate::messages::describe_configs_response::DescribeConfigsResult;
        DescribeConfigsResponse::default().with_results(each(&self.resources, |resource| {
            DescribeConfigsResult::default()
                .with_error_code(error.0)
                .with_error_message(generic_text(error))
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
        }))
    }
}

impl ErrorResponse for AlterConfigsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> AlterConfigsResponse {
        use crate::messages::alter_configs_response::AlterConfigsResourceResponse;
        AlterConfigsResponse::default().with_responses(each(&self.resources, |resource| {
            AlterConfigsResourceResponse::default()
                .with_error_code(error.0)
                .with_error_message(None)
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
        }))
    }
}

impl ErrorResponse for IncrementalAlterConfigsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> IncrementalAlterConfigsResponse {
        use crate::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
        IncrementalAlterConfigsResponse::default().with_responses(each(&self.resources, |resource| {
            AlterConfigsResourceResponse::default()
                .with_error_code(error.0)
                .with_error_message(None)
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
        }))
    }
}

/// The directories are not told apart: a topic in two of them is answered twice.
impl ErrorResponse for AlterReplicaLogDirsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> AlterReplicaLogDirsResponse {
        use crate::messages::alter_replica_log_dirs_response::{
            AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult,
        };
        let topics = self.dirs.iter().flat_map(|directory| &directory.topics).map(|topic| {
            AlterReplicaLogDirTopicResult::default().with_topic_name(topic.name.clone()).with_partitions(each(
                &topic.partitions,
                |&partition| {
                    AlterReplicaLogDirPartitionResult::default()
                        .with_partition_index(partition)
                        .with_error_code(error.0)
                },
            ))
        });
        AlterReplicaLogDirsResponse::default().with_results(topics.collect())
    }
}

/// Not empty but null entries.
impl ErrorResponse for DescribeClientQuotasRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DescribeClientQuotasResponse {
        DescribeClientQuotasResponse::default().with_error_code(error.0).with_error_message(None).with_entries(None)
    }
}

impl ErrorResponse for AlterClientQuotasRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> AlterClientQuotasResponse {
        use crate::messages::alter_client_quotas_response::{EntityData, EntryData};
        AlterClientQuotasResponse::default().with_entries(each(&self.entries, |entry| {
            EntryData::default().with_error_code(error.0).with_error_message(generic_text(error)).with_entity(each(
                &entry.entity,
                |entity| {
                    EntityData::default()
                        .with_entity_type(entity.entity_type.clone())
                        .with_entity_name(entity.entity_name.clone())
                },
            ))
        }))
    }
}

/// One result for each user asked for, but without the name. (With a list that is null Kafka's own answer fails, and the
/// client waits for ever; it gets the code on top here.)
impl ErrorResponse for DescribeUserScramCredentialsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DescribeUserScramCredentialsResponse {
        use crate::messages::describe_user_scram_credentials_response::DescribeUserScramCredentialsResult;
        DescribeUserScramCredentialsResponse::default().with_error_code(error.0).with_error_message(None).with_results(
            each(self.users.as_deref().unwrap_or_default(), |_| {
                DescribeUserScramCredentialsResult::default().with_error_code(error.0).with_error_message(None)
            }),
        )
    }
}

/// Each user once, sorted by name.
impl ErrorResponse for AlterUserScramCredentialsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> AlterUserScramCredentialsResponse {
        use crate::messages::alter_user_scram_credentials_response::AlterUserScramCredentialsResult;
        let deleted = self.deletions.iter().map(|deletion| &deletion.name);
        let upserted = self.upsertions.iter().map(|upsertion| &upsertion.name);
        let users: BTreeSet<&StrBytes> = deleted.chain(upserted).collect();
        let results = users.into_iter().map(|user| {
            AlterUserScramCredentialsResult::default()
                .with_user(user.clone())
                .with_error_code(error.0)
                .with_error_message(None)
        });
        AlterUserScramCredentialsResponse::default().with_results(results.collect())
    }
}

/// Owner and requester are nobody: who they are is for the caller to fill in where a broker would.
impl ErrorResponse for CreateDelegationTokenRequest {
    fn error_response(&self, version: i16, error: ErrorCode) -> CreateDelegationTokenResponse {
        let (kind, nobody) = (StrBytes::from_static_str("User"), StrBytes::from_static_str("ANONYMOUS"));
        let response = CreateDelegationTokenResponse::default()
            .with_error_code(error.0)
            .with_principal_type(kind.clone())
            .with_principal_name(nobody.clone())
            .with_issue_timestamp_ms(-1)
            .with_expiry_timestamp_ms(-1)
            .with_max_timestamp_ms(-1);
        if version < 3 {
            return response;
        }
        response.with_token_requester_principal_type(kind).with_token_requester_principal_name(nobody)
    }
}
