//! The functions of RFC 5802 section 2.2, for both hashes. Kafka: `ScramFormatter`.
//!
//! Passwords are taken as UTF-8 and not normalized (no SASLprep), as in Kafka.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::mechanism::ScramMechanism;

/// Bytes that are wiped when they go.
pub(crate) type Secret = Zeroizing<Vec<u8>>;

impl ScramMechanism {
    /// `H(data)`
    pub(crate) fn hash(self, data: &[u8]) -> Secret {
        Zeroizing::new(match self {
            ScramMechanism::Sha256 => Sha256::digest(data).to_vec(),
            ScramMechanism::Sha512 => Sha512::digest(data).to_vec(),
        })
    }

    /// `HMAC(key, message)`
    pub(crate) fn hmac(self, key: &[u8], message: &[u8]) -> Secret {
        Zeroizing::new(match self {
            ScramMechanism::Sha256 => {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("hmac takes any key");
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }
            ScramMechanism::Sha512 => {
                let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("hmac takes any key");
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }
        })
    }

    /// `Hi(password, salt, iterations)`: the slow one. A millisecond or more for 4096 iterations. What a client sends in
    /// AlterUserScramCredentials instead of the password, and as secret as that.
    pub fn salted_password(self, password: &[u8], salt: &[u8], iterations: u32) -> Zeroizing<Vec<u8>> {
        let mut salted = Zeroizing::new(vec![0; self.key_length()]);
        match self {
            ScramMechanism::Sha256 => {
                pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut salted);
            }
            ScramMechanism::Sha512 => {
                pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations, &mut salted);
            }
        }
        salted
    }

    pub(crate) fn client_key(self, salted_password: &[u8]) -> Secret {
        self.hmac(salted_password, b"Client Key")
    }

    pub(crate) fn stored_key(self, salted_password: &[u8]) -> Secret {
        self.hash(&self.client_key(salted_password))
    }

    pub(crate) fn server_key(self, salted_password: &[u8]) -> Secret {
        self.hmac(salted_password, b"Server Key")
    }
}

/// The bytes of both, combined; `None` if their lengths differ.
pub(crate) fn xor(left: &[u8], right: &[u8]) -> Option<Secret> {
    (left.len() == right.len()).then(|| Zeroizing::new(left.iter().zip(right).map(|(a, b)| a ^ b).collect()))
}

/// Whether both are equal, in time that depends on their lengths only.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    #[test]
    fn the_example_of_rfc_7677_comes_out() {
        let mechanism = ScramMechanism::Sha256;
        let salt = BASE64_STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let salted = mechanism.salted_password(b"pencil", &salt, 4096);
        let auth_message = b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let client_signature = mechanism.hmac(&mechanism.stored_key(&salted), auth_message);
        let proof = xor(&mechanism.client_key(&salted), &client_signature).unwrap();
        let server_signature = mechanism.hmac(&mechanism.server_key(&salted), auth_message);
        assert_eq!(BASE64_STANDARD.encode(&proof), "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        assert_eq!(BASE64_STANDARD.encode(&server_signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn unequal_lengths_are_never_the_same() {
        assert!(same(b"ab", b"ab"));
        assert!(!same(b"ab", b"ac"));
        assert!(!same(b"ab", b"abc"));
        assert_eq!(xor(b"ab", b"abc"), None);
    }
}
