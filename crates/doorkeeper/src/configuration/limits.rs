//! `limits`, `audit`, `shutdown`: what one process and one connection may take, and how it is told and ended.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use proxy::settings::{AuditSettings, Limits, Overflow};
use store::yaml::{Field, Reading};

use super::units::{duration, milliseconds, size};

/// The smallest frame limit under which Kafka's clients still work.
const SMALLEST_REQUEST: usize = 1024;

pub(super) fn limits(reading: &mut Reading, field: &Field<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(mut fields) = field.fields(reading) else { return limits };
    let memory_budget = fields.optional("memory_budget");
    if let Some(bytes) = memory_budget.as_ref().and_then(|field| size(reading, field)) {
        limits.memory_budget_bytes = bytes;
    }
    if let Some(field) = fields.optional("socket.request.max.bytes") {
        let range = SMALLEST_REQUEST..=i32::MAX as usize;
        limits.max_request_bytes = field.whole_number(reading, range).unwrap_or(limits.max_request_bytes);
    }
    if let Some(field) = fields.optional("sasl.server.max.receive.size") {
        let range = SMALLEST_REQUEST..=i32::MAX as usize;
        limits.sasl_max_receive_bytes = field.whole_number(reading, range).unwrap_or(limits.sasl_max_receive_bytes);
    }
    if let Some(field) = fields.optional("handshake_timeout") {
        limits.handshake_timeout = not_zero(reading, &field).unwrap_or(limits.handshake_timeout);
    }
    if let Some(field) = fields.optional("connections.max.idle.ms") {
        limits.idle_timeout = milliseconds(reading, &field, 1..=i32::MAX as u32).unwrap_or(limits.idle_timeout);
    }
    if let Some(field) = fields.optional("connection.failed.authentication.delay.ms") {
        let delay = milliseconds(reading, &field, 0..=60_000);
        limits.failed_authentication_delay = delay.unwrap_or(limits.failed_authentication_delay);
    }
    for (name, place) in [
        ("max.connections", &mut limits.max_connections),
        ("max_unauthenticated_connections", &mut limits.max_unauthenticated_connections),
        ("max_in_flight", &mut limits.max_in_flight),
        ("max_elements", &mut limits.max_elements),
    ] {
        if let Some(field) = fields.optional(name) {
            *place = field.whole_number(reading, 1..=i32::MAX as usize).unwrap_or(*place);
        }
    }
    let per_ip = fields.optional("max.connections.per.ip");
    if let Some(most) = per_ip.as_ref().and_then(|field| field.whole_number(reading, 0..=i32::MAX as usize)) {
        limits.max_connections_per_ip = most;
    }
    if let Some(field) = fields.optional("max.connections.per.ip.overrides") {
        limits.max_connections_per_ip_overrides = per_ip_overrides(reading, &field);
    }
    if let Some(field) = &per_ip
        && limits.max_connections_per_ip == 0
        && limits.max_connections_per_ip_overrides.is_empty()
    {
        field.error(reading, "is 0 and nobody is named in `max.connections.per.ip.overrides`: nobody could connect");
    }
    fields.not_built_yet(reading, &["queued.max.request.bytes", "queued.max.requests"]);
    fields.finish(reading);
    let place = memory_budget.as_ref().unwrap_or(field);
    if limits.memory_budget_bytes < limits.max_request_bytes {
        let message = format!(
            "{} bytes do not hold one request of `socket.request.max.bytes`, {} bytes",
            limits.memory_budget_bytes, limits.max_request_bytes
        );
        place.error(reading, message);
    }
    if limits.memory_budget_bytes / 20 < limits.sasl_max_receive_bytes {
        let message = format!(
            "a twentieth of {} bytes, which is for long frames of logins, does not hold one of `sasl.server.max.receive.size`, {} bytes",
            limits.memory_budget_bytes, limits.sasl_max_receive_bytes
        );
        place.error(reading, message);
    }
    limits
}

