//! Ports for processes that must know them before they start, as advertised ports must be known.
//!
//! Letting the system pick a port, closing it and hoping is a race: between the two, any outgoing connection of any
//! process may be given that port. These come from below the range that Linux gives to outgoing connections, and a
//! locked file per port keeps other test binaries away for as long as the reservation lives.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

/// Consecutive ports on 127.0.0.1 that nobody listens on; ours until dropped.
#[derive(Debug)]
pub struct FreePorts {
    first: u16,
    locks: Vec<File>,
}

const LOWEST: u16 = 15_000;
const HIGHEST: u16 = 32_000;
const ATTEMPTS: u16 = 500;

impl FreePorts {
    /// Reserves `count` consecutive ports. Keep the value for as long as they are used, restarts included.
    ///
    /// # Errors
    /// If no such row was found, or the lock files cannot be written.
    pub fn reserve(count: u16) -> Result<FreePorts> {
        for _ in 0..ATTEMPTS {
            let first = LOWEST + random_below(HIGHEST - LOWEST - count);
            if let Some(ports) = FreePorts::claim(first, count)? {
                return Ok(ports);
            }
        }
        bail!("no {count} consecutive ports between {LOWEST} and {HIGHEST} are free")
    }

    /// The lowest of them.
    pub fn first(&self) -> u16 {
        self.first
    }

    /// The `index`-th of them, from 0.
    ///
    /// # Panics
    /// If fewer were reserved.
    pub fn get(&self, index: usize) -> u16 {
        self.iter().nth(index).expect("a port that was reserved")
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (self.first..).take(self.locks.len())
    }

    fn claim(first: u16, count: u16) -> Result<Option<FreePorts>> {
        let directory = std::env::temp_dir().join("doorkeeper-test-ports");
        fs::create_dir_all(&directory).with_context(|| format!("cannot create `{}`", directory.display()))?;
        let mut locks = Vec::new();
        for port in first..first + count {
            let path = directory.join(port.to_string());
            let lock = OpenOptions::new()
                .create(true)
                .append(true)
                .open(&path)
                .with_context(|| format!("cannot open `{}`", path.display()))?;
            if lock.try_lock().is_err() || TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_err() {
                return Ok(None);
            }
            locks.push(lock);
        }
        Ok(Some(FreePorts { first, locks }))
    }
}

/// The standard library's hash keys are random; that is all the randomness this needs.
fn random_below(bound: u16) -> u16 {
    let bound = u64::from(bound.max(1));
    u16::try_from(RandomState::new().hash_one(0) % bound).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_ports_are_consecutive_and_taken_once() {
        let ports = FreePorts::reserve(3).expect("free ports");
        assert_eq!(ports.iter().collect::<Vec<_>>(), [ports.first(), ports.get(1), ports.first() + 2]);
        assert!(FreePorts::claim(ports.get(2), 1).expect("lock files").is_none());
        let first = ports.first();
        drop(ports);
        assert!(FreePorts::claim(first, 1).expect("lock files").is_some());
    }
}
