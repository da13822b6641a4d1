//! Produce (0): `KafkaApis.handleProduceRequest`.
//!
//! Write on the transactional id, if any partition begins with a batch of a transaction; then Write on each topic, named
//! or by id (version 13). Denied partitions are answered beside what the broker answers for the others.
//!
//! `acks=0` has no answer: a broker appends what is allowed, then closes the connection, which is how the client learns
//! that something was not. Whether records may be idempotent is asked by InitProducerId, not here.

use std::collections::{HashMap, HashSet};

use acl::{AclOperation, ResourceType};
use protocol::messages::produce_request::TopicProduceData;
use protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use protocol::messages::{ProduceRequest, ProduceResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::{Authorize, Found, Lookup, Outcome, RequestContext};

impl Authorize for ProduceRequest {
    fn lookup(&self, _version: i16, _grants: &acl::Grants) -> Lookup {
        Lookup::topic_ids(self.topic_data.iter().map(|topic| topic.topic_id))
    }

    fn expects_answer(&self) -> bool {
        self.acks != 0
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ProduceResponse> {
        match has_transactional_records(self) {
            Ok(transactional) if !transactional || may_write_in_transaction(self, context) => {}
            Ok(_) => return refused(self, context.version, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
            Err(CorruptBatch) => return refused(self, context.version, ErrorCode::CORRUPT_MESSAGE),
        }
        let denied = take_denied(self, context);
        let nothing_left = self.topic_data.is_empty();
        match (self.expects_answer() || denied.is_empty(), nothing_left) {
            (true, _) => Outcome::without(denied, nothing_left, merge),
            (false, false) => Outcome::ForwardReducedThenClose,
            (false, true) => Outcome::Close("produce with acks=0 was denied"),
        }
    }
}

fn may_write_in_transaction(request: &ProduceRequest, context: &mut RequestContext<'_>) -> bool {
    let id = request.transactional_id.as_ref();
    id.is_some_and(|id| context.authorize(AclOperation::Write, ResourceType::TransactionalId, id))
}

fn refused(request: &ProduceRequest, version: i16, error: ErrorCode) -> Outcome<ProduceResponse> {
    match request.expects_answer() {
        true => Outcome::Respond(request.error_response(version, error)),
        false => Outcome::Close("produce with acks=0 was refused"),
    }
}

/// Takes out of the request what is denied or has no name. Each topic counts as often as it has partitions.
fn take_denied(request: &mut ProduceRequest, context: &mut RequestContext<'_>) -> Vec<TopicProduceResponse> {
    let named: Vec<(TopicProduceData, Option<StrBytes>)> = std::mem::take(&mut request.topic_data)
        .into_iter()
        .map(|topic| {
            let name = name_of(&topic, context.version, context.found);
            (topic, name)
        })
        .collect();
    let known = named.iter().filter_map(|(topic, name)| Some((topic, name.as_ref()?)));
    let each_partition = known.flat_map(|(topic, name)| topic.partition_data.iter().map(move |_| name));
    let authorized = context.filter_by_authorized(AclOperation::Write, ResourceType::Topic, each_partition);
    let mut denied = Vec::new();
    for (topic, name) in named {
        match name {
            None => denied.push(denied_topic(topic, ErrorCode::UNKNOWN_TOPIC_ID)),
            Some(name) if topic.partition_data.is_empty() || authorized.contains(&name) => {
                request.topic_data.push(topic)
            }
            Some(_) => denied.push(denied_topic(topic, ErrorCode::TOPIC_AUTHORIZATION_FAILED)),
        }
    }
    denied
}

fn name_of(topic: &TopicProduceData, version: i16, found: &Found) -> Option<StrBytes> {
    match version {
        13.. => found.topic_name(topic.topic_id).cloned(),
        _ => Some(topic.name.0.clone()),
    }
}

fn denied_topic(topic: TopicProduceData, error: ErrorCode) -> TopicProduceResponse {
    let partition =
        |index| PartitionProduceResponse::default().with_index(index).with_error_code(error.0).with_base_offset(-1);
    TopicProduceResponse::default()
        .with_name(topic.name)
        .with_topic_id(topic.topic_id)
        .with_partition_responses(topic.partition_data.iter().map(|data| partition(data.index)).collect())
}

/// A topic stands in an answer once, even if the request named it twice; and so does a partition.
fn merge(response: &mut ProduceResponse, denied: Vec<TopicProduceResponse>) {
    let key = |topic: &TopicProduceResponse| (topic.name.clone(), topic.topic_id);
    let mut places = HashMap::with_capacity(denied.len());
    for (place, topic) in response.responses.iter().enumerate() {
        places.entry(key(topic)).or_insert(place);
    }
    let mut seen = HashSet::new();
    for mut topic in denied {
        let place = *places.entry(key(&topic)).or_insert(response.responses.len());
        topic.partition_responses.retain(|partition| seen.insert((place, partition.index)));
        match response.responses.get_mut(place) {
            Some(other) => other.partition_responses.extend(topic.partition_responses),
            None => response.responses.push(topic),
        }
    }
}

/// A first batch that a broker cannot even find the end of.
struct CorruptBatch;

/// `RequestUtils.hasTransactionalRecords`: only the first batch of each partition counts.
fn has_transactional_records(request: &ProduceRequest) -> Result<bool, CorruptBatch> {
    for partition in request.topic_data.iter().flat_map(|topic| &topic.partition_data) {
        if first_batch_is_transactional(partition.records.as_deref().unwrap_or_default())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads the head of a batch as `ByteBufferLogInputStream` does; a batch that is cut off is none.
///
/// ```text
/// base offset 0..8 | length 8..12 | leader epoch 12..16 | magic 16 | checksum 17..21 | attributes 21..23 | …
/// ```
fn first_batch_is_transactional(records: &[u8]) -> Result<bool, CorruptBatch> {
    const SMALLEST_LENGTH: i32 = 14;
    const TRANSACTIONAL: u8 = 1 << 4;
    let Some((length, after_length)) = records.get(8..).and_then(|rest| rest.split_first_chunk()) else {
        return Ok(false);
    };
    let length = i32::from_be_bytes(*length);
    if length < SMALLEST_LENGTH {
        return Err(CorruptBatch);
    }
    let Some(&magic) = after_length.get(4) else { return Ok(false) };
    if magic > 2 {
        return Err(CorruptBatch);
    }
    let complete = usize::try_from(length).is_ok_and(|length| after_length.len() >= length);
    let attributes = after_length.get(10).copied().unwrap_or_default();
    Ok(complete && magic == 2 && attributes & TRANSACTIONAL != 0)
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, Bytes, BytesMut};
    use protocol::messages::produce_request::PartitionProduceData;

    use super::*;
    use crate::testing::{Client, str_bytes, topic_id};

    const PLAIN: i16 = 0;
    const TRANSACTIONAL: i16 = 1 << 4;

    fn batch(attributes: i16) -> Bytes {
        let mut batch = BytesMut::new();
        batch.put_i64(0);
        batch.put_i32(49); // length
        batch.put_i32(-1);
        batch.put_i8(2); // magic
        batch.put_u32(0);
        batch.put_i16(attributes);
        batch.put_bytes(0, 49 - 11);
        batch.freeze()
    }

    fn topic(name: &str, partitions: &[i32], attributes: i16) -> TopicProduceData {
        let partition =
            |&index: &i32| PartitionProduceData::default().with_index(index).with_records(Some(batch(attributes)));
        TopicProduceData::default()
            .with_name(str_bytes(name).into())
            .with_partition_data(partitions.iter().map(partition).collect())
    }

    fn by_id(topic: TopicProduceData) -> TopicProduceData {
        let id = topic_id(&topic.name);
        topic.with_name(Default::default()).with_topic_id(id)
    }

    fn request(acks: i16, topics: Vec<TopicProduceData>) -> ProduceRequest {
        ProduceRequest::default().with_acks(acks).with_timeout_ms(1000).with_topic_data(topics)
    }

    fn result(name: &str, partitions: &[(i32, i16)]) -> TopicProduceResponse {
        let partition = |&(index, error): &(i32, i16)| {
            let offset = if error == 0 { 42 } else { -1 };
            PartitionProduceResponse::default().with_index(index).with_error_code(error).with_base_offset(offset)
        };
        TopicProduceResponse::default()
            .with_name(str_bytes(name).into())
            .with_partition_responses(partitions.iter().map(partition).collect())
    }

    fn result_by_id(name: &str, partitions: &[(i32, i16)]) -> TopicProduceResponse {
        result(name, partitions).with_name(Default::default()).with_topic_id(topic_id(name))
    }

    fn response(topics: Vec<TopicProduceResponse>) -> ProduceResponse {
        ProduceResponse::default().with_responses(topics)
    }

    #[test]
    fn allowed_records_go_on_as_they_came() {
        for acks in [-1, 0, 1] {
            let mut client = Client::with(&["allow Write Topic ord prefixed"]);
            let asked =
                client.ask(3, &request(acks, vec![topic("orders", &[0, 1], PLAIN), topic("ordinary", &[0], PLAIN)]));
            assert_eq!(client.decisions(), ["allowed Write Topic orders x2", "allowed Write Topic ordinary"]);
            assert!(asked.went_on_as_it_came());
            let answer = response(vec![result("orders", &[(0, 0), (1, 0)]), result("ordinary", &[(0, 0)])]);
            assert_eq!(client.answer(asked, answer.clone()), answer);
        }
    }

    #[test]
    fn denied_topics_are_answered_and_allowed_ones_forwarded() {
        let mut client = Client::with(&["allow Write Topic orders"]);
        let orders = topic("orders", &[0], PLAIN);
        let asked = client.ask(12, &request(1, vec![topic("secret", &[3, 4], PLAIN), orders.clone()]));
        assert_eq!(client.decisions(), ["allowed Write Topic orders", "denied Write Topic secret x2"]);
        assert_eq!(asked.forwarded(), &request(1, vec![orders]));
        assert_eq!(
            client.answer(asked, response(vec![result("orders", &[(0, 0)])])),
            response(vec![result("orders", &[(0, 0)]), result("secret", &[(3, 29), (4, 29)])])
        );
    }

    #[test]
    fn a_denied_partition_is_answered_once_however_often_it_is_named() {
        let mut client = Client::with(&["allow Write Topic orders"]);
        let topics =
            vec![topic("secret", &[3, 3], PLAIN), topic("orders", &[0], PLAIN), topic("secret", &[3, 4], PLAIN)];
        let asked = client.ask(9, &request(1, topics));
        assert_eq!(client.decisions(), ["allowed Write Topic orders", "denied Write Topic secret x4"]);
        assert_eq!(
            client.answer(asked, response(vec![result("orders", &[(0, 0)])])),
            response(vec![result("orders", &[(0, 0)]), result("secret", &[(3, 29), (4, 29)])])
        );
    }

    #[test]
    fn with_everything_denied_nothing_is_forwarded() {
        for version in [3, 12] {
            let mut client = Client::with(&["allow Read Topic secret"]);
            let asked = client.ask(version, &request(-1, vec![topic("secret", &[0, 1], PLAIN)]));
            assert_eq!(client.decisions(), ["denied Write Topic secret x2"]);
            assert_eq!(asked.response(), response(vec![result("secret", &[(0, 29), (1, 29)])]));
        }
    }

    #[test]
    fn topics_by_id_are_decided_by_their_names_and_answered_by_their_ids() {
        let mut client = Client::with(&["allow Write Topic orders"]).topic("orders", 3).topic("secret", 3);
        let topics = ["gone", "secret", "orders"].map(|name| by_id(topic(name, &[0], PLAIN)));
        let asked = client.ask(13, &request(1, topics.to_vec()));
        assert_eq!(client.lookups, [Lookup::topic_ids(["gone", "secret", "orders"].map(topic_id))]);
        assert_eq!(client.decisions(), ["allowed Write Topic orders", "denied Write Topic secret"]);
        assert_eq!(asked.forwarded(), &request(1, topics[2..].to_vec()));
        assert_eq!(
            client.answer(asked, response(vec![result_by_id("orders", &[(0, 0)])])),
            response(vec![
                result_by_id("orders", &[(0, 0)]),
                result_by_id("gone", &[(0, 100)]),
                result_by_id("secret", &[(0, 29)]),
            ])
        );

        let unnamed = request(1, vec![topic("", &[0], PLAIN)]);
        let asked = client.ask(13, &unnamed);
        assert!(client.decisions().is_empty());
        assert_eq!(asked.response(), response(vec![result("", &[(0, 100)])]));
    }

    #[test]
    fn without_acks_a_denial_closes_the_connection_after_what_is_allowed() {
        let mut client = Client::with(&["allow Write Topic orders"]);
        let orders = topic("orders", &[0], PLAIN);
        let asked = client.ask(9, &request(0, vec![topic("secret", &[0], PLAIN), orders.clone()]));
        assert_eq!(asked.forwarded_then_closed(), &request(0, vec![orders]));
        assert!(client.ask(9, &request(0, vec![topic("secret", &[0], PLAIN)])).closed());
    }

    #[test]
    fn records_of_a_transaction_need_the_transactional_id() {
        let records = request(1, vec![topic("orders", &[0], PLAIN), topic("audit", &[0], TRANSACTIONAL)]);
        let transaction = records.clone().with_transactional_id(Some(str_bytes("tx").into()));
        let denied = response(vec![result("orders", &[(0, 53)]), result("audit", &[(0, 53)])]);

        let mut client = Client::with(&["allow Write Topic *", "allow Write TransactionalId tx"]);
        let asked = client.ask(8, &transaction);
        assert_eq!(
            client.decisions(),
            ["allowed Write TransactionalId tx", "allowed Write Topic audit", "allowed Write Topic orders"]
        );
        assert!(asked.went_on_as_it_came());

        let asked = client.ask(8, &records);
        assert!(client.decisions().is_empty(), "an id that is null is not asked for");
        assert_eq!(asked.response(), denied);

        client.acls_are_now(&["allow Write Topic *"]);
        let asked = client.ask(8, &transaction);
        assert_eq!(client.decisions(), ["denied Write TransactionalId tx"]);
        assert_eq!(asked.response(), denied);
        assert!(client.ask(8, &transaction.clone().with_acks(0)).closed());

        let plain = request(1, vec![topic("orders", &[0], PLAIN)]).with_transactional_id(Some(str_bytes("tx").into()));
        assert!(client.ask(8, &plain).went_on_as_it_came(), "an id without records of a transaction is not checked");
    }

    #[test]
    fn only_the_head_of_a_whole_first_batch_says_that_it_is_transactional() {
        let transactional = batch(TRANSACTIONAL);
        let changed = |index: usize, value: u8| {
            let mut bytes = transactional.to_vec();
            bytes[index] = value;
            bytes
        };
        for (records, expected) in [
            (transactional.to_vec(), Some(true)),
            (batch(PLAIN).to_vec(), Some(false)),
            (changed(16, 1), Some(false)),
            (changed(16, 3), None),
            (changed(11, 13), None),
            (changed(8, 0xff), None),
            (changed(11, 50), Some(false)),
        ] {
            assert_eq!(first_batch_is_transactional(&records).ok(), expected, "{records:?}");
        }
        for length in 0..transactional.len() {
            assert_eq!(first_batch_is_transactional(&transactional[..length]).ok(), Some(false), "{length}");
        }

        let corrupt = PartitionProduceData::default().with_records(Some(changed(16, 9).into()));
        let corrupt = topic("orders", &[], PLAIN).with_partition_data(vec![corrupt]);
        let mut client = Client::with(&["allow Write Topic *"]);
        let asked = client.ask(8, &request(1, vec![corrupt]));
        assert_eq!(asked.response(), response(vec![result("orders", &[(0, 2)])]));
    }

    /// What takes a step for each pair of topics would take hours here, and the worker with it.
    #[test]
    fn very_many_topics_take_no_longer_than_they_are_many() {
        let empty = |index: usize| {
            let partition = PartitionProduceData::default().with_records(Some(Bytes::new()));
            topic(&index.to_string(), &[], PLAIN).with_partition_data(vec![partition])
        };
        let asked = Client::with(&[]).ask(9, &request(1, (0..200_000).map(empty).collect()));
        assert_eq!(asked.response().responses.len(), 200_000);
    }
}
