//! What operators see from outside: metrics and health over HTTP.
//!
//! A listener of its own that answers GET and nothing else: `/metrics` for Prometheus, `/livez` (we run), `/readyz` (we
//! can do our job). It needs no login, so it tells nothing about clients: no topic, group, principal or address is a
//! label.
//!
//! What it deliberately does not do: it counts nothing. Whoever does something counts it through the `metrics` crate;
//! the names and what they mean are in [`metrics`], once.
//!
//! Start reading at [`metrics`] for what there is, at [`server`] for how it is served.

mod health;
pub mod metrics;
mod process;
pub mod server;

pub use health::Health;
pub use metrics::install_recorder;
pub use metrics_exporter_prometheus::PrometheusHandle;
pub use server::{Server, bind};
