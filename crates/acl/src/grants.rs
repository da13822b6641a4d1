//! What one caller may do: the ACLs that apply to it, compiled from a [`Policy`] for quick answers.
//!
//! Kafka's `StandardAuthorizer` decides one question in these steps, and so does this:
//!
//! 1. A super user may do everything. (But there are topics of Doorkeeper's own, which nobody may.)
//! 2. Entries are about the resource if they are LITERAL on its name or on `*`, or PREFIXED on a prefix of its name. Of
//!    these, the ones for the caller's principal (or `User:*`, or a group of the caller's) and host apply.
//! 3. Any that denies the operation: denied. Else any that allows it: allowed.
//! 4. Else denied; but if `allow.everyone.if.no.acl.found` is on and no entry at all is about the resource, allowed.
//!
//! All of step 2 that does not depend on the question is done when the grants are made: principal and host are the
//! caller's own. So a question costs one look-up by name, one search among prefixes and a few bits. We differ from Kafka
//! in two defects that strike on names that start with a character below `*`: there it loops for ever or fails.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::by_resource_type::ByResourceType;
use crate::masks::Masks;
use crate::named_resources::NamedResources;
use crate::operation::OperationSet;
use crate::principal::GROUP_PREFIX;
use crate::resource_grants::ResourceGrants;
use crate::shard::Shard;
use crate::{
    AclBinding, AclOperation, AclPermissionType, AuthorizationResult, Identity, MatchingRule, Policy, ResourceType,
    Settings, WILDCARD_PRINCIPAL, WILDCARD_RESOURCE,
};

/// The resource name that Kafka tries first when asked for "some resource of this type".
const PROBE_NAME: &str = "hardcode";

/// Made by [`Policy::grants`]. Immutable; to be shared by the connections of one identity, and made anew when
/// [`Grants::is_current`] says no.
#[derive(Debug)]
pub struct Grants {
    identity: Arc<Identity>,
    settings: Arc<Settings>,
    is_super_user: bool,
    is_shadowed: bool,
    /// Empty for a super user.
    sources: Vec<Source>,
    /// Only where `allow.everyone.if.no.acl.found` is on.
    named_resources: Option<Arc<NamedResources>>,
    by_type: ByResourceType<ResourceGrants>,
}

/// One of the principals whose ACLs apply to the caller, and those ACLs.
#[derive(Debug)]
struct Source {
    principal: Arc<str>,
    shard: Option<Arc<Shard>>,
}

impl Grants {
    pub(crate) fn new(policy: &Policy, identity: &Arc<Identity>) -> Self {
        let settings = policy.shared_settings();
        let is_super_user = settings.is_super_user(identity);
        let principals = if is_super_user { Vec::new() } else { applying_principals(identity) };
        let sources: Vec<Source> = principals
            .into_iter()
            .map(|principal| Source { shard: policy.shard(&principal).cloned(), principal })
            .collect();

        let mut applying: ByResourceType<Vec<&AclBinding>> = ByResourceType::default();
        for binding in sources.iter().filter_map(|source| source.shard.as_ref()).flat_map(|shard| shard.iter()) {
            if identity.host.is_meant_by(&binding.entry.host, settings.host_ranges) {
                applying.get_mut(binding.pattern.resource_type).push(binding);
            }
        }
        let by_type = applying.map(|bindings| ResourceGrants::new(&bindings));

        Self {
            identity: Arc::clone(identity),
            settings: Arc::clone(settings),
            is_super_user,
            is_shadowed: settings.shadow.covers(identity),
            sources,
            named_resources: policy.named_resources().cloned(),
            by_type,
        }
    }

    /// Whether the caller may do this to the resource of this type and name, or is let do it ([`Settings::shadow`]).
    /// Allocates nothing.
    pub fn authorize(&self, operation: AclOperation, resource_type: ResourceType, name: &str) -> AuthorizationResult {
        match self.is_shadowed {
            true => AuthorizationResult::from(!self.hides(resource_type, name)),
            false => self.authorize_by_law(operation, resource_type, name),
        }
    }

    /// Whether the caller may do this, by the law alone: the same, but for who is shadowed. Allocates nothing.
    pub fn authorize_by_law(
        &self,
        operation: AclOperation,
        resource_type: ResourceType,
        name: &str,
    ) -> AuthorizationResult {
        if self.hides(resource_type, name) {
            return AuthorizationResult::Denied;
        }
        if self.is_super_user {
            return AuthorizationResult::Allowed;
        }
        let decided = self.by_type.get(resource_type).decide(operation, name);
        decided.unwrap_or_else(|| self.default_result(resource_type, name))
    }

