//! Every metric there is: name, kind and meaning, once.
//!
//! Names do not change later. All have one prefix, base units, and closed sets of label values: an API's name, an
//! operation, a result; never a topic, group, client id, principal or address.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}
use Kind::{Counter, Gauge, Histogram};

/// A metric: its name, its labels, what it tells.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub kind: Kind,
    pub name: &'static str,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

const fn metric(kind: Kind, name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { kind, name, labels, help }
}

/// The table. `docs/operations.md` explains each; a test compares the two.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    metric(Counter,   "doorkeeper_decisions_total", &["api", "operation", "resource_type", "result"], "Authorization decisions: allowed, denied or shadow_denied."),
    metric(Counter,   "doorkeeper_shadow_denied_total", &["api", "operation", "resource_type"], "Refusals that were only told and let through, because the authorizer is in shadow mode."),
    metric(Gauge,     "doorkeeper_shadow_mode", &[], "1 while the authorizer is in shadow mode for anybody, and what it denies them is let through; else 0."),
    metric(Histogram, "doorkeeper_decision_seconds", &[], "Time to decide on one request, look-ups not included."),
    metric(Gauge,     "doorkeeper_acls_loaded", &[], "ACLs that hold now."),
    metric(Gauge,     "doorkeeper_users_loaded", &[], "Users that can log in now."),
    metric(Gauge,     "doorkeeper_policy_generation", &[], "Number of the policy that holds now, from 1 at the start."),
    metric(Counter,   "doorkeeper_policy_reloads_total", &["result"], "Looks at a changed policy: loaded, unchanged, failed or held."),
    metric(Gauge,     "doorkeeper_policy_last_reload_timestamp_seconds", &[], "When a policy was last loaded."),
    metric(Gauge,     "doorkeeper_policy_last_reload_successful", &[], "0 while what is in the store cannot be used and an older policy holds, else 1."),
    metric(Gauge,     "doorkeeper_policy_held_back", &[], "1 while a policy that removes too much waits to be allowed, else 0."),
    metric(Gauge,     "doorkeeper_store_age_seconds", &["store"], "How long ago what is known of a store that is elsewhere was certainly true: acls or users."),
    metric(Gauge,     "doorkeeper_store_ignored", &["store"], "Entries of a store that is elsewhere that cannot be used, such as ACLs of a newer Kafka: acls or users."),
    metric(Counter,   "doorkeeper_audit_events_total", &[], "Audit events told."),
    metric(Counter,   "doorkeeper_audit_dropped_total", &[], "Audit events lost because the writer could not keep up."),
    metric(Counter,   "doorkeeper_authentications_total", &["mechanism", "result"], "Logins that succeeded or failed."),
    metric(Gauge,     "doorkeeper_sessions_active", &[], "Connections that are logged in."),
    metric(Gauge,     "doorkeeper_tls_certificate_expiry_timestamp_seconds", &["listener"], "When the certificate of a listener, or of the login at the upstream, expires."),
    metric(Counter,   "doorkeeper_requests_total", &["api"], "Requests read."),
    metric(Counter,   "doorkeeper_request_bytes_total", &[], "Bytes of requests read from clients."),
    metric(Counter,   "doorkeeper_response_bytes_total", &[], "Bytes of responses written to clients."),
    metric(Histogram, "doorkeeper_proxy_overhead_seconds", &[], "Time a request and its response spent in here, the upstream not included."),
    metric(Histogram, "doorkeeper_upstream_round_trip_seconds", &[], "Time from a request sent to a broker to its response."),
    metric(Gauge,     "doorkeeper_in_flight_requests", &[], "Requests that wait for their answer."),
    metric(Gauge,     "doorkeeper_connections_active", &["listener"], "Connections of clients."),
    metric(Counter,   "doorkeeper_connections_rejected_total", &["reason"], "Connections refused before login."),
    metric(Counter,   "doorkeeper_upstream_connect_errors_total", &["reason"], "Connections to brokers that could not be made: unreachable, timeout, tls, authentication or protocol."),
    metric(Gauge,     "doorkeeper_upstream_up", &[], "1 while the cluster answers, else 0."),
    metric(Gauge,     "doorkeeper_upstream_brokers", &[], "Brokers of the cluster, as it said last."),
    metric(Gauge,     "doorkeeper_upstream_cluster_id_changed", &[], "1 while brokers say that they belong to another cluster than at the start: nothing is forwarded."),
    metric(Gauge,     "doorkeeper_unmapped_brokers", &["listener"], "Brokers that have no port at a listener: its clients do not find them."),
    metric(Counter,   "doorkeeper_unknown_api_total", &[], "Requests of an API or version that is not served."),
    metric(Counter,   "doorkeeper_malformed_frames_total", &[], "Frames that cannot be read: refused, never forwarded."),
    metric(Counter,   "doorkeeper_error_responses_total", &["api", "error"], "Errors answered by us."),
    metric(Gauge,     "doorkeeper_memory_budget_used_bytes", &[], "Bytes of frames held now, of those that limits.memory_budget allows."),
    metric(Gauge,     "doorkeeper_build_info", &["version"], "Always 1; the label is this release."),
    metric(Gauge,     "process_start_time_seconds", &[], "When this process started."),
    metric(Gauge,     "process_resident_memory_bytes", &[], "Memory of this process that is in RAM."),
    metric(Gauge,     "process_open_fds", &[], "Open file descriptors of this process."),
];

