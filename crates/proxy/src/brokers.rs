//! The brokers of the cluster: found from the bootstrap servers, kept current, and pinned to one cluster.
//!
//! 1. All known brokers are asked for Metadata, every `refresh`, and whenever a control connection was lost. Also because
//!    a client missed a broker or could not be connected to it, but that may be anybody who found a port: at most once a
//!    second, and less and less often while it changes nothing. Until one is known, the bootstrap servers are asked in turn.
//! 2. The first sound answer says which brokers are live. One that is new appears, one that has moved gets a new
//!    control connection, one that is gone is kept as not live: its id may come back, and its connections may still work.
//! 3. The cluster's id is pinned with the first answer. If any broker names another one, nothing is forwarded, for as long
//!    as that lasts: whoever answers there must not get what was decided for this cluster.

mod cluster;
mod discovery;
mod node;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use client::Connector;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub(crate) use cluster::Cluster;
use discovery::Discovery;
pub(crate) use node::Node;

/// What is known of the brokers, and the task that keeps it current until this is dropped.
#[derive(Debug)]
pub(crate) struct Brokers {
    cluster: watch::Receiver<Arc<Cluster>>,
    #[cfg(test)]
    refresh: Arc<Notify>,
    missed: Arc<Notify>,
    turn: AtomicUsize,
    task: JoinHandle<()>,
}

impl Brokers {
    /// Begins to look for brokers at the connector's bootstrap servers.
    pub(crate) fn start(connector: Connector, refresh: Duration) -> Arc<Brokers> {
        let (told, cluster) = watch::channel(Arc::default());
        let (now, missed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let discovery = Discovery::new(connector, told, Arc::clone(&now), Arc::clone(&missed), refresh);
        let task = tokio::spawn(discovery.run());
        Arc::new(Brokers {
            cluster,
            #[cfg(test)]
            refresh: now,
            missed,
            turn: AtomicUsize::new(0),
            task,
        })
    }

    /// A broker by its id. None if there is none, or if nothing may be forwarded; then the cluster is asked again soon.
    pub(crate) fn node(&self, id: i32) -> Option<Arc<Node>> {
        let node = self.cluster.borrow().node(id);
        if node.is_none() {
            self.miss();
        }
        node
    }

    /// One of the brokers that are live, in turn; those that answered last go first. For bootstrap connections.
    pub(crate) fn any_live(&self) -> Option<Arc<Node>> {
        let node = self.cluster.borrow().any_live(self.turn.fetch_add(1, Ordering::Relaxed));
        if node.is_none() {
            self.miss();
        }
        node
    }

    /// A client needs a broker that is not known or cannot be reached: the cluster is asked again in a while.
    pub(crate) fn miss(&self) {
        self.missed.notify_one();
    }

    /// What is known now.
    pub(crate) fn cluster(&self) -> Arc<Cluster> {
        Arc::clone(&self.cluster.borrow())
    }

    /// Told at every change: of a broker, or of whether anything may be forwarded.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Cluster>> {
        self.cluster.clone()
    }

    /// Returns when the upstream has answered for the first time.
    pub(crate) async fn first_seen(&self) {
        let mut changes = self.changes();
        if changes.wait_for(|cluster| cluster.id().is_some()).await.is_err() {
            // The runtime shuts down: nobody will ever be ready.
            std::future::pending().await
        }
    }

