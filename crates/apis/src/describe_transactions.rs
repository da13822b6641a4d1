//! DescribeTransactions (65): `KafkaApis.handleDescribeTransactionsRequest`.
//!
//! Describe on each transactional id, in order. In the answer, which keeps that order, each topic is asked for, too, and
//! those that the caller may not Describe are left out.

use acl::{AclOperation, ResourceType};
use protocol::ErrorCode;
use protocol::messages::describe_transactions_response::TransactionState;
use protocol::messages::{DescribeTransactionsRequest, DescribeTransactionsResponse, TransactionalId};

use crate::outcome::in_request_order;
use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for DescribeTransactionsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeTransactionsResponse> {
        let mut answers = Vec::new();
        self.transactional_ids.retain(|id| {
            let allowed = context.authorize(AclOperation::Describe, ResourceType::TransactionalId, &id.0);
            answers.push((!allowed).then(|| denied_transaction(id)));
            allowed
        });
        let reduced = answers.iter().any(Option::is_some);
        if reduced && self.transactional_ids.is_empty() {
            let denied = answers.into_iter().flatten().collect();
            return Outcome::Respond(DescribeTransactionsResponse::default().with_transaction_states(denied));
        }
        let edit = Edit::typed(|context, response: &mut DescribeTransactionsResponse| {
            leave_out_denied_topics(context, response);
            in_request_order(answers, &mut response.transaction_states);
        });
        if reduced { Outcome::ForwardReduced(edit) } else { Outcome::ForwardThen(edit) }
    }
}

fn denied_transaction(id: &TransactionalId) -> TransactionState {
    TransactionState::default()
        .with_transactional_id(id.clone())
        .with_error_code(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED.0)
}

fn leave_out_denied_topics(context: &mut RequestContext<'_>, response: &mut DescribeTransactionsResponse) {
    for transaction in &mut response.transaction_states {
        transaction
            .topics
            .retain(|topic| context.authorize(AclOperation::Describe, ResourceType::Topic, &topic.topic.0));
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::describe_transactions_response::TopicData;

    use super::*;
    use crate::testing::{Client, str_bytes};

    fn asking(ids: &[&str]) -> DescribeTransactionsRequest {
        DescribeTransactionsRequest::default()
            .with_transactional_ids(ids.iter().map(|id| str_bytes(id).into()).collect())
    }

    fn answer(transactions: Vec<TransactionState>) -> DescribeTransactionsResponse {
        DescribeTransactionsResponse::default().with_transaction_states(transactions)
    }

    fn ongoing(id: &str, topics: &[&str]) -> TransactionState {
        let topic = |name: &&str| TopicData::default().with_topic(str_bytes(name).into()).with_partitions(vec![3]);
        TransactionState::default()
            .with_transactional_id(str_bytes(id).into())
            .with_transaction_state(str_bytes("Ongoing"))
            .with_producer_id(42.into())
            .with_topics(topics.iter().map(topic).collect())
    }

    fn denied(id: &str) -> TransactionState {
        denied_transaction(&str_bytes(id).into())
    }

    #[test]
    fn denied_topics_are_left_out_of_allowed_transactions() {
        let mut client = Client::with(&["allow Describe TransactionalId tx", "allow Read Topic orders"]);
        let asked = client.ask(0, &asking(&["tx"]));
        assert!(asked.went_on_as_it_came());
        let broker = answer(vec![ongoing("tx", &["orders", "pay"])]);
        assert_eq!(client.answer(asked, broker), answer(vec![ongoing("tx", &["orders"])]));
        assert_eq!(
            client.decisions(),
            ["allowed Describe TransactionalId tx", "allowed Describe Topic orders", "denied Describe Topic pay"]
        );
    }

    #[test]
    fn denied_transactions_are_answered_at_their_place() {
        let mut client = Client::with(&["allow Write TransactionalId tx- prefixed", "allow Describe Topic orders"]);
        let asked = client.ask(0, &asking(&["a", "tx-1", "b", "tx-2"]));
        assert_eq!(asked.forwarded(), &asking(&["tx-1", "tx-2"]));
        let broker = answer(vec![ongoing("tx-1", &["orders"]), ongoing("tx-2", &[])]);
        let expected = vec![denied("a"), ongoing("tx-1", &["orders"]), denied("b"), ongoing("tx-2", &[])];
        assert_eq!(client.answer(asked, broker), answer(expected));
    }

    #[test]
    fn with_all_transactions_denied_no_coordinator_is_asked() {
        let mut client = Client::with(&["allow Describe TransactionalId other"]);
        let asked = client.ask(0, &asking(&["tx", "tx"]));
        assert_eq!(client.decisions(), ["denied Describe TransactionalId tx"; 2]);
        let entry = TransactionState::default()
            .with_transactional_id(str_bytes("tx").into())
            .with_error_code(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED.0);
        assert_eq!(asked.response(), answer(vec![entry.clone(), entry]));
    }
}
