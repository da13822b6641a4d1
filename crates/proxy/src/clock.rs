//! The time, coarsely: one atomic that a task moves on, so that a connection can note when it last did something
//! without asking the system and without a timer of its own.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Milliseconds since the start of the process, right to about [`Clock::TICK`].
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    milliseconds: AtomicU64,
}

impl Clock {
    /// How often it has to be moved on.
    pub(crate) const TICK: Duration = Duration::from_millis(250);

    pub(crate) fn new() -> Clock {
        Clock { start: Instant::now(), milliseconds: AtomicU64::new(0) }
    }

    /// Moves it on.
    pub(crate) fn tick(&self) {
        self.milliseconds.store(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn now(&self) -> u64 {
        self.milliseconds.load(Relaxed)
    }
}
