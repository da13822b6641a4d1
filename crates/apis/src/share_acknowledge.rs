//! ShareAcknowledge (79): `KafkaApis.handleShareAcknowledgeRequest` (KIP-932).
//!
//! Read on the group; then the share session, which must be one that this connection opened ([`crate::share_sessions`]);
//! then Read on each topic. The broker is asked for the rest even if nothing is left, since the session's epoch counts
//! there, too. What is denied is answered behind what the broker answers.
//!
//! A partition of a topic id that no topic has is answered UNKNOWN_TOPIC_ID, which is what the protocol means; a broker
//! with an authorizer stumbles and answers UNKNOWN_SERVER_ERROR for the request.

use acl::{AclOperation, Grants, ResourceType};
use protocol::messages::share_acknowledge_request::AcknowledgePartition;
use protocol::messages::share_acknowledge_response::{PartitionData, ShareAcknowledgeTopicResponse};
use protocol::messages::{ShareAcknowledgeRequest, ShareAcknowledgeResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};
use uuid::Uuid;

use crate::share_sessions::{Acknowledged, PartitionErrors, ShareMember};
use crate::{Authorize, Lookup, Outcome, RequestContext};

impl Authorize for ShareAcknowledgeRequest {
    fn lookup(&self, _version: i16, _grants: &Grants) -> Lookup {
        Lookup::topic_ids(self.topics.iter().map(|topic| topic.topic_id))
    }

    fn waits_for_answers(&self, _version: i16) -> bool {
        true
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ShareAcknowledgeResponse> {
        let member = ShareMember::authorize(self.group_id.as_ref(), self.member_id.as_ref(), context);
        let epoch = self.share_session_epoch;
        if let Err(error) = member.and_then(|member| context.state.share_sessions.acknowledge(&member, epoch)) {
            return Outcome::Respond(self.error_response(context.version, error));
        }
        let acknowledged = acknowledged(self);
        let found = context.found;
        let known = |(id, partitions): (Uuid, usize)| Some(std::iter::repeat_n(found.topic_name(id)?, partitions));
        let each_partition: Vec<&StrBytes> = acknowledged.partitions().filter_map(known).flatten().collect();
        let authorized = context.filter_by_authorized(AclOperation::Read, ResourceType::Topic, each_partition);
        let allowed = |id| found.topic_name(id).map(|name| authorized.contains(name));
        self.topics.retain(|topic| allowed(topic.topic_id) == Some(true));
        let refused = acknowledged.refused(allowed).into_iter().collect();
        Outcome::without(refused, false, |response: &mut ShareAcknowledgeResponse, refused| {
            if response.error_code == ErrorCode::NONE.0 {
                response.responses.extend(refused_topics(refused.into_iter().collect()));
            }
        })
    }
}

fn acknowledged(request: &ShareAcknowledgeRequest) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    for topic in &request.topics {
        for AcknowledgePartition { partition_index, acknowledgement_batches, .. } in &topic.partitions {
            let batches = acknowledgement_batches.iter();
            let batches = batches.map(|batch| (batch.first_offset, batch.last_offset, &*batch.acknowledge_types));
            acknowledged.add(topic.topic_id, *partition_index, batches, request.is_renew_ack);
        }
    }
    acknowledged
}

fn refused_topics(refused: PartitionErrors) -> impl Iterator<Item = ShareAcknowledgeTopicResponse> {
    refused.into_iter().map(|(id, partitions)| {
        let partition = |(index, error): (i32, ErrorCode)| {
            PartitionData::default().with_partition_index(index).with_error_code(error.0)
        };
        let partitions = partitions.into_iter().map(partition).collect();
        ShareAcknowledgeTopicResponse::default().with_topic_id(id).with_partitions(partitions)
    })
}

#[cfg(test)]
mod tests {
    use protocol::messages::share_acknowledge_request::{AcknowledgeTopic, AcknowledgementBatch};
    use protocol::messages::{ShareFetchRequest, ShareFetchResponse};

    use super::*;
    use crate::testing::{Client, str_bytes, topic_id};

    const BATCH: (i64, i64, &[i8]) = (0, 4, &[1]);

