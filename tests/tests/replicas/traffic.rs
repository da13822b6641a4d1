//! Clients who must not notice: at each replica one that may write, by librdkafka, and one that may nothing.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, ensure};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::changes::{DENIED, asks_for};
use crate::ground::{Ground, TOPIC, log_in};

/// Between two requests of a client, so that it leaves the machine to the others.
const PAUSE: Duration = Duration::from_millis(20);

/// Goes on until it is ended.
pub(crate) struct Traffic {
    seen: Arc<Seen>,
    clients: JoinSet<Result<()>>,
}

#[derive(Default)]
struct Seen {
    is_over: AtomicBool,
    /// For each replica.
    acknowledged: [AtomicU64; 3],
    denied: [AtomicU64; 3],
    /// What must not be.
    wrong: Mutex<Vec<String>>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) acknowledged: u64,
    denied: u64,
}

impl Traffic {
    pub(crate) fn begin(ground: &Ground) -> Result<Traffic> {
        let seen = Arc::new(Seen::default());
        let mut clients = JoinSet::new();
        for (replica, door) in ground.replicas.iter().enumerate() {
            let bootstrap = door.bootstrap();
            let producer: FutureProducer = ClientConfig::new()
                .set("bootstrap.servers", bootstrap.to_string())
                .set("security.protocol", "SASL_PLAINTEXT")
                .set("sasl.mechanism", "SCRAM-SHA-256")
                .set("sasl.username", "shop")
                .set("sasl.password", "shop-secret")
                .set("enable.idempotence", "true")
                .set("message.timeout.ms", "300000")
                .set("reconnect.backoff.max.ms", "500")
                .create()?;
            clients.spawn(write(producer, replica, Arc::clone(&seen)));
            let seen = Arc::clone(&seen);
            clients.spawn(async move {
                while !seen.is_over() {
                    // What breaks here is the line, never the rule; the next round connects again.
                    let _ = knock(bootstrap, replica, &seen).await;
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(())
            });
        }
        Ok(Traffic { seen, clients })
    }

    /// Both clients of each replica have been served once more.
    pub(crate) async fn flows(&self, within: Duration) -> Result<()> {
        let before = self.seen.counts();
        let deadline = Instant::now() + within;
        while !self.seen.counts().iter().zip(before).all(|(now, before)| *now > before) {
            ensure!(Instant::now() < deadline, "{before:?} and later {:?} were served", self.seen.counts());
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Ends it once everything on its way has arrived.
    ///
    /// # Errors
    /// If anybody was treated wrongly.
    pub(crate) async fn end(mut self) -> Result<Told> {
        self.seen.is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended??;
        }
        let wrong = self.seen.wrong.lock().expect("nobody panics with it");
        ensure!(wrong.is_empty(), "{} times wrong, first: {}", wrong.len(), wrong[0]);
        let [acknowledged, denied] = [&self.seen.acknowledged, &self.seen.denied]
            .map(|counts| counts.iter().map(|count| count.load(Ordering::Relaxed)).sum());
        Ok(Told { acknowledged, denied })
    }
}

impl Seen {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn counts(&self) -> [u64; 6] {
        let [a, b, c] = &self.acknowledged;
        let [d, e, f] = &self.denied;
        [a, b, c, d, e, f].map(|count| count.load(Ordering::Relaxed))
    }

    fn is_wrong(&self, what: String) {
        self.wrong.lock().expect("nobody panics with it").push(what);
    }
}

/// Whoever may write gets every record in, sooner or later: librdkafka tries again, but not after a denial.
async fn write(producer: FutureProducer, replica: usize, seen: Arc<Seen>) -> Result<()> {
    while !seen.is_over() {
        let record: FutureRecord<'_, (), str> = FutureRecord::to(TOPIC).payload("an order");
        match producer.send(record, Duration::from_secs(300)).await {
            Ok(_) => drop(seen.acknowledged[replica].fetch_add(1, Ordering::Relaxed)),
            Err((error, _)) => seen.is_wrong(format!("shop at replica {replica}: {error}")),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Whoever may nothing is denied for as long as the connection lasts.
async fn knock(bootstrap: std::net::SocketAddr, replica: usize, seen: &Seen) -> Result<()> {
    let mut client = log_in(bootstrap, "guest").await?;
    while !seen.is_over() {
        match asks_for(&mut client, TOPIC).await? {
            DENIED => drop(seen.denied[replica].fetch_add(1, Ordering::Relaxed)),
            error => seen.is_wrong(format!("guest at replica {replica}: error {error}, not a denial")),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records were acknowledged, {} requests denied", self.acknowledged, self.denied)
    }
}
