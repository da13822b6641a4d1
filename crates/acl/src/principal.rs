//! Who asks: Kafka's `KafkaPrincipal`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The text of the principal that, in an ACL, stands for every caller whatever the type of its principal.
pub const WILDCARD_PRINCIPAL: &str = "User:*";

/// The type of the principals that stand for a group of callers, with the colon that ends it.
pub(crate) const GROUP_PREFIX: &str = "Group:";

/// Kafka's `KafkaPrincipal`: a type, nearly always `User`, and a name. Case counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KafkaPrincipal {
    pub principal_type: Arc<str>,
    pub name: Arc<str>,
}

impl KafkaPrincipal {
    pub fn new(principal_type: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { principal_type: principal_type.into(), name: name.into() }
    }

    /// The principal of type `User` with this name.
    pub fn user(name: impl Into<Arc<str>>) -> Self {
        Self::new("User", name)
    }

    /// Who a caller is that was not asked to log in.
    pub fn anonymous() -> Self {
        Self::user("ANONYMOUS")
    }

    /// Reads `type:name`. The first colon separates the two, so a name may contain colons; both parts may be empty.
    pub fn parse(text: &str) -> Result<Self, PrincipalError> {
        match text.split_once(':') {
            Some((principal_type, name)) => Ok(Self::new(principal_type, name)),
            None => Err(PrincipalError { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for KafkaPrincipal {
    /// `type:name`, the form of ACLs, `super.users` and the audit line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.principal_type, self.name)
    }
}

impl FromStr for KafkaPrincipal {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A text without the colon that separates the type of a principal from its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalError {
    pub text: String,
}

impl fmt::Display for PrincipalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no principal, expected a type and a name such as `User:alice`", self.text)
    }
}

impl std::error::Error for PrincipalError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_ends_the_type() {
        for (text, principal_type, name) in [
            ("User:alice", "User", "alice"),
            ("User:CN=a:b,O=c", "User", "CN=a:b,O=c"),
            ("Group:", "Group", ""),
            (":", "", ""),
        ] {
            let principal = KafkaPrincipal::parse(text).expect("it has a colon");
            assert_eq!(principal, KafkaPrincipal::new(principal_type, name));
            assert_eq!(principal.to_string(), text);
        }
    }

    #[test]
    fn a_text_without_a_colon_is_refused() {
        for text in ["", "alice"] {
            assert_eq!(KafkaPrincipal::parse(text), Err(PrincipalError { text: text.to_owned() }));
        }
    }
}
