//! One client's connection after its login: the life of a request, in order.
//!
//! 1. a frame is read ([`FrameReader`]) while there is room in the line, towards the broker and towards the client;
//! 2. it is guarded and opened by its row ([`Connection::request`]);
//! 3. if it needs a look-up, or depends on answers that are still to come, it waits until the line is empty;
//! 4. it is decided by the grants of now ([`Connection::decide`]), told, and forwarded, answered or closed;
//! 5. its answer waits its turn in the line ([`InFlight`]), is edited by the grants that the request was decided by
//!    ([`Connection::edit`]), or is passed on as it comes.
//!
//! One task owns all of it. It polls both sides itself, so that a write which waits never keeps it from reading what
//! the other side must get rid of first: a broker does not read the next request before its answer is taken.
//!
//! Whatever is at hand is decided before anything is written, so a batch of requests is one write to the broker, and a
//! batch of answers one to the client.

use std::future::poll_fn;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use acl::Grants;
use apis::{
    Answer, AuthorizedRequest, BrokerVersions, Case, ConnectionState, Decision, Found, Kind, Lookup, RequestContext,
    ResponseEdit, Verdict, table,
};
use authentication::ApiVersionsAnswer;
use bytes::Bytes;
use protocol::{ApiKey, Malformed, RequestFrame, StrBytes, guard_request, guard_response};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::audit::Lines;
use crate::budget::{Class, Permit};
use crate::connections::{Membership, Order};
use crate::end::{End, Owner};
use crate::frame_reader::{Frame, FrameReader, ReadError};
use crate::in_flight::{Awaited, AwaitedEdit, InFlight, Place};
use crate::outgoing::Outgoing;
use crate::shared::Shared;
use crate::upstream::{Broker, Upstream};

/// How long the last bytes may take to both sides when all is over.
const FAREWELL: Duration = Duration::from_secs(2);
/// Decisions that room is kept for between requests.
const USUAL_DECISIONS: usize = 16;

