//! Kafka's message definitions, and the walk over raw bytes by them.
//!
//! - `table.rs`: every request and response of Kafka 4.3, made by `cargo xtask schemas` from the definitions that the
//!   real clients are generated from;
//! - `definition.rs`: the vocabulary of that table;
//! - `program.rs`: a definition at one version, compiled once into steps;
//! - `outline.rs`: where single fields are in bytes that passed;
//! - `walk.rs`: the walk itself, which every byte from the network goes through;
//! - `tree.rs`: a message as a tree, for what has to be done to all of them alike.

mod definition;
mod outline;
mod program;
#[rustfmt::skip]
mod table;
pub(crate) mod tree;
mod walk;

use std::sync::LazyLock;

use crate::api_key::ApiKey;
pub(crate) use definition::Direction;
use definition::Message;
pub(crate) use outline::{Event, Go, Known, Outline};
use program::Structure;
pub(crate) use walk::{Seen, walk};

/// The programs of one message, in the order of its versions.
struct Versions {
    first: i16,
    programs: Vec<Structure>,
}

static REQUESTS: LazyLock<Vec<Option<Versions>>> = LazyLock::new(|| compile_all(Direction::Request));
static RESPONSES: LazyLock<Vec<Option<Versions>>> = LazyLock::new(|| compile_all(Direction::Response));

/// How to walk this message; `None` if Kafka 4.3 does not have the version (unstable ones count).
pub(crate) fn program(direction: Direction, api_key: ApiKey, version: i16) -> Option<&'static Structure> {
    let all = match direction {
        Direction::Request => &REQUESTS,
        Direction::Response => &RESPONSES,
    };
    let versions = all.get(usize::try_from(api_key.code()).ok()?)?.as_ref()?;
    versions.programs.get(usize::try_from(version.checked_sub(versions.first)?).ok()?)
}

fn compile_all(direction: Direction) -> Vec<Option<Versions>> {
    let compile = |message: &Message| Versions {
        first: message.first,
        programs: (message.first..=message.last).map(|version| program::compile(message, version)).collect(),
    };
    let of_key = |key: &ApiKey| {
        table::MESSAGES
            .iter()
            .find(|message| message.api_key == key.code() && message.direction == direction)
            .map(compile)
    };
    ApiKey::ALL.iter().map(of_key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_but_the_removed_ones_has_a_request_and_a_response_of_the_same_versions() {
        for key in ApiKey::ALL {
            let of = |direction| {
                table::MESSAGES
                    .iter()
                    .filter(|message| message.api_key == key.code() && message.direction == direction)
                    .map(|message| (message.first, message.last, message.flexible))
                    .collect::<Vec<_>>()
            };
            let removed = (4..=7).contains(&key.code());
            assert_eq!(of(Direction::Request), of(Direction::Response), "{key}");
            assert_eq!(of(Direction::Request).len(), if removed { 0 } else { 1 }, "{key}");
        }
    }

    #[test]
    fn headers_and_bodies_agree_where_tagged_fields_begin() {
        for message in table::MESSAGES {
            let key = ApiKey::try_from(message.api_key).unwrap();
            for version in message.first..=message.last {
                assert_eq!(key.is_flexible(version), version >= message.flexible, "{key} {version}");
            }
        }
    }

    #[test]
    fn versions_outside_the_table_have_no_program() {
        assert!(program(Direction::Request, ApiKey::Produce, 3).is_some());
        assert!(program(Direction::Request, ApiKey::Produce, 2).is_none());
        assert!(program(Direction::Request, ApiKey::Produce, 14).is_none());
        assert!(program(Direction::Request, ApiKey::Produce, i16::MIN).is_none());
        assert!(program(Direction::Response, ApiKey::LeaderAndIsr, 0).is_none());
        assert!(program(Direction::Request, ApiKey::InitProducerId, 6).is_some(), "unstable versions count");
    }

    /// A new field of this name in a later Kafka must be looked at before it leaks.
    #[test]
    fn no_response_names_a_host_that_nobody_has_thought_of() {
        fn hosts(fields: &[definition::Field]) -> usize {
            fields.iter().map(|field| usize::from(field.name.contains("Host")) + hosts(field.fields())).sum()
        }
        let found: Vec<(i16, usize)> = table::MESSAGES
            .iter()
            .filter(|message| message.direction == Direction::Response)
            .map(|message| (message.api_key, hosts(message.fields)))
            .filter(|&(_, count)| count > 0)
            .collect();
        let addresses_of_brokers = [(0, 1), (1, 1), (3, 1), (10, 2), (55, 1), (60, 1), (78, 1), (79, 1)];
        let members_of_groups = [(15, 1), (69, 1), (77, 1), (88, 1), (89, 2)];
        let hosts_in_acls = [(29, 1), (31, 1)];
        let among_controllers = [(52, 1), (53, 1), (54, 1), (59, 1), (82, 1)];
        let mut known = [&addresses_of_brokers[..], &members_of_groups, &hosts_in_acls, &among_controllers].concat();
        known.sort_unstable();
        assert_eq!(found, known);
    }
}
