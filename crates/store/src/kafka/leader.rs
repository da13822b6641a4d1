//! A connection to the broker that leads the topic's partition: reads, writes, and where its log begins and ends.
//!
//! Brokers that take the topic's id get it instead of the name, so that a topic that was deleted and made anew is never
//! taken for the old one.

use std::time::Duration;

use bytes::Bytes;
use client::{Connector, RequestError, TypedConnection};
use protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use protocol::messages::fetch_response::PartitionData;
use protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::messages::{
    BrokerId, FetchRequest, FetchResponse, InitProducerIdRequest, ListOffsetsRequest, ProduceRequest,
};
use protocol::{ApiKey, ErrorCode};
use uuid::Uuid;

use super::batch::{self, Batch};
use super::topic::{self, name, refused};
use super::{KafkaError, KafkaSettings};

/// Of Fetch and of Produce: from here on they name topics by id.
const FIRST_VERSION_WITH_IDS: i16 = 13;

/// How much one Fetch may bring; a batch that is larger comes whole all the same.
const MOST_FETCHED_BYTES: i32 = 8 << 20;

/// `acks=all`
const ALL: i16 = -1;

const EARLIEST: i64 = -2;
const LATEST: i64 = -1;

/// Connected to the leader.
#[derive(Debug)]
pub(super) struct Leader {
    connection: TypedConnection,
    topic: String,
    id: Uuid,
}

/// What a Fetch has brought.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) batches: Vec<Batch>,
    pub(super) log_start_offset: i64,
    /// Until where the broker lets anybody read.
    pub(super) high_watermark: i64,
    /// Whether there was nothing more.
    pub(super) is_all: bool,
}

/// Why a Fetch has brought nothing.
#[derive(Debug)]
pub(super) enum FetchFailure {
    /// The log does not have this offset, or not any more.
    OutOfRange,
    Other(KafkaError),
}

/// Why a batch was not taken, for all we know.
#[derive(Debug)]
pub(super) enum ProduceFailure {
    /// The broker has said so.
    Refused(ErrorCode),
    /// There was no answer: it may be in the log, or get there yet.
    Unknown(RequestError),
    /// It was never sent.
    Unsent(RequestError),
}

impl Leader {
    /// Finds the leader and connects to it. `expected` is the id the topic had, if it is known.
    pub(super) async fn find(
        connector: &Connector,
        settings: &KafkaSettings,
        expected: Option<Uuid>,
    ) -> Result<Leader, KafkaError> {
        let mut connection = TypedConnection::open_any(connector).await?;
        let cluster = topic::locate(&mut connection, &settings.topic).await?;
        let located = cluster.topic.ok_or_else(|| KafkaError::Gone { topic: settings.topic.clone() })?;
        if expected.is_some_and(|expected| expected != located.id) {
            return Err(KafkaError::Replaced { topic: settings.topic.clone() });
        }
        let leader = located
            .leader
            .ok_or_else(|| refused(ApiKey::Metadata, &settings.topic, ErrorCode::LEADER_NOT_AVAILABLE, ""))?;
        if leader != *connection.address() {
            connection = TypedConnection::open(connector, &leader).await?;
        }
        Ok(Leader { connection, topic: settings.topic.clone(), id: located.id })
    }

    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn is_over(&self) -> bool {
        self.connection.is_over()
    }

    /// The offset that the next record gets, as far as all in-sync replicas have it.
    pub(super) async fn end(&mut self) -> Result<i64, KafkaError> {
        self.offset(LATEST).await
    }

    pub(super) async fn start(&mut self) -> Result<i64, KafkaError> {
        self.offset(EARLIEST).await
    }

    /// Whether a Fetch that brought nothing may be believed by whoever was told that the log ends at `end`: compaction has
    /// taken what was there. A broker that became the leader a moment ago may not show all of the log yet.
    pub(super) fn has_shown(&self, fetched: &Fetched, end: i64) -> Result<(), KafkaError> {
        match fetched.high_watermark >= end {
            true => Ok(()),
            false => Err(refused(ApiKey::Fetch, &self.topic, ErrorCode::OFFSET_NOT_AVAILABLE, "")),
        }
    }

