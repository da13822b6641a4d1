//! Frames of a client that logs in, and what came back.

#![allow(unreachable_pub, dead_code, reason = "shared by tests that are crates of their own")]

use std::sync::{Arc, LazyLock};

use authentication::{
    ApiVersionsAnswer, Mechanism, SaslServer, SaslSettings, ScramCredential, ScramMechanism, Step, Users,
};
use bytes::Bytes;
use protocol::messages::{
    ApiVersionsRequest, MetadataRequest, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
    SaslHandshakeResponse,
};
use protocol::{
    ApiKey, Decodable, HeaderVersion, Limits, Request, RequestFrame, StrBytes, encode_request, guard_response,
};

pub const NONCE: [u8; 32] = [7; 32];

/// Every way a step can end, with its answer decoded.
#[derive(Debug, PartialEq)]
pub enum End {
    /// In success and in failure.
    ApiVersions(ApiVersionsAnswer),
    Handshake {
        error: i16,
        mechanisms: Vec<String>,
    },
    Challenge(String),
    /// A raw token, after handshake version 0.
    Token(String),
    LoggedIn {
        user: String,
        mechanism: Mechanism,
        token: String,
    },
    /// Answer and close are delayed.
    Failed {
        error: Option<i16>,
        message: Option<String>,
        cause: String,
    },
    /// Closed at once without an answer.
    Closed {
        cause: String,
    },
}

/// A connection that goes on until it ends.
pub struct Connection {
    server: Option<SaslServer>,
    users: Arc<Users>,
    framing: Framing,
    pub software: Option<authentication::Software>,
}

#[derive(Clone, Copy)]
enum Framing {
    Requests(ApiKey, i16),
    Tokens,
}

pub fn settings() -> SaslSettings {
    SaslSettings {
        mechanisms: vec![Mechanism::ScramSha512, Mechanism::Plain, Mechanism::ScramSha256],
        max_receive_size: SaslSettings::DEFAULT_MAX_RECEIVE_SIZE,
        lenient_scram_nonce: false,
        unknown_user_secret: [1; 32],
    }
}

/// `alice` with both mechanisms, `bob` with one, `we,i=rd` with another: passwords are the name and `-secret`.
static USERS: LazyLock<Arc<Users>> = LazyLock::new(|| Arc::new(users()));

fn users() -> Users {
    let mut builder = Users::builder();
    let mut add = |user: &str, mechanism| {
        let salt = format!("{user:-<10}'s salt");
        let password = format!("{user}-secret");
        let credential = ScramCredential::derive(mechanism, &password, salt.as_bytes(), 4096);
        builder.credential(user, mechanism, credential).expect("a good credential");
    };
    add("alice", ScramMechanism::Sha256);
    add("alice", ScramMechanism::Sha512);
    add("bob", ScramMechanism::Sha512);
    add("we,i=rd", ScramMechanism::Sha256);
    builder.build()
}

/// The bytes of a request without their size.
pub fn request<T: Request>(version: i16, message: &T) -> Bytes {
    let key = ApiKey::try_from(T::KEY).expect("a key");
    let header = RequestFrame::header(key, version, 42, "client");
    encode_request(&header, message).expect("it can be written").slice(4..)
}

pub fn api_versions(version: i16, name: &str) -> Bytes {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let message =
        ApiVersionsRequest::default().with_client_software_name(text(name)).with_client_software_version(text("1.0"));
    request(version, &message)
}

pub fn handshake(version: i16, mechanism: &str) -> Bytes {
    let mechanism = StrBytes::from_string(mechanism.to_owned());
    request(version, &SaslHandshakeRequest::default().with_mechanism(mechanism))
}

pub fn authenticate(version: i16, token: &[u8]) -> Bytes {
    let token = Bytes::copy_from_slice(token);
    request(version, &SaslAuthenticateRequest::default().with_auth_bytes(token))
}

pub fn metadata(version: i16) -> Bytes {
    request(version, &MetadataRequest::default())
}

pub fn response<T: Decodable + HeaderVersion>(key: ApiKey, version: i16, bytes: &Bytes) -> T {
    assert_eq!(bytes.slice(..4).as_ref(), u32::try_from(bytes.len() - 4).expect("small").to_be_bytes());
    let response = guard_response(key, version, bytes.slice(4..), &Limits::default()).expect("well formed");
    assert_eq!(response.correlation_id, 42);
    response.decode().expect("a response of this type")
}

impl Connection {
    pub fn new(settings: SaslSettings) -> Connection {
        Connection {
            server: Some(SaslServer::new(Arc::new(settings))),
            users: Arc::clone(&USERS),
            framing: Framing::Tokens,
            software: None,
        }
    }

    /// After a handshake with this mechanism.
    pub fn shaken(settings: SaslSettings, version: i16, mechanism: &str) -> Connection {
        let mut connection = Connection::new(settings);
        let End::Handshake { error: 0, .. } = connection.send(handshake(version, mechanism)) else {
            panic!("{mechanism} is not enabled");
        };
        connection
    }