/// `10.0.0.5:100,10.0.0.6:0`. Kafka takes host names too, and resolves them once: here only addresses, which nobody else can change.
fn per_ip_overrides(reading: &mut Reading, field: &Field<'_>) -> BTreeMap<IpAddr, usize> {
    const EXPECTED: &str = "addresses and numbers such as `10.0.0.5:100`";
    let mut overrides = BTreeMap::new();
    for word in field.words(reading, EXPECTED) {
        match per_ip_override(word.as_str()) {
            Some((address, most)) => drop(overrides.insert(address, most)),
            None => field.error(reading, format!("{} is not one of {EXPECTED}", word.shown())),
        }
    }
    overrides
}

fn per_ip_override(text: &str) -> Option<(IpAddr, usize)> {
    let (address, most) = text.rsplit_once(':')?;
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(address);
    let most = most.parse().ok().filter(|most| *most <= i32::MAX as usize)?;
    Some((bare.parse::<IpAddr>().ok()?.to_canonical(), most))
}

fn not_zero(reading: &mut Reading, field: &Field<'_>) -> Option<Duration> {
    let duration = duration(reading, field)?;
    if duration.is_zero() {
        field.error(reading, "is zero, expected a duration such as `10s`");
        return None;
    }
    Some(duration)
}

pub(super) fn audit(reading: &mut Reading, field: &Field<'_>) -> AuditSettings {
    let mut audit = AuditSettings::default();
    let Some(mut fields) = field.fields(reading) else { return audit };
    if let Some(field) = fields.optional("overflow") {
        let words = [("drop", Overflow::Drop), ("block", Overflow::Block)];
        audit.overflow = field.one_of(reading, &words).unwrap_or(audit.overflow);
    }
    if let Some(field) = fields.optional("queue") {
        audit.queue = field.whole_number(reading, 1..=10_000_000).unwrap_or(audit.queue);
    }
    if let Some(field) = fields.optional("json") {
        let named = field.text(reading, "the path of a file");
        audit.json = named.and_then(|named| reading.locate(field.mark(), field.path(), named.as_str()));
        if let Some(path) = &audit.json
            && !store_directory_exists(path)
        {
            field.error(reading, format!("the directory of `{}` does not exist", path.display()));
        }
    }
    if let Some(field) = fields.optional("lines_per_connection_and_second") {
        let lines = field.whole_number(reading, 1..=1_000_000);
        audit.lines_per_connection_and_second = lines.unwrap_or(audit.lines_per_connection_and_second);
    }
    if let Some(field) = fields.optional("allowed") {
        audit.allowed = field.boolean(reading).unwrap_or(audit.allowed);
    }
    fields.finish(reading);
    audit
}

fn store_directory_exists(path: &std::path::Path) -> bool {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.is_dir(),
        _ => true,
    }
}

/// How a stop goes on.
#[derive(Debug)]
pub(super) struct Shutdown {
    pub(super) delay: Duration,
    pub(super) deadline: Duration,
}

impl Default for Shutdown {
    fn default() -> Shutdown {
        Shutdown { delay: Duration::from_secs(5), deadline: Duration::from_secs(30) }
    }
}

pub(super) fn shutdown(reading: &mut Reading, field: &Field<'_>) -> Shutdown {
    let mut shutdown = Shutdown::default();
    let Some(mut fields) = field.fields(reading) else { return shutdown };
    if let Some(field) = fields.optional("delay") {
        shutdown.delay = duration(reading, &field).unwrap_or(shutdown.delay);
    }
    if let Some(field) = fields.optional("deadline") {
        shutdown.deadline = duration(reading, &field).unwrap_or(shutdown.deadline);
    }
    fields.finish(reading);
    shutdown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_an_address_and_a_number() {
        let parsed = |text| per_ip_override(text).map(|(address, most)| (address.to_string(), most));
        assert_eq!(parsed("10.0.0.5:100"), Some(("10.0.0.5".to_owned(), 100)));
        assert_eq!(parsed("[2001:db8::5]:0"), Some(("2001:db8::5".to_owned(), 0)));
        assert_eq!(parsed("2001:db8::5:7"), Some(("2001:db8::5".to_owned(), 7)));
        assert_eq!(parsed("::ffff:10.0.0.5:7"), Some(("10.0.0.5".to_owned(), 7)));
        for wrong in ["10.0.0.5", "localhost:5", "10.0.0.5:-1", "10.0.0.5:2147483648", ":5", ""] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
