//! What a broker does to many clients at once, told once in a while: while it is down, every attempt of every client would
//! be a line.

use std::collections::HashMap;
use std::mem::Discriminant;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::end::End;

/// Between two lines about the same trouble with the same broker.
const PAUSE: Duration = Duration::from_secs(10);

/// Which broker, by its port (`None`: any, of bootstrap), and what trouble.
type Trouble = (Option<i32>, Discriminant<End>);

/// What was told last. One for the process; never larger than ports by kinds of trouble.
#[derive(Debug, Default)]
pub(crate) struct BrokerWarnings {
    told: Mutex<HashMap<Trouble, Told>>,
}

#[derive(Debug)]
struct Told {
    at: Instant,
    /// How many were not told since.
    kept_back: u64,
}

impl BrokerWarnings {
    /// Whether this one is to be told, and how many like it were not before.
    pub(crate) fn note(&self, node_id: Option<i32>, end: &End) -> Option<u64> {
        self.note_at(Instant::now(), node_id, end)
    }

    fn note_at(&self, now: Instant, node_id: Option<i32>, end: &End) -> Option<u64> {
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = (node_id, std::mem::discriminant(end));
        let Some(told) = all.get_mut(&trouble) else {
            all.insert(trouble, Told { at: now, kept_back: 0 });
            return Some(0);
        };
        if now.saturating_duration_since(told.at) < PAUSE {
            told.kept_back += 1;
            return None;
        }
        told.at = now;
        Some(std::mem::take(&mut told.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Unavailable;

    #[test]
    fn trouble_with_one_broker_is_told_once_in_a_while_with_how_often_it_was() {
        let warnings = BrokerWarnings::default();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let down = || End::NoUpstream(Unavailable { text: "connection refused".to_owned(), reason: "unreachable" });
        assert_eq!(warnings.note_at(after(0), Some(1), &down()), Some(0));
        assert_eq!(warnings.note_at(after(1), Some(1), &down()), None);
        assert_eq!(warnings.note_at(after(9), Some(1), &down()), None);
        assert_eq!(warnings.note_at(after(9), Some(2), &down()), Some(0), "another broker");
        assert_eq!(warnings.note_at(after(9), Some(1), &End::BrokerClosed), Some(0), "another trouble");
        assert_eq!(warnings.note_at(after(10), Some(1), &down()), Some(2));
        assert_eq!(warnings.note_at(after(11), Some(1), &down()), None);
    }
}
