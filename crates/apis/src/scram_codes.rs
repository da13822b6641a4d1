//! Wire codes of the SCRAM mechanisms: Kafka's `ScramMechanism` of the Admin API.

use authentication::ScramMechanism;

/// The mechanism, unless it is UNKNOWN (0) or one that Kafka does not have.
pub(crate) fn mechanism(code: i8) -> Option<ScramMechanism> {
    match code {
        1 => Some(ScramMechanism::Sha256),
        2 => Some(ScramMechanism::Sha512),
        _ => None,
    }
}

pub(crate) fn code(mechanism: ScramMechanism) -> i8 {
    match mechanism {
        ScramMechanism::Sha256 => 1,
        ScramMechanism::Sha512 => 2,
    }
}
