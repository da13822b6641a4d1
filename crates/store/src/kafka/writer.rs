//! One change at a time into the topic, until its fate is known.
//!
//! ```text
//!            ┌──────────── refused for good ──────────────────────────▶ not done
//! a change ──┤ Produce ── taken ── read back by the follower ─────────▶ done
//!            └── no answer ── the same batch again (same producer id, epoch and sequence)
//! ```
//!
//! A broker appends a batch of the same producer id, epoch and sequence once (KIP-98), so a retry adds nothing; and since
//! the next change waits until this one is settled, a retry never overtakes a later one. Where a broker has forgotten our
//! sequence, the log is read to its end; only if our batch is not there it goes out in the next epoch, which shuts out
//! whatever of the old one may still be on its way (KIP-360).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use protocol::ErrorCode;
use tokio::time::{Instant, sleep, timeout};

use super::batch::{self, Record, Stamp};
use super::error::is_retriable;
use super::leader::{Leader, ProduceFailure};
use super::record::{ALL_CLUSTERS, Entry, Scope};
use super::seal::NamingKey;
use super::shared::Shared;
use super::topic::MOST_BATCH_BYTES;
use super::{KafkaError, KafkaSettings};

const FIRST_BACKOFF: Duration = Duration::from_millis(20);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// How long an answer may still come after the follower has seen the batch.
const AFTER_READ_BACK: Duration = Duration::from_millis(500);

/// What a batch has besides its records.
const BATCH_OVERHEAD: usize = 1024;

#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    leader: Option<Leader>,
    /// Of the next batch. None: no producer id yet.
    next: Option<Stamp>,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteFailure {
    /// For certain.
    #[error("{0}")]
    NotDone(String),
    /// The topic is not what it was, so nobody can say.
    #[error("nobody knows whether the change was made: {0}")]
    Unknown(String),
}

