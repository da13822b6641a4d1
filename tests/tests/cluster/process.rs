//! What the operating system knows of a running Doorkeeper: sockets, memory, time.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// One of its TCP sockets over IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) state: State,
    pub(crate) local_port: u16,
    pub(crate) remote_port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Established,
    /// The peer has closed and we have not: a leak, if it lasts.
    CloseWait,
    Other,
}

/// The sockets that it has open now.
pub(crate) fn sockets(process_id: i32) -> Result<Vec<Socket>> {
    let mut inodes = HashSet::new();
    for entry in fs::read_dir(format!("/proc/{process_id}/fd"))? {
        // One may be closed while we look.
        let Ok(target) = fs::read_link(entry?.path()) else { continue };
        let target = target.to_string_lossy().into_owned();
        if let Some(inode) = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')) {
            inodes.insert(inode.to_owned());
        }
    }
    let table = fs::read_to_string(format!("/proc/{process_id}/net/tcp"))?;
    table.lines().skip(1).filter_map(|line| socket(line, &inodes).transpose()).collect()
}

fn socket(line: &str, inodes: &HashSet<String>) -> Result<Option<Socket>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, local, remote, state, _, _, _, _, _, inode, ..] = words.as_slice() else { return Ok(None) };
    if !inodes.contains(*inode) {
        return Ok(None);
    }
    let port = |address: &str| {
        let (_, port) = address.split_once(':').context("an address without a port")?;
        Ok::<_, anyhow::Error>(u16::from_str_radix(port, 16)?)
    };
    let state = match *state {
        "01" => State::Established,
        "08" => State::CloseWait,
        _ => State::Other,
    };
    Ok(Some(Socket { state, local_port: port(local)?, remote_port: port(remote)? }))
}

/// Bytes of memory that it holds (resident).
pub(crate) fn memory(process_id: i32) -> Result<usize> {
    let status = fs::read_to_string(format!("/proc/{process_id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no `VmRSS`")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<usize>()? * 1024)
}

/// Time that it has run on a processor so far. Linux counts it in hundredths of a second.
pub(crate) fn processor_time(process_id: i32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process_id}/stat"))?;
    // The second word is the program's name in parentheses, and may have spaces.
    let (_, rest) = stat.rsplit_once(')').context("no name in `stat`")?;
    let ticks: u64 = rest.split_whitespace().skip(11).take(2).map(|word| word.parse().unwrap_or(0)).sum();
    Ok(Duration::from_millis(ticks * 10))
}
