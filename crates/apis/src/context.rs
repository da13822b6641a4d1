//! What an API file has at hand, and the verbs it asks with: Kafka's `AuthHelper`.
//!
//! Every question is collected as a [`Decision`] with the counts and log flags that a broker would have given it
//! (`Action` of `org.apache.kafka.server.authorizer`), for the audit log and the metrics.

use acl::{AclOperation, AuthorizationResult, CLUSTER_NAME, Grants, ResourceType};
use protocol::{ApiKey, ErrorCode, StrBytes};

use crate::{ConnectionState, Found};

/// One question that was asked of the law, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was to be done.
    pub operation: AclOperation,
    /// To what kind of resource.
    pub resource_type: ResourceType,
    /// To which one; always a literal name.
    pub name: StrBytes,
    /// The answer.
    pub result: AuthorizationResult,
    /// How often the request names the resource (`resourceRefCount`).
    pub reference_count: i32,
    /// Whether an allowed one is worth a DEBUG line.
    pub log_if_allowed: bool,
    /// Whether a denied one is worth an INFO line: not where a denial refuses nothing.
    pub log_if_denied: bool,
}

/// What an API file sees of the world.
#[derive(Debug)]
pub struct RequestContext<'a> {
    /// Which API is asked.
    pub api_key: ApiKey,
    /// In which version.
    pub version: i16,
    /// What the client calls itself; null reads as empty.
    pub client_id: StrBytes,
    /// What the caller may do.
    pub grants: &'a Grants,
    /// What was looked up.
    pub found: &'a Found,
    /// What this connection remembers between requests.
    pub state: &'a mut ConnectionState,
    /// What has been asked so far, in order.
    pub decisions: &'a mut Vec<Decision>,
}

impl RequestContext<'_> {
    /// One question; a denial is logged (`AuthHelper.authorize`).
    pub fn authorize(&mut self, operation: AclOperation, resource_type: ResourceType, name: &StrBytes) -> bool {
        self.ask(operation, resource_type, name, 1, true, true)
    }

    /// One question whose denial is no refusal: another follows, or a list is only filtered (`logIfDenied = false`).
    pub fn authorize_quietly(&mut self, operation: AclOperation, resource_type: ResourceType, name: &StrBytes) -> bool {
        self.ask(operation, resource_type, name, 1, true, false)
    }

    /// One question for something that occurs several times; a denial is logged.
    pub fn authorize_counted(
        &mut self,
        operation: AclOperation,
        resource_type: ResourceType,
        name: &StrBytes,
        reference_count: i32,
    ) -> bool {
        self.ask(operation, resource_type, name, reference_count, true, true)
    }

    /// One question about the cluster; a denial is logged.
    pub fn authorize_cluster(&mut self, operation: AclOperation) -> bool {
        self.authorize(operation, ResourceType::Cluster, &StrBytes::from_static_str(CLUSTER_NAME))
    }

    /// One question about the cluster whose denial is no refusal.
    pub fn authorize_cluster_quietly(&mut self, operation: AclOperation) -> bool {
        self.authorize_quietly(operation, ResourceType::Cluster, &StrBytes::from_static_str(CLUSTER_NAME))
    }

    /// Which of the names are allowed. Each distinct name is asked once, with the number of times it occurs.
    pub fn filter_by_authorized<'n>(
        &mut self,
        operation: AclOperation,
        resource_type: ResourceType,
        names: impl IntoIterator<Item = &'n StrBytes>,
    ) -> Authorized {
        self.filter(operation, resource_type, names, true)
    }

    /// As [`Self::filter_by_authorized`], where a denial is not logged.
    pub fn filter_by_authorized_quietly<'n>(
        &mut self,
        operation: AclOperation,
        resource_type: ResourceType,
        names: impl IntoIterator<Item = &'n StrBytes>,
    ) -> Authorized {
        self.filter(operation, resource_type, names, false)
    }

    /// Splits a list in two, allowed and denied, each in the order of the request (`partitionSeqByAuthorized`).
    pub fn partition_seq_by_authorized<T>(
        &mut self,
        operation: AclOperation,
        resource_type: ResourceType,
        entries: Vec<T>,
        name: impl Fn(&T) -> &StrBytes,
    ) -> (Vec<T>, Vec<T>) {
        let authorized = self.filter_by_authorized(operation, resource_type, entries.iter().map(&name));
        entries.into_iter().partition(|entry| authorized.contains(name(entry)))
    }

    /// Whether the caller may do the operation on at least one resource of the type (KIP-679). As in a broker, what is
    /// logged is the probe of the resource named `hardcode`, when it is allowed.
    pub fn authorize_by_resource_type(&mut self, operation: AclOperation, resource_type: ResourceType) -> bool {
        const PROBE: StrBytes = StrBytes::from_static_str("hardcode");
        let probed = self.ask(operation, resource_type, &PROBE, 0, true, false);
        probed || self.grants.authorize_by_resource_type(operation, resource_type) == AuthorizationResult::Allowed
    }

    /// The bit field of the operations the caller may do on a resource (KIP-430).
    pub fn authorized_operations(&mut self, resource_type: ResourceType, name: &str) -> i32 {
        self.grants.authorized_operations(resource_type, name)
    }

    fn filter<'n>(
        &mut self,
        operation: AclOperation,
        resource_type: ResourceType,
        names: impl IntoIterator<Item = &'n StrBytes>,
        log_if_denied: bool,
    ) -> Authorized {
        let mut names: Vec<&StrBytes> = names.into_iter().collect();
        names.sort_unstable();
        let mut allowed = Vec::new();
        for same in names.chunk_by(|one, other| one == other) {
            let Some(name) = same.first() else { continue };
            let count = i32::try_from(same.len()).unwrap_or(i32::MAX);
            if self.ask(operation, resource_type, name, count, true, log_if_denied) {
                allowed.push(StrBytes::clone(name));
            }
        }
        Authorized { allowed }
    }

    fn ask(
        &mut self,
        operation: AclOperation,
        resource_type: ResourceType,
        name: &StrBytes,
        reference_count: i32,
        log_if_allowed: bool,
        log_if_denied: bool,
    ) -> bool {
        let result = self.grants.authorize(operation, resource_type, name);
        self.decisions.push(Decision {
            operation,
            resource_type,
            name: name.clone(),
            result,
            reference_count,
            log_if_allowed,
            log_if_denied,
        });
        result == AuthorizationResult::Allowed
    }
}

/// The names that were allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorized {
    /// Sorted.
    allowed: Vec<StrBytes>,
}

impl Authorized {
    /// Whether the name was asked for and allowed.
    pub fn contains(&self, name: &StrBytes) -> bool {
        self.allowed.binary_search(name).is_ok()
    }
}

/// The error code that a denied resource of a type is answered with.
pub fn error_code_of(resource_type: ResourceType) -> ErrorCode {
    match resource_type {
        ResourceType::Topic => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ResourceType::Group => ErrorCode::GROUP_AUTHORIZATION_FAILED,
        ResourceType::Cluster => ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
        ResourceType::TransactionalId => ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ResourceType::DelegationToken | ResourceType::User => ErrorCode::DELEGATION_TOKEN_AUTHORIZATION_FAILED,
    }
}
