//! One client's connection after its login: the life of a request, in order.
//!
//! 1. a frame is read ([`FrameReader`]) while there is room in the line, towards the broker and towards the client;
//! 2. it is guarded and opened by its row ([`Connection::request`]);
//! 3. if it needs a look-up or a new login at the broker, or depends on answers that are still to come, it waits until
//!    the line is empty;
//! 4. it is decided by the grants of now ([`Connection::decide`]), told, and forwarded, answered or closed;
//! 5. its answer waits its turn in the line ([`InFlight`]), is edited by the grants that the request was decided by
//!    ([`Connection::edit`]), or is passed on as it comes.
//!
//! One task owns all of it. It polls both sides itself, so that a write which waits never keeps it from reading what
//! the other side must get rid of first: a broker does not read the next request before its answer is taken.
//!
//! Whatever is at hand is decided before anything is written, so a batch of requests is one write to the broker, and a
//! batch of answers one to the client.

mod answer;
mod request;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use acl::Grants;
use apis::{BrokerVersions, Channel, ConnectionState, Decision};
use bytes::Bytes;
use protocol::{GuardedRequest, StrBytes};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::audit::Lines;
use crate::budget::Permit;
use crate::connections::{Closed, Membership, Order};
use crate::end::{End, Owner};
use crate::frame_reader::{Frame, FrameReader, ReadError};
use crate::in_flight::{InFlight, Place};
use crate::outgoing::Outgoing;
use crate::shared::Shared;
use crate::upstream::{Broker, Upstream};

pub(crate) use request::api_versions;

/// How long the last bytes may take to both sides when all is over.
const FAREWELL: Duration = Duration::from_secs(2);

/// A client that is logged in.
pub(crate) struct Connection<C, B: Broker> {
    shared: Arc<Shared>,
    client: C,
    requests: FrameReader,
    /// To the client.
    outgoing: Outgoing,
    broker: B,
    versions: Arc<BrokerVersions>,
    upstream: Option<Upstream<B::Stream>>,
    line: InFlight,
    /// A request that is decided when the line is empty. Nothing is read until then.
    alone: Option<Asked>,
    state: ConnectionState,
    grants: Arc<Grants>,
    /// Of the snapshot that the groups of the user were last compared with.
    generation: u64,
    membership: Membership,
    decisions: Vec<Decision>,
    lines: Lines,
    /// What the client called itself last, on its own: the request it came with is not kept.
    client_id: StrBytes,
    /// The client sends no more.
    half_closed: bool,
    finishing: bool,
    closing: Option<End>,
}

/// A request that waits for its verdict.
///
/// Only its bytes are kept, which the budget knows of. Decoded it may take many times as much, so it is opened once more
/// when it is decided.
struct Asked {
    request: GuardedRequest,
    permit: Permit,
    /// Time spent on it in here so far.
    spent: Duration,
}

/// What has to be acted on.
enum Event {
    Request(Frame),
    /// A whole answer that has to be edited.
    Answer(Frame),
    /// The line is empty: the request that waited for it is decided.
    Alone(Asked),
    End(End),
}

impl<C: AsyncRead + AsyncWrite + Unpin, B: Broker> Connection<C, B> {
    /// `requests` may have read ahead of the login.
    pub(crate) fn new(
        shared: Arc<Shared>,
        client: C,
        requests: FrameReader,
        broker: B,
        grants: Arc<Grants>,
        membership: Membership,
        lines: Lines,
    ) -> Connection<C, B> {
        Connection {
            versions: broker.versions(),
            line: InFlight::new(shared.limits.max_in_flight),
            shared,
            client,
            requests,
            outgoing: Outgoing::default(),
            broker,
            upstream: None,
            alone: None,
            state: ConnectionState::default(),
            grants,
            generation: 0,
            membership,
            decisions: Vec::new(),
            lines,
            client_id: StrBytes::default(),
            half_closed: false,
            finishing: false,
            closing: None,
        }
    }

    /// Of a client that came in this way, and not over PLAINTEXT.
    pub(crate) fn over(self, channel: Channel) -> Connection<C, B> {
        Connection { state: ConnectionState::over(channel), ..self }
    }

    /// Serves until the end, and tells why it came.
    pub(crate) async fn run(mut self) -> End {
        loop {
            let done = match poll_fn(|cx| self.poll_event(cx)).await {
                Event::Request(frame) => self.request(frame).await,
                Event::Answer(frame) => self.edit(frame).await,
                Event::Alone(asked) => self.decide(asked, None).await,
                Event::End(end) => return self.end(end).await,
            };
            if let Err(end) = done {
                self.close(end);
            }
        }
    }

