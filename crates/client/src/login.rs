//! A login at a broker, without I/O: frames in, frames out. It serves a new connection, and one whose session has to be
//! prolonged (KIP-368), where its frames go between others.
//!
//! ```text
//! SaslHandshake v1 ──▶ [mechanisms] ──▶ SaslAuthenticate ──▶ [token] ─┬─▶ SaslAuthenticate …
//!                                                                     └─▶ done { session lifetime }
//! ```
//!
//! Kafka: `SaslClientAuthenticator`. A mechanism's own part is [`authentication::SaslClient`].

use std::time::Duration;

use authentication::{Mechanism, SaslClient};
use bytes::Bytes;
use protocol::messages::{
    ApiVersionsResponse, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use protocol::{
    ApiKey, Decodable, EncodeError, ErrorCode, Limits, Request, RequestFrame, StrBytes, encode_request, guard_response,
};

use crate::{BrokerFault, CLIENT_ID, SaslCredentials, versions};

/// A login that waits for the broker's next answer.
#[derive(Debug)]
pub struct Login {
    client: SaslClient,
    mechanism: Mechanism,
    waits_for: WaitsFor,
    correlation_id: i32,
    authenticate_version: i16,
}

#[derive(Debug)]
enum WaitsFor {
    Mechanisms,
    Token,
}

/// What follows from an answer.
#[derive(Debug)]
pub enum LoginStep {
    /// A frame to send, with its size, and the login that waits for the answer.
    Send(Bytes, Login),
    /// Logged in; the broker ends the session after this time, if it said so.
    Done { session_lifetime: Option<Duration> },
}

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The broker refused: credentials or mechanism are not right on one of both sides.
    #[error("the broker refused the login by {mechanism}: {reason}")]
    Refused { mechanism: Mechanism, reason: String },
    /// The broker did not prove that it knows the password (SCRAM), or its message makes no sense.
    #[error("the broker failed the login by {mechanism}: {source}")]
    Mechanism { mechanism: Mechanism, source: authentication::ClientError },
    #[error(transparent)]
    Broker(#[from] BrokerFault),
    /// Ours: a user name or password too long for a request.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl Login {
    /// The login, and its first frame with its size. The nonce is fresh and random.
    pub(crate) fn start(
        credentials: &SaslCredentials,
        versions: &ApiVersionsResponse,
        nonce: [u8; 32],
    ) -> Result<(Bytes, Login), LoginError> {
        let mechanism = credentials.mechanism;
        // Version 0 would be followed by bare tokens, without an error message or a session lifetime.
        let handshake_version = versions::common(versions, ApiKey::SaslHandshake, 1)?;
        let login = Login {
            client: SaslClient::new(mechanism, &credentials.username, &credentials.password, nonce),
            mechanism,
            waits_for: WaitsFor::Mechanisms,
            correlation_id: 1,
            authenticate_version: versions::common(versions, ApiKey::SaslAuthenticate, 0)?,
        };
        let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism.name()));
        Ok((login.frame(ApiKey::SaslHandshake, handshake_version, &request)?, login))
    }

    /// The broker's answer, without its size. SCRAM derives keys here, which takes milliseconds.
    pub fn handle(mut self, frame: Bytes) -> Result<LoginStep, LoginError> {
        let token = match self.waits_for {
            WaitsFor::Mechanisms => {
                self.mechanisms(&self.answer(ApiKey::SaslHandshake, 1, frame)?)?;
                self.client.first()
            }
            WaitsFor::Token => {
                let response = self.answer(ApiKey::SaslAuthenticate, self.authenticate_version, frame)?;
                match self.token(&response)? {
                    Some(token) => token,
                    None => return Ok(LoginStep::Done { session_lifetime: session_lifetime(&response) }),
                }
            }
        };
        self.waits_for = WaitsFor::Token;
        self.correlation_id = self.correlation_id.wrapping_add(1);
        let request = SaslAuthenticateRequest::default().with_auth_bytes(token.into());
        let frame = self.frame(ApiKey::SaslAuthenticate, self.authenticate_version, &request)?;
        Ok(LoginStep::Send(frame, self))
    }

    fn mechanisms(&self, response: &SaslHandshakeResponse) -> Result<(), LoginError> {
        match ErrorCode(response.error_code) {
            ErrorCode::NONE => Ok(()),
            ErrorCode::UNSUPPORTED_SASL_MECHANISM => {
                let offered: Vec<&str> = response.mechanisms.iter().map(|name| &**name).collect();
                Err(self.refused(format!("it offers `{}`", offered.join(","))))
            }
            error => Err(BrokerFault::Error { api_key: ApiKey::SaslHandshake, error }.into()),
        }
    }

    /// Our next token; none if the login is complete on both sides.
    fn token(&mut self, response: &SaslAuthenticateResponse) -> Result<Option<Vec<u8>>, LoginError> {
        match ErrorCode(response.error_code) {
            ErrorCode::NONE => {}
            error => {
                let reason = response.error_message.as_deref().filter(|text| !text.is_empty()).unwrap_or(error.name());
                return Err(self.refused(reason.to_owned()));
            }
        }
        let mechanism = self.mechanism;
        self.client.next(&response.auth_bytes).map_err(|source| LoginError::Mechanism { mechanism, source })
    }

    fn refused(&self, reason: String) -> LoginError {
        LoginError::Refused { mechanism: self.mechanism, reason }
    }

    fn frame<T: Request>(&self, api_key: ApiKey, version: i16, request: &T) -> Result<Bytes, EncodeError> {
        encode_request(&RequestFrame::header(api_key, version, self.correlation_id, CLIENT_ID), request)
    }

    fn answer<T: Decodable>(&self, api_key: ApiKey, version: i16, frame: Bytes) -> Result<T, BrokerFault> {
        let guarded = guard_response(api_key, version, frame, &Limits::default())?;
        if guarded.correlation_id != self.correlation_id {
            return Err(BrokerFault::CorrelationId { expected: self.correlation_id, found: guarded.correlation_id });
        }
        Ok(guarded.decode()?)
    }
}

/// Zero means for ever.
fn session_lifetime(response: &SaslAuthenticateResponse) -> Option<Duration> {
    u64::try_from(response.session_lifetime_ms).ok().filter(|&lifetime| lifetime > 0).map(Duration::from_millis)
}
