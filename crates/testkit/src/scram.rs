//! The client half of SCRAM (RFC 5802), as a test client needs it: honest, and in forty lines.

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};

/// Kafka's SCRAM mechanisms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramMechanism {
    Sha256,
    Sha512,
}

impl ScramMechanism {
    pub const ALL: [ScramMechanism; 2] = [ScramMechanism::Sha256, ScramMechanism::Sha512];

    /// Kafka's name: `SCRAM-SHA-256`.
    pub fn name(self) -> &'static str {
        match self {
            ScramMechanism::Sha256 => "SCRAM-SHA-256",
            ScramMechanism::Sha512 => "SCRAM-SHA-512",
        }
    }

    fn hash(self, data: &[u8]) -> Vec<u8> {
        match self {
            ScramMechanism::Sha256 => Sha256::digest(data).to_vec(),
            ScramMechanism::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        fn of<M: Mac>(mut mac: M, data: &[u8]) -> Vec<u8> {
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        }
        let any_length = "HMAC takes keys of any length";
        match self {
            ScramMechanism::Sha256 => of(Hmac::<Sha256>::new_from_slice(key).expect(any_length), data),
            ScramMechanism::Sha512 => of(Hmac::<Sha512>::new_from_slice(key).expect(any_length), data),
        }
    }

    fn salted_password(self, password: &str, salt: &[u8], iterations: u32) -> Vec<u8> {
        let password = password.as_bytes();
        match self {
            ScramMechanism::Sha256 => pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations).to_vec(),
            ScramMechanism::Sha512 => pbkdf2::pbkdf2_hmac_array::<Sha512, 64>(password, salt, iterations).to_vec(),
        }
    }
}

/// `client-first-message-bare` for this user and nonce.
pub fn client_first_bare(name: &str, nonce: &str) -> String {
    format!("n={},r={nonce}", name.replace('=', "=3D").replace(',', "=2C"))
}

/// Answers `server-first-message`: the `client-final-message`, and the signature the server must show next.
///
/// # Errors
/// If the server's message is malformed or does not continue our nonce.
pub fn client_final(
    mechanism: ScramMechanism,
    password: &str,
    first_bare: &str,
    nonce: &str,
    server_first: &str,
) -> Result<(String, Vec<u8>)> {
    let attribute = |name: &str| server_first.split(',').find_map(|part| part.strip_prefix(name));
    let server_nonce = attribute("r=").context("a server-first-message without nonce")?;
    ensure!(server_nonce.starts_with(nonce), "the server's nonce does not continue ours");
    let salt = STANDARD.decode(attribute("s=").context("a server-first-message without salt")?)?;
    let iterations: u32 = attribute("i=").context("a server-first-message without iterations")?.parse()?;

    let salted = mechanism.salted_password(password, &salt, iterations);
    let client_key = mechanism.hmac(&salted, b"Client Key");
    let without_proof = format!("c=biws,r={server_nonce}");
    let auth_message = format!("{first_bare},{server_first},{without_proof}");
    let client_signature = mechanism.hmac(&mechanism.hash(&client_key), auth_message.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(&client_signature).map(|(key, signature)| key ^ signature).collect();
    let server_key = mechanism.hmac(&salted, b"Server Key");
    let server_signature = mechanism.hmac(&server_key, auth_message.as_bytes());
    Ok((format!("{without_proof},p={}", STANDARD.encode(proof)), server_signature))
}

/// Checks `server-final-message`.
///
/// # Errors
/// If the server reports an error, or does not know the user's credential itself.
pub fn check_server_final(server_final: &str, signature: &[u8]) -> Result<()> {
    match server_final.split_once('=') {
        Some(("v", shown)) if STANDARD.decode(shown).is_ok_and(|shown| shown == signature) => Ok(()),
        _ => bail!("the server does not prove that it knows the password: `{server_final}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677, section 3.
    #[test]
    fn the_example_of_the_rfc_is_answered_as_printed_there() {
        let nonce = "rOprNGfwEbeRWgbNEkqO";
        let bare = client_first_bare("user", nonce);
        let server_first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let (answer, signature) =
            client_final(ScramMechanism::Sha256, "pencil", &bare, nonce, server_first).expect("a good message");
        assert_eq!(
            answer,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        check_server_final("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", &signature).expect("the signature");
        assert!(check_server_final("e=invalid-proof", &signature).is_err());
    }
}
