//! Answers that are kept for a moment, and asked for once at a time however many wait for them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Answers by key.
#[derive(Debug)]
pub(crate) struct Kept<K, V, E> {
    slots: Mutex<HashMap<K, Arc<Slot<V, E>>>>,
    keep: Duration,
    /// Slots; when there are more, the memory begins anew.
    most: usize,
}

/// Locked by whoever asks.
type Slot<V, E> = tokio::sync::Mutex<Option<Answer<V, E>>>;

#[derive(Debug)]
struct Answer<V, E> {
    began: Instant,
    came: Instant,
    said: Result<V, E>,
    is_kept: bool,
}

impl<K: Eq + Hash, V: Clone, E: Clone> Kept<K, V, E> {
    pub(crate) fn new(keep: Duration, most: usize) -> Kept<K, V, E> {
        Kept { slots: Mutex::default(), keep, most }
    }

    /// The answer that is kept, or else one that is asked for from now on. Whoever waits for an answer gets the next one,
    /// an error too. `is_worth` says whether an answer is kept; an error never is.
    pub(crate) async fn get<F: Future<Output = Result<V, E>>>(
        &self,
        key: K,
        is_worth: impl FnOnce(&V) -> bool,
        ask: impl FnOnce() -> F,
    ) -> Result<V, E> {
        let asked = Instant::now();
        let slot = self.slot(key);
        let mut answer = slot.lock().await;
        if let Some(known) = answer.as_ref().filter(|known| known.began >= asked || self.is_fresh(known)) {
            return known.said.clone();
        }
        let began = Instant::now();
        let said = ask().await;
        let is_kept = said.as_ref().is_ok_and(is_worth);
        *answer = Some(Answer { began, came: Instant::now(), said: said.clone(), is_kept });
        said
    }

    fn is_fresh(&self, answer: &Answer<V, E>) -> bool {
        answer.is_kept && answer.came.elapsed() < self.keep
    }

    fn slot(&self, key: K) -> Arc<Slot<V, E>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&key) {
            return Arc::clone(slot);
        }
        // One that is locked is being asked for.
        slots.retain(|_, slot| {
            slot.try_lock().map_or(true, |answer| answer.as_ref().is_some_and(|it| self.is_fresh(it)))
        });
        if slots.len() >= self.most {
            slots.clear();
        }
        Arc::clone(slots.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    /// Counts how often it was asked.
    #[derive(Default)]
    struct Asked(AtomicU32);

    impl Asked {
        async fn ask(&self) -> Result<u32, String> {
            Ok(self.0.fetch_add(1, Ordering::Relaxed) + 1)
        }
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_a_while_if_it_is_worth_it() {
        let asked = Asked::default();
        let kept = Kept::new(LONG, 10);
        for (key, is_worth, expected) in [("a", true, 1), ("a", true, 1), ("b", false, 2), ("b", false, 3)] {
            assert_eq!(kept.get(key, |_| is_worth, || asked.ask()).await, Ok(expected));
        }
        let kept = Kept::new(Duration::ZERO, 10);
        for expected in [4, 5] {
            assert_eq!(kept.get("a", |_| true, || asked.ask()).await, Ok(expected));
        }
    }

    #[tokio::test]
    async fn all_who_wait_get_one_answer_that_was_asked_for_since_even_an_error() {
        let asked = Asked::default();
        let kept: Kept<&str, u32, String> = Kept::new(Duration::ZERO, 10);
        let under_way = Notify::new();
        let finish = Notify::new();
        let first = kept.get(
            "a",
            |_| true,
            || async {
                under_way.notify_one();
                finish.notified().await;
                asked.ask().await
            },
        );
        let refuse = || async { asked.ask().await.and_then(|count| Err(format!("no {count}"))) };
        let others = async {
            under_way.notified().await;
            let one = kept.get("a", |_| true, refuse);
            let other = kept.get("a", |_| true, refuse);
            let release = async { finish.notify_one() };
            let (one, other, ()) = tokio::join!(one, other, release);
            (one, other)
        };
        let (first, others) = tokio::join!(first, others);
        assert_eq!(first, Ok(1));
        assert_eq!(others, (Err("no 2".to_owned()), Err("no 2".to_owned())));
    }

    #[tokio::test]
    async fn the_memory_is_bounded() {
        let asked = Asked::default();
        let kept = Kept::new(LONG, 10);
        for key in 0..100 {
            kept.get(key, |_| true, || asked.ask()).await.unwrap();
            assert!(kept.slots.lock().unwrap().len() <= 10);
        }
        let kept = Kept::new(Duration::ZERO, 10);
        for key in 0..3 {
            kept.get(key, |_| true, || asked.ask()).await.unwrap();
        }
        assert_eq!(kept.slots.lock().unwrap().len(), 1, "what is stale makes room");
    }
}