/// Records for entries of a scope, sealed.
pub(super) fn records(
    settings: &KafkaSettings,
    scope: Scope,
    names: &NamingKey,
    entries: &[Entry],
) -> Result<Vec<Record>, KafkaError> {
    let scope = match scope {
        Scope::Cluster => &settings.cluster,
        Scope::AllClusters => ALL_CLUSTERS,
    };
    let records = entries.iter().map(|entry| {
        let key = entry.key(scope, names);
        let value = settings.keys.seal(&settings.topic, key.as_bytes(), &entry.bytes());
        Record { key: Some(key.into()), value: Some(value.into()) }
    });
    let records: Vec<Record> = records.collect();
    let length = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len) + 16;
    let bytes =
        records.iter().map(|record| length(&record.key) + length(&record.value)).sum::<usize>() + BATCH_OVERHEAD;
    match bytes > MOST_BATCH_BYTES {
        true => Err(KafkaError::TooLarge { bytes, most: MOST_BATCH_BYTES }),
        false => Ok(records),
    }
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>) -> Writer {
        Writer { shared, leader: None, next: None }
    }

    /// Waits until everything that is in the topic now has been read, so that a change is planned on it.
    pub(super) async fn catch_up(&mut self, deadline: Instant) -> Result<(), WriteFailure> {
        let mut backoff = FIRST_BACKOFF;
        let end = loop {
            self.refuse_trouble()?;
            let asked = match self.leader().await {
                Ok(leader) => leader.end().await,
                Err(error) => Err(error),
            };
            match asked {
                Ok(end) => break end,
                Err(error) => self.pause(&mut backoff, deadline, &error.to_string()).await?,
            }
        };
        let mut progress = self.shared.progress.subscribe();
        let read = tokio::time::timeout_at(deadline, progress.wait_for(|progress| progress.next >= end)).await;
        match read {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(WriteFailure::NotDone("the topic could not be read to its end".to_owned())),
        }
    }

    /// Writes records as one batch and waits until they have been read back. The deadline is for what has not begun:
    /// once a batch may be in the log, this goes on until that is known.
    pub(super) async fn write(&mut self, records: &[Record], deadline: Instant) -> Result<(), WriteFailure> {
        let mut backoff = FIRST_BACKOFF;
        let mut in_doubt = false;
        let mut sent: Option<(Stamp, Bytes)> = None;
        loop {
            match (self.shared.trouble.borrow().clone(), in_doubt) {
                (None, _) => {}
                (Some(trouble), false) => return Err(WriteFailure::NotDone(trouble)),
                (Some(trouble), true) => {
                    // Its sequence must not be given to another change.
                    self.next = None;
                    return Err(WriteFailure::Unknown(trouble));
                }
            }
            let pause_until = if in_doubt { None } else { Some(deadline) };
            if let Some((stamp, _)) = &sent
                && self.has_read_back(*stamp)
            {
                return self.done(*stamp, records.len(), None).await;
            }
            let (stamp, batch) = match &sent {
                Some((stamp, batch)) => (*stamp, batch.clone()),
                None => match self.stamp().await {
                    Ok(stamp) => {
                        let batch = batch::encode(stamp, records);
                        sent = Some((stamp, batch.clone()));
                        (stamp, batch)
                    }
                    Err(error) => {
                        self.pause_or_go_on(&mut backoff, pause_until, &error.to_string()).await?;
                        continue;
                    }
                },
            };
            match self.attempt(stamp, batch).await {
                Ok(base_offset) => return self.done(stamp, records.len(), base_offset).await,
                Err(Attempt::NotSent(text)) => self.pause_or_go_on(&mut backoff, pause_until, &text).await?,
                Err(Attempt::NoAnswer(text)) => {
                    in_doubt = true;
                    self.pause_or_go_on(&mut backoff, None, &text).await?;
                }
                Err(Attempt::Refused(ErrorCode::DUPLICATE_SEQUENCE_NUMBER)) => {
                    return self.done(stamp, records.len(), None).await;
                }
                Err(Attempt::Refused(error)) if is_retriable(error) => {
                    self.leader = None;
                    in_doubt |= may_be_appended(error);
                    let pause_until = if in_doubt { None } else { pause_until };
                    self.pause_or_go_on(&mut backoff, pause_until, error.name()).await?;
                }
                Err(Attempt::Refused(error)) => {
                    if in_doubt && self.is_in_log(stamp).await {
                        return self.done(stamp, records.len(), None).await;
                    }
                    sent = None;
                    self.next = next_epoch(stamp);
                    if !forgot_us(error) {
                        let why = format!("{} ({})", error.name(), error.0);
                        // What is on its way may still be appended, before the next epoch begins.
                        return Err(if in_doubt { WriteFailure::Unknown(why) } else { WriteFailure::NotDone(why) });
                    }
                    // Of this batch nothing can get into the log any more before the next one.
                    self.pause_or_go_on(&mut backoff, pause_until, error.name()).await?;
                }
            }
        }
    }

    async fn attempt(&mut self, stamp: Stamp, batch: Bytes) -> Result<Option<i64>, Attempt> {
        let mut progress = self.shared.progress.subscribe();
        let leader = self.leader().await.map_err(|error| Attempt::NotSent(error.to_string()))?;
        let read_back = async {
            let _ = progress.wait_for(|progress| progress.own == Some(stamp)).await;
            sleep(AFTER_READ_BACK).await;
        };
        let produced = tokio::select! {
            produced = leader.produce(batch) => produced,
            // The answer is lost, but there is no doubt.
            () = read_back => {
                self.leader = None;
                return Ok(None);
            }
        };
        match produced {
            Ok(base_offset) => Ok(Some(base_offset)),
            Err(ProduceFailure::Refused(error)) => Err(Attempt::Refused(error)),
            Err(ProduceFailure::Unsent(error)) => {
                self.leader = None;
                Err(Attempt::NotSent(error.to_string()))
            }
            Err(ProduceFailure::Unknown(error)) => {
                self.leader = None;
                Err(Attempt::NoAnswer(error.to_string()))
            }
        }
    }

    /// It is in the log; done when the follower has read it.
    async fn done(&mut self, stamp: Stamp, records: usize, base_offset: Option<i64>) -> Result<(), WriteFailure> {
        self.next = Some(Stamp { base_sequence: sequence_after(stamp.base_sequence, records), ..stamp });
        let mut progress = self.shared.progress.subscribe();
        let mut trouble = self.shared.trouble.subscribe();
        let read = |progress: &super::shared::Progress| {
            progress.own == Some(stamp) || base_offset.is_some_and(|base_offset| progress.next > base_offset)
        };
        tokio::select! {
            biased;
            _ = progress.wait_for(read) => Ok(()),
            trouble = trouble.wait_for(Option::is_some) => {
                let trouble = trouble.ok().and_then(|trouble| trouble.clone()).unwrap_or_default();
                Err(WriteFailure::Unknown(trouble))
            }
        }
    }

    fn has_read_back(&self, stamp: Stamp) -> bool {
        self.shared.progress.borrow().own == Some(stamp)
    }

    /// Reads the log to its end, however long that takes, and says whether our batch is there.
    async fn is_in_log(&mut self, stamp: Stamp) -> bool {
        loop {
            if self.catch_up(Instant::now() + LONGEST_BACKOFF).await.is_ok() || self.shared.trouble.borrow().is_some() {
                return self.has_read_back(stamp);
            }
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

    async fn stamp(&mut self) -> Result<Stamp, KafkaError> {
        if let Some(stamp) = self.next {
            return Ok(stamp);
        }
        let (producer_id, producer_epoch) = self.leader().await?.init_producer_id().await?;
        // Before anything of it can be in the log.
        self.shared.producer_id.store(producer_id, Ordering::Release);
        Ok(*self.next.insert(Stamp { producer_id, producer_epoch, base_sequence: 0 }))
    }

    fn refuse_trouble(&self) -> Result<(), WriteFailure> {
        match &*self.shared.trouble.borrow() {
            Some(trouble) => Err(WriteFailure::NotDone(trouble.clone())),
            None => Ok(()),
        }
    }

    async fn pause(&mut self, backoff: &mut Duration, deadline: Instant, why: &str) -> Result<(), WriteFailure> {
        self.leader = None;
        if Instant::now() + *backoff >= deadline {
            return Err(WriteFailure::NotDone(why.to_owned()));
        }
        sleep(*backoff).await;
        *backoff = (*backoff * 2).min(LONGEST_BACKOFF);
        Ok(())
    }

    /// Without a deadline it goes on.
    async fn pause_or_go_on(
        &mut self,
        backoff: &mut Duration,
        deadline: Option<Instant>,
        why: &str,
    ) -> Result<(), WriteFailure> {
        if deadline.is_none() {
            tracing::warn!("a change of the store's topic is tried again until its fate is known: {why}");
        }
        let far = Instant::now() + Duration::from_secs(24 * 3600);
        self.pause(backoff, deadline.unwrap_or(far), why).await
    }

    /// The counts of the mark, if writers that met have left it wrong.
    pub(super) async fn correct_mark(&mut self, scope: Scope) {
        let wrong = self.shared.with_state(|state| {
            let right = state.mark(scope)?;
            (state.scoped(scope).mark.as_ref() != Some(&right)).then_some(right)
        });
        let Some(mark) = wrong else { return };
        let records = records(&self.shared.settings, scope, &mark.names.clone(), &[Entry::Mark(mark)]);
        let Ok(records) = records else { return };
        if let Err(error) = self.write(&records, Instant::now() + LONGEST_BACKOFF).await {
            tracing::debug!("the mark of the store is corrected with the next change: {error}");
        }
    }
}

/// What one attempt came to, if the batch was not taken.
#[derive(Debug)]
enum Attempt {
    NotSent(String),
    NoAnswer(String),
    Refused(ErrorCode),
}

/// Whether a broker may have appended what it refuses. One that is the leader no longer may say so after the append, when
/// it waited for the other replicas.
fn may_be_appended(error: ErrorCode) -> bool {
    !matches!(error, ErrorCode::NOT_ENOUGH_REPLICAS | ErrorCode::CORRUPT_MESSAGE | ErrorCode::THROTTLING_QUOTA_EXCEEDED)
}

/// Whether the broker does not know our sequence any more.
fn forgot_us(error: ErrorCode) -> bool {
    matches!(
        error,
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER
            | ErrorCode::UNKNOWN_PRODUCER_ID
            | ErrorCode::INVALID_PRODUCER_EPOCH
            | ErrorCode::INVALID_PRODUCER_ID_MAPPING
    )
}

fn next_epoch(stamp: Stamp) -> Option<Stamp> {
    let producer_epoch = stamp.producer_epoch.checked_add(1)?;
    Some(Stamp { producer_epoch, base_sequence: 0, ..stamp })
}

/// Kafka: `DefaultRecordBatch.incrementSequence`.
fn sequence_after(base: i32, records: usize) -> i32 {
    let records = i32::try_from(records).expect("a change has at most some ten thousand records");
    base.checked_add(records).unwrap_or_else(|| records - (i32::MAX - base) - 1)
}

/// A single batch, for a store that nobody reads yet.
pub(super) async fn write_alone(leader: &mut Leader, records: &[Record]) -> Result<(), KafkaError> {
    let (producer_id, producer_epoch) = leader.init_producer_id().await?;
    let batch = batch::encode(Stamp { producer_id, producer_epoch, base_sequence: 0 }, records);
    let produced = timeout(Duration::from_secs(30), leader.produce(batch)).await;
    match produced {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(ProduceFailure::Refused(error))) => Err(leader.produce_refused(error)),
        Ok(Err(ProduceFailure::Unknown(error) | ProduceFailure::Unsent(error))) => Err(error.into()),
        Err(_) => Err(leader.produce_refused(ErrorCode::REQUEST_TIMED_OUT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_begin_anew_after_the_last_number() {
        assert_eq!(sequence_after(0, 3), 3);
        assert_eq!(sequence_after(i32::MAX - 2, 2), i32::MAX);
        assert_eq!(sequence_after(i32::MAX - 1, 2), 0);
        assert_eq!(sequence_after(i32::MAX, 3), 2);
    }
}
