//! What is counted, with handles made once: naming a metric on each request would cost more than the decision.
//!
//! Names and their help texts are described in `admin`. Labels are closed sets only: never a topic, a group, a client id
//! or an address.

use std::sync::OnceLock;

use apis::{Decision, error_code_of};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use protocol::{ApiKey, ErrorCode};

/// Codes of operations, of resource types, and the three results.
const DECISIONS: usize = 16 * 8 * RESULTS.len();
const RESULTS: [&str; 3] = ["denied", "allowed", "shadow_denied"];

/// Handles to all metrics of the proxy. Made when the recorder is installed.
pub(crate) struct Metrics {
    by_api: Vec<OnceLock<ApiMetrics>>,
    pub decision_seconds: Histogram,
    pub proxy_overhead_seconds: Histogram,
    pub upstream_round_trip_seconds: Histogram,
    pub request_bytes: Counter,
    pub response_bytes: Counter,
    pub in_flight_requests: Gauge,
    pub sessions_active: Gauge,
    pub unknown_api: Counter,
    pub malformed_frames: Counter,
    pub budget_used_bytes: Gauge,
}

struct ApiMetrics {
    requests: Counter,
    decisions: Vec<OnceLock<Counter>>,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        Metrics {
            by_api: (0..=ApiKey::ALL.iter().map(|api_key| api_key.code()).max().unwrap_or(0))
                .map(|_| OnceLock::new())
                .collect(),
            decision_seconds: histogram!("doorkeeper_decision_seconds"),
            proxy_overhead_seconds: histogram!("doorkeeper_proxy_overhead_seconds"),
            upstream_round_trip_seconds: histogram!("doorkeeper_upstream_round_trip_seconds"),
            request_bytes: counter!("doorkeeper_request_bytes_total"),
            response_bytes: counter!("doorkeeper_response_bytes_total"),
            in_flight_requests: gauge!("doorkeeper_in_flight_requests"),
            sessions_active: gauge!("doorkeeper_sessions_active"),
            unknown_api: counter!("doorkeeper_unknown_api_total"),
            malformed_frames: counter!("doorkeeper_malformed_frames_total"),
            budget_used_bytes: gauge!("doorkeeper_memory_budget_used_bytes"),
        }
    }

    pub(crate) fn request(&self, api_key: ApiKey, bytes: usize) {
        if let Some(api) = self.of(api_key) {
            api.requests.increment(1);
        }
        self.request_bytes.increment(bytes.try_into().unwrap_or(u64::MAX));
    }

    pub(crate) fn decision(&self, api_key: ApiKey, decision: &Decision) {
        let Some(api) = self.of(api_key) else { return };
        let index = decision_index(decision);
        let Some(place) = api.decisions.get(index) else { return };
        place.get_or_init(|| decisions_total(api_key, decision)).increment(1);
        if !decision.result.is_allowed() && decision.log_if_denied {
            match decision.is_shadow_denied {
                true => shadow_denied(api_key, decision),
                false => error_response(api_key, error_code_of(decision.resource_type)),
            }
        }
    }

    fn of(&self, api_key: ApiKey) -> Option<&ApiMetrics> {
        let place = self.by_api.get(usize::try_from(api_key.code()).ok()?)?;
        Some(place.get_or_init(|| ApiMetrics {
            requests: counter!("doorkeeper_requests_total", "api" => api_key.name()),
            decisions: (0..DECISIONS).map(|_| OnceLock::new()).collect(),
        }))
    }
}

fn decision_index(decision: &Decision) -> usize {
    let code = |code: i8| usize::try_from(code).unwrap_or(0);
    let codes = code(decision.operation.code()) * 8 + code(decision.resource_type.code());
    codes * RESULTS.len() + result(decision)
}

/// Which of [`RESULTS`].
fn result(decision: &Decision) -> usize {
    match (decision.result.is_allowed(), decision.is_shadow_denied) {
        (_, true) => 2,
        (true, false) => 1,
        (false, false) => 0,
    }
}

fn decisions_total(api_key: ApiKey, decision: &Decision) -> Counter {
    counter!(
        "doorkeeper_decisions_total",
        "api" => api_key.name(),
        "operation" => decision.operation.to_string(),
        "resource_type" => decision.resource_type.to_string(),
        "result" => RESULTS.get(result(decision)).copied().unwrap_or_default()
    )
}

/// What would have been refused. As seldom as refusals, one hopes.
fn shadow_denied(api_key: ApiKey, decision: &Decision) {
    let labels = [
        ("api", api_key.name().to_owned()),
        ("operation", decision.operation.to_string()),
        ("resource_type", decision.resource_type.to_string()),
    ];
    counter!("doorkeeper_shadow_denied_total", &labels).increment(1);
}

/// A denial that the client is told of. Rare enough to look the counter up.
fn error_response(api_key: ApiKey, error: ErrorCode) {
    counter!("doorkeeper_error_responses_total", "api" => api_key.name(), "error" => error.name()).increment(1);
}

/// `mechanism` is that of SASL, `SSL` for a client certificate, or `NONE`.
pub(crate) fn authentication(mechanism: &'static str, result: &'static str) {
    counter!("doorkeeper_authentications_total", "mechanism" => mechanism, "result" => result).increment(1);
}

pub(crate) fn connections_active(listener: &str) -> Gauge {
    gauge!("doorkeeper_connections_active", "listener" => listener.to_owned())
}

pub(crate) fn connection_rejected(reason: &'static str) {
    counter!("doorkeeper_connections_rejected_total", "reason" => reason).increment(1);
}

pub(crate) fn upstream_connect_error(reason: &'static str) {
    counter!("doorkeeper_upstream_connect_errors_total", "reason" => reason).increment(1);
}

/// What a reload of the policy came to.
pub(crate) fn reload(reload: &store::Reload) {
    counter!("doorkeeper_policy_reloads_total", "result" => reload.result()).increment(1);
    let failed = matches!(reload, store::Reload::Failed { .. });
    gauge!("doorkeeper_policy_last_reload_successful").set(if failed { 0.0 } else { 1.0 });
    let held = matches!(reload, store::Reload::Held { .. });
    gauge!("doorkeeper_policy_held_back").set(if held { 1.0 } else { 0.0 });
    if let store::Reload::Loaded { generation, acls, users, .. } = reload {
        policy_loaded(*generation, *acls, *users);
    }
}

/// The policy that holds now.
pub(crate) fn policy_loaded(generation: u64, acls: usize, users: usize) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    gauge!("doorkeeper_policy_last_reload_timestamp_seconds").set(now.as_secs_f64());
    gauge!("doorkeeper_policy_last_reload_successful").set(1.0);
    policy_holds(generation, acls, users);
}

/// How much of a policy holds now, after a reload or a change over the wire.
pub(crate) fn policy_holds(generation: u64, acls: usize, users: usize) {
    gauge!("doorkeeper_policy_generation").set(generation as f64);
    gauge!("doorkeeper_acls_loaded").set(acls as f64);
    gauge!("doorkeeper_users_loaded").set(users as f64);
}

/// How well the stores are followed that are not on this machine.
pub(crate) fn stores_followed(stores: &store::Stores) {
    for (store, following) in stores.following() {
        gauge!("doorkeeper_store_age_seconds", "store" => store).set(following.age().as_secs_f64());
        gauge!("doorkeeper_store_ignored", "store" => store).set(following.ignored() as f64);
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
