//! Which topics the regular expressions of consumers match.
//!
//! Every heartbeat of a consumer with a regular expression asks. The list of all topics is kept for seconds, so a new topic
//! is met soon; what an expression matches of it is kept until the list is another one. Matching takes milliseconds, or as
//! long as somebody wants who means no good: it runs away from the threads that move bytes, some at a time, not for long, and
//! for each user one at a time, so that nobody waits behind all that one user asks for.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use acl::KafkaPrincipal;
use apis::{PatternError, SubscriptionPattern};
use protocol::StrBytes;

use crate::derivations::Derivations;
use crate::kept::Kept;
use crate::topics::LookupError;

/// How long the list of topics is believed. Consumers beat every five seconds.
const TOPICS_KEPT: Duration = Duration::from_secs(5);

/// Expressions whose matches are kept; when there are more, the memory begins anew.
const MOST_PATTERNS: usize = 256;

/// Names that are kept of all of them.
const MOST_NAMES: usize = 250_000;

/// How long the search may take for one expression. Ten thousand topics take 50 to 250 milliseconds.
const MOST_TIME: Duration = Duration::from_secs(2);

/// Names, sorted.
pub(crate) type Names = Arc<[StrBytes]>;

/// The matches of expressions. One for the process.
#[derive(Debug)]
pub(crate) struct Matching {
    topics: Kept<(), Names, LookupError>,
    /// The list of topics that came last.
    last: Mutex<Names>,
    matched: Arc<Mutex<Matched>>,
    turns: Derivations,
    /// Of callers who search or wait for it.
    searching: Mutex<HashMap<KafkaPrincipal, Turn>>,
}

/// Locked by the caller's search, and by the one that waits for its turn among those of others.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// What was found in one list of topics.
#[derive(Debug, Default)]
struct Matched {
    topics: Names,
    found: HashMap<StrBytes, Result<Names, PatternError>>,
    names: usize,
}

impl Default for Matching {
    fn default() -> Matching {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Matching {
            topics: Kept::new(TOPICS_KEPT, 1),
            last: Mutex::default(),
            matched: Arc::default(),
            turns: Derivations::new((cores / 2).max(1)),
            searching: Mutex::default(),
        }
    }
}

impl Matching {
    /// The topics that an expression of the caller matches; `all_topics` asks for the names of all.
    pub(crate) async fn topics<F: Future<Output = Result<Vec<StrBytes>, LookupError>>>(
        &self,
        caller: &KafkaPrincipal,
        pattern: &StrBytes,
        all_topics: impl FnOnce() -> F,
    ) -> Result<Result<Names, PatternError>, LookupError> {
        let ask = || async { Ok(self.list(all_topics().await?)) };
        let topics = self.topics.get((), |_| true, ask).await?;
        if let Some(known) = lock(&self.matched).get(&topics, pattern) {
            return Ok(known);
        }
        let pattern = StrBytes::from_string(pattern.to_string());
        let matched = Arc::clone(&self.matched);
        let turn = self.turn_of(caller).lock_owned().await;
        let search = move || {
            // Not when the caller leaves: the search goes on until it is done.
            let _turn = turn;
            // Somebody else may have looked for it while this waited for its turn.
            if let Some(known) = lock(&matched).get(&topics, &pattern) {
                return known;
            }
            let found = search(&topics, &pattern, MOST_TIME);
            // How long it took hangs on what else there was to do, so it says nothing about the next time.
            if found != Err(PatternError::TooSlow) {
                lock(&matched).put(&topics, pattern, found.clone());
            }
            found
        };
        let failed = || Err(PatternError::Unsupported("the pattern".to_owned()));
        Ok(self.turns.run(search).await.unwrap_or_else(failed))
    }

    fn turn_of(&self, caller: &KafkaPrincipal) -> Turn {
        let mut searching = lock(&self.searching);
        searching.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(searching.entry(caller.clone()).or_default())
    }

    /// The list as it was, if nothing has changed. Names are copied: the answer they came in may be megabytes.
    fn list(&self, mut names: Vec<StrBytes>) -> Names {
        names.sort_unstable();
        let mut last = lock(&self.last);
        if last[..] != names[..] {
            *last = names.iter().map(|name| StrBytes::from_string(name.to_string())).collect();
        }
        Arc::clone(&last)
    }
}

impl Matched {
    fn get(&self, topics: &Names, pattern: &StrBytes) -> Option<Result<Names, PatternError>> {
        if Arc::ptr_eq(&self.topics, topics) { self.found.get(pattern).cloned() } else { None }
    }