    /// Takes a frame and tells the whole outcome.
    pub fn send(&mut self, frame: Bytes) -> End {
        if let Ok(request) = RequestFrame::parse(frame.clone()) {
            self.framing = Framing::Requests(request.api_key, request.api_version);
        }
        let server = self.server.take().expect("the connection has not ended");
        let step = server.handle(frame, &self.users, NONCE);
        self.end(step)
    }

    /// A token as SaslAuthenticate version 2.
    pub fn token(&mut self, token: impl AsRef<[u8]>) -> End {
        self.send(authenticate(2, token.as_ref()))
    }

    /// A bare token.
    pub fn raw(&mut self, token: impl AsRef<[u8]>) -> End {
        self.framing = Framing::Tokens;
        let server = self.server.take().expect("the connection has not ended");
        let step = server.handle(Bytes::copy_from_slice(token.as_ref()), &self.users, NONCE);
        self.end(step)
    }

    /// Takes a frame or a token, whichever is expected, and does not look at the answer's text.
    pub fn handle(&mut self, frame: Bytes) -> End {
        let server = self.server.take().expect("the connection has not ended");
        self.outcome(server.handle(frame, &self.users.clone(), NONCE))
    }

    fn outcome(&mut self, step: Step) -> End {
        match step {
            Step::AnswerApiVersions { answer, next, .. } => {
                self.server = Some(next);
                End::ApiVersions(answer)
            }
            Step::Reply { next, .. } => {
                self.server = Some(next);
                End::Token(String::new())
            }
            Step::Compute(work) => self.outcome(work.run()),
            Step::Authenticated { user, mechanism, .. } => {
                End::LoggedIn { user: user.to_string(), mechanism, token: String::new() }
            }
            Step::Failed { cause, .. } => End::Closed { cause: cause.to_string() },
        }
    }

    pub fn remove_all_users(&mut self) {
        self.users = Arc::new(Users::default());
    }

    fn end(&mut self, step: Step) -> End {
        match step {
            Step::AnswerApiVersions { answer, next, .. } => {
                self.server = Some(next);
                End::ApiVersions(answer)
            }
            Step::Reply { bytes, next } => {
                self.server = Some(next);
                self.answered(&bytes)
            }
            Step::Compute(work) => {
                let step = work.run();
                self.end(step)
            }
            Step::Authenticated { bytes, user, mechanism, software } => {
                self.software = software;
                let token = match self.answered(&bytes) {
                    End::Challenge(token) | End::Token(token) => token,
                    other => panic!("{other:?}"),
                };
                End::LoggedIn { user: user.to_string(), mechanism, token }
            }
            Step::Failed { bytes: None, cause, delayed: false } => End::Closed { cause: cause.to_string() },
            Step::Failed { bytes: Some(_), delayed: false, .. } => panic!("an answer before a plain close"),
            Step::Failed { bytes, cause, delayed: true } => {
                let (error, message) = bytes.map_or((None, None), |bytes| self.error(&bytes));
                End::Failed { error, message, cause: cause.to_string() }
            }
        }
    }

    fn answered(&self, bytes: &Bytes) -> End {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        match self.framing {
            Framing::Tokens => End::Token(text(&bytes[4..])),
            Framing::Requests(ApiKey::SaslHandshake, version) => {
                let response: SaslHandshakeResponse = response(ApiKey::SaslHandshake, version, bytes);
                let mechanisms = response.mechanisms.iter().map(ToString::to_string).collect();
                End::Handshake { error: response.error_code, mechanisms }
            }
            Framing::Requests(key, version) => {
                let response: SaslAuthenticateResponse = response(key, version, bytes);
                assert_eq!(
                    (response.error_code, response.error_message.as_deref(), response.session_lifetime_ms),
                    (0, Some(""), 0)
                );
                End::Challenge(text(&response.auth_bytes))
            }
        }
    }

    fn error(&self, bytes: &Bytes) -> (Option<i16>, Option<String>) {
        match self.framing {
            Framing::Requests(ApiKey::SaslAuthenticate, version) => {
                let response: SaslAuthenticateResponse = response(ApiKey::SaslAuthenticate, version, bytes);
                assert!(response.auth_bytes.is_empty());
                (Some(response.error_code), response.error_message.map(|text| text.to_string()))
            }
            Framing::Requests(ApiKey::SaslHandshake, version) => {
                let response: SaslHandshakeResponse = response(ApiKey::SaslHandshake, version, bytes);
                let mechanisms: Vec<_> = response.mechanisms.iter().map(ToString::to_string).collect();
                (Some(response.error_code), Some(mechanisms.join(" ")))
            }
            // The correlation id, perhaps tagged fields or a throttle time: the answer of another API.
            _ => {
                assert_eq!(&bytes[4..8], [0, 0, 0, 42]);
                let code = bytes[8..].windows(2).any(|code| code == [0, 34]);
                (code.then_some(34), None)
            }
        }
    }
}
