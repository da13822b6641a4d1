//! The way to one broker, for one client's connection: opened at its first forwarded request, never shared, never
//! replaced. If it is lost, the client's connection is closed.
//!
//! It takes only [`AuthorizedRequest`]s, which only `apis` makes, and our own logins: no byte that was not decided on
//! reaches a broker.

use std::future::{Future, poll_fn};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use acl::KafkaPrincipal;
use apis::{AuthorizedRequest, BrokerVersions, Found, Lookup};
use bytes::Bytes;
use protocol::BrokerAddresses;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::budget::{Budget, Class, Permit};
use crate::frame_reader::{Frame, FrameReader, Head, ReadError};
use crate::outgoing::Outgoing;

/// The longest answer to a login: `sasl.server.max.receive.size`'s default, the other way round.
const LONGEST_LOGIN_ANSWER: usize = 512 * 1024;

/// The broker that a client's connection belongs to.
pub(crate) trait Broker: Send + Sync {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;

    /// What it said it can do.
    fn versions(&self) -> Arc<BrokerVersions>;

    /// Where the clients of this listener find the brokers.
    fn addresses(&self) -> &dyn BrokerAddresses;

    /// A connection that is logged in.
    fn connect(&self) -> impl Future<Output = Result<Link<Self::Stream>, Unavailable>> + Send;

    /// Logs in once more on an open connection on which nothing else is under way (KIP-368); gives back how long the new
    /// session lasts.
    fn log_in_again(
        &self,
        upstream: &mut Upstream<Self::Stream>,
    ) -> impl Future<Output = Result<Option<Duration>, Unavailable>> + Send;

    /// Answers a look-up for the caller over a control connection to this broker.
    fn resolve(
        &self,
        caller: &KafkaPrincipal,
        lookup: Lookup,
    ) -> impl Future<Output = Result<Found, Unavailable>> + Send;
}

/// A connection that is logged in.
#[derive(Debug)]
pub(crate) struct Link<S> {
    pub stream: S,
    /// How long the broker lets the login last (`connections.max.reauth.ms`); none is for ever.
    pub session_lifetime: Option<Duration>,
}

/// A broker that cannot be used; the text is for the log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Unavailable {
    pub text: String,
    /// As label.
    pub reason: &'static str,
}

/// An open connection to a broker.
#[derive(Debug)]
pub(crate) struct Upstream<S> {
    stream: S,
    answers: FrameReader,
    outgoing: Outgoing,
    /// Bytes of an answer that are still to be passed on as they come.
    passing_on: usize,
    /// From then on the next request waits for another login.
    renew_at: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Upstream<S> {
    pub(crate) fn new(link: Link<S>, budget: &Arc<Budget>) -> Upstream<S> {
        let answers = FrameReader::new(budget.permit(Class::Responses), Class::Responses, usize::MAX);
        let outgoing = Outgoing::default();
        let mut upstream = Upstream { stream: link.stream, answers, outgoing, passing_on: 0, renew_at: None };
        upstream.logged_in_for(link.session_lifetime);
        upstream
    }

    /// A login has just succeeded. Kafka's clients log in again after 85 to 95 % of the lifetime.
    pub(crate) fn logged_in_for(&mut self, session_lifetime: Option<Duration>) {
        self.renew_at = session_lifetime.map(|lifetime| Instant::now() + lifetime.mul_f64(0.85));
    }

    /// Whether the session has ended or soon will. A broker takes a login then, and no other request.
    pub(crate) fn needs_login(&self) -> bool {
        self.renew_at.is_some_and(|at| at <= Instant::now())
    }

    /// Sends a frame of a login, with its size, and gives back the answer without its size.
    pub(crate) async fn exchange(&mut self, login: Bytes) -> Result<Bytes, ReadError> {
        self.outgoing.push(login, None);
        poll_fn(|cx| self.poll_write(cx)).await?;
        let head = poll_fn(|cx| self.poll_head(cx)).await?.ok_or(ReadError::Cut)?;
        if head.length > LONGEST_LOGIN_ANSWER {
            let size = u32::try_from(head.length).unwrap_or(u32::MAX).to_be_bytes();
            return Err(ReadError::Size { size, max: LONGEST_LOGIN_ANSWER });
        }
        Ok(poll_fn(|cx| self.poll_frame(cx)).await?.body())
    }

    /// Puts a request on its way.
    pub(crate) fn send(&mut self, request: &AuthorizedRequest, permit: Permit) {
        self.outgoing.push_with_size(request.bytes().clone(), Some(permit));
    }

    pub(crate) fn has_room(&self) -> bool {
        self.outgoing.has_room()
    }

    /// Whether all requests have been handed to the system.
    pub(crate) fn is_sent(&self) -> bool {
        self.outgoing.is_empty()
    }

    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.poll_write(cx, &mut self.stream)
    }

    /// The head of the next answer; `None` if the broker has closed the connection.
    pub(crate) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Head>, ReadError>> {
        self.answers.poll_head(cx, &mut self.stream)
    }

    /// The whole answer whose head was seen.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, ReadError>> {
        let frame = ready!(self.answers.poll_frame(cx, &mut self.stream))?;
        Poll::Ready(frame.ok_or(ReadError::Cut))
    }

    /// The answer whose head was seen goes on as it comes.
    pub(crate) fn pass_on(&mut self, head: Head) {
        self.passing_on = head.length;
    }

    /// Whether an answer is being passed on.
    pub(crate) fn is_passing_on(&self) -> bool {
        self.passing_on > 0
    }

    /// The next piece of it.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, ReadError>> {
        let piece = ready!(self.answers.poll_piece(cx, &mut self.stream, self.passing_on))?;
        self.passing_on -= piece.with_size().len().min(self.passing_on);
        Poll::Ready(Ok(piece))
    }

    pub(crate) fn waits_for_budget(&self) -> bool {
        self.answers.waits_for_budget()
    }

    /// Whether bytes have come since this was asked last.
    pub(crate) fn take_moved(&mut self) -> bool {
        self.answers.take_moved()
    }

    pub(crate) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }
}
