//! What callers may do, compiled once for each identity and shared by all its connections.
//!
//! A request costs one load of the snapshot and a comparison of pointers; only a change that concerns the caller makes
//! its grants anew, and then once for all its connections.

use std::sync::{Arc, Weak};

use acl::{Grants, Identity, Policy};
use dashmap::DashMap;

/// The grants of all who are connected.
#[derive(Debug, Default)]
pub(crate) struct GrantsCache {
    /// Dead when the last connection of the identity is gone.
    grants: DashMap<Arc<Identity>, Weak<Grants>>,
}

impl GrantsCache {
    /// The grants of an identity by the policy of now.
    pub(crate) fn get(&self, identity: &Arc<Identity>, policy: &Policy) -> Arc<Grants> {
        if let Some(known) = self.known(identity, policy) {
            return known;
        }
        // Compiled outside the map: two connections may do it at once, and the last one is kept.
        let made = Arc::new(policy.grants(identity));
        self.grants.insert(Arc::clone(identity), Arc::downgrade(&made));
        made
    }

    /// Brings up to date what a connection holds.
    pub(crate) fn refresh(&self, grants: &mut Arc<Grants>, policy: &Policy) {
        if !grants.is_current(policy) {
            *grants = self.get(&Arc::clone(grants.identity()), policy);
        }
    }

    /// Forgets identities that nobody has any more.
    pub(crate) fn forget_dead(&self) {
        self.grants.retain(|_, grants| grants.strong_count() > 0);
    }

    fn known(&self, identity: &Arc<Identity>, policy: &Policy) -> Option<Arc<Grants>> {
        let known = self.grants.get(identity)?.upgrade()?;
        known.is_current(policy).then_some(known)
    }
}

#[cfg(test)]
mod tests {
    use acl::{
        AccessControlEntry, AclBinding, AclOperation, AclPermissionType, Host, KafkaPrincipal, ResourcePattern,
        ResourceType, Settings,
    };

    use super::*;

    fn identity(name: &str) -> Arc<Identity> {
        Arc::new(Identity {
            principal: KafkaPrincipal::user(name),
            groups: Vec::new(),
            host: Host::from(std::net::IpAddr::from([10, 0, 0, 1])),
            listener: "CLIENT".into(),
            authenticated_by_token: false,
        })
    }

    fn allow(principal: &str, topic: &str) -> AclBinding {
        AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, topic),
            AccessControlEntry::new(principal, "*", AclOperation::Read, AclPermissionType::Allow),
        )
    }

    #[test]
    fn connections_of_one_identity_share_grants_until_its_acls_change() {
        let cache = GrantsCache::default();
        let policy = Policy::new(Settings::default(), [allow("User:alice", "orders")]);
        let mut one = cache.get(&identity("alice"), &policy);
        let other = cache.get(&identity("alice"), &policy);
        assert!(Arc::ptr_eq(&one, &other));

        let unrelated = policy.with_changes(&[], &[allow("User:bob", "orders")]);
        cache.refresh(&mut one, &unrelated);
        assert!(Arc::ptr_eq(&one, &other));

        let changed = unrelated.with_changes(&[allow("User:alice", "orders")], &[]);
        cache.refresh(&mut one, &changed);
        assert!(!Arc::ptr_eq(&one, &other));
        assert!(!one.authorize(AclOperation::Read, ResourceType::Topic, "orders").is_allowed());

        drop((one, other));
        cache.forget_dead();
        assert!(cache.grants.is_empty());
    }
}
