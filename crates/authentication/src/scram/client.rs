//! The client's side of a SCRAM exchange, which also verifies the server. Kafka: `ScramSaslClient`.

use crate::mechanism::ScramMechanism;
use crate::sasl_client::ClientError;
use crate::scram::hash::{Secret, same, xor};
use crate::scram::messages::{ServerFinal, ServerFirst, escape, format_client_final};

/// Fewer would give the password away to a server that lies, more would hold up this client.
const ITERATIONS: std::ops::RangeInclusive<u32> = 4096..=1_000_000;

const GS2_HEADER: &str = "n,,";

/// An exchange whose first message has been made.
#[derive(Debug)]
pub(crate) struct ClientFirstSent {
    mechanism: ScramMechanism,
    nonce: String,
    bare: String,
}

/// An exchange that waits for the server's signature.
#[derive(Debug)]
pub(crate) struct ClientFinalSent {
    expected_signature: Secret,
}

impl ClientFirstSent {
    pub(crate) fn new(mechanism: ScramMechanism, user: &str, nonce: &str) -> (Self, Vec<u8>) {
        let bare = format!("n={},r={nonce}", escape(user));
        let message = format!("{GS2_HEADER}{bare}").into_bytes();
        let state = ClientFirstSent { mechanism, nonce: nonce.to_owned(), bare };
        (state, message)
    }

    /// Takes the server's first message. Slow by design: as many hashes as the server asks for.
    pub(crate) fn server_first(
        self,
        message: &[u8],
        password: &[u8],
    ) -> Result<(ClientFinalSent, Vec<u8>), ClientError> {
        let server_first = ServerFirst::parse(message)?;
        if !server_first.nonce.starts_with(&self.nonce) || server_first.nonce == self.nonce {
            return Err(ClientError::Nonce);
        }
        if !ITERATIONS.contains(&server_first.iterations) {
            return Err(ClientError::Iterations {
                found: server_first.iterations,
                least: *ITERATIONS.start(),
                most: *ITERATIONS.end(),
            });
        }
        let text = std::str::from_utf8(message).map_err(|_| ClientError::UnexpectedMessage)?;
        // "biws" is the GS2 header in base64
        let without_proof = format!("c=biws,r={}", server_first.nonce);
        let auth_message = format!("{},{text},{without_proof}", self.bare);
        let mechanism = self.mechanism;
        let salted = mechanism.salted_password(password, &server_first.salt, server_first.iterations);
        let client_signature = mechanism.hmac(&mechanism.stored_key(&salted), auth_message.as_bytes());
        let proof = xor(&mechanism.client_key(&salted), &client_signature)
            .expect("keys and signatures of one hash have one length");
        let next = ClientFinalSent {
            expected_signature: mechanism.hmac(&mechanism.server_key(&salted), auth_message.as_bytes()),
        };
        Ok((next, format_client_final(&without_proof, &proof).into_bytes()))
    }
}

impl ClientFinalSent {
    /// Takes the server's second message: is this the server that knows the password's credential?
    pub(crate) fn server_final(self, message: &[u8]) -> Result<(), ClientError> {
        match ServerFinal::parse(message)? {
            ServerFinal::Signature(signature) if same(&signature, &self.expected_signature) => Ok(()),
            ServerFinal::Signature(_) => Err(ClientError::WrongSignature),
            ServerFinal::Error(error) => Err(ClientError::Refused(error)),
        }
    }
}
