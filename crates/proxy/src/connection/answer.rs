//! An answer of the broker: passed on as it comes, or edited by the grants that its request was decided by.

use std::task::{Context, Poll, ready};
use std::time::Instant;

use apis::{Answer, RequestContext};
use protocol::guard_response;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Connection;
use super::request::NOTHING_FOUND;
use crate::budget::Class;
use crate::end::End;
use crate::frame_reader::Frame;
use crate::in_flight::{Awaited, AwaitedEdit};
use crate::upstream::Broker;

impl<C: AsyncRead + AsyncWrite + Unpin, B: Broker> Connection<C, B> {
    /// The next answer, or a piece of it: a whole one if it has to be edited.
    pub(super) fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame>, End>> {
        let Some(upstream) = &mut self.upstream else { return Poll::Pending };
        if !upstream.is_passing_on() {
            let head = match ready!(upstream.poll_head(cx)).map_err(End::BrokerLost)? {
                Some(head) => head,
                None => return Poll::Ready(Err(End::BrokerClosed)),
            };
            if self.line.awaited(head.correlation_id)?.edit.is_some() {
                if head.length > self.shared.budget.share(Class::Responses) {
                    return Poll::Ready(Err(End::AnswerTooLong { length: head.length }));
                }
                return upstream.poll_frame(cx).map_ok(Some).map_err(End::BrokerLost);
            }
            upstream.pass_on(head);
        }
        let piece = ready!(upstream.poll_piece(cx)).map_err(End::BrokerLost)?;
        if !upstream.is_passing_on()
            && let Some(awaited) = self.line.answered()
        {
            self.shared.metrics.upstream_round_trip_seconds.record(awaited.sent_at.elapsed());
            self.shared.metrics.proxy_overhead_seconds.record(awaited.spent);
        }
        self.write(piece.with_size().clone(), Some(piece.permit));
        self.move_up();
        Poll::Ready(Ok(None))
    }

    /// Edits the answer to the request whose turn it is.
    pub(super) async fn edit(&mut self, frame: Frame) -> Result<(), End> {
        let Some(Awaited { api_key, api_version, sent_at, spent, edit: Some(awaited), .. }) = self.line.answered()
        else {
            return Ok(());
        };
        let began = Instant::now();
        self.shared.metrics.upstream_round_trip_seconds.record(began - sent_at);
        let AwaitedEdit { edit, grants, client_id, room } = *awaited;
        let response = guard_response(api_key, api_version, frame.body(), &self.shared.message_limits)
            .map_err(End::BrokerMalformed)?;
        let mut looked_up = None;
        let mut edit = edit;
        let mut is_resumed = false;
        let answer = loop {
            let mut context = RequestContext {
                api_key,
                version: api_version,
                client_id: client_id.clone(),
                grants: &grants,
                found: looked_up.as_ref().unwrap_or(&NOTHING_FOUND),
                state: &mut self.state,
                decisions: &mut self.decisions,
            };
            let addresses = self.broker.addresses();
            let answer = if is_resumed {
                edit.resume(&mut context, addresses)
            } else {
                edit.apply(&mut context, &response, addresses)
            };
            match answer.map_err(End::BrokerAnswer)? {
                Answer::AsItCame => break frame.with_size().clone(),
                Answer::Bytes(bytes) => break bytes,
                Answer::Needs(lookup, next) => {
                    edit = next;
                    is_resumed = true;
                    looked_up = Some(self.look_up(lookup).await?);
                }
            }
        };
        drop(room);
        // A look-up for an answer is rare, and counts.
        self.shared.metrics.proxy_overhead_seconds.record(spent + began.elapsed());
        self.tell(api_key, &grants).await;
        self.write(answer, Some(frame.permit));
        self.move_up();
        Ok(())
    }
}
