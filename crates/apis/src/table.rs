//! The table: one row for every API key of Kafka 4.3.
//!
//! Everything that has to know what an API is reads it from here: dispatch, the advertised ApiVersions,
//! `docs/authorization.md`, metric labels, tests. What is asked, and how a denial is answered, is from the handlers of
//! Kafka 4.3 (`KafkaApis`, `ControllerApis`), not from Kafka's documentation, which differs in places.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use acl::AclOperation::*;
use acl::ResourceType::*;
use protocol::ApiKey;
use protocol::messages::*;

use crate::row::{Row, answered, api, api_with_addresses, named, open, refuse};
use crate::{BrokerVersions, Kind};

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows: Vec<Row> = rows();
    rows.sort_by_key(|row| row.api_key);
    rows
});

/// All rows, by key.
pub fn all() -> &'static [Row] {
    &TABLE
}

/// The row of an API key.
pub fn row(api_key: ApiKey) -> &'static Row {
    let found = TABLE.binary_search_by_key(&api_key, |row| row.api_key).ok().and_then(|index| TABLE.get(index));
    found.expect("the table has a row for every key: `every_key_of_kafka_has_one_row` proves it")
}

/// The versions of an API that a client may use in front of a broker: ours, as far as the broker has them too.
pub fn served(api_key: ApiKey, broker: &BrokerVersions) -> Option<RangeInclusive<i16>> {
    let row = row(api_key);
    let broker = broker.range(api_key)?;
    let both = *row.versions.start().max(broker.start())..=*row.versions.end().min(broker.end());
    (row.kind != Kind::Refuse && !both.is_empty()).then_some(both)
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    vec![
        named::<HeartbeatRequest>(0..=4, Read, Group, |r| &r.group_id),
        answered(ApiKey::ApiVersions, 0..=4),
    ]
}
