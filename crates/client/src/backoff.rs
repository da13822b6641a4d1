//! How long to wait before a broker is tried again: `reconnect.backoff.ms` and `reconnect.backoff.max.ms` of a client.

use std::time::Duration;

use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// Doubles with every failure in a row.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    next: Option<(Instant, Duration)>,
}

impl Backoff {
    /// Until when the next attempt must wait; the past if it need not.
    pub(crate) fn not_before(&self, now: Instant) -> Instant {
        self.next.map_or(now, |(not_before, _)| not_before)
    }

    pub(crate) fn failed(&mut self, now: Instant) {
        let wait = self.next.map_or(FIRST, |(_, wait)| (wait * 2).min(LONGEST));
        self.next = Some((now + wait, wait));
    }

    pub(crate) fn succeeded(&mut self) {
        self.next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_second_and_begin_anew_after_a_success() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        let waits = [(); 7].map(|()| {
            backoff.failed(now);
            (backoff.not_before(now) - now).as_millis()
        });
        assert_eq!(waits, [50, 100, 200, 400, 800, 1000, 1000]);
        backoff.succeeded();
        assert_eq!(backoff.not_before(now), now);
    }
}
