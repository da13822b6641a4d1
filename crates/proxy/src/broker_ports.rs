//! Under which address clients of a listener reach each broker: `brokers: { mode: ports }`.
//!
//! Ports follow from node ids alone, so they are the same in every replica and after every restart, and a broker that
//! joins has one already.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;

use metrics::Gauge;
use protocol::{BrokerAddresses, StrBytes};
use tracing::warn;

use crate::settings::BrokerPorts;

/// Why clients could not reach brokers this way. All are the operator's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerPortsError {
    #[error("`advertised_host` is empty, expected the name under which clients reach doorkeeper")]
    NoAdvertisedHost,
    #[error("no broker has a port, expected `first_port` with `node_ids`, or `nodes`")]
    NoPorts,
    #[error("`node_ids` is `{first}-{last}`, expected two ids from 0, the lower first")]
    NodeIds { first: i32, last: i32 },
    #[error("node `{0}` of `nodes` is not a broker, expected an id from 0")]
    NodeId(i32),
    #[error("the port of node `{node_id}` would be `{port}`, expected 1 to 65535")]
    Port { node_id: i32, port: i64 },
    #[error("nodes `{one}` and `{other}` would share port `{port}`")]
    Shared { one: i32, other: i32, port: u16 },
}

impl BrokerPorts {
    /// The port of a broker; none if it is not offered. Never wraps around.
    pub fn port(&self, node_id: i32) -> Option<u16> {
        self.nodes.get(&node_id).copied().or_else(|| u16::try_from(self.port_in_range(node_id)?).ok())
    }

    /// All offered node ids and their ports.
    pub fn ports(&self) -> BTreeMap<i32, u16> {
        let range = self.first_port.map(|_| self.node_ids.clone()).into_iter().flatten();
        range.chain(self.nodes.keys().copied()).filter_map(|id| Some((id, self.port(id)?))).collect()
    }

    /// Whether every broker that is offered has a port of its own.
    pub fn validate(&self) -> Result<(), BrokerPortsError> {
        if self.advertised_host.is_empty() {
            return Err(BrokerPortsError::NoAdvertisedHost);
        }
        if self.first_port.is_some() {
            self.validate_range()?;
        } else if self.nodes.is_empty() {
            return Err(BrokerPortsError::NoPorts);
        }
        for (&node_id, &port) in &self.nodes {
            if node_id < 0 {
                return Err(BrokerPortsError::NodeId(node_id));
            }
            if port == 0 {
                return Err(BrokerPortsError::Port { node_id, port: 0 });
            }
        }
        let mut taken = BTreeMap::new();
        for (other, port) in self.ports() {
            if let Some(one) = taken.insert(port, other) {
                return Err(BrokerPortsError::Shared { one, other, port });
            }
        }
        Ok(())
    }

    fn validate_range(&self) -> Result<(), BrokerPortsError> {
        let (first, last) = (*self.node_ids.start(), *self.node_ids.end());
        if first < 0 || last < first {
            return Err(BrokerPortsError::NodeIds { first, last });
        }
        for node_id in [first, last] {
            match self.port_in_range(node_id) {
                Some(1..=65535) | None => {}
                Some(port) => return Err(BrokerPortsError::Port { node_id, port }),
            }
        }
        Ok(())
    }

    fn port_in_range(&self, node_id: i32) -> Option<i64> {
        let first_port = self.first_port.filter(|_| self.node_ids.contains(&node_id))?;
        Some(i64::from(first_port) + i64::from(node_id) - i64::from(*self.node_ids.start()))
    }
}

/// The addresses of one listener. Brokers that have none are told once each.
pub(crate) struct AdvertisedBrokers {
    listener: String,
    host: StrBytes,
    ports: BTreeMap<i32, u16>,
    unmapped: Mutex<BTreeSet<i32>>,
    unmapped_nodes: Gauge,
}

/// Brokers without a port that are remembered; a hostile broker may name any number.
const MOST_UNMAPPED: usize = 1_000;

impl AdvertisedBrokers {
    pub(crate) fn new(listener: &str, settings: &BrokerPorts) -> AdvertisedBrokers {
        AdvertisedBrokers {
            listener: listener.to_owned(),
            host: StrBytes::from_string(settings.advertised_host.clone()),
            ports: settings.ports(),
            unmapped: Mutex::default(),
            unmapped_nodes: metrics::gauge!("doorkeeper_unmapped_brokers", "listener" => listener.to_owned()),
        }
    }

    fn tell(&self, node_id: i32) {
        let Ok(mut unmapped) = self.unmapped.lock() else { return };
        if unmapped.len() < MOST_UNMAPPED && unmapped.insert(node_id) {
            warn!(
                listener = self.listener,
                node_id, "clients cannot reach this broker: give it a port in `brokers` of the listener"
            );
            // At most a thousand.
            self.unmapped_nodes.set(unmapped.len() as f64);
        }
    }
}

