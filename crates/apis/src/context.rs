//! What an API file has at hand, and the verbs it asks with: Kafka's `AuthHelper`.
//!
//! Every question is collected as a [`Decision`] with the counts and log flags that a broker would have given it
//! (`Action` of `org.apache.kafka.server.authorizer`), for the audit log and the metrics.

use acl::{AclOperation, AuthorizationResult, CLUSTER_NAME, Grants, ResourceType};
use protocol::{ApiKey, ErrorCode, StrBytes};

use crate::{ConnectionState, Found, Kind, table};

/// One question that was asked of the law, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was to be done.
    pub operation: AclOperation,
    /// To what kind of resource.
    pub resource_type: ResourceType,
    /// To which one; always a literal name.
    pub name: StrBytes,
    /// The answer of the law.
    pub result: AuthorizationResult,
    /// Denied, and let through all the same ([`acl::Settings::shadow`]).
    pub is_shadow_denied: bool,
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

    /// Of names that something else allows as a whole, those that exist for clients at all. The others are asked about, so
    /// that the denial is told.
    pub fn visible<'n>(
        &mut self,
        operation: AclOperation,
        names: impl IntoIterator<Item = &'n StrBytes>,
    ) -> Authorized {
        let is_hidden = |name: &&StrBytes| self.grants.hides(ResourceType::Topic, name);
        let (hidden, visible): (Vec<&StrBytes>, Vec<&StrBytes>) = names.into_iter().partition(is_hidden);
        for name in hidden {
            self.authorize(operation, ResourceType::Topic, name);
        }
        let mut allowed: Vec<StrBytes> = visible.into_iter().cloned().collect();
        allowed.sort_unstable();
        Authorized { allowed }
    }

    /// Takes out of a subscription what does not exist for clients, and says whether there was any: to subscribe to what
    /// does not exist is no error.
    pub fn leave_out_hidden<T>(&self, names: &mut Option<Vec<T>>, name: impl Fn(&T) -> &StrBytes) -> bool {
        let before = names.as_ref().map_or(0, Vec::len);
        if let Some(names) = names {
            names.retain(|entry| !self.grants.hides(ResourceType::Topic, name(entry)));
        }
        names.as_ref().map_or(0, Vec::len) < before
    }

    /// Whether one of these topics does not exist for clients.
    pub fn hides_any<'n>(&self, names: impl IntoIterator<Item = &'n StrBytes>) -> bool {
        names.into_iter().any(|name| self.grants.hides(ResourceType::Topic, name))
    }

    /// The code that says why a topic is refused.
    pub fn denial_of_topic(&self, name: &StrBytes) -> ErrorCode {
        match self.grants.hides(ResourceType::Topic, name) {
            true => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            false => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        }
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

    /// Whether the caller may, by the law, do the operation on at least one resource of the type (KIP-679). As in a
    /// broker, what is logged is the probe of the resource named `hardcode`, when it is allowed.
    pub fn authorize_by_resource_type(&mut self, operation: AclOperation, resource_type: ResourceType) -> bool {
        const PROBE: StrBytes = StrBytes::from_static_str("hardcode");
        self.ask(operation, resource_type, &PROBE, 0, true, false);
        self.grants.authorize_by_resource_type(operation, resource_type) == AuthorizationResult::Allowed
    }

    /// The bit field of the operations the caller may do on a resource (KIP-430).
    pub fn authorized_operations(&mut self, resource_type: ResourceType, name: &str) -> i32 {
        self.grants.authorized_operations(resource_type, name)
    }

    /// Says that a question which was asked quietly, and denied, is what the request is refused for. Whether it is let
    /// through all the same.
    pub fn refuse_for(&mut self, operation: AclOperation) -> bool {
        let lets_through = self.lets_through();
        for asked in self.decisions.iter_mut().filter(|asked| asked.operation == operation) {
            asked.log_if_denied = true;
            asked.is_shadow_denied = lets_through && !asked.result.is_allowed();
        }
        lets_through
    }

    /// Whether denials of this request are only told. Never of what our own store answers: whoever is not allowed to must
    /// not make ACLs and users while the law is tried out.
    fn lets_through(&self) -> bool {
        self.grants.is_shadowed() && table::row(self.api_key).kind != Kind::Stored
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
        let result = self.grants.authorize_by_law(operation, resource_type, name);
        // A quiet question about the cluster is the first of two: the second one counts.
        let is_a_first_try = resource_type == ResourceType::Cluster && !log_if_denied;
        let is_shadow_denied =
            !result.is_allowed() && !is_a_first_try && self.lets_through() && !self.grants.hides(resource_type, name);
        self.decisions.push(Decision {
            operation,
            resource_type,
            name: name.clone(),
            result,
            is_shadow_denied,
            reference_count,
            log_if_allowed,
            log_if_denied,
        });
        result.is_allowed() || is_shadow_denied
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use acl::{Host, Identity, KafkaPrincipal, Policy, Settings, Shadow};

    use super::*;

    /// What becomes of questions to a law without a single ACL.
    fn asked(
        settings: Settings,
        api_key: ApiKey,
        ask: impl FnOnce(&mut RequestContext<'_>) -> bool,
    ) -> (bool, Vec<Decision>) {
        let identity = Identity {
            principal: KafkaPrincipal::user("alice"),
            groups: Vec::new(),
            host: Host::from(std::net::IpAddr::from([10, 0, 0, 1])),
            listener: "CLIENT".into(),
            authenticated_by_token: false,
        };
        let grants = Policy::empty(settings).grants(&Arc::new(identity));
        let mut decisions = Vec::new();
        let allowed = ask(&mut RequestContext {
            api_key,
            version: 0,
            client_id: StrBytes::default(),
            grants: &grants,
            found: &Found::default(),
            state: &mut ConnectionState::default(),
            decisions: &mut decisions,
        });
        (allowed, decisions)
    }

    fn shadow() -> Settings {
        Settings { shadow: Shadow::Everybody, ..Settings::default() }
    }

    const TOPIC: StrBytes = StrBytes::from_static_str("orders");

    #[test]
    fn in_shadow_a_denial_is_let_through_and_told_as_one() {
        let read =
            |context: &mut RequestContext<'_>| context.authorize(AclOperation::Read, ResourceType::Topic, &TOPIC);
        for (settings, allowed) in [(Settings::default(), false), (shadow(), true)] {
            let (is_allowed, decisions) = asked(settings, ApiKey::Fetch, read);
            assert_eq!((is_allowed, decisions.len()), (allowed, 1));
            assert_eq!(decisions[0].result, AuthorizationResult::Denied);
            assert_eq!(decisions[0].is_shadow_denied, allowed);
        }
    }

    /// As without shadow: otherwise nobody would be told of the topics.
    #[test]
    fn in_shadow_a_first_try_fails_so_that_the_question_that_counts_is_asked() {
        let (allowed, decisions) = asked(shadow(), ApiKey::CreateTopics, |context| {
            context.authorize_cluster_quietly(AclOperation::Create)
                || context.authorize(AclOperation::Create, ResourceType::Topic, &TOPIC)
        });
        let told: Vec<_> = decisions.iter().map(|asked| (asked.resource_type, asked.is_shadow_denied)).collect();
        assert_eq!((allowed, told), (true, vec![(ResourceType::Cluster, false), (ResourceType::Topic, true)]));
    }

    #[test]
    fn in_shadow_a_refusal_for_a_quiet_question_is_told_and_let_through() {
        for (settings, allowed) in [(Settings::default(), false), (shadow(), true)] {
            let (is_allowed, decisions) = asked(settings, ApiKey::InitProducerId, |context| {
                context.authorize_cluster_quietly(AclOperation::IdempotentWrite)
                    || context.authorize_by_resource_type(AclOperation::Write, ResourceType::Topic)
                    || context.refuse_for(AclOperation::IdempotentWrite)
            });
            assert_eq!(is_allowed, allowed);
            assert!(decisions[0].log_if_denied && decisions[0].is_shadow_denied == allowed, "{decisions:?}");
            assert!(!decisions[1].log_if_denied, "{decisions:?}");
        }
    }

    /// Whoever is not allowed to must not make ACLs while the law is tried out.
    #[test]
    fn in_shadow_our_own_store_is_closed_as_ever() {
        for api_key in [
            ApiKey::DescribeAcls,
            ApiKey::CreateAcls,
            ApiKey::DeleteAcls,
            ApiKey::DescribeUserScramCredentials,
            ApiKey::AlterUserScramCredentials,
        ] {
            let (allowed, decisions) =
                asked(shadow(), api_key, |context| context.authorize_cluster(AclOperation::Alter));
            assert!(!allowed && !decisions[0].is_shadow_denied, "{api_key}");
        }
    }

    #[test]
    fn a_hidden_topic_is_denied_in_shadow_and_to_super_users() {
        let hidden = |settings| Settings { hidden_topics: ["orders".to_owned()].into(), ..settings };
        let super_user = Settings { super_users: ["User:alice".to_owned()].into(), ..Settings::default() };
        for settings in [hidden(shadow()), hidden(super_user)] {
            let read = |context: &mut RequestContext<'_>| {
                context
                    .filter_by_authorized_quietly(AclOperation::Describe, ResourceType::Topic, [&TOPIC])
                    .contains(&TOPIC)
            };
            let (allowed, decisions) = asked(settings, ApiKey::Metadata, read);
            assert!(!allowed && !decisions[0].is_shadow_denied);
        }
    }
}
