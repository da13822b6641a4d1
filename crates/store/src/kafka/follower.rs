//! Reads the topic for ever, and makes what it says hold.
//!
//! One long poll after another at the leader. What is found is taken in whole batches, so that half of a change is never
//! seen. A log that does not continue where it was left is read again from its beginning, and what it says then is taken
//! only if nothing that was known has gone without a word.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::leader::{FetchFailure, Leader};
use super::shared::{Shared, place};
use super::state::{Applied, State};
use super::{KafkaError, KafkaSettings};
use crate::{Mark, Problem, Reload, Severity};

/// A long poll.
const MAX_WAIT: Duration = Duration::from_secs(1);

const FIRST_BACKOFF: Duration = Duration::from_millis(20);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// How often the topic's settings are looked at.
const CHECK_EVERY: Duration = Duration::from_secs(60);

/// How often while they are wrong.
const CHECK_AGAIN: Duration = Duration::from_secs(5);

/// A broker that was started a moment ago may not know the topic yet.
const LOOKS_FOR_A_TOPIC: u32 = 6;

/// More records than this are not opened on a thread that serves connections.
const MOST_AT_ONCE: usize = 100;

#[derive(Debug)]
pub(super) struct Follower {
    shared: Arc<Shared>,
    leader: Option<Leader>,
    log_start: i64,
    /// What was read does not fit what is known: nothing is taken before it does.
    is_suspect: bool,
    checked_at: Instant,
    has_wrong_settings: bool,
    tell: mpsc::Sender<Reload>,
}

/// Everything in the topic.
#[derive(Debug, Default)]
pub(super) struct Everything {
    pub(super) state: State,
    pub(super) next: i64,
    pub(super) log_start: i64,
    pub(super) ignored: Vec<String>,
}

/// Reads a topic from its beginning to where it ends now.
pub(super) async fn read_everything(leader: &mut Leader, settings: &KafkaSettings) -> Result<Everything, KafkaError> {
    let (log_start, end) = (leader.start().await?, leader.end().await?);
    let mut everything = Everything { next: log_start, log_start, ..Everything::default() };
    while everything.next < end {
        let fetched = match leader.fetch(everything.next, Duration::ZERO).await {
            Ok(fetched) => fetched,
            Err(FetchFailure::Other(error)) => return Err(error),
            Err(FetchFailure::OutOfRange) => {
                let fault = "was emptied while it was read".to_owned();
                return Err(KafkaError::Log { topic: settings.topic.clone(), fault });
            }
        };
        let Some(last) = fetched.batches.last() else {
            leader.has_shown(&fetched, end)?;
            everything.next = end;
            break;
        };
        everything.next = last.last_offset + 1;
        let settings = settings.clone();
        let opened = spawn_blocking(move || {
            let mut applied = Applied::without_history();
            for batch in &fetched.batches {
                everything.state.apply_batch(&settings, &batch.content, &mut applied);
            }
            everything.ignored.append(&mut applied.ignored);
            everything
        });
        everything = opened.await.expect("nothing in a topic makes it panic");
    }
    Ok(everything)
}

impl Follower {
    /// A log of which everything up to `shared`'s progress is known, unless `is_suspect`.
    pub(super) fn new(shared: Arc<Shared>, log_start: i64, is_suspect: bool, tell: mpsc::Sender<Reload>) -> Follower {
        let checked_at = Instant::now();
        Follower { shared, leader: None, log_start, is_suspect, checked_at, has_wrong_settings: false, tell }
    }

    pub(super) async fn run(mut self) {
        let mut backoff = FIRST_BACKOFF;
        let mut failures = 0;
        loop {
            match self.step().await {
                Ok(()) => {
                    if failures > 0 {
                        tracing::info!("the store's topic `{}` is read again", self.shared.settings.topic);
                    }
                    (backoff, failures) = (FIRST_BACKOFF, 0);
                    if !self.has_wrong_settings {
                        self.shared.set_trouble(None);
                    }
                }
                Err(error) => {
                    self.leader = None;
                    self.complain(&error, failures).await;
                    failures += 1;
                    sleep(backoff).await;
                    backoff = (backoff * 2).min(LONGEST_BACKOFF);
                }
            }
        }
    }

