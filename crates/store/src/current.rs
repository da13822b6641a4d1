//! What holds now.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

/// Everything that came out of a store at one moment. Never changes; a change is another snapshot.
#[derive(Debug)]
pub struct Snapshot {
    pub policy: acl::Policy,
    pub users: authentication::Users,
    /// Counts the snapshots of this process, from 1.
    pub generation: u64,
}

/// The snapshot of now, shared by all who decide. Clones are one and the same.
#[derive(Debug, Clone)]
pub struct Current {
    snapshot: Arc<ArcSwap<Snapshot>>,
    generation: Arc<watch::Sender<u64>>,
}

impl Current {
    pub fn new(snapshot: Snapshot) -> Current {
        let generation = Arc::new(watch::Sender::new(snapshot.generation));
        Current { snapshot: Arc::new(ArcSwap::from_pointee(snapshot)), generation }
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
        Snapshot { policy, users: authentication::Users::default(), generation }
    }

    #[test]
    fn a_subscriber_told_of_a_generation_can_load_it() {
        let current = Current::new(snapshot(1));
        let subscriber = current.subscribe();
        let kept = current.load_full();
        current.clone().replace(snapshot(2));
        assert!(subscriber.has_changed().expect("the sender lives"));
        assert_eq!((*subscriber.borrow(), current.load().generation, kept.generation), (2, 2, 1));
    }
}
