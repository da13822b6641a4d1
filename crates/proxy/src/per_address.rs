//! Connections of one client address: `max.connections.per.ip` and its overrides. One more is closed as soon as it is
//! accepted. Kafka: `ConnectionQuotas`, `TooManyConnectionsException`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use crate::settings::Limits;

/// How many connections each address has, of all listeners together.
#[derive(Debug)]
pub(crate) struct PerAddress {
    most: usize,
    overrides: BTreeMap<IpAddr, usize>,
    /// Only addresses that have any.
    open: DashMap<IpAddr, usize>,
}

impl PerAddress {
    pub(crate) fn new(limits: &Limits) -> Arc<PerAddress> {
        Arc::new(PerAddress {
            most: limits.max_connections_per_ip,
            overrides: limits.max_connections_per_ip_overrides.clone(),
            open: DashMap::new(),
        })
    }

    /// A place for one more, if the address may have it. An IPv4 address in the form of IPv6 is the IPv4 address.
    pub(crate) fn enter(self: &Arc<PerAddress>, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let most = *self.overrides.get(&address).unwrap_or(&self.most);
        match self.open.entry(address) {
            Entry::Vacant(_) if most == 0 => return None,
            Entry::Occupied(open) if *open.get() >= most => return None,
            Entry::Vacant(none) => drop(none.insert(1)),
            Entry::Occupied(mut open) => *open.get_mut() += 1,
        }
        Some(Place { all: Arc::clone(self), address })
    }
}

/// One connection of an address, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    all: Arc<PerAddress>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Entry::Occupied(mut open) = self.all.open.entry(self.address) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_has_as_many_as_it_may_and_a_place_that_is_left_is_free() {
        let overrides = BTreeMap::from([(ip("10.0.0.9"), 0), (ip("10.0.0.3"), 3)]);
        let limits =
            Limits { max_connections_per_ip: 2, max_connections_per_ip_overrides: overrides, ..Limits::default() };
        let all = PerAddress::new(&limits);
        let take = |address: &str| all.enter(ip(address));
        let first = take("10.0.0.1").expect("the first");
        let second = take("::ffff:10.0.0.1").expect("the second, by its other name");
        assert!(take("10.0.0.1").is_none());
        drop(first);
        let third = take("10.0.0.1").expect("in the place of the first");
        assert!(take("10.0.0.1").is_none() && take("10.0.0.9").is_none());
        let others: Vec<_> = (0..4).map(|_| take("10.0.0.3")).collect();
        assert_eq!(others.iter().flatten().count(), 3);
        drop((second, third, others));
        assert!(all.open.is_empty());
    }
}