static NOTHING_FOUND: LazyLock<Found> = LazyLock::new(Found::default);

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
struct Asked {
    api_key: ApiKey,
    api_version: i16,
    correlation_id: i32,
    client_id: StrBytes,
    case: Box<dyn Case>,
    permit: Permit,
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
            membership,
            decisions: Vec::new(),
            lines,
            client_id: StrBytes::default(),
            half_closed: false,
            finishing: false,
            closing: None,
        }
    }

    /// Serves until the end, and tells why it came.
    pub(crate) async fn run(mut self) -> End {
        loop {
            let done = match poll_fn(|cx| self.poll_event(cx)).await {
                Event::Request(frame) => self.request(frame).await,
                Event::Answer(frame) => self.edit(frame).await,
                Event::Alone(asked) => self.decide(asked).await,
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
            if self.line.is_empty()
                && let Some(asked) = self.alone.take()
            {
                return Poll::Ready(Event::Alone(asked));
            }
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

    /// The next answer, or a piece of it: a whole one if it has to be edited.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame>, End>> {
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
        }
        self.write(piece.with_size().clone(), Some(piece.permit));
        self.move_up();
        Poll::Ready(Ok(None))
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

    /// Opens a request, and decides it unless it has to wait.
    async fn request(&mut self, frame: Frame) -> Result<(), End> {
        let request = RequestFrame::parse(frame.body())?;
        let (api_key, api_version) = (request.api_key, request.api_version);
        self.shared.metrics.request(api_key, frame.with_size().len());
        if table::row(api_key).kind == Kind::Answered {
            let answer = api_versions(&request, &self.versions).map_err(End::ClientMalformed)?;
            self.respond(answer, frame.permit);
            return Ok(());
        }
        if !self.serves(api_key, api_version) {
            return Err(End::NotServed { api_key, version: api_version });
        }
        let (correlation_id, client_id) = (request.correlation_id, request.client_id.clone().unwrap_or_default());
        let guarded = guard_request(request, &self.shared.message_limits).map_err(End::ClientMalformed)?;
        let case = apis::judge(guarded).map_err(End::ClientRequest)?;
        let asked = Asked { api_key, api_version, correlation_id, client_id, case, permit: frame.permit };
        self.shared.grants.refresh(&mut self.grants, &self.shared.current.load().policy);
        let must_wait =
            !self.line.is_empty() && (asked.case.waits_for_answers() || !asked.case.lookup(&self.grants).is_empty());
        if must_wait {
            self.alone = Some(asked);
            return Ok(());
        }
        self.decide(asked).await
    }

    /// What concerns only the connection to us does not depend on the broker.
    fn serves(&self, api_key: ApiKey, version: i16) -> bool {
        match api_key {
            ApiKey::SaslHandshake | ApiKey::SaslAuthenticate => table::row(api_key).serves(version),
            _ => table::served(api_key, &self.versions).is_some_and(|versions| versions.contains(&version)),
        }
    }

    /// Decides a request by the grants of now, and acts on the verdict.
    async fn decide(&mut self, asked: Asked) -> Result<(), End> {
        self.shared.grants.refresh(&mut self.grants, &self.shared.current.load().policy);
        let lookup = asked.case.lookup(&self.grants);
        let looked_up = if lookup.is_empty() { None } else { Some(self.look_up(lookup).await?) };
        let started = Instant::now();
        let verdict = asked.case.decide(&mut RequestContext {
            api_key: asked.api_key,
            version: asked.api_version,
            client_id: asked.client_id.clone(),
            grants: &self.grants,
            found: looked_up.as_ref().unwrap_or(&NOTHING_FOUND),
            state: &mut self.state,
            decisions: &mut self.decisions,
        });
        self.shared.metrics.decision_seconds.record(started.elapsed());
        let grants = Arc::clone(&self.grants);
        self.tell(asked.api_key, &grants).await;
        match verdict {
            Verdict::Forward(request, edit) => {
                let edit = edit.map(|edit| self.keep(edit, grants, &asked.client_id));
                self.forward(&request, asked.permit).await?;
                if request.expects_answer() {
                    self.line.push(Place::AwaitingBroker(Awaited {
                        api_key: asked.api_key,
                        api_version: asked.api_version,
                        correlation_id: asked.correlation_id,
                        sent_at: Instant::now(),
                        edit,
                    }));
                }
            }
            Verdict::Respond(bytes) => self.respond(bytes, asked.permit),
            Verdict::ForwardThenClose(request) => {
                self.forward(&request, asked.permit).await?;
                self.close(End::Decided("a request without an answer was partly denied"));
            }
            Verdict::Close(why) => self.close(End::Decided(why)),
        }
        Ok(())
    }

    /// Edits the answer to the request whose turn it is.
    async fn edit(&mut self, frame: Frame) -> Result<(), End> {
        let Some(Awaited { api_key, api_version, sent_at, edit: Some(awaited), .. }) = self.line.answered() else {
            return Ok(());
        };
        self.shared.metrics.upstream_round_trip_seconds.record(sent_at.elapsed());
        let AwaitedEdit { edit, grants, client_id } = *awaited;
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
        self.tell(api_key, &grants).await;
        self.write(answer, Some(frame.permit));
        self.move_up();
        Ok(())
    }

    fn keep(&mut self, edit: ResponseEdit, grants: Arc<Grants>, client_id: &StrBytes) -> Box<AwaitedEdit> {
        if self.client_id != *client_id {
            self.client_id = StrBytes::from_string(client_id.to_string());
        }
        Box::new(AwaitedEdit { edit, grants, client_id: self.client_id.clone() })
    }

    async fn forward(&mut self, request: &AuthorizedRequest, permit: Permit) -> Result<(), End> {
        if self.upstream.is_none() {
            self.flush().await?;
            let stream = self.broker.connect().await.map_err(End::NoUpstream)?;
            self.upstream = Some(Upstream::new(stream, &self.shared.budget));
        }
        if let Some(upstream) = &mut self.upstream {
            upstream.send(request, permit);
        }
        Ok(())
    }

    async fn look_up(&mut self, lookup: Lookup) -> Result<Found, End> {
        self.flush().await?;
        self.broker.resolve(lookup).await.map_err(End::LookUp)
    }

    /// An answer made here waits its turn.
    fn respond(&mut self, bytes: Bytes, permit: Permit) {
        self.line.push(Place::Ready(bytes, Some(permit)));
        self.move_up();
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

    /// Tells what was decided: audit and metrics.
    async fn tell(&mut self, api_key: ApiKey, grants: &Arc<Grants>) {
        if self.decisions.is_empty() {
            return;
        }
        for decision in &self.decisions {
            self.shared.metrics.decision(api_key, decision);
        }
        self.lines.at(self.shared.connections.clock().now());
        let waiting = self.shared.audit.decisions(&mut self.lines, grants, api_key, &self.decisions);
        self.decisions.clear();
        self.decisions.shrink_to(USUAL_DECISIONS);
        if !waiting.is_empty() {
            self.shared.audit.wait(waiting).await;
        }
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

    /// Closes both sides in good order, as far as they take part. What an `acks=0` client has sent still goes on.
    async fn end(mut self, end: End) -> End {
        let principal = self.grants.identity().principal.to_string();
        self.shared.audit.end_of_lines(&mut self.lines, &principal);
        let farewell = async {
            if let Some(upstream) = &mut self.upstream {
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

/// The answer to ApiVersions in front of a broker, before and after login.
pub(crate) fn api_versions(request: &RequestFrame, broker: &BrokerVersions) -> Result<Bytes, Malformed> {
    ApiVersionsAnswer::of(request)?;
    Ok(apis::api_versions::answer(request, broker))
}