    /// Asks the cluster again without waiting for `refresh`.
    #[cfg(test)]
    fn refresh_soon(&self) {
        self.refresh.notify_one();
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use client::testing::{FakeBroker, FakeCluster};
    use client::{HostPort, UpstreamSecurity, UpstreamSettings};
    use protocol::ApiKey;

    use super::*;

    const NEVER: Duration = Duration::from_secs(3600);

    async fn broker(cluster: &FakeCluster, id: i32) -> FakeBroker {
        let served = cluster.clone();
        let broker = FakeBroker::start(move || served.script()).await;
        cluster.state().brokers.insert(id, broker.port());
        broker
    }

    fn start(bootstrap: Vec<HostPort>, refresh: Duration) -> Arc<Brokers> {
        let connector = Connector::new(UpstreamSettings {
            bootstrap_servers: bootstrap,
            security: UpstreamSecurity::default(),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
        });
        Brokers::start(connector.unwrap(), refresh)
    }

    async fn until(brokers: &Brokers, what: &str, fact: impl Fn(&Cluster) -> bool) {
        let mut changes = brokers.changes();
        let seen = tokio::time::timeout(Duration::from_secs(10), changes.wait_for(|cluster| fact(cluster))).await;
        assert!(seen.is_ok(), "not within 10 s: {what}: {:?}", brokers.cluster());
    }

    fn ids(cluster: &Cluster) -> Vec<i32> {
        cluster.live().map(|node| node.id()).collect()
    }

    #[tokio::test]
    async fn all_brokers_are_found_from_one_bootstrap_server_that_works() {
        let cluster = FakeCluster::default();
        let one = broker(&cluster, 1).await;
        let _others = (broker(&cluster, 2).await, broker(&cluster, 30).await);
        let gone = broker(&FakeCluster::default(), 9).await;
        let gone_address = gone.address();
        gone.stop().await;

        let brokers = start(vec![gone_address, one.address()], NEVER);
        brokers.first_seen().await;
        let found = brokers.cluster();
        assert_eq!((found.id(), ids(&found)), (Some("fake"), vec![1, 2, 30]));
        assert_eq!(brokers.node(1).map(|node| node.address().clone()), Some(one.address()));
        assert!(brokers.node(7).is_none());
    }

    #[tokio::test]
    async fn bootstrap_connections_are_spread_over_the_live_brokers() {
        let cluster = FakeCluster::default();
        let one = broker(&cluster, 1).await;
        let _others = (broker(&cluster, 2).await, broker(&cluster, 3).await);
        let brokers = start(vec![one.address()], NEVER);
        until(&brokers, "three", |cluster| ids(cluster).len() == 3).await;
        for id in 1..=3 {
            brokers.node(id).unwrap().versions().await.unwrap();
        }
        let seen: BTreeSet<i32> = (0..30).filter_map(|_| brokers.any_live()).map(|node| node.id()).collect();
        assert_eq!(seen, BTreeSet::from([1, 2, 3]));
    }

    #[tokio::test]
    async fn a_broker_that_joins_appears_when_it_is_asked_for() {
        let cluster = FakeCluster::default();
        let one = broker(&cluster, 1).await;
        let brokers = start(vec![one.address()], NEVER);
        brokers.first_seen().await;
        let _two = broker(&cluster, 2).await;
        assert!(brokers.node(2).is_none());
        until(&brokers, "broker 2", |cluster| cluster.node(2).is_some()).await;
    }

    #[tokio::test]
    async fn brokers_that_do_not_exist_are_looked_for_less_and_less_often_and_lost_ones_at_once() {
        let cluster = FakeCluster::default();
        let one = broker(&cluster, 1).await;
        let brokers = start(vec![one.address()], NEVER);
        brokers.first_seen().await;
        let asked = cluster.times_asked(ApiKey::Metadata);
        let began = tokio::time::Instant::now();
        while cluster.times_asked(ApiKey::Metadata) < asked + 2 {
            assert!(began.elapsed() < Duration::from_secs(10), "the cluster was not asked again");
            assert!(brokers.node(7).is_none());
            tokio::task::yield_now().await;
        }
        assert!(began.elapsed() > Duration::from_millis(2500), "two rounds within {:?}", began.elapsed());

        let _two = broker(&cluster, 2).await;
        let began = tokio::time::Instant::now();
        brokers.refresh_soon();
        until(&brokers, "broker 2", |cluster| cluster.node(2).is_some()).await;
        assert!(began.elapsed() < Duration::from_secs(1), "only after {:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_broker_that_leaves_is_not_live_and_one_that_comes_back_elsewhere_is_found_there() {
        let cluster = FakeCluster::default();
        let (one, two) = (broker(&cluster, 1).await, broker(&cluster, 2).await);
        let brokers = start(vec![one.address()], NEVER);
        until(&brokers, "both", |cluster| ids(cluster) == [1, 2]).await;

        cluster.state().brokers.remove(&2);
        two.stop().await;
        brokers.refresh_soon();
        until(&brokers, "broker 2 has left", |cluster| ids(cluster) == [1]).await;
        assert!(brokers.node(2).is_some(), "its id may come back");

        let two = broker(&cluster, 2).await;
        brokers.refresh_soon();
        until(&brokers, "broker 2 is back", |cluster| {
            ids(cluster) == [1, 2] && cluster.node(2).is_some_and(|node| *node.address() == two.address())
        })
        .await;
    }

    #[tokio::test]
    async fn a_lost_broker_is_noticed_at_once_and_its_versions_are_learned_again() {
        let cluster = FakeCluster::default();
        let one = broker(&cluster, 1).await;
        let port = one.port();
        let brokers = start(vec![one.address()], NEVER);
        brokers.first_seen().await;
        let node = brokers.node(1).unwrap();
        let before = node.versions().await.unwrap();
        assert_eq!(before.range(ApiKey::Metadata), Some(0..=13));

        one.stop().await;
        cluster.state().metadata_versions = 0..=12;
        let served = cluster.clone();
        let _one = FakeBroker::start_at(port, None, move || served.script()).await;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while latest_metadata(&node) != Some(12) {
            assert!(tokio::time::Instant::now() < deadline, "the restarted broker was not asked again");
            tokio::task::yield_now().await;
        }
    }

    /// What the control connection has learned by itself.
    fn latest_metadata(node: &Node) -> Option<i16> {
        let versions = node.control().state().versions?;
        versions.api_keys.iter().find(|api| api.api_key == ApiKey::Metadata.code()).map(|api| api.max_version)
    }

    #[tokio::test]
    async fn nothing_is_forwarded_while_any_broker_belongs_to_another_cluster() {
        let cluster = FakeCluster::default();
        let one = broker(&cluster, 1).await;
        let brokers = start(vec![one.address()], NEVER);
        brokers.first_seen().await;

        cluster.state().cluster_id = "other".to_owned();
        brokers.refresh_soon();
        until(&brokers, "the other cluster is noticed", |cluster| !cluster.may_forward()).await;
        assert!(brokers.node(1).is_none() && brokers.any_live().is_none());
        assert_eq!(brokers.cluster().id(), Some("fake"), "the first one stays pinned");

        cluster.state().cluster_id = "fake".to_owned();
        brokers.refresh_soon();
        until(&brokers, "the right cluster is back", Cluster::may_forward).await;
        assert!(brokers.node(1).is_some());
    }

    #[tokio::test]
    async fn a_cluster_that_is_down_at_the_start_is_found_when_it_comes_up() {
        let cluster = FakeCluster::default();
        let early = broker(&cluster, 1).await;
        let (address, port) = (early.address(), early.port());
        early.stop().await;
        let brokers = start(vec![address], Duration::from_millis(50));
        assert!(brokers.any_live().is_none());
        let served = cluster.clone();
        let _late = FakeBroker::start_at(port, None, move || served.script()).await;
        until(&brokers, "the broker is found", |cluster| ids(cluster) == [1]).await;
    }

    async fn asked_twice_more(cluster: &FakeCluster) {
        let asked = cluster.times_asked(ApiKey::Metadata);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while cluster.times_asked(ApiKey::Metadata) < asked + 2 {
            assert!(tokio::time::Instant::now() < deadline, "the broker was not asked again");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_broker_that_names_no_brokers_or_no_cluster_changes_nothing() {
        let cluster = FakeCluster::default();
        let one = broker(&cluster, 1).await;
        let brokers = start(vec![one.address()], Duration::from_millis(10));
        brokers.first_seen().await;
        cluster.state().brokers.clear();
        asked_twice_more(&cluster).await;
        assert_eq!(ids(&brokers.cluster()), [1]);

        cluster.state().cluster_id.clear();
        asked_twice_more(&cluster).await;
        assert!(brokers.cluster().may_forward());
    }
}
