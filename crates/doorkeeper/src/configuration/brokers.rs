//! `brokers` of a listener: under which host and ports its clients reach each broker.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use proxy::settings::BrokerPorts;
use store::yaml::{Field, Reading};

pub(super) fn read(reading: &mut Reading, field: &Field<'_>) -> Option<BrokerPorts> {
    let mut fields = field.fields(reading)?;
    if let Some(mode) = fields.optional("mode") {
        let text = mode.text(reading, "`ports`")?;
        match text.as_str() {
            "ports" => {}
            "sni" | "sidecar" => mode.error(reading, format!("{} is not built yet, expected `ports`", text.shown())),
            _ => mode.error(reading, format!("{} is not known, expected `ports`", text.shown())),
        }
    }
    let host = fields
        .required(reading, "advertised_host", "the host that clients reach this listener by")
        .and_then(|field| advertised_host(reading, &field));
    let first_port = fields.optional("first_port");
    let node_ids = fields.optional("node_ids");
    let nodes = fields.optional("nodes");
    let range = match (&first_port, &node_ids, &nodes) {
        (Some(first_port), Some(node_ids), _) => Some((first_port, node_ids)),
        (None, None, Some(_)) => None,
        (None, None, None) => {
            let message = "has no ports, expected `first_port` and `node_ids`, or `nodes`";
            reading.error(fields.mark(), fields.path(), message);
            None
        }
        (Some(field), None, _) => {
            field.error(reading, "needs `node_ids` beside it, such as `node_ids: 0-19`");
            None
        }
        (None, Some(field), _) => {
            field.error(reading, "needs `first_port` beside it, such as `first_port: 9100`");
            None
        }
    };
    let range = range.and_then(|(first_port, node_ids)| port_range(reading, first_port, node_ids));
    let nodes = nodes.map_or_else(BTreeMap::new, |field| single_nodes(reading, &field));
    fields.not_built_yet(reading, &["template"]);
    fields.finish(reading);
    let (first_port, node_ids) = match range {
        Some((first_port, node_ids)) => (Some(first_port), node_ids),
        // An empty range of ids.
        None => (None, std::ops::RangeInclusive::new(0, -1)),
    };
    Some(BrokerPorts { advertised_host: host?, first_port, node_ids, nodes })
}

/// What clients are told to connect to; the port is the broker's.
fn advertised_host(reading: &mut Reading, field: &Field<'_>) -> Option<String> {
    let expected = "a host name or an address, without a port";
    field.parsed(reading, expected, |text| {
        let is_host = text.parse::<std::net::IpAddr>().is_ok()
            || (text.len() <= 253
                && text.chars().all(|character| character.is_ascii_alphanumeric() || "-._".contains(character)));
        is_host.then(|| text.to_owned())
    })
}

fn port_range(
    reading: &mut Reading,
    first_port: &Field<'_>,
    node_ids: &Field<'_>,
) -> Option<(u16, RangeInclusive<i32>)> {
    let first = first_port.whole_number(reading, 1..=u16::MAX);
    let ids = node_ids.parsed(reading, "the lowest and the highest id of a broker, such as `0-19`", parse_range);
    let (first, ids) = (first?, ids?);
    let last = i64::from(first) + i64::from(*ids.end()) - i64::from(*ids.start());
    if last > i64::from(u16::MAX) {
        let message = format!("the last of these ids would be at port {last}, and 65535 is the highest");
        node_ids.error(reading, message);
        return None;
    }
    Some((first, ids))
}

fn parse_range(text: &str) -> Option<RangeInclusive<i32>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let id = |text: &str| -> Option<i32> {
        let text = text.trim();
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    };
    let range = id(first)?..=id(last)?;
    (!range.is_empty()).then_some(range)
}

fn single_nodes(reading: &mut Reading, field: &Field<'_>) -> BTreeMap<i32, u16> {
    let Some(mut fields) = field.fields(reading) else { return BTreeMap::new() };
    let mut nodes = BTreeMap::new();
    let entries = fields.rest();
    if entries.is_empty() {
        field.error(reading, "is empty, expected ids and ports such as `{ 1001: 9101 }`");
    }
    for (key, field) in entries {
        let node_id = key.name.parse::<i32>().ok().filter(|node_id| *node_id >= 0);
        if node_id.is_none() {
            reading.error(
                key.mark,
                field.path(),
                format!("`{}` is no id of a broker, expected a whole number", key.name),
            );
        }
        let port = field.whole_number(reading, 1..=u16::MAX);
        nodes.extend(node_id.zip(port));
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_ids_is_two_numbers_or_one() {
        for (text, expected) in [
            ("0-19", Some(0..=19)),
            ("3", Some(3..=3)),
            ("1001-1003", Some(1001..=1003)),
            ("19-0", None),
            ("-1", None),
            ("a-b", None),
            ("0-", None),
            ("0-99999999999", None),
        ] {
            assert_eq!(parse_range(text), expected, "{text}");
        }
    }
}
