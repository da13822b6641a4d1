//! What holds now.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

/// Everything that came out of a store at one moment. Never changes; a change is another snapshot.
#[derive(Debug)]
pub struct Snapshot {
    pub policy: acl::Policy,
    pub users: Arc<authentication::Users>,
    /// Counts the snapshots of this process, from 1.
    pub generation: u64,
}

/// The snapshot of now, shared by all who decide. Clones are one and the same.
#[derive(Debug, Clone)]
pub struct Current {
    snapshot: Arc<ArcSwap<Snapshot>>,
    generation: Arc<watch::Sender<u64>>,
    /// Held by who replaces it: ACLs and users may come from two stores.
    turn: Arc<Mutex<()>>,
}

impl Current {
    pub fn new(snapshot: Snapshot) -> Current {
        let generation = Arc::new(watch::Sender::new(snapshot.generation));
        Current { snapshot: Arc::new(ArcSwap::from_pointee(snapshot)), generation, turn: Arc::default() }
    }

    /// The snapshot of now, for the length of one decision. Costs some nanoseconds and no lock.
    pub fn load(&self) -> Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// The same, for those who keep it.
    pub fn load_full(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Tells of each new generation once it can be loaded. Who is slow sees the last one.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// From now on these ACLs and users hold, made from those of now. Whoever loads afterwards sees them.
    pub fn update(&self, change: impl FnOnce(&Snapshot) -> (acl::Policy, Arc<authentication::Users>)) -> Arc<Snapshot> {
        // It guards no data that a panic could have left half-changed.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.snapshot.load_full();
        let (policy, users) = change(&old);
        let new = Arc::new(Snapshot { policy, users, generation: old.generation + 1 });
        self.snapshot.store(Arc::clone(&new));
        self.generation.send_replace(new.generation);
        new
    }

    /// From now on `snapshot` holds.
    pub fn replace(&self, snapshot: Snapshot) {
        let generation = snapshot.generation;
        self.snapshot.store(Arc::new(snapshot));
        self.generation.send_replace(generation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(generation: u64) -> Snapshot {
        let policy = acl::Policy::empty(acl::Settings::default());
        Snapshot { policy, users: Arc::default(), generation }
    }

    #[test]
    fn a_subscriber_told_of_a_generation_can_load_it() {
        let current = Current::new(snapshot(1));
        let subscriber = current.subscribe();
        let kept = current.load_full();
        current.clone().replace(snapshot(2));
        assert!(subscriber.has_changed().expect("the sender lives"));
        assert_eq!((*subscriber.borrow(), current.load().generation, kept.generation), (2, 2, 1));
        let updated = current.update(|old| (old.policy.clone(), Arc::clone(&old.users)));
        assert_eq!((*subscriber.borrow(), current.load().generation, updated.generation), (3, 3, 3));
    }
}
