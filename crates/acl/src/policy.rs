//! All ACLs and settings at one moment.
//!
//! A policy never changes: a change makes a new one, which shares with the old what is equal in both. The ACLs are kept by
//! principal, one *shard* for each text that stands in the principal field of an ACL (`User:alice`, `User:*`, `Group:x`).
//! A change replaces the shard it belongs to, and by that pointer [`Grants::is_current`] sees whether it concerns a caller.

use std::fmt;
use std::sync::Arc;

use crate::named_resources::NamedResources;
use crate::shard::Shard;
use crate::sorted_map::SortedMap;
use crate::{AclBinding, Grants, Identity, Settings};

/// Cheap to clone: clones are the same policy.
#[derive(Clone)]
pub struct Policy {
    state: Arc<State>,
}

#[derive(Clone)]
struct State {
    settings: Arc<Settings>,
    /// None of them is empty.
    shards: SortedMap<Arc<str>, Arc<Shard>>,
    /// Kept only where `allow.everyone.if.no.acl.found` is on, since nothing else asks for it.
    named_resources: Option<Arc<NamedResources>>,
    /// Of all shards together.
    len: usize,
}

impl Policy {
    /// The order of the ACLs plays no part, and equal ones are one.
    pub fn new(settings: Settings, bindings: impl IntoIterator<Item = AclBinding>) -> Self {
        let mut bindings: Vec<AclBinding> = bindings.into_iter().collect();
        bindings.sort_unstable_by(|left, right| {
            left.entry.principal.cmp(&right.entry.principal).then_with(|| left.cmp(right))
        });
        bindings.dedup();

        let named_resources = settings
            .allow_everyone_if_no_acl_found
            .then(|| Arc::new(NamedResources::new(bindings.iter().map(|binding| &binding.pattern))));
        let by_principal = bindings.chunk_by(|left, right| left.entry.principal == right.entry.principal);
        let shards = SortedMap::from_sorted(by_principal.filter_map(|bindings| {
            let principal = Arc::clone(&bindings.first()?.entry.principal);
            let shard = Shard::from_sorted(bindings.iter().cloned());
            Some((principal, Arc::new(shard)))
        }));
        let state = State { settings: Arc::new(settings), shards, named_resources, len: bindings.len() };
        Self { state: Arc::new(state) }
    }

    /// The policy without any ACL.
    pub fn empty(settings: Settings) -> Self {
        Self::new(settings, [])
    }

    /// This policy without the ACLs of `remove`, and then with those of `add`. Removing what is not there, or adding what
    /// is, changes nothing.
    pub fn with_changes(&self, remove: &[AclBinding], add: &[AclBinding]) -> Self {
        let mut state = State::clone(&self.state);
        for binding in remove {
            state.remove(binding);
        }
        for binding in add {
            state.add(binding);
        }
        Self { state: Arc::new(state) }
    }

    /// How many ACLs there are.
    pub fn len(&self) -> usize {
        self.state.len
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn contains(&self, binding: &AclBinding) -> bool {
        self.shard(&binding.entry.principal).is_some_and(|shard| shard.contains(binding))
    }

    /// Every ACL once: by principal, and those of each in Kafka's order.
    pub fn bindings(&self) -> impl Iterator<Item = AclBinding> {
        self.state.shards.iter().flat_map(|(_, shard)| shard.iter()).cloned()
    }

    pub fn settings(&self) -> &Settings {
        &self.state.settings
    }

    /// What this caller may do. The cost grows with the number of ACLs that may apply to the caller: those for its
    /// principal, its groups and `User:*`.
    pub fn grants(&self, identity: &Arc<Identity>) -> Grants {
        Grants::new(self, identity)
    }

    pub(crate) fn shared_settings(&self) -> &Arc<Settings> {
        &self.state.settings
    }

    pub(crate) fn shard(&self, principal: &str) -> Option<&Arc<Shard>> {
        self.state.shard(principal)
    }

    pub(crate) fn named_resources(&self) -> Option<&Arc<NamedResources>> {
        self.state.named_resources.as_ref()
    }
}

impl State {
    fn shard(&self, principal: &str) -> Option<&Arc<Shard>> {
        self.shards.get(|other| (**other).cmp(principal))
    }

    fn remove(&mut self, binding: &AclBinding) {
        let principal = &binding.entry.principal;
        if self.shard(principal).is_none_or(|shard| !shard.contains(binding)) {
            return;
        }
        let Some(shard) = self.shards.entry(principal).map(Arc::make_mut) else { return };
        shard.remove(binding);
        if shard.is_empty() {
            self.shards.remove(principal);
        }
        if let Some(resources) = &mut self.named_resources {
            Arc::make_mut(resources).remove(&binding.pattern);
        }
        self.len -= 1;
    }

