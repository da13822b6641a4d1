//! Whether we can do our job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared flags, set by those who know. Clones are one and the same.
///
/// Ready means: a policy is loaded and not older than it may be, the upstream was seen once, and nobody has asked us to
/// stop. An upstream that is lost later is a metric, not unreadiness: then every replica would be unready at once, which
/// helps nobody.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    policy_loaded: AtomicBool,
    policy_stale: AtomicBool,
    upstream_seen: AtomicBool,
    stopping: AtomicBool,
}

impl Health {
    pub fn new() -> Health {
        Health::default()
    }

    pub fn policy_is_loaded(&self) {
        self.0.policy_loaded.store(true, Ordering::Release);
    }

    /// Whether what is known of a store that is elsewhere is older than `max_staleness`.
    pub fn policy_is_stale(&self, stale: bool) {
        self.0.policy_stale.store(stale, Ordering::Release);
    }

    pub fn upstream_is_seen(&self) {
        self.0.upstream_seen.store(true, Ordering::Release);
    }

    /// From now on not ready, for ever.
    pub fn is_stopping(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    pub fn is_ready(&self) -> bool {
        self.waits_for().is_empty()
    }

    /// What is missing, one line each; nothing if ready.
    pub fn waits_for(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if !self.0.policy_loaded.load(Ordering::Acquire) {
            missing.push("no policy is loaded yet");
        }
        if self.0.policy_stale.load(Ordering::Acquire) {
            missing.push("the policy is older than max_staleness");
        }
        if !self.0.upstream_seen.load(Ordering::Acquire) {
            missing.push("the upstream has not answered yet");
        }
        if self.0.stopping.load(Ordering::Acquire) {
            missing.push("stopping");
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_loaded_and_seen_and_not_stopping() {
        let health = Health::new();
        assert_eq!(health.waits_for(), ["no policy is loaded yet", "the upstream has not answered yet"]);
        health.policy_is_loaded();
        assert!(!health.is_ready());
        health.clone().upstream_is_seen();
        assert!(health.is_ready());
        health.policy_is_stale(true);
        assert_eq!(health.waits_for(), ["the policy is older than max_staleness"]);
        health.policy_is_stale(false);
        assert!(health.is_ready());
        health.is_stopping();
        assert_eq!(health.waits_for(), ["stopping"]);
    }
}
