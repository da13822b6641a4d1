//! The task that asks the cluster who belongs to it, in rounds.

use std::sync::Arc;
use std::time::Duration;

use client::{Connector, ControlConnection, HostPort, MetadataTopics, RequestError};
use metrics::{Gauge, gauge};
use protocol::messages::MetadataResponse;
use protocol::messages::metadata_response::MetadataResponseBroker;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::{error, info, warn};

use super::{Cluster, Node};

/// Between the beginnings of two rounds, however often something is lost.
const PAUSE: Duration = Duration::from_millis(100);

/// Between the beginning of a round and that of one for brokers that were missed: anybody who can connect to a port whose
/// broker does not exist, or cannot be reached, misses one. Doubled with each such round that changed nothing.
const PAUSE_WHEN_MISSED: Duration = Duration::from_secs(1);
const LONGEST_PAUSE_WHEN_MISSED: Duration = Duration::from_secs(8);

/// Until the next round when the last one did not hear from everybody.
const RETRY: Duration = Duration::from_secs(1);

/// For those who do not answer while others do. The first answer is used at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// No cluster is larger; an answer that names more brokers is not believed.
const MOST_BROKERS: usize = 10_000;

pub(super) struct Discovery {
    connector: Connector,
    cluster: watch::Sender<Arc<Cluster>>,
    /// Wakes the task: a control connection was lost.
    now: Arc<Notify>,
    /// Wakes the task, in a while: somebody missed a broker.
    missed: Arc<Notify>,
    refresh: Duration,
    /// What was wrong in the last round: told once.
    problem: Option<String>,
    live_brokers: Gauge,
    is_up: Gauge,
    has_impostor: Gauge,
}

/// What a sound answer says.
struct Answer {
    cluster_id: Arc<str>,
    brokers: Vec<(i32, HostPort)>,
}

/// What is heard in one round.
#[derive(Default)]
struct Heard {
    /// Sound answers of the pinned cluster.
    sound: usize,
    impostor: Option<Arc<str>>,
    problem: Option<String>,
}

impl Discovery {
    pub(super) fn new(
        connector: Connector,
        cluster: watch::Sender<Arc<Cluster>>,
        now: Arc<Notify>,
        missed: Arc<Notify>,
        refresh: Duration,
    ) -> Discovery {
        Discovery {
            connector,
            cluster,
            now,
            missed,
            refresh,
            problem: None,
            live_brokers: gauge!("doorkeeper_upstream_brokers"),
            is_up: gauge!("doorkeeper_upstream_up"),
            has_impostor: gauge!("doorkeeper_upstream_cluster_id_changed"),
        }
    }

    pub(super) async fn run(mut self) {
        let mut pause = PAUSE_WHEN_MISSED;
        let mut was_missed = false;
        loop {
            let began = Instant::now();
            let before = Arc::clone(&self.cluster.borrow());
            let heard = self.round().await;
            let changed_nothing = before.is_same(&self.cluster.borrow());
            let is_in_vain = was_missed && changed_nothing;
            pause = if is_in_vain { (pause * 2).min(LONGEST_PAUSE_WHEN_MISSED) } else { PAUSE_WHEN_MISSED };
            let wait = if heard.problem.is_none() { self.refresh } else { self.refresh.min(RETRY) };
            self.conclude(heard);
            was_missed = tokio::select! {
                () = sleep(wait) => false,
                () = self.now.notified() => false,
                () = async {
                    self.missed.notified().await;
                    sleep_until(began + pause).await;
                } => true,
            };
            sleep_until(began + PAUSE).await;
        }
    }

    async fn round(&self) -> Heard {
        let mut heard = Heard::default();
        self.ask_known(&mut heard).await;
        if heard.sound == 0 {
            self.ask_bootstrap(&mut heard).await;
        }
        heard
    }

    /// Everybody is asked: this also keeps the control connections up, and proves that each belongs to the cluster.
    async fn ask_known(&self, heard: &mut Heard) {
        let mut asked = JoinSet::new();
        let cluster = Arc::clone(&self.cluster.borrow());
        for node in cluster.nodes().filter(|node| cluster.is_live(node.id())) {
            let node = Arc::clone(node);
            asked.spawn(async move { node.control().metadata(MetadataTopics::None, false).await });
        }
        self.hear_all(asked, Instant::now() + PATIENCE, heard).await;
    }

    async fn ask_bootstrap(&self, heard: &mut Heard) {
        let mut asked = JoinSet::new();
        let settings = self.connector.settings();
        for server in &settings.bootstrap_servers {
            // Nobody misses this connection.
            let control = ControlConnection::new(self.connector.clone(), server.clone(), Arc::default());
            asked.spawn(async move { control.metadata(MetadataTopics::None, false).await });
        }
        let deadline = Instant::now() + settings.connect_timeout + settings.request_timeout;
        self.hear_all(asked, deadline, heard).await;
    }

