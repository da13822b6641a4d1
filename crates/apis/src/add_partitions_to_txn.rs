//! AddPartitionsToTxn (24): `KafkaApis.handleAddPartitionsToTxnRequest`.
//!
//! From a client (versions 0 to 3): Write on the transactional id, then Write on each topic; Kafka's own topics are
//! denied without asking. All or nothing: with one partition denied or unknown nothing is added, and the good ones are
//! answered as not attempted, so that it has to be known which exist. Between brokers (4 and 5): ClusterAction.

use std::collections::HashMap;

use acl::{AclOperation, AuthorizationResult, Grants, ResourceType};
use protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use protocol::messages::{AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse};

use crate::internal_topics::is_internal;
use crate::merging::each_once;
use crate::{Authorize, Lookup, Outcome, RequestContext};

impl Authorize for AddPartitionsToTxnRequest {
    /// Which of the allowed partitions exist, if others are denied.
    fn lookup(&self, _version: i16, grants: &Grants) -> Lookup {
        let allowed = |resource_type, name: &str| {
            grants.authorize(AclOperation::Write, resource_type, name) == AuthorizationResult::Allowed
        };
        let (good, denied): (Vec<_>, Vec<_>) = self
            .v3_and_below_topics
            .iter()
            .map(|topic| &topic.name.0)
            .partition(|name| !is_internal(name) && allowed(ResourceType::Topic, name));
        let refused = !allowed(ResourceType::TransactionalId, &self.v3_and_below_transactional_id);
        match refused || denied.is_empty() {
            true => Lookup::default(),
            false => Lookup::topics(good),
        }
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<AddPartitionsToTxnResponse> {
        if context.version >= 4 {
            return match context.authorize_cluster(AclOperation::ClusterAction) {
                true => Outcome::Forward,
                false => refused(self, context.version, ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
            };
        }
        let id = &self.v3_and_below_transactional_id;
        if !context.authorize(AclOperation::Write, ResourceType::TransactionalId, id) {
            return refused(self, context.version, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
        }
        let topics = &self.v3_and_below_topics;
        let askable = topics.iter().filter(|topic| !is_internal(&topic.name));
        let each_partition = askable.flat_map(|topic| topic.partitions.iter().map(|_| &topic.name.0));
        let authorized = context.filter_by_authorized(AclOperation::Write, ResourceType::Topic, each_partition);
        if topics.iter().all(|topic| topic.partitions.is_empty() || authorized.contains(&topic.name)) {
            return Outcome::Forward;
        }
        let error = |topic: &TopicName, partition| match authorized.contains(topic) {
            false => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
            true if context.found.has_partition(topic, partition) => ErrorCode::OPERATION_NOT_ATTEMPTED,
            true => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        };
        Outcome::Respond(denied_partitions(topics, error))
    }
}

fn refused(request: &AddPartitionsToTxnRequest, version: i16, error: ErrorCode) -> Outcome<AddPartitionsToTxnResponse> {
    Outcome::Respond(request.error_response(version, error))
}

/// A topic stands in the answer once, even if the request named it twice; and so does a partition.
fn denied_partitions(
    topics: &[AddPartitionsToTxnTopic],
    error: impl Fn(&TopicName, i32) -> ErrorCode,
) -> AddPartitionsToTxnResponse {
    let mut places: HashMap<&TopicName, usize> = HashMap::new();
    let mut results: Vec<AddPartitionsToTxnTopicResult> = Vec::new();
    for topic in topics.iter().filter(|topic| !topic.partitions.is_empty()) {
        let place = *places.entry(&topic.name).or_insert(results.len());
        if place == results.len() {
            results.push(AddPartitionsToTxnTopicResult::default().with_name(topic.name.clone()));
        }
        if let Some(result) = results.get_mut(place) {
            result.results_by_partition.extend(topic.partitions.iter().map(|&partition| {
                AddPartitionsToTxnPartitionResult::default()
                    .with_partition_index(partition)
                    .with_partition_error_code(error(&topic.name, partition).0)
            }));
        }
    }
    for result in &mut results {
        each_once(&mut result.results_by_partition, |partition| partition.partition_index);
    }
    AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(results)
}

#[cfg(test)]
mod tests {
    use protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTransaction;

    use super::*;
    use crate::testing::{Client, str_bytes};

    fn request(topics: &[(&str, &[i32])]) -> AddPartitionsToTxnRequest {
        let topic = |(name, partitions): &(&str, &[i32])| {
            AddPartitionsToTxnTopic::default().with_name(str_bytes(name).into()).with_partitions(partitions.to_vec())
        };
        AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(str_bytes("tx").into())
            .with_v3_and_below_topics(topics.iter().map(topic).collect())
    }

    fn response(topics: &[(&str, &[(i32, i16)])]) -> AddPartitionsToTxnResponse {
        let topic = |(name, partitions): &(&str, &[(i32, i16)])| {
            let partition = |(index, error): &(i32, i16)| {
                AddPartitionsToTxnPartitionResult::default()
                    .with_partition_index(*index)
                    .with_partition_error_code(*error)
            };
            AddPartitionsToTxnTopicResult::default()
                .with_name(str_bytes(name).into())
                .with_results_by_partition(partitions.iter().map(partition).collect())
        };
        AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(topics.iter().map(topic).collect())
    }

    #[test]
    fn allowed_partitions_go_through_without_a_look_up() {
        for version in [0, 3] {
            let mut client = Client::with(&["allow Write TransactionalId tx", "allow Write Topic orders"]);
            let asked = client.ask(version, &request(&[("orders", &[0, 1])]));
            assert_eq!(client.lookups, []);
            assert_eq!(client.decisions(), ["allowed Write TransactionalId tx", "allowed Write Topic orders x2"]);
            assert!(asked.passed_through());
        }
    }

    #[test]
    fn one_denied_topic_keeps_all_from_being_added() {
        for version in [0, 3] {
            let mut client =
                Client::with(&["allow Write TransactionalId tx", "allow Write Topic *", "deny Write Topic secret"])
                    .topic("orders", 2)
                    .topic("secret", 1);
            let asked = client.ask(
                version,
                &request(&[("orders", &[0, 2]), ("secret", &[0]), ("gone", &[0]), ("__consumer_offsets", &[7])]),
            );
            assert_eq!(client.lookups, [Lookup::topics(&[str_bytes("orders"), str_bytes("gone")])]);
            assert_eq!(
                client.decisions(),
                [
                    "allowed Write TransactionalId tx",
                    "allowed Write Topic gone",
                    "allowed Write Topic orders x2",
                    "denied Write Topic secret",
                ]
            );
            assert_eq!(
                asked.response(),
                response(&[
                    ("orders", &[(0, 55), (2, 3)]),
                    ("secret", &[(0, 29)]),
                    ("gone", &[(0, 3)]),
                    ("__consumer_offsets", &[(7, 29)]),
                ])
            );
        }
    }

    #[test]
    fn a_denied_transactional_id_stands_on_every_partition() {
        for version in [0, 3] {
            let mut client = Client::with(&["allow Write Topic orders"]);
            let asked = client.ask(version, &request(&[("orders", &[0, 1]), ("secret", &[0])]));
            assert_eq!(client.lookups, []);
            assert_eq!(client.decisions(), ["denied Write TransactionalId tx"]);
            assert_eq!(asked.response(), response(&[("orders", &[(0, 53), (1, 53)]), ("secret", &[(0, 53)])]));
        }
    }

    #[test]
    fn between_brokers_the_cluster_is_asked_for() {
        let transaction = AddPartitionsToTxnTransaction::default().with_transactional_id(str_bytes("tx").into());
        let batch = AddPartitionsToTxnRequest::default().with_transactions(vec![transaction]);
        for version in [4, 5] {
            let mut client = Client::with(&["allow ClusterAction Cluster"]);
            assert!(client.ask(version, &batch).passed_through());
            assert_eq!(client.decisions(), ["allowed ClusterAction Cluster kafka-cluster"]);

            client.acls_are_now(&["allow Write TransactionalId tx"]);
            let asked = client.ask(version, &batch);
            assert_eq!(client.decisions(), ["denied ClusterAction Cluster kafka-cluster"]);
            assert_eq!(asked.response(), AddPartitionsToTxnResponse::default().with_error_code(31));
        }
    }

    #[test]
    fn a_denied_partition_is_answered_once_unless_the_whole_transaction_is_denied() {
        let twice = request(&[("orders", &[0, 0]), ("secret", &[1]), ("orders", &[1, 0])]);
        let mut client = Client::with(&["allow Write TransactionalId tx"]);
        let denied = response(&[("orders", &[(0, 29), (1, 29)]), ("secret", &[(1, 29)])]);
        assert_eq!(client.ask(3, &twice).response(), denied);
        let refused =
            response(&[("orders", &[(0, 53), (0, 53)]), ("secret", &[(1, 53)]), ("orders", &[(1, 53), (0, 53)])]);
        assert_eq!(Client::with(&[]).ask(3, &twice).response(), refused);
    }
}