    async fn step(&mut self) -> Result<(), KafkaError> {
        let asked_at = Instant::now();
        if self.checked_at.elapsed() > if self.has_wrong_settings { CHECK_AGAIN } else { CHECK_EVERY } {
            self.check_settings().await?;
        }
        if self.is_suspect {
            return self.read_again(asked_at).await;
        }
        let next = self.shared.progress.borrow().next;
        match self.leader().await?.fetch(next, MAX_WAIT).await {
            // Compaction never moves the beginning: somebody has deleted records.
            Ok(fetched) if fetched.log_start_offset > self.log_start => self.read_again(asked_at).await,
            Err(FetchFailure::OutOfRange) => self.read_again(asked_at).await,
            Err(FetchFailure::Other(error)) => Err(error),
            Ok(fetched) => {
                let records: usize = fetched.batches.iter().map(|batch| batch.content.len()).sum();
                let (shared, is_all) = (Arc::clone(&self.shared), fetched.is_all);
                let told = if records > MOST_AT_ONCE {
                    let applied = spawn_blocking(move || shared.apply(&fetched.batches));
                    applied.await.expect("nothing in a topic makes it panic")
                } else {
                    shared.apply(&fetched.batches)
                };
                if is_all {
                    self.is_fresh(asked_at);
                }
                if let Some(reload) = told {
                    self.say(reload).await;
                }
                Ok(())
            }
        }
    }

    /// Everything that was in the topic when we asked is known.
    fn is_fresh(&self, asked_at: Instant) {
        self.shared.following.seen(asked_at);
        if self.shared.open() {
            tracing::info!("the store's topic is read again: what it says is in force");
        }
    }

    async fn read_again(&mut self, asked_at: Instant) -> Result<(), KafkaError> {
        self.is_suspect = true;
        let settings = self.shared.settings.clone();
        let read = read_everything(self.leader().await?, &settings).await?;
        let Everything { state, next, log_start, ignored } = read;
        state.check(&settings)?;
        if state.is_new() {
            return Err(KafkaError::Emptied { topic: settings.topic });
        }
        let lost = self.shared.with_state(|known| known.lost_in(&state, &settings));
        if lost > 0 {
            let what = format!("{lost} entries that were there have gone without a record that they were deleted");
            return Err(KafkaError::Shrunk { topic: settings.topic, what });
        }
        tracing::info!("the store's topic `{}` was read again from its beginning", settings.topic);
        super::shared::tell_of_ignored(&settings.topic, &ignored);
        let told = self.shared.replace(state, next, ignored.len());
        (self.log_start, self.is_suspect) = (log_start, false);
        self.is_fresh(asked_at);
        if let Some(reload) = told {
            self.say(reload).await;
        }
        Ok(())
    }

    async fn check_settings(&mut self) -> Result<(), KafkaError> {
        let settings = self.shared.settings.clone();
        let checked = self.leader().await?.check_settings(&settings).await;
        self.checked_at = Instant::now();
        self.has_wrong_settings = matches!(checked, Err(KafkaError::WrongSettings { .. }));
        match checked {
            // What comes is still read: it may be gone soon.
            Err(error) if self.has_wrong_settings => {
                self.alarm(&error).await;
                Ok(())
            }
            checked => checked,
        }
    }

    async fn leader(&mut self) -> Result<&mut Leader, KafkaError> {
        let usable = self.leader.take().filter(|leader| !leader.is_over());
        let leader = match usable {
            Some(leader) => leader,
            None => Leader::find(&self.shared.connector, &self.shared.settings, Some(self.shared.topic_id)).await?,
        };
        Ok(self.leader.insert(leader))
    }

    /// What waiting mends is a warning now and then. The rest is an alarm, and nothing is written as long as it lasts.
    async fn complain(&mut self, error: &KafkaError, failures: u32) {
        if error.may_pass() {
            if failures % 30 == 5 {
                tracing::warn!(
                    "the store's topic `{}` cannot be read, what is known of it holds: {error}",
                    self.shared.settings.topic
                );
            }
            return;
        }
        if matches!(error, KafkaError::Gone { .. }) && failures < LOOKS_FOR_A_TOPIC {
            return;
        }
        self.alarm(error).await;
    }

    async fn alarm(&self, error: &KafkaError) {
        if self.shared.set_trouble(Some(error)) {
            tracing::error!("ALARM: what is known of the store holds, and nothing is written: {error}");
            self.say(Reload::Failed { problems: vec![self.problem(error)] }).await;
        }
    }

    fn problem(&self, error: &KafkaError) -> Problem {
        Problem {
            severity: Severity::Error,
            file: Path::new(&place(&self.shared.settings.topic)).into(),
            mark: Mark::WHOLE_FILE,
            key: String::new(),
            message: error.to_string(),
        }
    }

    async fn say(&self, reload: Reload) {
        // Nobody listens any more: the process ends.
        let _ = self.tell.send(reload).await;
    }
}