    async fn hear_all(
        &self,
        mut asked: JoinSet<Result<MetadataResponse, RequestError>>,
        mut deadline: Instant,
        heard: &mut Heard,
    ) {
        while let Some(answered) = timeout_at(deadline, asked.join_next()).await.transpose() {
            match answered {
                Ok(Ok(outcome)) => self.hear(outcome, heard),
                // The runtime shuts down.
                Ok(Err(_)) => return,
                Err(_) => return heard.problem = Some(format!("`{}` brokers do not answer", asked.len())),
            }
            if heard.sound > 0 {
                deadline = deadline.min(Instant::now() + PATIENCE);
            }
        }
    }

    fn hear(&self, outcome: Result<MetadataResponse, RequestError>, heard: &mut Heard) {
        match outcome.map_err(|error| count_and_tell(&error)).and_then(|response| read(&response)) {
            Err(problem) => heard.problem = Some(problem),
            Ok(answer) => {
                let pinned = Arc::clone(&self.cluster.borrow());
                match pinned.id() {
                    Some(id) if *id != *answer.cluster_id => heard.impostor = Some(answer.cluster_id),
                    _ => {
                        heard.sound += 1;
                        if heard.sound == 1 {
                            self.publish(pinned.with(&answer.cluster_id, self.nodes(&pinned, answer.brokers)));
                        }
                    }
                }
            }
        }
    }

    /// A broker that is known at its address stays the one it is.
    fn nodes(&self, known: &Cluster, brokers: Vec<(i32, HostPort)>) -> Vec<Arc<Node>> {
        let node = |(id, address): (i32, HostPort)| {
            let same = known.nodes().find(|node| node.id() == id && *node.address() == address);
            same.cloned().unwrap_or_else(|| {
                info!(node_id = id, %address, "broker found");
                Arc::new(Node::new(id, self.connector.clone(), address, Arc::clone(&self.now)))
            })
        };
        brokers.into_iter().map(node).collect()
    }

    fn publish(&self, next: Cluster) {
        self.cluster.send_if_modified(|cluster| {
            if cluster.is_same(&next) {
                return false;
            }
            if cluster.id() != next.id() {
                info!(cluster_id = next.id(), "the upstream has answered; its cluster id is pinned");
            }
            *cluster = Arc::new(next);
            true
        });
    }

    fn conclude(&mut self, heard: Heard) {
        let cluster = Arc::clone(&self.cluster.borrow());
        if heard.impostor.is_some() || heard.sound > 0 {
            let impostor = heard.impostor.as_deref();
            match (cluster.impostor(), impostor) {
                (None, Some(found)) => error!(
                    pinned = cluster.id(),
                    found, "the cluster id has changed: nothing is forwarded. Restart doorkeeper if this is intended"
                ),
                (Some(_), None) => {
                    warn!(pinned = cluster.id(), "the cluster id is right again: requests are forwarded")
                }
                _ => {}
            }
            self.publish(cluster.with_impostor(heard.impostor.clone()));
        }
        self.live_brokers.set(cluster.live().count() as f64);
        self.is_up.set(if heard.sound > 0 { 1.0 } else { 0.0 });
        self.has_impostor.set(if self.cluster.borrow().may_forward() { 0.0 } else { 1.0 });
        match (&self.problem, &heard.problem) {
            (before, Some(now)) if before.as_ref() != Some(now) => warn!(problem = now, "a broker cannot be asked"),
            (Some(_), None) => info!("all brokers can be asked again"),
            _ => {}
        }
        self.problem = heard.problem;
    }
}

fn count_and_tell(error: &RequestError) -> String {
    if let RequestError::Connect(error) = error {
        crate::metrics::upstream_connect_error(error.reason());
    }
    error.to_string()
}

fn read(response: &MetadataResponse) -> Result<Answer, String> {
    let cluster_id = response.cluster_id.as_deref().filter(|id| !id.is_empty());
    let cluster_id = cluster_id.ok_or("a broker does not know its cluster's id")?.into();
    if response.brokers.is_empty() || response.brokers.len() > MOST_BROKERS {
        return Err(format!("a broker names `{}` brokers, expected 1 to {MOST_BROKERS}", response.brokers.len()));
    }
    let brokers = response.brokers.iter().map(broker).collect::<Result<_, _>>()?;
    Ok(Answer { cluster_id, brokers })
}

fn broker(broker: &MetadataResponseBroker) -> Result<(i32, HostPort), String> {
    let port = u16::try_from(broker.port).ok().filter(|&port| port > 0);
    match port {
        Some(port) if broker.node_id.0 >= 0 && !broker.host.is_empty() => {
            Ok((broker.node_id.0, HostPort::new(&*broker.host, port)))
        }
        _ => Err(format!("a broker names node `{}` at `{}:{}`", broker.node_id.0, broker.host, broker.port)),
    }
}
