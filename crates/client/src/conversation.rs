//! Requests and answers over one established control connection, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use protocol::messages::ApiVersionsResponse;
use protocol::{ApiKey, GuardedResponse, Limits, guard_response};
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until};

use crate::control_task::{End, Pending};
use crate::frame_reader::FrameReader;
use crate::{BrokerFault, Connected, FrameFault, HostPort, RequestError, Stream};

/// Requests on their way at a time.
const MAX_WAITING: usize = 64;

/// The largest answer. Metadata of 100,000 partitions takes about 6 MiB.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Brokers may list more than clients may ask.
const LIMITS: Limits = Limits { max_elements: 10_000_000 };

#[derive(Debug)]
pub(crate) struct Conversation {
    to: HostPort,
    versions: Arc<ApiVersionsResponse>,
    reader: ReadHalf<Stream>,
    frames: FrameReader,
    writer: WriteHalf<Stream>,
    outgoing: BytesMut,
    flushed: bool,
    waiting: VecDeque<Waiting>,
    next_correlation_id: i32,
    answered: bool,
    /// The session ends soon (KIP-368): no more requests, the next ones get a new connection with a new login.
    ends_at: Option<Instant>,
}

#[derive(Debug)]
struct Waiting {
    pending: Pending,
    correlation_id: i32,
    api_key: ApiKey,
    version: i16,
}

impl Conversation {
    pub(crate) fn new(to: HostPort, connected: Connected, versions: Arc<ApiVersionsResponse>) -> Conversation {
        let (reader, writer) = tokio::io::split(connected.stream);
        Conversation {
            to,
            versions,
            reader,
            frames: FrameReader::new(MAX_ANSWER_BYTES),
            writer,
            outgoing: BytesMut::new(),
            flushed: true,
            waiting: VecDeque::new(),
            next_correlation_id: 0,
            answered: false,
            // Kafka's clients log in again after 85 to 95 % of the lifetime.
            ends_at: connected.session_lifetime.map(|lifetime| Instant::now() + lifetime.mul_f64(0.85)),
        }
    }

    /// Puts a request in line. One that cannot be written is answered at once.
    pub(crate) fn send(&mut self, pending: Pending) {
        if pending.is_abandoned() {
            return;
        }
        let correlation_id = self.next_correlation_id;
        let api_key = pending.request.api_key();
        match pending.request.encode(&self.versions, correlation_id) {
            Ok((version, frame)) => {
                self.next_correlation_id = correlation_id.wrapping_add(1);
                self.outgoing.extend_from_slice(&frame);
                self.waiting.push_back(Waiting { pending, correlation_id, api_key, version });
            }
            Err(cause) => {
                let cause = Arc::new(cause);
                pending.answer(Err(RequestError::Unsendable { to: self.to.clone(), api_key, cause }));
            }
        }
    }

    /// Waits for the next thing to happen. May be abandoned at any time.
    pub(crate) async fn advance(&mut self) -> Result<(), End> {
        let oldest = self.waiting.front().map(|waiting| waiting.pending.deadline);
        let has_outgoing = !self.flushed || !self.outgoing.is_empty();
        let over = self.is_over();
        tokio::select! {
            frame = self.frames.next(&mut self.reader) => {
                let frame = frame.map_err(|fault| End::Fault(fault.into()))?;
                self.answer(frame).map_err(End::Fault)
            }
            sent = write(&mut self.writer, &mut self.outgoing, &mut self.flushed), if has_outgoing => {
                sent.map_err(|error| End::Fault(FrameFault::Io(error).into()))
            }
            () = until(oldest) => Err(End::Stuck),
            () = until(self.ends_at), if !over => Ok(()),
        }
    }

    /// The answers come in the order of the requests.
    fn answer(&mut self, frame: Bytes) -> Result<(), BrokerFault> {
        let waiting = self.waiting.pop_front().ok_or(BrokerFault::Unasked)?;
        match guarded(&waiting, frame) {
            Ok(response) => {
                self.answered = true;
                waiting.pending.answer(Ok(response));
                Ok(())
            }
            Err(fault) => {
                let text = fault.to_string();
                let (to, api_key, fault) = (self.to.clone(), waiting.api_key, Arc::new(fault));
                waiting.pending.answer(Err(RequestError::Broker { to, api_key, fault }));
                Err(BrokerFault::Untrusted(text))
            }
        }
    }

    /// Whether the broker has answered anything since it was connected.
    pub(crate) fn has_answered(&self) -> bool {
        self.answered
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn takes_more(&self) -> bool {
        self.waiting.len() < MAX_WAITING && !self.is_over()
    }

    /// Whether the session is about to end.
    pub(crate) fn is_over(&self) -> bool {
        self.ends_at.is_some_and(|at| at <= Instant::now())
    }

    /// What has not been answered, oldest first.
    pub(crate) fn into_waiting(self) -> VecDeque<Pending> {
        self.waiting.into_iter().map(|waiting| waiting.pending).collect()
    }
}

fn guarded(waiting: &Waiting, frame: Bytes) -> Result<GuardedResponse, BrokerFault> {
    // The correlation id stands first in every header, so another answer is told from a malformed one.
    let found = frame.first_chunk::<4>().map(|id| i32::from_be_bytes(*id));
    let expected = waiting.correlation_id;
    match found {
        Some(found) if found != expected => Err(BrokerFault::CorrelationId { expected, found }),
        _ => Ok(guard_response(waiting.api_key, waiting.version, frame, &LIMITS)?),
    }
}

/// Continues where an abandoned call stopped.
async fn write(writer: &mut WriteHalf<Stream>, outgoing: &mut BytesMut, flushed: &mut bool) -> std::io::Result<()> {
    while !outgoing.is_empty() {
        *flushed = false;
        writer.write_buf(outgoing).await?;
    }
    writer.flush().await?;
    *flushed = true;
    Ok(())
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
