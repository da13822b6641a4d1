//! Where a caller is, and which hosts of ACLs mean that place.
//!
//! Kafka compares texts: the host of an ACL with what Java's `InetAddress.getHostAddress` makes of the peer's address.
//! [`Host`] produces that text. Beyond it, and only if [`Settings::host_ranges`](crate::Settings) is on, an ACL's host
//! may be any spelling of an IPv6 address, or a range of addresses as in KIP-1276: `10.0.0.0/8`, `2001:db8::/32`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// The host of an ACL that means every place.
pub const WILDCARD_HOST: &str = "*";

/// The address of a caller. Displayed, it is the text that Java gives it and that Kafka's ACLs are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host {
    address: IpAddr,
    text: Arc<str>,
}

impl Host {
    /// A link-local address and its zone: the interface's name, or its number where no name is known.
    pub fn scoped(address: Ipv6Addr, scope: &str) -> Self {
        let text = format!("{}%{scope}", java_text(address.into()));
        Self { address: address.into(), text: text.into() }
    }

    /// Never an IPv4 address in IPv6 clothes: that one is IPv4 here, as in Java.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether an ACL with this host is about this caller.
    pub(crate) fn is_meant_by(&self, acl_host: &str, host_ranges: bool) -> bool {
        acl_host == WILDCARD_HOST || acl_host == &*self.text || (host_ranges && self.is_in(acl_host))
    }

    fn is_in(&self, acl_host: &str) -> bool {
        if let Some((network, prefix_length)) = acl_host.split_once('/') {
            return parse_range(network, prefix_length)
                .is_some_and(|(network, bits)| in_network(self.address, network, bits));
        }
        let (address, scope) = split_scope(acl_host);
        address.parse().is_ok_and(|address: IpAddr| address.to_canonical() == self.address)
            && scope == split_scope(&self.text).1
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, text: java_text(address).into() }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Whether an ACL's host means somebody only with [`Settings::host_ranges`](crate::Settings), and nobody at a broker: a
/// range, or an address in another spelling than Java's.
pub fn needs_host_ranges(acl_host: &str) -> bool {
    if let Some((network, prefix_length)) = acl_host.split_once('/') {
        return parse_range(network, prefix_length).is_some();
    }
    let (address, scope) = split_scope(acl_host);
    address.parse().is_ok_and(|address: IpAddr| {
        let text = java_text(address.to_canonical());
        scope.map_or(text.clone(), |scope| format!("{text}%{scope}")) != acl_host
    })
}

/// IPv4 in dotted decimals; IPv6 as eight groups in lower case hexadecimals, without leading zeros, never shortened.
fn java_text(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => address.segments().map(|group| format!("{group:x}")).join(":"),
    }
}

fn split_scope(host: &str) -> (&str, Option<&str>) {
    match host.split_once('%') {
        Some((address, scope)) => (address, Some(scope)),
        None => (host, None),
    }
}

/// The network and how many of its leading bits count, or nothing if it is not written as one.
fn parse_range(network: &str, prefix_length: &str) -> Option<(IpAddr, u32)> {
    if prefix_length.is_empty() || !prefix_length.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let network: IpAddr = network.parse().ok()?;
    let bits: u32 = prefix_length.parse().ok()?;
    match (network, network.to_canonical()) {
        // `::ffff:10.0.0.0/104` is `10.0.0.0/8`, spelled for IPv6.
        (IpAddr::V6(_), canonical @ IpAddr::V4(_)) if (96..=128).contains(&bits) => Some((canonical, bits - 96)),
        (IpAddr::V4(_), _) if bits <= 32 => Some((network, bits)),
        (IpAddr::V6(_), _) if bits <= 128 => Some((network, bits)),
        _ => None,
    }
}

