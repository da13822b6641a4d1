//! TxnOffsetCommit (28): `KafkaApis.handleTxnOffsetCommitRequest`.
//!
//! Write on the transactional id, Read on the group, then Read on each topic. There is no error code at the top: a denial
//! of the first two stands on every partition. Denied topics are answered first; with nothing left no broker is asked.

use acl::{AclOperation, ResourceType};
use protocol::messages::txn_offset_commit_request::{TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic};
use protocol::messages::txn_offset_commit_response::{TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic};
use protocol::messages::{TopicName, TxnOffsetCommitRequest, TxnOffsetCommitResponse};
use protocol::{ErrorCode, ErrorResponse};

use crate::merging::{Places, together, without_coordinator_first};
use crate::{Authorize, Outcome, RequestContext};

impl Authorize for TxnOffsetCommitRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<TxnOffsetCommitResponse> {
        if !context.authorize(AclOperation::Write, ResourceType::TransactionalId, &self.transactional_id.0) {
            let error = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
            return Outcome::Respond(self.error_response(context.version, error));
        }
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let topics = std::mem::take(&mut self.topics);
        let indexes = |topic: &TxnOffsetCommitRequestTopic| {
            topic.partitions.iter().map(|partition| partition.partition_index).collect::<Vec<_>>()
        };
        let places = Places::new(topics.iter().map(|topic| (topic.name.clone(), indexes(topic))));
        let (allowed, denied) =
            context.partition_seq_by_authorized(AclOperation::Read, ResourceType::Topic, topics, |topic| &topic.name.0);
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, self.topics.is_empty(), move |response: &mut TxnOffsetCommitResponse, denied| {
            merge(&mut response.topics, denied, &places);
        })
    }
}

/// What the broker answers without its coordinator first, in the order of the request; each topic once.
fn merge(
    topics: &mut Vec<TxnOffsetCommitResponseTopic>,
    denied: Vec<TxnOffsetCommitResponseTopic>,
    places: &Places<TopicName>,
) {
    let name = |topic: &TxnOffsetCommitResponseTopic| topic.name.clone();
    // What is denied of a topic stands together, where the topic is named first.
    topics.extend(together(denied, name, |first, next| first.partitions.extend(next.partitions)));
    without_coordinator_first(
        topics,
        |topic| topic.partitions.first().map(|partition| (partition.partition_index, partition.error_code)),
        name,
        places,
    );
    *topics = together(std::mem::take(topics), name, |first, next| first.partitions.extend(next.partitions));
}

fn denied_topic(topic: TxnOffsetCommitRequestTopic) -> TxnOffsetCommitResponseTopic {
    let partition = |asked: TxnOffsetCommitRequestPartition| {
        TxnOffsetCommitResponsePartition::default()
            .with_partition_index(asked.partition_index)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
    };
    TxnOffsetCommitResponseTopic::default()
        .with_name(topic.name)
        .with_partitions(topic.partitions.into_iter().map(partition).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn committing(topics: &[&str]) -> TxnOffsetCommitRequest {
        let partitions = vec![TxnOffsetCommitRequestPartition::default().with_partition_index(3)];
        let topic = |name: &&str| {
            TxnOffsetCommitRequestTopic::default().with_name(str_bytes(name).into()).with_partitions(partitions.clone())
        };
        TxnOffsetCommitRequest::default()
            .with_transactional_id(str_bytes("tx-1").into())
            .with_group_id(str_bytes("billing").into())
            .with_topics(topics.iter().map(topic).collect())
    }

    fn answered(name: &str, error: ErrorCode) -> TxnOffsetCommitResponseTopic {
        let partition = TxnOffsetCommitResponsePartition::default().with_partition_index(3).with_error_code(error.0);
        TxnOffsetCommitResponseTopic::default().with_name(str_bytes(name).into()).with_partitions(vec![partition])
    }

    const TRANSACTION: &str = "allow Write TransactionalId tx-1";
    const GROUP: &str = "allow Read Group billing";

    #[test]
    fn a_denied_transaction_or_group_stands_on_every_partition() {
        for version in [0, 5] {
            for (acls, error) in [
                (&[GROUP][..], ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
                (&[TRANSACTION][..], ErrorCode::GROUP_AUTHORIZATION_FAILED),
            ] {
                let asked = Client::with(acls).ask(version, &committing(&["orders", "pay"]));
                let both = vec![answered("orders", error), answered("pay", error)];
                let expected = TxnOffsetCommitResponse::default().with_topics(both);
                assert_eq!(asked.response(), on_the_wire(version, &expected));
            }
        }
    }

    #[test]
    fn allowed_topics_pass_through() {
        for version in [0, 5] {
            let mut client = Client::with(&[TRANSACTION, GROUP, "allow Read Topic orders"]);
            assert!(client.ask(version, &committing(&["orders"])).passed_through());
            let asked =
                ["allowed Write TransactionalId tx-1", "allowed Read Group billing", "allowed Read Topic orders"];
            assert_eq!(client.decisions(), asked);
        }
    }

    #[test]
    fn denied_topics_come_first_and_alone_no_broker_is_asked() {
        for version in [0, 5] {
            let mut client = Client::with(&[TRANSACTION, GROUP, "allow Read Topic orders"]);
            let asked = client.ask(version, &committing(&["orders", "pay"]));
            assert_eq!(asked.forwarded(), &on_the_wire(version, &committing(&["orders"])));
            let broker = TxnOffsetCommitResponse::default().with_topics(vec![answered("orders", ErrorCode::NONE)]);
            let denied = answered("pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
            let expected = TxnOffsetCommitResponse::default()
                .with_topics(vec![denied.clone(), answered("orders", ErrorCode::NONE)]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));

            let expected = TxnOffsetCommitResponse::default().with_topics(vec![denied]);
            assert_eq!(client.ask(version, &committing(&["pay"])).response(), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn a_topic_that_is_named_twice_is_answered_once_where_the_broker_merges() {
        let mut client = Client::with(&[TRANSACTION, GROUP]);
        let twice = answered("pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        let partitions = [twice.partitions.clone(), twice.partitions.clone()].concat();
        let expected = TxnOffsetCommitResponse::default().with_topics(vec![twice.with_partitions(partitions)]);
        assert_eq!(client.ask(5, &committing(&["pay", "pay"])).response(), expected);
    }

    #[test]
    fn denied_and_unknown_topics_come_first_in_the_order_of_the_request() {
        let mut client = Client::with(&[TRANSACTION, GROUP, "allow Read Topic *", "deny Read Topic pay"]);
        let asked = client.ask(5, &committing(&["orders", "gone", "pay"]));
        let (gone, orders) =
            (answered("gone", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION), answered("orders", ErrorCode::NONE));
        let broker = TxnOffsetCommitResponse::default().with_topics(vec![gone.clone(), orders.clone()]);
        let denied = answered("pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        let expected = TxnOffsetCommitResponse::default().with_topics(vec![gone, denied, orders]);
        assert_eq!(client.answer(asked, broker), expected);
    }
}
