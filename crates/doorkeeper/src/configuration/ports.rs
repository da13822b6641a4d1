//! No port twice: a listener that took another's would answer in its name.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use store::Mark;
use store::yaml::Reading;

/// Every port we are going to bind, and whose it is.
#[derive(Debug, Default)]
pub(super) struct Ports(HashMap<u16, Vec<(IpAddr, String)>>);

impl Ports {
    /// Takes a port for `whose`; an error, and false, if it is taken. Port 0 is any free one.
    pub(super) fn take(
        &mut self,
        reading: &mut Reading,
        mark: Mark,
        key: &str,
        address: SocketAddr,
        whose: String,
    ) -> bool {
        if address.port() == 0 {
            return true;
        }
        let taken = self.0.entry(address.port()).or_default();
        if let Some((_, other)) = taken.iter().find(|(ip, _)| overlap(*ip, address.ip())) {
            reading.error(mark, key, format!("{whose} would be at port {}, which is {other}'s", address.port()));
            return false;
        }
        taken.push((address.ip(), whose));
        true
    }
}

/// `0.0.0.0` is every address, and `[::]` every one of both kinds.
fn overlap(one: IpAddr, other: IpAddr) -> bool {
    one == other || one.is_unspecified() || other.is_unspecified()
}
