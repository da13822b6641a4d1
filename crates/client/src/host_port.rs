//! Where a server listens, as Kafka writes it in `bootstrap.servers`: `host:port`, IPv6 in brackets.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host, a name or an address without brackets, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    pub host: String,
    pub port: u16,
}

/// Why a text is not `host:port`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not `host:port`: {reason}")]
pub struct HostPortError {
    text: String,
    reason: &'static str,
}

impl HostPort {
    pub fn new(host: impl Into<String>, port: u16) -> HostPort {
        HostPort { host: host.into(), port }
    }

    /// Whether the host can only be this machine: `localhost`, 127.0.0.0/8 or ::1.
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }
}

impl FromStr for HostPort {
    type Err = HostPortError;

    fn from_str(text: &str) -> Result<HostPort, HostPortError> {
        let refuse = |reason| HostPortError { text: text.to_owned(), reason };
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once("]:").ok_or_else(|| refuse("expected `[address]:port`"))?,
            None => text.rsplit_once(':').ok_or_else(|| refuse("the port is missing"))?,
        };
        if host.is_empty() {
            return Err(refuse("the host is missing"));
        }
        if text.starts_with('[') != host.contains(':') {
            return Err(refuse("an ipv6 address, and nothing else, stands in brackets"));
        }
        match port.parse::<u16>() {
            Ok(port) if port > 0 => Ok(HostPort::new(host, port)),
            _ => Err(refuse("the port is a number from 1 to 65535")),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_read_and_written_alike() {
        for (text, host, port) in
            [("kafka-0:9092", "kafka-0", 9092), ("10.0.0.1:1", "10.0.0.1", 1), ("[::1]:65535", "::1", 65535)]
        {
            let read: HostPort = text.parse().unwrap();
            assert_eq!((read.clone(), read.to_string()), (HostPort::new(host, port), text.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_was_expected() {
        let cases = [
            ("kafka", "the port is missing"),
            (":9092", "the host is missing"),
            ("kafka:0", "the port is a number from 1 to 65535"),
            ("kafka:65536", "the port is a number from 1 to 65535"),
            ("::1:9092", "an ipv6 address, and nothing else, stands in brackets"),
            ("[kafka]:9092", "an ipv6 address, and nothing else, stands in brackets"),
            ("[::1]", "expected `[address]:port`"),
        ];
        for (text, reason) in cases {
            let expected = format!("`{text}` is not `host:port`: {reason}");
            assert_eq!(text.parse::<HostPort>().unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (host, loopback) in [
            ("localhost", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("localhost.example.com", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(HostPort::new(host, 9092).is_loopback(), loopback, "{host}");
        }
    }
}
