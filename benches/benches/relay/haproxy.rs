//! HAProxy as a TLS offload before the same broker: the least that a proxy with TLS can do.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use testkit::{FreePorts, Process, Stage};
use tokio::net::TcpStream;

pub(crate) struct Haproxy {
    process: Process,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Haproxy {
    pub(crate) async fn start(stage: &Stage) -> Result<Haproxy> {
        let directory = tempfile::Builder::new().prefix("haproxy-").tempdir()?;
        let identity = stage.certificates().server("haproxy")?;
        let port = FreePorts::reserve(1)?.get(0);
        let configuration = format!(
            "global\n  maxconn 4096\n  tune.ssl.cachesize 0\ndefaults\n  mode tcp\n  timeout connect 5s\n  \
             timeout client 60s\n  timeout server 60s\nfrontend tls\n  bind 127.0.0.1:{port} ssl crt {}\n  \
             default_backend kafka\nbackend kafka\n  server kafka {}\n",
            identity.keystore().display(),
            stage.kafka().bootstrap(),
        );
        let file = directory.path().join("haproxy.cfg");
        fs::write(&file, configuration)?;
        let mut command = Command::new("haproxy");
        command.arg("-db").arg("-f").arg(&file);
        let process = Process::start("haproxy", command, b"", None)
            .context("HAProxy is not installed: run `scripts/setup bench`")?;
        let end = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            anyhow::ensure!(tokio::time::Instant::now() < end, "HAProxy did not start:\n{}", process.stderr().tail(20));
            tokio::task::yield_now().await;
        }
        Ok(Haproxy { process, port, _directory: directory })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn process_id(&self) -> i32 {
        self.process.id()
    }
}
