//! A login over SASL as a broker conducts it: Kafka's `SaslServerAuthenticator` (KIP-12, 35, 43, 84, 152).
//!
//! ```text
//!                      ApiVersions answered in full
//!  HandshakeOrVersionsRequest ───────────▶ HandshakeRequest
//!     │  ▲ └ ApiVersions with error 35 or 42   │
//!     │  └──────────────────────────┘          │
//!     └───────────────┬────────────────────────┘
//!                     │ SaslHandshake
//!                     ▼
//!     Authenticate { exchange, framing } ──▶ Step::Authenticated
//!        ▲ framing: SaslAuthenticate requests after handshake version 1, bare tokens after version 0
//!        └ SCRAM's second message; PLAIN pauses for Step::Compute
//! ```
//!
//! Whatever does not fit ends in [`Step::Failed`], in one of Kafka's two ways: a *plain close* (at once, without an
//! answer) or a *failed authentication* (answer and close are delayed, and counted).

use std::sync::Arc;

use bytes::Bytes;
use protocol::messages::{
    ApiVersionsResponse, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use protocol::{
    ApiKey, EncodeError, ErrorCode, GuardedRequest, Limits, RequestFrame, StrBytes, encode_response, error_response,
    guard_request,
};

use crate::api_versions::{ApiVersionsAnswer, Software};
use crate::envelope::{Envelope, refuse};
use crate::login_error::{LoginError, Refusal};
use crate::mechanism::{Mechanism, ScramMechanism};
use crate::plain::PlainLogin;
use crate::sasl_settings::SaslSettings;
use crate::scram::server::ScramServer;
use crate::step::Step;
use crate::users::Users;

/// One connection's login, waiting for a frame.
#[derive(Debug)]
pub struct SaslServer {
    context: Context,
    state: State,
}

/// What holds in every state.
#[derive(Debug)]
struct Context {
    settings: Arc<SaslSettings>,
    software: Option<Software>,
}

/// What the next frame is to be.
#[derive(Debug)]
enum State {
    HandshakeOrVersionsRequest,
    HandshakeRequest,
    Authenticate { exchange: Exchange, framing: Framing },
}

/// How far the mechanism has come.
#[derive(Debug)]
enum Exchange {
    Plain,
    ScramFirst(ScramMechanism),
    ScramFinal(ScramMechanism, ScramServer),
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    /// Bare tokens, after a version 0 handshake.
    Tokens,
    Requests,
}

/// A login that waits for the outcome of a key derivation.
#[derive(Debug)]
pub(crate) struct AwaitingVerdict {
    context: Context,
    envelope: Envelope,
}

impl SaslServer {
    pub fn new(settings: Arc<SaslSettings>) -> SaslServer {
        let software = None;
        Context { settings, software }.wait_for(State::HandshakeOrVersionsRequest)
    }

    /// Takes one frame without its 4-byte size. `users` is the snapshot of now, `nonce` fresh random bytes.
    pub fn handle(self, frame: Bytes, users: &Users, nonce: [u8; 32]) -> Step {
        let SaslServer { context, state } = self;
        if frame.len() > context.settings.max_receive_size {
            let length = i64::try_from(frame.len()).unwrap_or(i64::MAX);
            let max = context.settings.max_receive_size;
            return Step::fail(None, LoginError::FrameSize { length, max });
        }
        if let State::Authenticate { exchange, framing: Framing::Tokens } = state {
            return context.token(exchange, &frame, Envelope::Token, users, &nonce);
        }
        let request = match RequestFrame::parse(frame) {
            Ok(request) => request,
            Err(error) => return Step::close(LoginError::NotARequest(error)),
        };
        let outcome = match (state, request.api_key) {
            (State::HandshakeOrVersionsRequest, ApiKey::ApiVersions) => context.api_versions(request),
            (State::HandshakeOrVersionsRequest | State::HandshakeRequest, ApiKey::SaslHandshake) => {
                context.handshake(request)
            }
            (State::HandshakeOrVersionsRequest, received) => {
                Err(LoginError::UnexpectedRequest { received, expected: "ApiVersions or SaslHandshake" })
            }
            (State::HandshakeRequest, received) => {
                Err(LoginError::UnexpectedRequest { received, expected: "SaslHandshake" })
            }
            (State::Authenticate { exchange, .. }, ApiKey::SaslAuthenticate) => {
                context.authenticate(exchange, request, users, &nonce)
            }
            (State::Authenticate { .. }, _) => illegal_state(request),
        };
        outcome.unwrap_or_else(Step::close)
    }
}

/// Every `Err` is a plain close.
impl Context {
    fn wait_for(self, state: State) -> SaslServer {
        SaslServer { context: self, state }
    }

    fn api_versions(mut self, request: RequestFrame) -> Result<Step, LoginError> {
        let answer = ApiVersionsAnswer::of(&request).map_err(LoginError::Malformed)?;
        let next = match &answer {
            ApiVersionsAnswer::Full { software } => {
                self.software.clone_from(software);
                State::HandshakeRequest
            }
            ApiVersionsAnswer::UnsupportedVersion | ApiVersionsAnswer::InvalidRequest => {
                State::HandshakeOrVersionsRequest
            }
        };
        Ok(Step::AnswerApiVersions { request, answer, next: self.wait_for(next) })
    }

    fn handshake(self, request: RequestFrame) -> Result<Step, LoginError> {
        let (version, correlation_id) = (request.api_version, request.correlation_id);
        let requested = decode::<SaslHandshakeRequest>(request)?.mechanism;
        let mechanism = self.settings.enabled(&requested);
        let error = match mechanism {
            Some(_) => ErrorCode::NONE,
            None => ErrorCode::UNSUPPORTED_SASL_MECHANISM,
        };
        let response =
            SaslHandshakeResponse::default().with_error_code(error.0).with_mechanisms(self.settings.mechanism_names());
        let bytes = encode_response(version, correlation_id, &response)?;
        let Some(mechanism) = mechanism else {
            let cause = LoginError::UnsupportedMechanism {
                requested: requested.to_string(),
                enabled: self.settings.mechanisms.iter().map(|enabled| enabled.name()).collect::<Vec<_>>().join(", "),
            };
            return Ok(Step::fail(Some(bytes), cause));
        };
        let exchange = match mechanism.scram() {
            None => Exchange::Plain,
            Some(scram) => Exchange::ScramFirst(scram),
        };
        let framing = match version {
            0 => Framing::Tokens,
            _ => Framing::Requests,
        };
        let next = self.wait_for(State::Authenticate { exchange, framing });
        Ok(Step::Reply { bytes, next })
    }

    fn authenticate(
        self,
        exchange: Exchange,
        request: RequestFrame,
        users: &Users,
        nonce: &[u8; 32],
    ) -> Result<Step, LoginError> {
        let envelope = Envelope::Request { version: request.api_version, correlation_id: request.correlation_id };
        let token = decode::<SaslAuthenticateRequest>(request)?.auth_bytes;
        Ok(self.token(exchange, &token, envelope, users, nonce))
    }

    fn token(self, exchange: Exchange, token: &[u8], envelope: Envelope, users: &Users, nonce: &[u8; 32]) -> Step {
        match exchange {
            Exchange::Plain => match PlainLogin::parse(token) {
                Ok(login) => {
                    let settings = Arc::clone(&self.settings);
                    let then = AwaitingVerdict { context: self, envelope };
                    Step::Compute(login.work(users, &settings, then))
                }
                Err(refusal) => refuse(Mechanism::Plain, refusal, envelope),
            },
            Exchange::ScramFirst(mechanism) => {
                match ScramServer::start(mechanism, token, users, &self.settings, nonce) {
                    Ok((server, answer)) => self.challenge(Exchange::ScramFinal(mechanism, server), answer, envelope),
                    Err(refusal) => refuse(mechanism.into(), refusal, envelope),
                }
            }
            Exchange::ScramFinal(mechanism, server) => match server.finish(token, users, &self.settings) {
                Ok((user, answer)) => self.authenticated(mechanism.into(), user, answer, envelope),
                Err(refusal) => refuse(mechanism.into(), refusal, envelope),
            },
        }
    }

    fn challenge(self, exchange: Exchange, answer: Vec<u8>, envelope: Envelope) -> Step {
        let framing = match envelope {
            Envelope::Token => Framing::Tokens,
            Envelope::Request { .. } => Framing::Requests,
        };
        match envelope.accept(answer) {
            Ok(bytes) => Step::Reply { bytes, next: self.wait_for(State::Authenticate { exchange, framing }) },
            Err(error) => Step::close(error.into()),
        }
    }

    fn authenticated(self, mechanism: Mechanism, user: Arc<str>, answer: Vec<u8>, envelope: Envelope) -> Step {
        match envelope.accept(answer) {
            Ok(bytes) => Step::Authenticated { bytes, user, mechanism, software: self.software },
            Err(error) => Step::close(error.into()),
        }
    }
}

impl AwaitingVerdict {
    pub(crate) fn resume(self, verdict: Result<Arc<str>, Refusal>) -> Step {
        let mechanism = Mechanism::Plain;
        match verdict {
            Ok(user) => self.context.authenticated(mechanism, user, Vec::new(), self.envelope),
            Err(refusal) => refuse(mechanism, refusal, self.envelope),
        }
    }
}

/// Another request where SaslAuthenticate must come: its own error answer with error 34, then the end.
fn illegal_state(request: RequestFrame) -> Result<Step, LoginError> {
    let cause = LoginError::IllegalState { received: request.api_key };
    let error = ErrorCode::ILLEGAL_SASL_STATE;
    // The one request whose unknown versions have an answer, in version 0.
    if request.api_key == ApiKey::ApiVersions
        && ApiVersionsAnswer::of(&request) == Ok(ApiVersionsAnswer::UnsupportedVersion)
    {
        let response = ApiVersionsResponse::default().with_error_code(error.0);
        let bytes = encode_response(0, request.correlation_id, &response)?;
        return Ok(Step::fail(Some(bytes), cause));
    }
    Ok(match error_response(&guard(request)?, error) {
        Ok(bytes) => Step::fail(bytes, cause),
        Err(error) => Step::fail(None, error.into()),
    })
}

fn guard(request: RequestFrame) -> Result<GuardedRequest, LoginError> {
    guard_request(request, &Limits::default()).map_err(LoginError::Malformed)
}

fn decode<T: protocol::Request>(request: RequestFrame) -> Result<T, LoginError> {
    guard(request)?.decode().map_err(LoginError::Malformed)
}

/// The answer to SaslHandshake and SaslAuthenticate on a connection that is logged in or needs no login, on every
/// listener; the connection stays. `None` for all other requests.
pub fn already_authenticated(request: &GuardedRequest) -> Result<Option<Bytes>, EncodeError> {
    let (version, correlation_id) = (request.api_version, request.correlation_id);
    let error = ErrorCode::ILLEGAL_SASL_STATE.0;
    match request.api_key {
        ApiKey::SaslHandshake => {
            let response = SaslHandshakeResponse::default().with_error_code(error);
            encode_response(version, correlation_id, &response).map(Some)
        }
        ApiKey::SaslAuthenticate => {
            let text = "SaslAuthenticate request received after successful authentication";
            let response = SaslAuthenticateResponse::default()
                .with_error_code(error)
                .with_error_message(Some(StrBytes::from_static_str(text)));
            encode_response(version, correlation_id, &response).map(Some)
        }
        _ => Ok(None),
    }
}
