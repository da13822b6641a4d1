//! `doorkeeper run`: from a configuration to a running proxy, and to its end.
//!
//! 1. The configuration and everything it names is read; anything wrong ends it here, before a port is bound.
//! 2. All ports are bound, those of metrics first, so that a start that takes long can be watched.
//! 3. The upstream is looked for; once it has answered, we are ready. Clients are served before, as well as can be.
//! 4. SIGTERM: not ready, then the proxy finishes in good order.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use admin::Health;
use client::Connector;
use metrics::gauge;
use store::{Severity, Stores};
use tokio::sync::{Notify, mpsc};

use crate::configuration::{self, Configuration, Expiry};
use crate::configuration_change::LastStart;
use crate::signals::Signals;
use crate::{Exit, logging, reloads, report, shadow};

/// Reloads that wait to be told. More wait with the store.
const RELOADS: usize = 16;

/// How long a start may wait for the upstream without a word in the log.
const UPSTREAM_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run(config: &Path) -> Exit {
    let read = configuration::read(config);
    let Some(configuration) = read.configuration else {
        let errors: Vec<_> = read.problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect();
        eprint!("{}", report::list(&errors));
        return Exit::BadConfiguration;
    };
    logging::start(&configuration.logging);
    reloads::warn(&read.problems);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            return Exit::Failed;
        }
    };
    let ended = runtime.block_on(start(config, configuration));
    // What still blocks, such as a file system that hangs, must not hold the end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match ended {
        Ok(()) => Exit::Fine,
        Err(error) => {
            tracing::error!("{error:#}");
            Exit::Failed
        }
    }
}

async fn start(config: &Path, configuration: Configuration) -> anyhow::Result<()> {
    let Configuration { proxy, upstream, store, metrics, logging: _, expiries, digest } = configuration;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), cluster = proxy.cluster, "starting");
    let signals = Signals::new()?;
    let health = Health::new();
    let recorder = admin::install_recorder(env!("CARGO_PKG_VERSION"))?;
    if let Some(address) = metrics {
        let server = admin::bind(address).await?;
        tracing::info!(address = %server.local_address()?, "listening for /metrics, /livez and /readyz");
        tokio::spawn(server.serve(recorder, health.clone()));
    }
    show(&expiries);
    shadow::tell(&store.acl.shadow);

    let (look_now, stop) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let asked_twice = tokio::spawn(signals.pass_on(look_now.clone(), stop.clone()));
    let upstream = Connector::new(upstream)?;
    let last_start = LastStart::beside(&store.places);
    let mut opened = tokio::select! {
        opened = Stores::open(store, &upstream) => opened?,
        // A store that is in Kafka may be waited for.
        () = stop.notified() => return Ok(()),
    };
    for directory in &opened.filled {
        tracing::info!(directory = %directory.display(), "a new store was made and filled from `bootstrap`");
    }
    tokio::spawn(watch_age(opened.stores.clone(), health.clone()));
    let bound = proxy::bind(proxy, upstream, opened.stores.clone()).await?;
    bound.tell_configuration(config, last_start.replace(&digest), digest).await;
    for journal in std::mem::take(&mut opened.offline) {
        bound.tell_offline_changes(journal).await;
    }
    tracing::info!("{}", opened.first_load);
    health.policy_is_loaded();

    let (tell, told) = mpsc::channel(RELOADS);
    let (to_proxy, for_proxy) = mpsc::channel(RELOADS);
    bound.follow_reloads(for_proxy);
    tokio::spawn(reloads::pass_on(told, to_proxy));
    tokio::spawn(opened.keep_current(look_now, tell));
    tokio::spawn(say_when_ready(bound.upstream_seen(), health.clone()));

    let shutdown = async move {
        stop.notified().await;
        health.is_stopping();
    };
    tokio::select! {
        () = bound.serve(shutdown) => tracing::info!("stopped"),
        _ = asked_twice => {}
    }
    Ok(())
}

async fn say_when_ready(upstream_seen: impl Future<Output = ()>, health: Health) {
    tokio::pin!(upstream_seen);
    while tokio::time::timeout(UPSTREAM_PATIENCE, &mut upstream_seen).await.is_err() {
        tracing::warn!("the upstream has not answered yet; clients wait with us");
    }
    health.upstream_is_seen();
    match health.is_ready() {
        true => tracing::info!("ready"),
        false => tracing::info!("the upstream has answered"),
    }
}

/// A store that is elsewhere may not be followed for longer than its `max_staleness`.
async fn watch_age(stores: Stores, health: Health) {
    const LOOK_EVERY: Duration = Duration::from_millis(250);
    if stores.following().next().is_none() {
        return;
    }
    loop {
        health.policy_is_stale(stores.following().any(|(_, following)| following.is_stale()));
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn show(expiries: &[Expiry]) {
    for Expiry { listener, at } in expiries {
        gauge!("doorkeeper_tls_certificate_expiry_timestamp_seconds", "listener" => listener.clone()).set(*at as f64);
    }
}
