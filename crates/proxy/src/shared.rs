//! What all connections of the process share.

use std::sync::Arc;

use crate::audit::Audit;
use crate::broker_warnings::BrokerWarnings;
use crate::budget::Budget;
use crate::connections::Connections;
use crate::derivations::Derivations;
use crate::grants::GrantsCache;
use crate::metrics::Metrics;
use crate::per_address::PerAddress;
use crate::settings::Limits;

/// What all connections of the process share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub limits: Limits,
    /// Of one message.
    pub message_limits: protocol::Limits,
    pub budget: Arc<Budget>,
    pub connections: Arc<Connections>,
    /// `max.connections.per.ip`
    pub per_address: Arc<PerAddress>,
    /// What holds now.
    pub current: store::Current,
    /// Where it is changed.
    pub stores: store::Stores,
    pub grants: GrantsCache,
    pub audit: Audit,
    pub metrics: Metrics,
    pub broker_warnings: BrokerWarnings,
    /// Key derivations that may run at one time: each takes a core for milliseconds, and half of the cores are for those
    /// who are logged in.
    pub derivations: Derivations,
}

impl Shared {
    pub(crate) fn new(limits: Limits, stores: store::Stores, audit: Audit) -> Arc<Shared> {
        let budget = Budget::new(limits.memory_budget_bytes);
        let connections =
            Connections::new(Arc::clone(&budget), limits.idle_timeout, limits.max_unauthenticated_connections);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Arc::new(Shared {
            message_limits: protocol::Limits { max_elements: limits.max_elements },
            per_address: PerAddress::new(&limits),
            limits,
            budget,
            connections,
            current: stores.current.clone(),
            stores,
            grants: GrantsCache::default(),
            audit,
            metrics: Metrics::new(),
            broker_warnings: BrokerWarnings::default(),
            derivations: Derivations::new((cores / 2).max(1)),
        })
    }
}
