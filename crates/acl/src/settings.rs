//! What an operator sets beside the ACLs: the properties of Kafka's `StandardAuthorizer`, and ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Identity;

/// The default is Kafka's: nobody is super, and what no ACL allows is denied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// `super.users`: the texts `type:name` of those who may do everything, whatever ACLs deny.
    pub super_users: BTreeSet<String>,
    /// For each listener, those who are super when they come through it. Kafka has no such thing.
    pub listener_super_users: BTreeMap<String, BTreeSet<String>>,
    /// `allow.everyone.if.no.acl.found`: allow what is asked about resources that no ACL at all is about.
    pub allow_everyone_if_no_acl_found: bool,
    /// Whether hosts of ACLs may be ranges and any spelling of an address (see [`Host`](crate::Host)). To be left off for ACLs
    /// that come from a broker: there such an entry has never applied to anybody.
    pub host_ranges: bool,
    /// Whose denials are only told. Kafka has no such thing.
    pub shadow: Shadow,
    /// Topics that are not there for anybody, super users included: Doorkeeper's own.
    pub hidden_topics: BTreeSet<String>,
}

/// For whom the law is tried out: what it denies them is told, and let through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Shadow {
    #[default]
    Nobody,
    Everybody,
    /// The texts `type:name`.
    Principals(BTreeSet<String>),
}

impl Settings {
    /// Reads Kafka's `super.users`: principals separated by semicolons. Blanks around them and empty ones do not count;
    /// commas belong to the name.
    pub fn parse_super_users(text: &str) -> Result<BTreeSet<String>, SuperUsersError> {
        text.split(';')
            .map(java_trim)
            .filter(|user| !user.is_empty())
            .map(|user| match user.contains(':') {
                true => Ok(user.to_owned()),
                false => Err(SuperUsersError { user: user.to_owned() }),
            })
            .collect()
    }

    /// Reads Kafka's `allow.everyone.if.no.acl.found`: yes only for the word `true`, in any case.
    pub fn parse_allow_everyone_if_no_acl_found(text: &str) -> bool {
        java_trim(text).eq_ignore_ascii_case("true")
    }

    pub(crate) fn is_super_user(&self, identity: &Identity) -> bool {
        let user = identity.principal.to_string();
        self.super_users.contains(&user)
            || self.listener_super_users.get(&*identity.listener).is_some_and(|users| users.contains(&user))
    }
}

impl Shadow {
    /// Whether anybody is in it.
    pub fn is_on(&self) -> bool {
        match self {
            Shadow::Nobody => false,
            Shadow::Everybody => true,
            Shadow::Principals(principals) => !principals.is_empty(),
        }
    }

    pub(crate) fn covers(&self, identity: &Identity) -> bool {
        match self {
            Shadow::Nobody => false,
            Shadow::Everybody => true,
            Shadow::Principals(principals) => principals.contains(&identity.principal.to_string()),
        }
    }
}

/// Java's `String.trim`: control characters are blanks too, but only ASCII ones.
fn java_trim(text: &str) -> &str {
    text.trim_matches(|character| character <= ' ')
}

/// A piece of `super.users` that is no principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuperUsersError {
    pub user: String,
}

impl fmt::Display for SuperUsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "super user `{}` has no type, expected principals such as `User:admin`, separated by semicolons",
            self.user
        )
    }
}

impl std::error::Error for SuperUsersError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn super_users_are_separated_by_semicolons() {
        let users = |texts: &[&str]| Ok(texts.iter().map(|text| (*text).to_owned()).collect());
        for (text, expected) in [
            ("", users(&[])),
            (" ; ;", users(&[])),
            ("User:admin", users(&["User:admin"])),
            (" User:admin ;\tUser:ops;", users(&["User:admin", "User:ops"])),
            ("User:CN=a,O=b;User:c", users(&["User:CN=a,O=b", "User:c"])),
            ("User: a", users(&["User: a"])),
            ("User:a;admin", Err(SuperUsersError { user: "admin".to_owned() })),
        ] {
            assert_eq!(Settings::parse_super_users(text), expected, "{text}");
        }
    }

    #[test]
    fn everyone_is_allowed_only_by_the_word_true() {
        for (text, expected) in [("true", true), (" TRUE\n", true), ("", false), ("yes", false), ("1", false)] {
            assert_eq!(Settings::parse_allow_everyone_if_no_acl_found(text), expected, "{text}");
        }
    }
}