    async fn offset(&mut self, timestamp: i64) -> Result<i64, KafkaError> {
        let partition = ListOffsetsPartition::default().with_timestamp(timestamp).with_current_leader_epoch(-1);
        let topic = ListOffsetsTopic::default().with_name(name(&self.topic)).with_partitions(vec![partition]);
        let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
        let response = self.connection.ask(1..=9, &request).await?;
        let found = response.topics.first().and_then(|topic| topic.partitions.first());
        let found = found.ok_or_else(|| self.nothing_in_answer("ListOffsets"))?;
        match ErrorCode(found.error_code) {
            ErrorCode::NONE => Ok(found.offset),
            error => Err(refused(ApiKey::ListOffsets, &self.topic, error, "")),
        }
    }

    /// What stands at an offset and after it; waits for something to come, up to `max_wait`.
    pub(super) async fn fetch(&mut self, offset: i64, max_wait: Duration) -> Result<Fetched, FetchFailure> {
        let partition = FetchPartition::default()
            .with_fetch_offset(offset)
            .with_current_leader_epoch(-1)
            .with_partition_max_bytes(MOST_FETCHED_BYTES);
        let by_id = self.takes_ids(ApiKey::Fetch);
        let topic = FetchTopic::default().with_partitions(vec![partition]);
        let topic = if by_id { topic.with_topic_id(self.id) } else { topic.with_topic(name(&self.topic)) };
        let request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(1)
            .with_max_bytes(MOST_FETCHED_BYTES)
            .with_session_epoch(-1)
            .with_topics(vec![topic]);
        let versions = if by_id { FIRST_VERSION_WITH_IDS..=17 } else { 4..=12 };
        let response = self
            .connection
            .ask_within(max_wait + ANSWER_PATIENCE, versions, &request)
            .await
            .map_err(|error| FetchFailure::Other(error.into()))?;
        let found = match partition_of(response) {
            Ok(Some(found)) => found,
            Ok(None) => return Err(FetchFailure::Other(self.nothing_in_answer("Fetch"))),
            Err(ErrorCode::OFFSET_OUT_OF_RANGE) => return Err(FetchFailure::OutOfRange),
            Err(error) => return Err(FetchFailure::Other(refused(ApiKey::Fetch, &self.topic, error, ""))),
        };
        let batches = batch::decode(found.records.unwrap_or_default())
            .map_err(|fault| FetchFailure::Other(KafkaError::log(&self.topic, fault)))?;
        // A broker gives whole batches: the first ones may lie before the offset.
        let batches: Vec<Batch> = batches.into_iter().filter(|batch| batch.last_offset >= offset).collect();
        let is_all = batches.last().is_none_or(|last| last.last_offset + 1 >= found.high_watermark);
        let (log_start_offset, high_watermark) = (found.log_start_offset, found.high_watermark);
        Ok(Fetched { batches, log_start_offset, high_watermark, is_all })
    }

    /// Appends a batch; the offset of its first record, once all in-sync replicas have it.
    pub(super) async fn produce(&mut self, batch: Bytes) -> Result<i64, ProduceFailure> {
        let by_id = self.takes_ids(ApiKey::Produce);
        let partition = PartitionProduceData::default().with_records(Some(batch));
        let topic = TopicProduceData::default().with_partition_data(vec![partition]);
        let topic = if by_id { topic.with_topic_id(self.id) } else { topic.with_name(name(&self.topic)) };
        let request = ProduceRequest::default()
            .with_acks(ALL)
            .with_timeout_ms(i32::try_from(APPEND_PATIENCE.as_millis()).unwrap_or(i32::MAX))
            .with_topic_data(vec![topic]);
        let versions = if by_id { FIRST_VERSION_WITH_IDS..=FIRST_VERSION_WITH_IDS } else { 3..=12 };
        let asked = self.connection.ask_within(APPEND_PATIENCE + ANSWER_PATIENCE, versions, &request).await;
        let response = asked.map_err(|error| match error {
            RequestError::Unsendable { .. } => ProduceFailure::Unsent(error),
            error => ProduceFailure::Unknown(error),
        })?;
        let found =
            response.responses.into_iter().next().and_then(|topic| topic.partition_responses.into_iter().next());
        match found.map(|found| (ErrorCode(found.error_code), found.base_offset)) {
            Some((ErrorCode::NONE, base_offset)) => Ok(base_offset),
            Some((error, _)) => Err(ProduceFailure::Refused(error)),
            // Nothing about our batch: as good as no answer.
            None => Err(ProduceFailure::Unknown(RequestError::Ended { to: self.connection.address().clone() })),
        }
    }

