//! SIGTERM and SIGINT stop, SIGHUP looks for changes.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

/// The signals, listened to from the moment of [`Signals::new`] on.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    pub(crate) fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Rings `look_now` at each SIGHUP; `stop` at the first SIGTERM or SIGINT. Returns at the second: somebody does not
    /// want to wait.
    pub(crate) async fn pass_on(mut self, look_now: Arc<Notify>, stop: Arc<Notify>) {
        let mut asked_to_stop = false;
        loop {
            let name = tokio::select! {
                _ = self.hang_up.recv() => {
                    tracing::info!("SIGHUP: looking for changes");
                    look_now.notify_one();
                    continue;
                }
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.interrupt.recv() => "SIGINT",
            };
            if asked_to_stop {
                tracing::warn!("{name} again: ending at once");
                return;
            }
            asked_to_stop = true;
            tracing::info!("{name}: stopping");
            stop.notify_one();
        }
    }
}
