//! The SASL mechanisms, by the names Kafka gives them.

use std::fmt;
use std::str::FromStr;

/// A mechanism that a listener may enable (`sasl.enabled.mechanisms`) or an upstream login may use (`sasl.mechanism`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mechanism {
    Plain,
    ScramSha256,
    ScramSha512,
}

/// The two of them that have a stored credential each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScramMechanism {
    Sha256,
    Sha512,
}

/// Not the name of a mechanism. Names are case-sensitive, as in Kafka.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown sasl mechanism `{name}`, expected {expected}")]
pub struct UnknownMechanism {
    name: String,
    expected: &'static str,
}

impl Mechanism {
    pub const ALL: [Mechanism; 3] = [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512];

    /// The name on the wire and in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::ScramSha512 => "SCRAM-SHA-512",
        }
    }

    /// Which stored credential this mechanism needs; none in particular for PLAIN.
    pub const fn scram(self) -> Option<ScramMechanism> {
        match self {
            Mechanism::Plain => None,
            Mechanism::ScramSha256 => Some(ScramMechanism::Sha256),
            Mechanism::ScramSha512 => Some(ScramMechanism::Sha512),
        }
    }
}

impl ScramMechanism {
    pub const ALL: [ScramMechanism; 2] = [ScramMechanism::Sha256, ScramMechanism::Sha512];

    /// Length of the hash, and so of both stored keys, in bytes.
    pub const fn key_length(self) -> usize {
        match self {
            ScramMechanism::Sha256 => 32,
            ScramMechanism::Sha512 => 64,
        }
    }
}

impl From<ScramMechanism> for Mechanism {
    fn from(mechanism: ScramMechanism) -> Self {
        match mechanism {
            ScramMechanism::Sha256 => Mechanism::ScramSha256,
            ScramMechanism::Sha512 => Mechanism::ScramSha512,
        }
    }
}

impl FromStr for Mechanism {
    type Err = UnknownMechanism;

    fn from_str(name: &str) -> Result<Self, UnknownMechanism> {
        Mechanism::ALL.into_iter().find(|mechanism| mechanism.name() == name).ok_or_else(|| UnknownMechanism {
            name: name.to_owned(),
            expected: "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
        })
    }
}

impl FromStr for ScramMechanism {
    type Err = UnknownMechanism;

    fn from_str(name: &str) -> Result<Self, UnknownMechanism> {
        ScramMechanism::ALL
            .into_iter()
            .find(|mechanism| Mechanism::from(*mechanism).name() == name)
            .ok_or_else(|| UnknownMechanism { name: name.to_owned(), expected: "SCRAM-SHA-256 or SCRAM-SHA-512" })
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ScramMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Mechanism::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_their_case_matters() {
        for mechanism in Mechanism::ALL {
            assert_eq!(mechanism.to_string().parse(), Ok(mechanism));
            assert_eq!(mechanism.scram().map(Mechanism::from).unwrap_or(Mechanism::Plain), mechanism);
        }
        assert_eq!(
            "plain".parse::<Mechanism>().unwrap_err().to_string(),
            "unknown sasl mechanism `plain`, expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
        );
        assert_eq!(
            "PLAIN".parse::<ScramMechanism>().unwrap_err().to_string(),
            "unknown sasl mechanism `PLAIN`, expected SCRAM-SHA-256 or SCRAM-SHA-512"
        );
    }
}