    /// A producer id of our own and its epoch (KIP-98).
    pub(super) async fn init_producer_id(&mut self) -> Result<(i64, i16), KafkaError> {
        let request =
            InitProducerIdRequest::default().with_transactional_id(None).with_transaction_timeout_ms(i32::MAX);
        let response = self.connection.ask(0..=4, &request).await?;
        match ErrorCode(response.error_code) {
            ErrorCode::NONE => Ok((response.producer_id.0, response.producer_epoch)),
            error => Err(refused(ApiKey::InitProducerId, &self.topic, error, "")),
        }
    }

    /// Whether the topic still has settings that do not lose anything.
    pub(super) async fn check_settings(&mut self, settings: &KafkaSettings) -> Result<(), KafkaError> {
        let cluster = topic::locate(&mut self.connection, &self.topic).await?;
        let located = cluster.topic.ok_or_else(|| KafkaError::Gone { topic: self.topic.clone() })?;
        topic::check(&mut self.connection, &located, settings).await.map(drop)
    }

    pub(super) fn produce_refused(&self, error: ErrorCode) -> KafkaError {
        refused(ApiKey::Produce, &self.topic, error, "")
    }

    fn takes_ids(&self, api_key: ApiKey) -> bool {
        let apis = &self.connection.versions().api_keys;
        let theirs = apis.iter().find(|api| api.api_key == api_key.code());
        !self.id.is_nil() && theirs.is_some_and(|api| api.max_version >= FIRST_VERSION_WITH_IDS)
    }

    fn nothing_in_answer(&self, api: &str) -> KafkaError {
        KafkaError::Log { topic: self.topic.clone(), fault: format!("was not in the answer to {api}") }
    }
}

/// How long after it should have answered a broker is given up.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// How long a broker may wait for the other replicas.
const APPEND_PATIENCE: Duration = Duration::from_secs(5);

/// The only partition that was asked for, or the error that stands in its place. A broker whose quota we have used up
/// (`consumer_byte_rate`) answers without any partition, and says how long to wait.
fn partition_of(response: FetchResponse) -> Result<Option<PartitionData>, ErrorCode> {
    if ErrorCode(response.error_code) != ErrorCode::NONE {
        return Err(ErrorCode(response.error_code));
    }
    let found = response.responses.into_iter().next().and_then(|topic| topic.partitions.into_iter().next());
    match found {
        None if response.throttle_time_ms > 0 => Err(ErrorCode::THROTTLING_QUOTA_EXCEEDED),
        Some(found) if ErrorCode(found.error_code) != ErrorCode::NONE => Err(ErrorCode(found.error_code)),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::fetch_response::FetchableTopicResponse;

    use super::super::KafkaError;
    use super::*;

    /// Otherwise a quota of the brokers would look like a topic that cannot be read: an alarm, and nothing written.
    #[test]
    fn a_broker_that_throttles_is_waited_for() {
        let throttled = FetchResponse::default().with_throttle_time_ms(300);
        assert_eq!(partition_of(throttled), Err(ErrorCode::THROTTLING_QUOTA_EXCEEDED));
        let error = refused(ApiKey::Fetch, "t", ErrorCode::THROTTLING_QUOTA_EXCEEDED, "");
        assert!(matches!(error, KafkaError::Refused { .. }) && error.may_pass());
        assert_eq!(partition_of(FetchResponse::default()), Ok(None));
    }

    #[test]
    fn a_partition_is_taken_unless_it_says_an_error() {
        let of = |error: ErrorCode| {
            let partition = PartitionData::default().with_error_code(error.0);
            let topic = FetchableTopicResponse::default().with_partitions(vec![partition]);
            FetchResponse::default().with_throttle_time_ms(1).with_responses(vec![topic])
        };
        assert_eq!(partition_of(of(ErrorCode::NONE)), Ok(Some(PartitionData::default())));
        let out_of_range = ErrorCode::OFFSET_OUT_OF_RANGE;
        assert_eq!(partition_of(of(out_of_range)), Err(out_of_range));
    }
}