/// Whether the first `bits` bits of the two are equal. No IPv4 address is in an IPv6 network or the other way round.
fn in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differing = address.to_bits() ^ network.to_bits();
            differing.leading_zeros() >= bits
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differing = address.to_bits() ^ network.to_bits();
            differing.leading_zeros() >= bits
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(address: &str) -> Host {
        Host::from(address.parse::<IpAddr>().expect("an address"))
    }

    /// Verified with Kafka 4.3.0.
    #[test]
    fn hosts_are_compared_as_texts() {
        for (client, acl_host, is_meant) in [
            ("10.0.0.1", "*", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.01", false),
            ("10.0.0.1", "10.0.0.0/24", false),
            ("127.0.0.1", "localhost", false),
            ("::1", "::1", false),
            ("::1", "0:0:0:0:0:0:0:1", true),
            ("2001:DB8::1", "2001:db8:0:0:0:0:0:1", true),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "", false),
        ] {
            assert_eq!(host(client).is_meant_by(acl_host, false), is_meant, "{client} by `{acl_host}`");
        }
    }

    #[test]
    fn with_ranges_any_spelling_and_any_network_is_understood() {
        for (client, acl_host, is_meant) in [
            ("10.0.0.1", "*", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.01", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("::1", "::1", true),
            ("2001:db8::a", "2001:DB8:0::A", true),
            ("127.0.0.1", "localhost", false),
            ("10.0.0.1", "10.0.0.0/24", true),
            ("10.0.0.1", "10.0.0.77/24", true),
            ("10.0.1.1", "10.0.0.0/24", false),
            ("10.0.1.1", "0.0.0.0/0", true),
            ("10.0.0.1", "10.0.0.1/32", true),
            ("10.0.0.2", "10.0.0.1/32", false),
            ("10.0.0.1", "10.0.0.0/33", false),
            ("10.0.0.1", "10.0.0.0/", false),
            ("10.0.0.1", "10.0.0.0/+8", false),
            ("10.0.0.1", "10.0.0.0/-1", false),
            ("10.0.0.1", "/8", false),
            ("10.0.0.1", "10.0.0.0/8/8", false),
            ("10.0.0.1", "::/0", false),
            ("10.9.0.1", "::ffff:10.0.0.0/104", true),
            ("11.0.0.1", "::ffff:10.0.0.0/104", false),
            ("2001:db8::1", "0.0.0.0/0", false),
            ("2001:db8::1", "::/0", true),
            ("2001:db8:1::1", "2001:db8::/32", true),
            ("2001:db9::1", "2001:db8::/32", false),
            ("2001:db8::1", "2001:db8::1/128", true),
            ("2001:db8::1", "2001:db8::1/129", false),
        ] {
            assert_eq!(host(client).is_meant_by(acl_host, true), is_meant, "{client} by `{acl_host}`");
        }
    }

    #[test]
    fn hosts_that_are_dead_at_a_broker_are_known() {
        for (acl_host, expected) in [
            ("*", false),
            ("10.0.0.1", false),
            ("0:0:0:0:0:0:0:1", false),
            ("fe80:0:0:0:0:0:0:1%eth0", false),
            ("localhost", false),
            ("", false),
            ("10.0.0.01", false),
            ("10.0.0.0/33", false),
            ("10.0.0.0/8", true),
            ("10.0.0.1/32", true),
            ("2001:db8::/32", true),
            ("::1", true),
            ("fe80::1%eth0", true),
            ("::ffff:10.0.0.1", true),
        ] {
            assert_eq!(needs_host_ranges(acl_host), expected, "{acl_host}");
        }
    }

    #[test]
    fn a_scope_is_part_of_an_address_but_not_of_a_network() {
        let scoped = Host::scoped("fe80::1".parse().expect("an address"), "eth0");
        assert_eq!(scoped.to_string(), "fe80:0:0:0:0:0:0:1%eth0");
        for (acl_host, as_text, with_ranges) in [
            ("fe80:0:0:0:0:0:0:1%eth0", true, true),
            ("fe80::1%eth0", false, true),
            ("fe80::1%eth1", false, false),
            ("fe80:0:0:0:0:0:0:1", false, false),
            ("fe80::/10", false, true),
        ] {
            assert_eq!(scoped.is_meant_by(acl_host, false), as_text, "{acl_host} as text");
            assert_eq!(scoped.is_meant_by(acl_host, true), with_ranges, "{acl_host} with ranges");
        }
    }
}
