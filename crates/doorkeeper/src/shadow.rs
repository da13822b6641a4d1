//! `mode: shadow` must not be forgotten: a gauge, and a word each minute for as long as it is on.

use std::time::Duration;

use acl::Shadow;
use metrics::gauge;

const AGAIN: Duration = Duration::from_secs(60);

/// Sets the gauge, and warns until the process ends if what is denied is let through.
pub(crate) fn tell(shadow: &Shadow) {
    gauge!("doorkeeper_shadow_mode").set(if shadow.is_on() { 1.0 } else { 0.0 });
    let whom = match shadow {
        Shadow::Nobody => return,
        Shadow::Everybody => "everybody".to_owned(),
        Shadow::Principals(principals) => principals.iter().cloned().collect::<Vec<_>>().join(", "),
    };
    tokio::spawn(async move {
        let mut minutes = tokio::time::interval(AGAIN);
        loop {
            minutes.tick().await;
            tracing::warn!("shadow mode is on for {whom}: what is denied is told, counted, and let through");
        }
    });
}
