//! The shape that all of Kafka's ACL enumerations share: a wire code, a name in capitals and a name in Pascal case.
//!
//! Kafka's `UNKNOWN` (0) and `ANY` (1) are not variants: neither can be stored, so a value of one of these types is
//! always a real one. Filters say "any" with an `Option` ([`AclBindingFilter`](crate::AclBindingFilter)).

use std::fmt;

/// A wire code that stands for no value of the enumeration, or for one that only a filter may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCode {
    /// What was looked for, such as `operation`.
    pub what: &'static str,
    pub code: i8,
}

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not the code of any {}", self.code, self.what)
    }
}

impl std::error::Error for UnknownCode {}

/// A word that names no value of the enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// What was looked for, such as `operation`.
    pub what: &'static str,
    pub name: String,
    /// The names that would have been understood, in Pascal case.
    pub expected: &'static [&'static str],
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no {}, expected one of {}", self.name, self.what, self.expected.join(", "))
    }
}

impl std::error::Error for UnknownName {}

/// Compares two names as [`std::str::FromStr`] does here: ASCII case and underscores do not count.
pub(crate) fn same_name(left: &str, right: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = char> {
        name.chars().filter(|letter| *letter != '_').map(|letter| letter.to_ascii_lowercase())
    }
    letters(left).eq(letters(right))
}

macro_rules! kafka_enum {
    (
        $(#[$attribute:meta])*
        $name:ident ($what:literal) {
            $($(#[$variant_attribute:meta])* $variant:ident = $code:literal $upper:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_attribute])* $variant = $code,)+
        }

        impl $name {
            /// Every value, in the order of the codes.
            pub const VALUES: &'static [Self] = &[$(Self::$variant),+];

            /// The code on the wire.
            pub const fn code(self) -> i8 {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// Kafka's name in Pascal case.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }

            /// Kafka's name in capitals, with underscores between the words.
            pub const fn upper_name(self) -> &'static str {
                match self {
                    $(Self::$variant => $upper,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            /// Pascal case.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl TryFrom<i8> for $name {
            type Error = $crate::UnknownCode;

            fn try_from(code: i8) -> Result<Self, Self::Error> {
                match code {
                    $($code => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownCode { what: $what, code }),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownName;

            /// Takes both of Kafka's spellings, in any case.
            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::VALUES
                    .iter()
                    .copied()
                    .find(|value| $crate::kafka_enum::same_name(value.name(), name))
                    .ok_or_else(|| $crate::UnknownName {
                        what: $what,
                        name: name.to_owned(),
                        expected: &[$(stringify!($variant)),+],
                    })
            }
        }
    };
}

pub(crate) use kafka_enum;

#[cfg(test)]
mod tests {
    use crate::{AclOperation, AclPermissionType, PatternType, ResourceType};

    #[test]
    fn codes_and_names_are_kafkas() {
        let all: Vec<(i8, &str, &str)> = std::iter::empty()
            .chain(ResourceType::VALUES.iter().map(|v| (v.code(), v.name(), v.upper_name())))
            .chain(PatternType::VALUES.iter().map(|v| (v.code(), v.name(), v.upper_name())))
            .chain(AclPermissionType::VALUES.iter().map(|v| (v.code(), v.name(), v.upper_name())))
            .chain(AclOperation::VALUES.iter().map(|v| (v.code(), v.name(), v.upper_name())))
            .collect();
        assert_eq!(
            all,
            [
                (2, "Topic", "TOPIC"),
                (3, "Group", "GROUP"),
                (4, "Cluster", "CLUSTER"),
                (5, "TransactionalId", "TRANSACTIONAL_ID"),
                (6, "DelegationToken", "DELEGATION_TOKEN"),
                (7, "User", "USER"),
                (3, "Literal", "LITERAL"),
                (4, "Prefixed", "PREFIXED"),
                (2, "Deny", "DENY"),
                (3, "Allow", "ALLOW"),
                (2, "All", "ALL"),
                (3, "Read", "READ"),
                (4, "Write", "WRITE"),
                (5, "Create", "CREATE"),
                (6, "Delete", "DELETE"),
                (7, "Alter", "ALTER"),
                (8, "Describe", "DESCRIBE"),
                (9, "ClusterAction", "CLUSTER_ACTION"),
                (10, "DescribeConfigs", "DESCRIBE_CONFIGS"),
                (11, "AlterConfigs", "ALTER_CONFIGS"),
                (12, "IdempotentWrite", "IDEMPOTENT_WRITE"),
                (13, "CreateTokens", "CREATE_TOKENS"),
                (14, "DescribeTokens", "DESCRIBE_TOKENS"),
                (15, "TwoPhaseCommit", "TWO_PHASE_COMMIT"),
            ]
        );
    }

    #[test]
    fn a_code_stands_for_one_value_and_unknown_and_any_for_none() {
        for code in i8::MIN..=i8::MAX {
            let value = AclOperation::VALUES.iter().copied().find(|operation| operation.code() == code);
            assert_eq!(AclOperation::try_from(code).ok(), value, "code {code}");
        }
        let error = ResourceType::try_from(1).expect_err("ANY is for filters");
        assert_eq!(error.to_string(), "`1` is not the code of any resource type");
    }

    #[test]
    fn names_are_read_in_both_spellings_and_any_case() {
        for name in ["DescribeConfigs", "describeconfigs", "DESCRIBE_CONFIGS", "describe_configs"] {
            assert_eq!(name.parse(), Ok(AclOperation::DescribeConfigs), "{name}");
        }
        let error = "Reed".parse::<PatternType>().expect_err("no such pattern type");
        assert_eq!(error.to_string(), "`Reed` is no pattern type, expected one of Literal, Prefixed");
    }
}
