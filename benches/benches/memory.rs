//! Resident memory: of the process at start, and for each idle authenticated TLS connection, before and after its
//! plaintext connection to the broker is open. A thousand of them; `CONNECTIONS=n` for another number.

use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use kafka_protocol::messages::MetadataRequest;
use testkit::{RawClient, Stage};

const POLICY: &str =
    "users:\n  alice: { password: alice-secret }\nacls:\n  - { principal: User:alice, allow: Read, topic: a }\n";

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let count: usize = std::env::var("CONNECTIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let stage = Stage::start(POLICY).await?;
    let process = stage.doorkeeper().process_id();
    let start = resident(process)?;
    let mut clients: Vec<RawClient> = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(stage.raw("alice").await?);
    }
    let idle = resident(process)?;
    for client in &mut clients {
        client.send(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await?;
    }
    let upstream = resident(process)?;
    ensure!(stage.doorkeeper().exit_status().is_none(), "doorkeeper has ended");

    let each = |bytes: usize| format!("{:.1} KiB", (bytes.saturating_sub(start)) as f64 / count as f64 / 1024.0);
    let mut table = Table::new();
    table.set_header(["what", "measured", "at most"]);
    table.add_row(["the process at start", &format!("{:.1} MiB", start as f64 / 1024.0 / 1024.0), "20 MiB"]);
    table.add_row(["an idle connection, logged in over TLS", &each(idle), "32 KiB"]);
    table.add_row(["the same with its upstream connection open", &each(upstream), "64 KiB"]);
    println!("{count} connections\n{table}");
    Ok(())
}

/// Resident set size in bytes.
fn resident(process: i32) -> Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    let kibibytes: usize = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kibibytes * 1024)
}
