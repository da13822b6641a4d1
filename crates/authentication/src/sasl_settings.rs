//! What a listener allows before login.

use std::fmt;

use protocol::StrBytes;

use crate::login_error::LoginError;
use crate::mechanism::Mechanism;

/// What a listener allows, shared by its connections.
#[derive(Clone)]
pub struct SaslSettings {
    /// `sasl.enabled.mechanisms`
    pub mechanisms: Vec<Mechanism>,
    /// `sasl.server.max.receive.size`, in bytes: the largest frame before login.
    pub max_receive_size: usize,
    /// Whether librdkafka before 2.6.1 may log in with SCRAM: it repeats its own nonce before the joined one, which
    /// Kafka 4 refuses.
    pub lenient_scram_nonce: bool,
    /// Makes salts for unknown users; the same in all instances, or they could be told apart.
    pub unknown_user_secret: [u8; 32],
}

impl SaslSettings {
    /// Kafka's default for `sasl.server.max.receive.size`.
    pub const DEFAULT_MAX_RECEIVE_SIZE: usize = 524_288;

    /// The length of a frame before login by its four bytes of size. `Err` is a failed authentication without an
    /// answer, after the delay.
    pub fn frame_length(&self, size: i32) -> Result<usize, LoginError> {
        usize::try_from(size)
            .ok()
            .filter(|length| *length <= self.max_receive_size)
            .ok_or(LoginError::FrameSize { length: size.into(), max: self.max_receive_size })
    }

    pub(crate) fn enabled(&self, name: &str) -> Option<Mechanism> {
        let enabled = |mechanism: &Mechanism| self.mechanisms.contains(mechanism);
        name.parse().ok().filter(enabled)
    }

    /// All mechanisms, in success too: some clients stop if theirs is missing.
    pub(crate) fn mechanism_names(&self) -> Vec<StrBytes> {
        self.mechanisms.iter().map(|mechanism| StrBytes::from_static_str(mechanism.name())).collect()
    }
}

/// Without the secret.
impl fmt::Debug for SaslSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaslSettings")
            .field("mechanisms", &self.mechanisms)
            .field("max_receive_size", &self.max_receive_size)
            .field("lenient_scram_nonce", &self.lenient_scram_nonce)
            .finish_non_exhaustive()
    }
}