impl BrokerAddresses for AdvertisedBrokers {
    fn address(&self, node_id: i32) -> Option<(StrBytes, u16)> {
        match self.ports.get(&node_id) {
            Some(&port) => Some((self.host.clone(), port)),
            None => {
                // -1 stands for no broker.
                if node_id >= 0 {
                    self.tell(node_id);
                }
                None
            }
        }
    }
}

impl fmt::Debug for AdvertisedBrokers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AdvertisedBrokers { listener, host, ports, unmapped, unmapped_nodes: _ } = self;
        let unmapped = unmapped.lock().map(|unmapped| unmapped.clone()).unwrap_or_default();
        f.debug_struct("AdvertisedBrokers")
            .field("listener", listener)
            .field("host", host)
            .field("ports", ports)
            .field("unmapped", &unmapped)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use super::*;

    fn range(first_port: u16, node_ids: RangeInclusive<i32>) -> BrokerPorts {
        let advertised_host = "kafka.example.com".to_owned();
        BrokerPorts { advertised_host, first_port: Some(first_port), node_ids, nodes: BTreeMap::new() }
    }

    fn nodes<const N: usize>(nodes: [(i32, u16); N]) -> BrokerPorts {
        BrokerPorts { first_port: None, nodes: nodes.into(), ..range(1, 0..=0) }
    }

    #[test]
    fn ports_follow_from_node_ids_and_never_wrap_around() {
        let cases = [
            (range(9100, 0..=19), 0, Some(9100)),
            (range(9100, 0..=19), 3, Some(9103)),
            (range(9100, 0..=19), 20, None),
            (range(9100, 0..=19), -1, None),
            (range(9100, 100..=101), 101, Some(9101)),
            (range(9100, 100..=101), 1, None),
            (range(65535, 0..=1), 1, None),
            (range(1, i32::MIN..=i32::MAX), i32::MAX, None),
            (nodes([(1001, 9101)]), 1001, Some(9101)),
            (nodes([(1001, 9101)]), 0, None),
        ];
        for (ports, node_id, expected) in cases {
            assert_eq!(ports.port(node_id), expected, "node {node_id} of {ports:?}");
        }
    }

    #[test]
    fn a_single_node_goes_before_the_range() {
        let ports = BrokerPorts { nodes: [(1, 9500)].into(), ..range(9100, 0..=2) };
        assert_eq!(ports.ports(), BTreeMap::from([(0, 9100), (1, 9500), (2, 9102)]));
        assert_eq!(ports.validate(), Ok(()));
    }

    #[test]
    fn what_cannot_be_offered_is_refused() {
        use BrokerPortsError::*;
        let cases = [
            (range(9100, 0..=19), Ok(())),
            (range(65535, 7..=7), Ok(())),
            (nodes([(1001, 9101), (1002, 9102)]), Ok(())),
            (BrokerPorts { advertised_host: String::new(), ..range(9100, 0..=1) }, Err(NoAdvertisedHost)),
            (nodes([]), Err(NoPorts)),
            (range(9100, -1..=1), Err(NodeIds { first: -1, last: 1 })),
            (range(9100, RangeInclusive::new(2, 1)), Err(NodeIds { first: 2, last: 1 })),
            (range(65535, 0..=1), Err(Port { node_id: 1, port: 65536 })),
            (range(0, 0..=1), Err(Port { node_id: 0, port: 0 })),
            (nodes([(5, 0)]), Err(Port { node_id: 5, port: 0 })),
            (nodes([(-2, 9100)]), Err(NodeId(-2))),
            (nodes([(1, 9100), (2, 9100)]), Err(Shared { one: 1, other: 2, port: 9100 })),
            (
                BrokerPorts { nodes: [(9, 9101)].into(), ..range(9100, 0..=2) },
                Err(Shared { one: 1, other: 9, port: 9101 }),
            ),
        ];
        for (ports, expected) in cases {
            assert_eq!(ports.validate(), expected, "{ports:?}");
        }
    }

    #[test]
    fn a_broker_without_a_port_has_no_address_and_is_remembered_once() {
        let brokers = AdvertisedBrokers::new("CLIENT", &range(9100, 0..=1));
        let at = |port| Some((StrBytes::from_static_str("kafka.example.com"), port));
        let asked = [1, 7, 7, -1, 8].map(|node_id| brokers.address(node_id));
        assert_eq!(asked, [at(9101), None, None, None, None]);
        assert_eq!(*brokers.unmapped.lock().unwrap(), BTreeSet::from([7, 8]));
    }
}