/// From what a decision costs to what a slow one with many resources does.
const DECISION_BUCKETS: &[f64] = &[1e-7, 2.5e-7, 5e-7, 1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 1e-3, 1e-2];

/// From a request that passes through to a parked Fetch.
const LATENCY_BUCKETS: &[f64] =
    &[1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Makes every metric of this process go to the returned handle. Once for a process.
pub fn install_recorder(version: &'static str) -> Result<PrometheusHandle, BuildError> {
    let handle = builder()?.install_recorder()?;
    describe();
    ::metrics::gauge!("doorkeeper_build_info", "version" => version).set(1.0);
    Ok(handle)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    METRICS.iter().filter(|metric| metric.kind == Histogram).try_fold(PrometheusBuilder::new(), |builder, metric| {
        let buckets = match metric.name {
            "doorkeeper_decision_seconds" => DECISION_BUCKETS,
            _ => LATENCY_BUCKETS,
        };
        builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)
    })
}

/// Tells what each metric means, and shows those without labels from the start: a counter that is not there yet cannot
/// be told from one that nobody keeps.
pub fn describe() {
    for metric in METRICS {
        match metric.kind {
            Counter => {
                ::metrics::describe_counter!(metric.name, metric.help);
                if metric.labels.is_empty() {
                    ::metrics::counter!(metric.name).increment(0);
                }
            }
            Gauge => ::metrics::describe_gauge!(metric.name, metric.help),
            Histogram => ::metrics::describe_histogram!(metric.name, metric.help),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_prometheus() {
        for metric in METRICS {
            let Metric { kind, name, help, .. } = *metric;
            assert!(name.starts_with("doorkeeper_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == Counter, "{name}");
            assert_eq!(
                kind == Histogram,
                name.ends_with("_seconds")
                    && !name.ends_with("_timestamp_seconds")
                    && !name.ends_with("_time_seconds")
                    && !name.ends_with("_age_seconds"),
                "{name}"
            );
            assert!(help.ends_with('.'), "{name}");
        }
    }

    #[test]
    fn what_is_counted_is_rendered_with_its_help_and_buckets() {
        let recorder = builder().expect("buckets").build_recorder();
        let handle = recorder.handle();
        ::metrics::with_local_recorder(&recorder, || {
            describe();
            ::metrics::counter!("doorkeeper_requests_total", "api" => "Fetch").increment(2);
            ::metrics::histogram!("doorkeeper_decision_seconds").record(3e-7);
        });
        let text = handle.render();
        for line in [
            "# HELP doorkeeper_requests_total Requests read.",
            "# TYPE doorkeeper_requests_total counter",
            "doorkeeper_requests_total{api=\"Fetch\"} 2",
            "doorkeeper_decision_seconds_bucket{le=\"0.0000005\"} 1",
            "doorkeeper_audit_dropped_total 0",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
