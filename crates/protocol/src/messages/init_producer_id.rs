//! InitProducerId (22) version 6, unstable in Kafka 4.3: two-phase commit (KIP-939). The response of `kafka-protocol`
//! has it already.

pub mod init_producer_id_request {
    use kafka_protocol::messages::{InitProducerIdResponse, ProducerId, TransactionalId};

    use crate::messages::define::{message, request};

    message! {
        InitProducerIdRequest, versions 0 to 6, flexible from 2 {
            transactional_id with_transactional_id: Option<TransactionalId> = Some(TransactionalId::default());
            transaction_timeout_ms with_transaction_timeout_ms: i32;
            producer_id with_producer_id: ProducerId = ProducerId(-1), in 3..;
            producer_epoch with_producer_epoch: i16 = -1, in 3..;
            enable_2_pc with_enable_2_pc: bool, in 6..;
            keep_prepared_txn with_keep_prepared_txn: bool, in 6..;
        }
    }
    request!(InitProducerIdRequest, key 22, flexible from 2, answered by InitProducerIdResponse);
}
