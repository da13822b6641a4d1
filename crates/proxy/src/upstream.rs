//! The way to one broker, for one client's connection: opened at its first forwarded request, never shared, never
//! replaced. If it is lost, the client's connection is closed.
//!
//! It takes only [`AuthorizedRequest`]s, which only `apis` makes: no byte that was not decided on reaches a broker.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use apis::{AuthorizedRequest, BrokerVersions, Found, Lookup};
use protocol::BrokerAddresses;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::budget::{Budget, Class, Permit};
use crate::frame_reader::{Frame, FrameReader, Head, ReadError};
use crate::outgoing::Outgoing;

/// The broker that a client's connection belongs to.
pub(crate) trait Broker: Send + Sync {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;

    /// What it said it can do.
    fn versions(&self) -> Arc<BrokerVersions>;

    /// Where the clients of this listener find the brokers.
    fn addresses(&self) -> &dyn BrokerAddresses;

    /// A connection that is logged in.
    fn connect(&self) -> impl Future<Output = Result<Self::Stream, Unavailable>> + Send;

    /// Answers a look-up over a control connection to this broker.
    fn resolve(&self, lookup: Lookup) -> impl Future<Output = Result<Found, Unavailable>> + Send;
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
}

impl<S: AsyncRead + AsyncWrite + Unpin> Upstream<S> {
    pub(crate) fn new(stream: S, budget: &Arc<Budget>) -> Upstream<S> {
        let answers = FrameReader::new(budget.permit(Class::Responses), Class::Responses, usize::MAX);
        Upstream { stream, answers, outgoing: Outgoing::default(), passing_on: 0 }
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
