//! Between the store and the proxy, which tells audit and metrics of each reload: here go the words that only a person at
//! the log needs.

use store::{Problem, Reload, Severity};
use tokio::sync::mpsc;

/// Passes reloads on until either side ends.
pub(crate) async fn pass_on(mut from: mpsc::Receiver<Reload>, to: mpsc::Sender<Reload>) {
    while let Some(reload) = from.recv().await {
        match &reload {
            Reload::Loaded { warnings, .. } => warn(warnings),
            // Whoever has mended a file, or asked by SIGHUP, wants to see that it was read.
            Reload::Unchanged { .. } => tracing::info!("{reload}"),
            Reload::Failed { .. } | Reload::Held { .. } => {}
        }
        if to.send(reload).await.is_err() {
            return;
        }
    }
}

/// What is valid and suspicious in a file that is in use.
pub(crate) fn warn(problems: &[Problem]) {
    for problem in problems.iter().filter(|problem| problem.severity == Severity::Warning) {
        tracing::warn!("{problem}");
    }
}