    /// Moves bytes both ways until something has to be acted on.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        match self.membership.poll_order(cx) {
            Order::Stay => {}
            Order::Finish => self.finishing = true,
            Order::Close(closed) => return Poll::Ready(Event::End(End::Ordered(closed))),
        }
        loop {
            if let Poll::Ready(event) = self.poll_reads(cx) {
                self.note_movement(false);
                return Poll::Ready(event);
            }
            let had_room = self.has_room();
            let wrote = self.poll_writes(cx);
            self.note_movement(wrote);
            if let Some(end) = self.is_over() {
                return Poll::Ready(Event::End(end));
            }
            if had_room == self.has_room() {
                return Poll::Pending;
            }
        }
    }

    /// Whether what is read could go on to the client, and to the broker.
    fn has_room(&self) -> (bool, bool) {
        (self.outgoing.has_room(), self.upstream.as_ref().is_none_or(Upstream::has_room))
    }

    fn poll_reads(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        while self.closing.is_none() && self.outgoing.has_room() && self.upstream.is_some() {
            match self.poll_answer(cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(None)) => {}
                Poll::Ready(Ok(Some(frame))) => return Poll::Ready(Event::Answer(frame)),
                Poll::Ready(Err(end)) => self.close(end),
            }
        }
        // After the answers: the last of them may have emptied the line.
        if self.closing.is_none()
            && self.line.is_empty()
            && let Some(asked) = self.alone.take()
        {
            return Poll::Ready(Event::Alone(asked));
        }
        if !self.takes_requests() {
            return Poll::Pending;
        }
        match ready!(self.requests.poll_frame(cx, &mut self.client)) {
            Ok(Some(frame)) => Poll::Ready(Event::Request(frame)),
            Ok(None) | Err(ReadError::Cut) => {
                self.half_closed = true;
                Poll::Pending
            }
            Err(ReadError::Io(error)) => {
                self.outgoing = Outgoing::default();
                self.closing = Some(End::ClientGone(error));
                Poll::Pending
            }
            Err(error @ ReadError::Size { .. }) => {
                self.close(End::ClientFrame(error));
                Poll::Pending
            }
        }
    }

    fn takes_requests(&self) -> bool {
        let stops = self.closing.is_some() || self.finishing || self.half_closed;
        !stops && self.alone.is_none() && !self.line.is_full() && self.has_room() == (true, true)
    }

    /// Writes what there is; tells whether anything was written to the end.
    fn poll_writes(&mut self, cx: &mut Context<'_>) -> bool {
        let mut wrote = false;
        if !self.outgoing.is_empty() {
            match self.outgoing.poll_write(cx, &mut self.client) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => wrote = true,
                Poll::Ready(Err(error)) => {
                    self.outgoing = Outgoing::default();
                    self.closing = Some(End::ClientGone(error));
                }
            }
        }
        if let Some(upstream) = self.upstream.as_mut().filter(|upstream| !upstream.is_sent()) {
            match upstream.poll_write(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => wrote = true,
                Poll::Ready(Err(error)) => self.close(End::BrokerLost(ReadError::Io(error))),
            }
        }
        wrote
    }

    /// For those who look for connections that stand still.
    fn note_movement(&mut self, wrote: bool) {
        let from_broker = self.upstream.as_mut().is_some_and(Upstream::take_moved);
        if self.requests.take_moved() || from_broker || wrote {
            self.membership.moved();
        }
        let starved =
            self.requests.waits_for_budget() || self.upstream.as_ref().is_some_and(Upstream::waits_for_budget);
        let lasts_only_for_answers = self.half_closed || self.closing.is_some();
        let holds = self.requests.holds_bytes() || !self.outgoing.is_empty();
        self.membership.stands(starved || lasts_only_for_answers, holds, self.line.len());
    }

    /// Whether nothing is left to be done.
    fn is_over(&mut self) -> Option<End> {
        let is_sent = self.outgoing.is_empty() && self.upstream.as_ref().is_none_or(Upstream::is_sent);
        if !is_sent {
            return None;
        }
        if self.closing.is_some() {
            return self.closing.take();
        }
        let is_answered = self.alone.is_none() && self.line.is_empty();
        match () {
            () if self.half_closed && is_answered => Some(End::ClientClosed),
            () if self.finishing && self.alone.is_none() && self.line.only_long_polls() => Some(End::Finished),
            () => None,
        }
    }

    /// Nothing further is read from the client. What it did itself has its turn after the answers to what it asked
    /// before, as in a broker; otherwise it still gets the answers that are here.
    fn close(&mut self, end: End) {
        match end.owner() {
            Owner::Client => {
                self.half_closed = true;
                self.line.push(Place::Close(end));
                self.move_up();
            }
            Owner::Broker => {
                self.upstream = None;
                self.closing.get_or_insert(end);
            }
            Owner::Nobody | Owner::Doorkeeper => {
                self.closing.get_or_insert(end);
            }
        }
    }

    /// Sends what stands at the front of the line and waits for nothing.
    fn move_up(&mut self) {
        while let Some(place) = self.line.pop_ready() {
            match place {
                Place::Ready(bytes, permit) => self.write(bytes, permit),
                Place::Close(end) => self.closing = Some(end),
                Place::AwaitingBroker(_) => {}
            }
        }
    }

    fn write(&mut self, bytes: Bytes, permit: Option<Permit>) {
        self.shared.metrics.response_bytes.increment(bytes.len().try_into().unwrap_or(u64::MAX));
        self.outgoing.push(bytes, permit);
    }

    /// Before something is waited for that may take long: the client gets what it has been answered.
    async fn flush(&mut self) -> Result<(), End> {
        poll_fn(|cx| {
            if let Order::Close(closed) = self.membership.poll_order(cx) {
                return Poll::Ready(Err(End::Ordered(closed)));
            }
            self.outgoing.poll_write(cx, &mut self.client).map_err(End::ClientGone)
        })
        .await
    }

    /// Closes both sides in good order, as far as they take part. What an `acks=0` client has sent still goes on, unless
    /// the client or the broker is not what it was when that was decided.
    async fn end(mut self, end: End) -> End {
        let principal = self.grants.identity().principal.to_string();
        self.shared.audit.end_of_lines(&mut self.lines, &principal);
        let farewell = async {
            let is_void = matches!(end, End::Ordered(Closed::UserRemoved | Closed::OtherCluster));
            if let Some(upstream) = self.upstream.as_mut().filter(|_| !is_void) {
                let sent = poll_fn(|cx| upstream.poll_write(cx)).await;
                if sent.is_ok() {
                    // It is gone either way.
                    let _ = upstream.stream().shutdown().await;
                }
            }
            let _ = self.client.shutdown().await;
        };
        let _ = timeout(FAREWELL, farewell).await;
        end
    }
}