    /// The same answer by the law, and the reason that Kafka's audit line gives for it: the first matching DENY in Kafka's order, or
    /// the last matching ALLOW. Slower; for logs and explanations.
    pub fn explain(
        &self,
        operation: AclOperation,
        resource_type: ResourceType,
        name: &str,
    ) -> (AuthorizationResult, MatchingRule) {
        if self.hides(resource_type, name) {
            return (AuthorizationResult::Denied, MatchingRule::DefaultDeny);
        }
        if self.is_super_user {
            return (AuthorizationResult::Allowed, MatchingRule::SuperUser);
        }
        let matching = self.matching(operation, resource_type, name);
        let with = |permission_type| {
            matching.iter().copied().filter(move |binding| binding.entry.permission_type == permission_type)
        };
        if let Some(deny) = with(AclPermissionType::Deny).min_by(|left, right| walk_order(left, right)) {
            return (AuthorizationResult::Denied, MatchingRule::MatchingAcl(deny.clone()));
        }
        if let Some(allow) = with(AclPermissionType::Allow).max_by(|left, right| walk_order(left, right)) {
            return (AuthorizationResult::Allowed, MatchingRule::MatchingAcl(allow.clone()));
        }
        match self.default_result(resource_type, name) {
            AuthorizationResult::Allowed => (AuthorizationResult::Allowed, MatchingRule::DefaultAllow),
            AuthorizationResult::Denied => (AuthorizationResult::Denied, MatchingRule::DefaultDeny),
        }
    }

    /// Whether the caller may do this to at least one resource of the type, as Kafka's
    /// `Authorizer.authorizeByResourceType` guesses it: it asks for a resource named `hardcode`, and failing that compares
    /// the names in the caller's ACLs. By the law alone, as [`Grants::authorize_by_law`]. Allocates nothing.
    pub fn authorize_by_resource_type(
        &self,
        operation: AclOperation,
        resource_type: ResourceType,
    ) -> AuthorizationResult {
        let probe = self.authorize_by_law(operation, resource_type, PROBE_NAME);
        AuthorizationResult::from(probe.is_allowed() || self.by_type.get(resource_type).is_on_some_resource(operation))
    }

    /// The authorized-operations field of answers: bit *n* says that the operation with code *n* is allowed, for the
    /// operations that the type supports. Allocates nothing.
    pub fn authorized_operations(&self, resource_type: ResourceType, name: &str) -> i32 {
        let supported = OperationSet::supported_by(resource_type);
        if self.hides(resource_type, name) {
            return OperationSet::EMPTY.bits();
        }
        if self.is_super_user || self.is_shadowed {
            return supported.bits();
        }
        let Masks { allow, deny } = self.by_type.get(resource_type).masks(name);
        let by_default = match self.default_result(resource_type, name) {
            AuthorizationResult::Allowed => OperationSet::FULL,
            AuthorizationResult::Denied => OperationSet::EMPTY,
        };
        allow.union(by_default).without(deny).intersection(supported).bits()
    }

    /// Whether what the law denies the caller is told and let through.
    pub fn is_shadowed(&self) -> bool {
        self.is_shadowed
    }

    /// Topics that are not there for anybody.
    pub fn hidden_topics(&self) -> &BTreeSet<String> {
        &self.settings.hidden_topics
    }

    /// Whether this is a topic that is not there for anybody.
    pub fn hides(&self, resource_type: ResourceType, name: &str) -> bool {
        resource_type == ResourceType::Topic && self.settings.hidden_topics.contains(name)
    }

    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Whether this policy would give the same grants, because none of the parts they were made from has changed. Cheap:
    /// it compares pointers. `false` may be said too often (after an ACL was removed and added again), never too seldom.
    pub fn is_current(&self, policy: &Policy) -> bool {
        Arc::ptr_eq(&self.settings, policy.shared_settings())
            && self.sources.iter().all(|source| same(source.shard.as_ref(), policy.shard(&source.principal)))
            && (self.is_super_user || same(self.named_resources.as_ref(), policy.named_resources()))
    }

    /// Where no entry for the caller decides.
    fn default_result(&self, resource_type: ResourceType, name: &str) -> AuthorizationResult {
        let is_named = |resources: &Arc<NamedResources>| resources.contains(resource_type, name);
        AuthorizationResult::from(self.named_resources.as_ref().is_some_and(|resources| !is_named(resources)))
    }

    /// The entries that apply, are about the resource, and decide the operation.
    fn matching(&self, operation: AclOperation, resource_type: ResourceType, name: &str) -> Vec<&AclBinding> {
        let shards = self.sources.iter().filter_map(|source| source.shard.as_ref());
        shards
            .flat_map(|shard| shard.covering(resource_type, name))
            .filter(|AclBinding { entry, .. }| {
                OperationSet::decided_by(entry.operation, entry.permission_type).contains(operation)
                    && self.identity.host.is_meant_by(&entry.host, self.settings.host_ranges)
            })
            .collect()
    }
}

/// The order in which Kafka looks at the entries about one resource: the names from the longest down, and `*` last.
fn walk_order(left: &AclBinding, right: &AclBinding) -> Ordering {
    let is_last = |binding: &AclBinding| &*binding.pattern.name == WILDCARD_RESOURCE;
    is_last(left).cmp(&is_last(right)).then_with(|| left.cmp(right))
}

/// The principals of ACLs that apply to this caller, each once. (A principal's type ends at the first colon, so no ACL's
/// text can mean a caller whose type contains one.)
fn applying_principals(identity: &Identity) -> Vec<Arc<str>> {
    let mut principals: Vec<Arc<str>> = vec![WILDCARD_PRINCIPAL.into()];
    if !identity.principal.principal_type.contains(':') {
        principals.push(identity.principal.to_string().into());
    }
    principals.extend(identity.groups.iter().filter(|group| group.starts_with(GROUP_PREFIX)).cloned());
    principals.sort_unstable();
    principals.dedup();
    principals
}

fn same<T>(left: Option<&Arc<T>>, right: Option<&Arc<T>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Arc::ptr_eq(left, right),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
