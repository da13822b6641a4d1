//! The server's side of a SCRAM exchange. Kafka: `ScramSaslServer`.
//!
//! Where we differ: Kafka fails an unknown user at the first message, a wrong password at the second. Here an unknown
//! user is carried along with a decoy credential and fails at the second message too, so that names cannot be guessed.
//!
//! The credential is looked up again for the second message: it is not kept, and a user who has been removed meanwhile
//! does not get in.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::credential::ScramCredential;
use crate::login_error::Refusal;
use crate::mechanism::ScramMechanism;
use crate::sasl_settings::SaslSettings;
use crate::scram::hash::{same, xor};
use crate::scram::messages::{ClientFinal, ClientFirst, ServerFirst, format_server_final, unescape};
use crate::users::Users;

/// An exchange that waits for the client's second message.
#[derive(Debug)]
pub(crate) struct ScramServer {
    mechanism: ScramMechanism,
    user: Arc<str>,
    /// A delegation token was presented; there are none yet.
    token: bool,
    client_nonce: String,
    nonce: String,
    client_first_bare: String,
    server_first: String,
}

impl ScramServer {
    /// Takes the client's first message; gives the server's first.
    pub(crate) fn start(
        mechanism: ScramMechanism,
        message: &[u8],
        users: &Users,
        settings: &SaslSettings,
        nonce: &[u8; 32],
    ) -> Result<(ScramServer, Vec<u8>), Refusal> {
        let client_first = ClientFirst::parse(message)?;
        let user = unescape(&client_first.saslname);
        if let Some(authorization_id) = client_first.authzid.as_deref()
            && authorization_id != user
        {
            return Err(Refusal::AuthorizationId { user, authorization_id: authorization_id.to_owned() });
        }
        let mut exchange = ScramServer {
            mechanism,
            user: user.into(),
            token: client_first.token_authenticated(),
            nonce: client_first.nonce.clone() + &BASE64_URL_SAFE_NO_PAD.encode(nonce),
            client_first_bare: client_first.bare(),
            client_nonce: client_first.nonce,
            server_first: String::new(),
        };
        let (credential, _) = exchange.credential(users, settings);
        exchange.server_first = ServerFirst {
            nonce: exchange.nonce.clone(),
            salt: credential.salt.clone(),
            iterations: credential.iterations,
        }
        .format();
        let server_first = exchange.server_first.clone().into_bytes();
        Ok((exchange, server_first))
    }

    /// Takes the client's second message; gives the user and the server's second message.
    pub(crate) fn finish(
        self,
        message: &[u8],
        users: &Users,
        settings: &SaslSettings,
    ) -> Result<(Arc<str>, Vec<u8>), Refusal> {
        let client_final = ClientFinal::parse(message)?;
        if !self.accepts_nonce(&client_final.nonce, settings) {
            return Err(Refusal::Nonce { user: self.user.to_string() });
        }
        let (credential, known) = self.credential(users, settings);
        let auth_message = format!("{},{},{}", self.client_first_bare, self.server_first, client_final.without_proof());
        let mechanism = self.mechanism;
        let client_signature = mechanism.hmac(&credential.stored_key, auth_message.as_bytes());
        let client_key =
            xor(&client_signature, &client_final.proof).ok_or(Refusal::ProofLength(client_final.proof.len()))?;
        let proven = same(&mechanism.hash(&client_key), &credential.stored_key);
        let server_signature = mechanism.hmac(&credential.server_key, auth_message.as_bytes());
        match (proven, known) {
            (true, true) => Ok((self.user, format_server_final(&server_signature).into_bytes())),
            (false, true) => Err(Refusal::WrongPassword { user: self.user.to_string() }),
            (_, false) if self.token => Err(Refusal::DelegationToken { token_id: self.user.to_string() }),
            (_, false) => Err(Refusal::UnknownUser { user: self.user.to_string() }),
        }
    }

    /// The real credential, or the decoy; both are made, so that both cases take the same time.
    fn credential(&self, users: &Users, settings: &SaslSettings) -> (ScramCredential, bool) {
        let decoy = users.decoy(&settings.unknown_user_secret, self.mechanism, &self.user);
        match users.get(&self.user, self.mechanism) {
            Some(credential) if !self.token => (credential.clone(), true),
            _ => (decoy, false),
        }
    }

    /// librdkafka before 2.6.1 puts its own nonce once more before the joined one (librdkafka #4895).
    fn accepts_nonce(&self, nonce: &str, settings: &SaslSettings) -> bool {
        nonce == self.nonce
            || (settings.lenient_scram_nonce
                && nonce.strip_prefix(self.client_nonce.as_str()) == Some(self.nonce.as_str()))
    }
}