    type Batches<'a> = &'a [(i64, i64, &'a [i8])];

    fn acknowledge(epoch: i32, partitions: &[(&str, i32, Batches<'_>)]) -> ShareAcknowledgeRequest {
        let topic = |(name, index, batches): &(&str, i32, Batches<'_>)| {
            let batch = |(first, last, types): &(i64, i64, &[i8])| {
                let batch = AcknowledgementBatch::default().with_first_offset(*first).with_last_offset(*last);
                batch.with_acknowledge_types(types.to_vec())
            };
            let partition = AcknowledgePartition::default()
                .with_partition_index(*index)
                .with_acknowledgement_batches(batches.iter().map(batch).collect());
            AcknowledgeTopic::default().with_topic_id(topic_id(name)).with_partitions(vec![partition])
        };
        ShareAcknowledgeRequest::default()
            .with_group_id(Some(str_bytes("billing").into()))
            .with_member_id(Some(str_bytes("member-1")))
            .with_share_session_epoch(epoch)
            .with_topics(partitions.iter().map(topic).collect())
    }

    fn answer(partitions: &[(&str, i32, i16)]) -> ShareAcknowledgeResponse {
        let topic = |(name, index, error): &(&str, i32, i16)| {
            let partition = PartitionData::default().with_partition_index(*index).with_error_code(*error);
            ShareAcknowledgeTopicResponse::default().with_topic_id(topic_id(name)).with_partitions(vec![partition])
        };
        ShareAcknowledgeResponse::default().with_responses(partitions.iter().map(topic).collect())
    }

    fn failed(error: ErrorCode) -> ShareAcknowledgeResponse {
        ShareAcknowledgeResponse::default().with_error_code(error.0)
    }

    /// A client that reads everything but `secret`, with a share session that is at epoch 1.
    fn client() -> Client {
        let client = Client::with(&["allow Read Group billing", "allow Read Topic *", "deny Read Topic secret"]);
        let mut client = client.topic("orders", 9).topic("secret", 9);
        let opening = ShareFetchRequest::default()
            .with_group_id(Some(str_bytes("billing").into()))
            .with_member_id(Some(str_bytes("member-1")));
        let asked = client.ask(1, &opening);
        client.answer(asked, ShareFetchResponse::default());
        client
    }

    #[test]
    fn allowed_acknowledgements_pass_through() {
        let mut client = client();
        for epoch in 1..=2 {
            let request = acknowledge(epoch, &[("orders", 0, &[BATCH]), ("orders", 1, &[BATCH])]);
            let asked = client.ask(1, &request);
            assert_eq!(client.decisions(), ["allowed Read Group billing", "allowed Read Topic orders x2"]);
            assert!(asked.went_on_as_it_came());
            let broker = answer(&[("orders", 0, 0), ("orders", 1, 0)]);
            assert_eq!(client.answer(asked, broker.clone()), broker);
        }
    }

    #[test]
    fn denied_and_unknown_topics_are_answered_behind_the_others() {
        let mut client = client();
        let request = acknowledge(1, &[("secret", 3, &[BATCH]), ("gone", 0, &[BATCH]), ("orders", 0, &[BATCH])]);
        let asked = client.ask(1, &request);
        assert_eq!(client.lookups, [Lookup::topic_ids(["secret", "gone", "orders"].map(topic_id))]);
        assert_eq!(
            client.decisions(),
            ["allowed Read Group billing", "allowed Read Topic orders", "denied Read Topic secret"]
        );
        assert_eq!(asked.forwarded(), &acknowledge(1, &[("orders", 0, &[BATCH])]));
        let expected = answer(&[("orders", 0, 0), ("gone", 0, 100), ("secret", 3, 29)]);
        assert_eq!(client.answer(asked, answer(&[("orders", 0, 0)])), expected);

        let asked = client.ask(1, &acknowledge(2, &[("secret", 3, &[BATCH])]));
        assert_eq!(asked.forwarded(), &acknowledge(2, &[]), "the epoch counts at the broker, too");
        assert_eq!(client.answer(asked, answer(&[])), answer(&[("secret", 3, 29)]));

        let asked = client.ask(1, &acknowledge(3, &[("secret", 3, &[BATCH])]));
        let broker = failed(ErrorCode::SHARE_SESSION_NOT_FOUND);
        assert_eq!(client.answer(asked, broker.clone()), broker);
    }

    #[test]
    fn only_a_request_that_says_so_may_renew() {
        let renewing = acknowledge(1, &[("secret", 3, &[(0, 4, &[4])])]);
        for (request, error) in [(renewing.clone(), 42), (renewing.with_is_renew_ack(true), 29)] {
            let mut client = client();
            let asked = client.ask(2, &request);
            let locked = answer(&[]).with_acquisition_lock_timeout_ms(30_000);
            let expected = answer(&[("secret", 3, error)]).with_acquisition_lock_timeout_ms(30_000);
            assert_eq!(client.answer(asked, locked), expected);
        }
    }

    #[test]
    fn malformed_batches_are_told_before_the_denial() {
        let malformed: [Batches<'_>; 7] = [
            &[(5, 4, &[1])],
            &[(3, 4, &[1]), (2, 5, &[1])],
            &[(0, 4, &[])],
            &[(0, 4, &[1, 2])],
            &[(0, 0, &[4])],
            &[(0, 0, &[-1])],
            &[(-2, 0, &[1])],
        ];
        for batches in malformed {
            let mut client = client();
            let asked = client.ask(1, &acknowledge(1, &[("secret", 3, batches)]));
            assert_eq!(client.answer(asked, answer(&[])), answer(&[("secret", 3, 42)]), "{batches:?}");
        }
        let well_formed: [Batches<'_>; 3] =
            [&[], &[(0, 4, &[0, 1, 2, 3, 1]), (5, 9, &[2])], &[(0, 4, &[1]), (4, 9, &[1])]];
        for batches in well_formed {
            let mut client = client();
            let asked = client.ask(1, &acknowledge(1, &[("secret", 3, batches)]));
            assert_eq!(client.answer(asked, answer(&[])), answer(&[("secret", 3, 29)]), "{batches:?}");
        }
    }

    #[test]
    fn the_group_the_member_and_the_session_come_before_the_topics() {
        let request = || acknowledge(1, &[("secret", 0, &[BATCH])]);
        let no_group: &[&str] = &[];
        let group = &["denied Read Group other"][..];
        let allowed = &["allowed Read Group billing"][..];
        for (request, error, decisions) in [
            (request().with_group_id(None), ErrorCode::INVALID_REQUEST, no_group),
            (request().with_group_id(Some(str_bytes("other").into())), ErrorCode::GROUP_AUTHORIZATION_FAILED, group),
            (request().with_member_id(None), ErrorCode::INVALID_REQUEST, allowed),
            (request().with_member_id(Some(str_bytes(""))), ErrorCode::INVALID_REQUEST, allowed),
            (request().with_member_id(Some(str_bytes(&"x".repeat(37)))), ErrorCode::INVALID_REQUEST, allowed),
            (request().with_member_id(Some(str_bytes("other"))), ErrorCode::SHARE_SESSION_NOT_FOUND, allowed),
            (request().with_share_session_epoch(0), ErrorCode::INVALID_SHARE_SESSION_EPOCH, allowed),
            (request().with_share_session_epoch(2), ErrorCode::INVALID_SHARE_SESSION_EPOCH, allowed),
            (request().with_share_session_epoch(-2), ErrorCode::INVALID_SHARE_SESSION_EPOCH, allowed),
        ] {
            let mut client = client();
            assert_eq!(client.ask(1, &request).response(), failed(error));
            assert_eq!(client.decisions(), decisions);
            assert!(client.ask(1, &acknowledge(1, &[])).went_on_as_it_came(), "the session is as it was");
        }
    }

    #[test]
    fn the_last_acknowledgement_ends_the_session() {
        let mut client = client();
        let asked = client.ask(1, &acknowledge(-1, &[("orders", 0, &[BATCH])]));
        assert!(asked.went_on_as_it_came());
        let asked = client.ask(1, &acknowledge(1, &[]));
        assert_eq!(asked.response(), failed(ErrorCode::SHARE_SESSION_NOT_FOUND));
    }
}
