//! What the answer to a token comes in: SaslAuthenticate's response, or nothing but its size.

use bytes::{BufMut, Bytes, BytesMut};
use protocol::messages::SaslAuthenticateResponse;
use protocol::{EncodeError, ErrorCode, StrBytes, encode_response};

use crate::login_error::{LoginError, Refusal, Told, standard_text};
use crate::mechanism::Mechanism;
use crate::step::Step;

/// Where the answer to a token goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Envelope {
    Token,
    Request { version: i16, correlation_id: i32 },
}

impl Envelope {
    /// An answer of the mechanism, with its 4-byte size.
    pub(crate) fn accept(self, token: Vec<u8>) -> Result<Bytes, EncodeError> {
        match self {
            Envelope::Token => {
                let size = i32::try_from(token.len()).map_err(|_| EncodeError::TooLong(token.len()))?;
                let mut bytes = BytesMut::with_capacity(token.len().saturating_add(4));
                bytes.put_i32(size);
                bytes.put_slice(&token);
                Ok(bytes.freeze())
            }
            Envelope::Request { version, correlation_id } => {
                // Sessions do not expire yet: lifetime 0. The message is empty in success, not null.
                let response = SaslAuthenticateResponse::default()
                    .with_error_message(Some(StrBytes::from_static_str("")))
                    .with_auth_bytes(token.into());
                encode_response(version, correlation_id, &response)
            }
        }
    }
}

/// The answer to a refused token; see [`Refusal::told`].
pub(crate) fn refuse(mechanism: Mechanism, refusal: Refusal, envelope: Envelope) -> Step {
    let told = refusal.told(mechanism);
    let cause = LoginError::Refused { mechanism, refusal };
    match (told, envelope) {
        (Told::Nothing, _) | (Told::StandardText, Envelope::Token) => Step::close(cause),
        (Told::Message(_), Envelope::Token) => Step::fail(None, cause),
        (Told::Message(text), envelope) => fail_with(text.into_owned(), envelope, cause),
        (Told::StandardText, envelope) => fail_with(standard_text(mechanism), envelope, cause),
    }
}

fn fail_with(text: String, envelope: Envelope, cause: LoginError) -> Step {
    let Envelope::Request { version, correlation_id } = envelope else {
        return Step::fail(None, cause);
    };
    let response = SaslAuthenticateResponse::default()
        .with_error_code(ErrorCode::SASL_AUTHENTICATION_FAILED.0)
        .with_error_message(Some(StrBytes::from_string(text)));
    match encode_response(version, correlation_id, &response) {
        Ok(bytes) => Step::fail(Some(bytes), cause),
        Err(error) => Step::close(error.into()),
    }
}