    fn put(&mut self, topics: &Names, pattern: StrBytes, found: Result<Names, PatternError>) {
        let names = found.as_ref().map_or(0, |names| names.len());
        let is_full = self.found.len() >= MOST_PATTERNS || self.names.saturating_add(names) > MOST_NAMES;
        if is_full || !Arc::ptr_eq(&self.topics, topics) {
            *self = Matched { topics: Arc::clone(topics), ..Matched::default() };
        }
        self.names = self.names.saturating_add(names);
        self.found.insert(pattern, found);
    }
}

fn search(topics: &[StrBytes], pattern: &str, most: Duration) -> Result<Names, PatternError> {
    let began = Instant::now();
    let mut pattern = SubscriptionPattern::compile(pattern)?;
    let mut found = Vec::new();
    for topic in topics {
        if pattern.matches(topic) {
            found.push(topic.clone());
        }
        if began.elapsed() > most {
            return Err(PatternError::TooSlow);
        }
    }
    Ok(found.into())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> StrBytes {
        StrBytes::from_string(text.to_owned())
    }

    fn names(texts: &[&str]) -> Vec<StrBytes> {
        texts.iter().map(|text| name(text)).collect()
    }

    /// Believes no list for longer than a look-up.
    fn matching() -> Matching {
        Matching { topics: Kept::new(Duration::ZERO, 1), ..Matching::default() }
    }

    async fn found(matching: &Matching, topics: &[&str], pattern: &str) -> Result<Names, PatternError> {
        matching.topics(&KafkaPrincipal::user("alice"), &name(pattern), || async { Ok(names(topics)) }).await.unwrap()
    }

    #[tokio::test]
    async fn what_matches_is_looked_for_once_in_every_list() {
        let matching = matching();
        let first = found(&matching, &["orders", "pay"], "or.*").await.unwrap();
        assert_eq!(first[..], names(&["orders"])[..]);
        let again = found(&matching, &["pay", "orders"], "or.*").await.unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let other = found(&matching, &["orders", "orders-eu", "pay"], "or.*").await.unwrap();
        assert_eq!(other[..], names(&["orders", "orders-eu"])[..]);
        assert_eq!(found(&matching, &["orders"], "(").await, Err(PatternError::Invalid("missing closing )")));
    }

    #[tokio::test]
    async fn the_list_of_topics_is_believed_for_a_while() {
        let matching = Matching::default();
        found(&matching, &["orders"], "or.*").await.unwrap();
        assert_eq!(found(&matching, &["orders", "pay"], ".*").await.unwrap()[..], names(&["orders"])[..]);
    }

    #[tokio::test]
    async fn the_memory_is_bounded() {
        let matching = matching();
        for number in 0..2 * MOST_PATTERNS {
            found(&matching, &["orders"], &format!("orders|{number}")).await.unwrap();
            assert!(lock(&matching.matched).found.len() <= MOST_PATTERNS);
        }
        let mut matched = Matched::default();
        let (topics, many) = (Names::default(), Names::from(vec![name("orders"); MOST_NAMES / 2 + 1]));
        for pattern in ["a", "b", "c"] {
            matched.put(&topics, name(pattern), Ok(Arc::clone(&many)));
            assert_eq!((matched.found.len(), matched.names), (1, many.len()));
        }
    }

    #[tokio::test]
    async fn who_searches_already_waits_without_standing_in_the_way_of_others() {
        let matching = Matching { turns: Derivations::new(1), ..Matching::default() };
        found(&matching, &["orders"], ".*").await.unwrap();
        let ask = async |user: &str, pattern: &str| {
            let none = || async { Ok(Vec::new()) };
            matching.topics(&KafkaPrincipal::user(user), &name(pattern), none).await.unwrap().unwrap()
        };
        let searches = matching.turn_of(&KafkaPrincipal::user("mallory")).lock_owned().await;
        tokio::select! {
            biased;
            _ = ask("mallory", "or.*") => panic!("it is mallory's second search"),
            found = ask("alice", "o.*") => assert_eq!(found[..], names(&["orders"])[..]),
        }
        drop(searches);
        assert_eq!(ask("mallory", "or.*").await[..], names(&["orders"])[..]);
        drop(matching.turn_of(&KafkaPrincipal::user("bob")));
        assert_eq!(lock(&matching.searching).len(), 1, "those who have what they asked for are forgotten");
    }

    #[test]
    fn a_search_that_takes_too_long_is_given_up() {
        let topics: Vec<StrBytes> = (0..100).map(|number| name(&format!("{}{number}", "a".repeat(200)))).collect();
        assert_eq!(search(&topics, "(.?a?){500}x", Duration::from_millis(1)), Err(PatternError::TooSlow));
    }
}
