//! How well a store that is elsewhere is followed: how old is what we know of it, and how much of it cannot be used.
//!
//! A store on this machine is never behind and has none of these.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a store says of itself while it is followed. Clones are one and the same.
#[derive(Debug, Clone)]
pub struct Following {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    seen_at: Mutex<Instant>,
    ignored: AtomicUsize,
    most: Option<Duration>,
}

impl Following {
    /// What is known was true at `at`.
    pub fn new(at: Instant) -> Following {
        Following::with_limit(at, None)
    }

    /// The same, of use as long as it is not older than `most`.
    pub fn with_limit(at: Instant, most: Option<Duration>) -> Following {
        Following { state: Arc::new(State { seen_at: Mutex::new(at), ignored: AtomicUsize::new(0), most }) }
    }

    /// What is known was true at `at`: when the question was sent, not when it was answered.
    pub fn seen(&self, at: Instant) {
        // An instant cannot be left half-written by a panic.
        let mut seen_at = self.state.seen_at.lock().unwrap_or_else(PoisonError::into_inner);
        *seen_at = at.max(*seen_at);
    }

    /// How long ago what is known was true for certain.
    pub fn age(&self) -> Duration {
        self.state.seen_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Whether what is known is too old to decide by.
    pub fn is_stale(&self) -> bool {
        self.state.most.is_some_and(|most| self.age() > most)
    }

    /// Says how many entries are there now that cannot be used.
    pub fn ignores(&self, entries: usize) {
        self.state.ignored.store(entries, Relaxed);
    }

    /// Entries that are there and cannot be used: ACLs of a newer Kafka, records that do not verify.
    pub fn ignored(&self) -> usize {
        self.state.ignored.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_as_old_as_the_last_time_it_was_seen_and_never_older_again() {
        let long_ago = Instant::now() - Duration::from_secs(60);
        let following = Following::new(long_ago);
        assert!(following.age() >= Duration::from_secs(60));
        let clone = following.clone();
        clone.seen(Instant::now());
        clone.seen(long_ago);
        assert!(following.age() < Duration::from_secs(50));
        assert_eq!(following.ignored(), 0);
        clone.ignores(3);
        assert_eq!(following.ignored(), 3);
        assert!(!following.is_stale());
        let limited = Following::with_limit(long_ago, Some(Duration::from_secs(60)));
        assert!(limited.is_stale());
        limited.seen(Instant::now());
        assert!(!limited.is_stale());
    }
}
