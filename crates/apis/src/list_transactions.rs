//! ListTransactions (66): `KafkaApis.handleListTransactionsRequest`.
//!
//! Never refused: everybody sees the transactions that he may Describe. Unlike in ListGroups each denial is logged.

use acl::{AclOperation, ResourceType};
use protocol::messages::{ListTransactionsRequest, ListTransactionsResponse};

use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for ListTransactionsRequest {
    fn authorize(&mut self, _context: &mut RequestContext<'_>) -> Outcome<ListTransactionsResponse> {
        Outcome::ForwardThen(Edit::typed(|context, response: &mut ListTransactionsResponse| {
            response.transaction_states.retain(|transaction| {
                let id = &transaction.transactional_id.0;
                context.authorize(AclOperation::Describe, ResourceType::TransactionalId, id)
            });
        }))
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::list_transactions_response::TransactionState;

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn listing(ids: &[&str]) -> ListTransactionsResponse {
        let transaction = |id: &&str| {
            TransactionState::default()
                .with_transactional_id(str_bytes(id).into())
                .with_transaction_state(str_bytes("Ongoing"))
        };
        ListTransactionsResponse::default()
            .with_unknown_state_filters(vec![str_bytes("Sleeping")])
            .with_transaction_states(ids.iter().map(transaction).collect())
    }

    #[test]
    fn transactions_that_may_be_described_are_listed() {
        for version in [0, 2] {
            let mut client =
                Client::with(&["allow Write TransactionalId tx- prefixed", "deny Describe TransactionalId tx-2"]);
            let asked = client.ask(version, &ListTransactionsRequest::default());
            assert!(asked.went_on_as_it_came());
            assert_eq!(client.decisions(), Vec::<String>::new());
            let answer = client.answer(asked, listing(&["other", "tx-1", "tx-2"]));
            assert_eq!(answer, on_the_wire(version, &listing(&["tx-1"])));
            assert_eq!(
                client.decisions(),
                [
                    "denied Describe TransactionalId other",
                    "allowed Describe TransactionalId tx-1",
                    "denied Describe TransactionalId tx-2",
                ]
            );
        }
    }

    #[test]
    fn without_any_right_the_list_is_empty() {
        for version in [0, 2] {
            let mut client = Client::with(&["allow Describe Cluster"]);
            let asked = client.ask(version, &ListTransactionsRequest::default());
            assert_eq!(client.answer(asked, listing(&["tx-1"])), on_the_wire(version, &listing(&[])));
        }
    }
}
