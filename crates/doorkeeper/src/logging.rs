//! Our own words, on standard error: lines for people, or JSON for machines. A panic is one of them.

use std::io::IsTerminal;

use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::configuration::{LogFormat, Logging};

/// From now on everything is logged. Once for a process.
pub(crate) fn start(logging: &Logging) {
    let registry = tracing_subscriber::registry().with(logging.level.clone());
    let started = match logging.format {
        LogFormat::Text => registry.with(fmt::layer().with_writer(std::io::stderr).with_ansi(is_coloured())).try_init(),
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
            registry.with(layer.with_writer(std::io::stderr)).try_init()
        }
    };
    if let Err(error) = started {
        eprintln!("doorkeeper: nothing will be logged: {error}");
    }
    std::panic::set_hook(Box::new(log_panic));
}

fn is_coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A panic is a defect of ours, never a client's right: it ends one task, and must be seen.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = std::backtrace::Backtrace::capture();
    tracing::error!(message, location, %backtrace, "panicked: this is a defect, please report it");
}
