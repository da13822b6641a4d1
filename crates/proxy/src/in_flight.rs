//! The line of a connection: its requests in the order they came, until each has been answered.
//!
//! ```text
//! decided ──▶ [ Ready | AwaitingBroker | Ready | AwaitingBroker | Close ] ──▶ to the client
//!                                                                 front ─┘
//! ```
//!
//! An answer made here, and a close, waits until everything before it has been answered. A request that gets no answer
//! (`acks=0`) takes no place. Kafka has no such class: a broker reads the next request of a connection only when it has
//! answered the last.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acl::Grants;
use apis::ResponseEdit;
use bytes::Bytes;
use protocol::{ApiKey, StrBytes};

use crate::budget::Permit;
use crate::end::End;

/// The requests of one connection that wait for their turn.
#[derive(Debug)]
pub(crate) struct InFlight {
    places: VecDeque<Place>,
    most: usize,
}

/// A place in the line.
#[derive(Debug)]
pub(crate) enum Place {
    /// The broker has the request.
    AwaitingBroker(Awaited),
    /// Answered here, with these bytes, size included.
    Ready(Bytes, Option<Permit>),
    /// The connection is closed when its turn has come.
    Close(End),
}

/// An answer that is to come.
#[derive(Debug)]
pub(crate) struct Awaited {
    pub api_key: ApiKey,
    pub api_version: i16,
    pub correlation_id: i32,
    pub sent_at: Instant,
    /// Time spent on the request in here.
    pub spent: Duration,
    /// Nothing: the answer goes on as it comes.
    pub edit: Option<Box<AwaitedEdit>>,
}

/// What is done to an answer, by the grants that its request was decided by.
#[derive(Debug)]
pub(crate) struct AwaitedEdit {
    pub edit: ResponseEdit,
    pub grants: Arc<Grants>,
    pub client_id: StrBytes,
    /// What the budget knows of it.
    pub room: Permit,
}

/// An answer that does not belong to the request whose turn it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unexpected {
    #[error("an answer with correlation id `{0}` that nothing was asked for")]
    Unasked(i32),
    #[error("an answer with correlation id `{came}` instead of `{expected}`")]
    CorrelationId { came: i32, expected: i32 },
}

impl InFlight {
    pub(crate) fn new(most: usize) -> InFlight {
        InFlight { places: VecDeque::new(), most }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// A full line: the client is not read.
    pub(crate) fn is_full(&self) -> bool {
        self.places.len() >= self.most
    }

    pub(crate) fn push(&mut self, place: Place) {
        self.places.push_back(place);
    }

    /// The front of the line, if it waits for nothing any more.
    pub(crate) fn pop_ready(&mut self) -> Option<Place> {
        match self.places.front()? {
            Place::AwaitingBroker(_) => None,
            Place::Ready(..) | Place::Close(_) => self.places.pop_front(),
        }
    }

    /// Whose answer has begun to come.
    pub(crate) fn awaited(&self, correlation_id: i32) -> Result<&Awaited, Unexpected> {
        match self.places.front() {
            Some(Place::AwaitingBroker(awaited)) if awaited.correlation_id == correlation_id => Ok(awaited),
            Some(Place::AwaitingBroker(awaited)) => {
                Err(Unexpected::CorrelationId { came: correlation_id, expected: awaited.correlation_id })
            }
            Some(Place::Ready(..) | Place::Close(_)) | None => Err(Unexpected::Unasked(correlation_id)),
        }
    }

    /// Takes the front out of the line: its answer is complete.
    pub(crate) fn answered(&mut self) -> Option<Awaited> {
        match self.places.pop_front() {
            Some(Place::AwaitingBroker(awaited)) => {
                if self.places.is_empty() {
                    self.places.shrink_to(8);
                }
                Some(awaited)
            }
            Some(other) => {
                self.places.push_front(other);
                None
            }
            None => None,
        }
    }

    /// Whether nothing would be lost by closing now: only long polls wait, which their clients ask again.
    pub(crate) fn only_long_polls(&self) -> bool {
        self.places.iter().all(|place| match place {
            Place::AwaitingBroker(awaited) => matches!(awaited.api_key, ApiKey::Fetch | ApiKey::ShareFetch),
            Place::Ready(..) => false,
            Place::Close(_) => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn awaiting(api_key: ApiKey, correlation_id: i32) -> Place {
        let (sent_at, spent) = (Instant::now(), Duration::ZERO);
        Place::AwaitingBroker(Awaited { api_key, api_version: 0, correlation_id, sent_at, spent, edit: None })
    }

    fn ready(text: &'static str) -> Place {
        Place::Ready(Bytes::from_static(text.as_bytes()), None)
    }

    /// What goes out now.
    fn ready_now(line: &mut InFlight) -> Vec<String> {
        std::iter::from_fn(|| line.pop_ready()).map(|place| format!("{place:?}")).collect()
    }

    #[test]
    fn answers_made_here_and_closes_wait_their_turn() {
        let mut line = InFlight::new(64);
        line.push(ready("first"));
        line.push(awaiting(ApiKey::Produce, 7));
        line.push(ready("second"));
        line.push(Place::Close(End::Decided("a denied acks=0")));
        assert_eq!(ready_now(&mut line), [r#"Ready(b"first", None)"#]);
        assert_eq!(line.awaited(7).map(|awaited| awaited.api_key), Ok(ApiKey::Produce));
        assert_eq!(line.answered().map(|awaited| awaited.correlation_id), Some(7));
        assert_eq!(ready_now(&mut line), [r#"Ready(b"second", None)"#, r#"Close(Decided("a denied acks=0"))"#]);
        assert!(line.is_empty());
    }

    #[test]
    fn an_answer_out_of_turn_is_refused() {
        let mut line = InFlight::new(64);
        assert_eq!(line.awaited(1).err(), Some(Unexpected::Unasked(1)));
        line.push(awaiting(ApiKey::Produce, 1));
        line.push(awaiting(ApiKey::Produce, 2));
        assert_eq!(line.awaited(2).err(), Some(Unexpected::CorrelationId { came: 2, expected: 1 }));
    }

    #[test]
    fn a_full_line_stops_reading() {
        let mut line = InFlight::new(2);
        line.push(awaiting(ApiKey::Fetch, 1));
        assert!(!line.is_full());
        line.push(awaiting(ApiKey::Fetch, 2));
        assert!(line.is_full());
    }

    #[test]
    fn parked_fetches_do_not_hold_a_shutdown_and_other_requests_do() {
        let mut line = InFlight::new(64);
        assert!(line.only_long_polls());
        line.push(awaiting(ApiKey::Fetch, 1));
        line.push(awaiting(ApiKey::ShareFetch, 2));
        assert!(line.only_long_polls());
        line.push(awaiting(ApiKey::Produce, 3));
        assert!(!line.only_long_polls());
    }
}