    fn add(&mut self, binding: &AclBinding) {
        let principal = &binding.entry.principal;
        if self.shard(principal).is_some_and(|shard| shard.contains(binding)) {
            return;
        }
        let Some(shard) = self.shards.entry(principal).map(Arc::make_mut) else { return };
        shard.insert(binding);
        if let Some(resources) = &mut self.named_resources {
            Arc::make_mut(resources).add(&binding.pattern);
        }
        self.len += 1;
    }
}

impl fmt::Debug for Policy {
    /// Numbers only: a policy may be large.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("settings", &self.state.settings)
            .field("principals", &self.state.shards.len())
            .field("acls", &self.state.len)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccessControlEntry, AclOperation, AclPermissionType, AuthorizationResult, Host, KafkaPrincipal,
        ResourcePattern, ResourceType,
    };
    use std::net::{IpAddr, Ipv4Addr};

    fn acl(principal: &str, topic: &str) -> AclBinding {
        AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, topic),
            AccessControlEntry::new(principal, "*", AclOperation::Read, AclPermissionType::Allow),
        )
    }

    fn identity(user: &str, groups: &[&str]) -> Arc<Identity> {
        Arc::new(Identity {
            principal: KafkaPrincipal::user(user),
            groups: groups.iter().map(|group| Arc::from(*group)).collect(),
            host: Host::from(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            listener: "CLIENT".into(),
            authenticated_by_token: false,
        })
    }

    fn allow_everyone() -> Settings {
        Settings { allow_everyone_if_no_acl_found: true, ..Settings::default() }
    }

    #[test]
    fn equal_acls_are_one() {
        let acls = [acl("User:b", "x"), acl("User:a", "x"), acl("User:b", "x"), acl("User:a", "y")];
        let policy = Policy::new(Settings::default(), acls);
        let kept: Vec<AclBinding> = policy.bindings().collect();
        assert_eq!(kept, [acl("User:a", "y"), acl("User:a", "x"), acl("User:b", "x")]);
        assert_eq!((policy.len(), policy.is_empty()), (3, false));
        assert!(policy.contains(&acl("User:b", "x")) && !policy.contains(&acl("User:b", "y")));
    }

    #[test]
    fn a_change_concerns_those_whose_acls_it_touches() {
        let policy = Policy::new(Settings::default(), [acl("User:a", "x"), acl("Group:g", "x"), acl("User:*", "x")]);
        let (alice, member, bob) = (identity("a", &[]), identity("m", &["Group:g"]), identity("b", &[]));
        let grants = [&alice, &member, &bob].map(|identity| policy.grants(identity));
        for (remove, add, still_current) in [
            (vec![], vec![], [true, true, true]),
            (vec![acl("User:a", "nothing")], vec![acl("User:a", "x")], [true, true, true]),
            (vec![], vec![acl("User:a", "y")], [false, true, true]),
            (vec![acl("User:a", "x")], vec![], [false, true, true]),
            (vec![acl("Group:g", "x")], vec![], [true, false, true]),
            (vec![], vec![acl("User:b", "x")], [true, true, false]),
            (vec![], vec![acl("User:*", "y")], [false, false, false]),
            (vec![], vec![acl("User:someone", "x")], [true, true, true]),
        ] {
            let changed = policy.with_changes(&remove, &add);
            let current = grants.each_ref().map(|grants| grants.is_current(&changed));
            assert_eq!(current, still_current, "without {remove:?}, with {add:?}");
            assert!(grants.iter().all(|grants| grants.is_current(&policy)), "the old policy has not changed");
        }
        assert!(!grants[2].is_current(&Policy::new(Settings::default(), policy.bindings())));
    }

    #[test]
    fn where_everyone_is_allowed_what_no_acl_is_about_any_change_concerns_everyone() {
        let policy = Policy::empty(allow_everyone());
        let grants = policy.grants(&identity("a", &[]));
        let changed = policy.with_changes(&[], &[acl("User:b", "x")]);
        assert!(!grants.is_current(&changed));
        let answer = |policy: &Policy| {
            policy.grants(&identity("a", &[])).authorize(AclOperation::Read, ResourceType::Topic, "x")
        };
        assert_eq!(answer(&policy), AuthorizationResult::Allowed);
        assert_eq!(answer(&changed), AuthorizationResult::Denied);
        let removed = changed.with_changes(&[acl("User:b", "x")], &[]);
        assert_eq!((answer(&removed), removed.is_empty()), (AuthorizationResult::Allowed, true));
    }

    #[test]
    fn a_super_user_is_concerned_by_settings_only() {
        let settings = Settings { super_users: ["User:a".to_owned()].into(), ..allow_everyone() };
        let policy = Policy::empty(settings);
        let grants = policy.grants(&identity("a", &[]));
        assert!(grants.is_current(&policy.with_changes(&[], &[acl("User:a", "x"), acl("User:*", "x")])));
        assert!(!grants.is_current(&Policy::empty(Settings::default())));
    }

    #[test]
    fn policies_and_grants_are_shared_between_threads() {
        fn is_shared<T: Send + Sync>() {}
        is_shared::<Policy>();
        is_shared::<Grants>();
    }
}
