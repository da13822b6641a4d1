//! One connection to one broker on which typed requests are asked, one at a time.
//!
//! For those who speak for Doorkeeper itself and not for a client: the stores that live in Kafka, and the command line.
//! What the proxy asks stays the closed set of [`crate::OwnRequest`].
//!
//! Nothing is tried again here: whether a request may be asked twice only its caller knows.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use protocol::messages::ApiVersionsResponse;
use protocol::{ApiKey, Decodable, Limits, Request, RequestFrame, encode_request, guard_response};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};

use crate::frame_reader::FrameReader;
use crate::request_error::Unsendable;
use crate::{BrokerFault, CLIENT_ID, Connector, FrameFault, HostPort, RequestError, Stream, versions};

/// The largest answer: a Fetch gives at least one whole batch, whatever was asked for.
const MAX_ANSWER_BYTES: usize = 128 * 1024 * 1024;

const LIMITS: Limits = Limits { max_elements: 10_000_000 };

/// An established connection. Of no use after the first [`RequestError`] that is not [`RequestError::Unsendable`]: every
/// further request fails then, and another connection is needed.
#[derive(Debug)]
pub struct TypedConnection {
    to: HostPort,
    versions: ApiVersionsResponse,
    stream: Stream,
    frames: FrameReader,
    request_timeout: Duration,
    next_correlation_id: i32,
    session_ends_at: Option<Instant>,
    is_broken: bool,
}

impl TypedConnection {
    /// Connects and logs in.
    pub async fn open(connector: &Connector, to: &HostPort) -> Result<TypedConnection, RequestError> {
        let connected = connector.connect(to).await.map_err(|error| RequestError::Connect(Arc::new(error)))?;
        Ok(TypedConnection {
            to: to.clone(),
            versions: connected.versions,
            stream: connected.stream,
            frames: FrameReader::new(MAX_ANSWER_BYTES),
            request_timeout: connector.settings().request_timeout,
            next_correlation_id: 0,
            // Kafka's clients log in again after 85 to 95 % of the lifetime.
            session_ends_at: connected.session_lifetime.map(|lifetime| Instant::now() + lifetime.mul_f64(0.85)),
            is_broken: false,
        })
    }

    /// Connects to the first bootstrap server that can be reached; the error is that of the last one.
    pub async fn open_any(connector: &Connector) -> Result<TypedConnection, RequestError> {
        let (mut servers, mut last) = (connector.settings().bootstrap_servers.iter(), None);
        loop {
            match (servers.next(), last.take()) {
                (Some(server), _) => match TypedConnection::open(connector, server).await {
                    Ok(connection) => return Ok(connection),
                    Err(error) => last = Some(error),
                },
                (None, Some(error)) => return Err(error),
                (None, None) => unreachable!("a connector has at least one bootstrap server"),
            }
        }
    }

    /// The broker's address.
    pub fn address(&self) -> &HostPort {
        &self.to
    }

    /// The broker's answer to ApiVersions.
    pub fn versions(&self) -> &ApiVersionsResponse {
        &self.versions
    }

    /// Whether another connection is needed: this one failed, or its login is about to end (KIP-368).
    pub fn is_over(&self) -> bool {
        self.is_broken || self.session_ends_at.is_some_and(|at| at <= Instant::now())
    }

    /// Asks in the highest version that the broker, we and the caller have. Error codes inside the answer are the
    /// caller's.
    pub async fn ask<T>(&mut self, versions: RangeInclusive<i16>, request: &T) -> Result<T::Response, RequestError>
    where
        T: Request,
        T::Response: Decodable,
    {
        self.ask_within(self.request_timeout, versions, request).await
    }

    /// The same with another deadline, for what a broker may hold back on purpose.
    ///
    /// If this is dropped before it has ended, the connection is of no use any more.
    pub async fn ask_within<T>(
        &mut self,
        timeout: Duration,
        versions: RangeInclusive<i16>,
        request: &T,
    ) -> Result<T::Response, RequestError>
    where
        T: Request,
        T::Response: Decodable,
    {
        let api_key = ApiKey::try_from(T::KEY).expect("every typed request is one of kafka's");
        if self.is_broken {
            return Err(RequestError::Ended { to: self.to.clone() });
        }
        let correlation_id = self.next_correlation_id;
        let (version, frame) = self
            .encode(api_key, &versions, correlation_id, request)
            .map_err(|cause| RequestError::Unsendable { to: self.to.clone(), api_key, cause: Arc::new(cause) })?;
        self.next_correlation_id = correlation_id.wrapping_add(1);
        // Until the answer is here: whoever stops waiting leaves it behind for the next one.
        self.is_broken = true;
        let answered = timeout_at(Instant::now() + timeout, self.exchange(&frame))
            .await
            .map_err(|_| RequestError::Timeout { to: self.to.clone(), api_key, after: timeout })?;
        let decoded = answered.and_then(|bytes| {
            let found = bytes.first_chunk::<4>().map_or(-1, |id| i32::from_be_bytes(*id));
            if found != correlation_id {
                return Err(BrokerFault::CorrelationId { expected: correlation_id, found });
            }
            Ok(guard_response(api_key, version, bytes, &LIMITS)?.decode::<T::Response>()?)
        });
        let response =
            decoded.map_err(|fault| RequestError::Broker { to: self.to.clone(), api_key, fault: Arc::new(fault) })?;
        self.is_broken = false;
        Ok(response)
    }

    fn encode<T: Request>(
        &self,
        api_key: ApiKey,
        versions: &RangeInclusive<i16>,
        correlation_id: i32,
        request: &T,
    ) -> Result<(i16, Bytes), Unsendable> {
        let version = versions::common_within(&self.versions, api_key, versions)?;
        Ok((version, encode_request(&RequestFrame::header(api_key, version, correlation_id, CLIENT_ID), request)?))
    }

    async fn exchange(&mut self, frame: &Bytes) -> Result<Bytes, BrokerFault> {
        self.stream.write_all(frame).await.map_err(FrameFault::Io)?;
        self.stream.flush().await.map_err(FrameFault::Io)?;
        Ok(self.frames.next(&mut self.stream).await?)
    }
}
