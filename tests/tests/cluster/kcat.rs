//! kcat from Debian: librdkafka 2.0.2, an old client that puts its nonce twice into the last message of SCRAM.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use testkit::Process;

use crate::SOON;
use crate::ground::{Door, Listener, ground};

/// kcat as alice; what it is to do comes last.
async fn kcat(door: &Door, listener: Listener, mechanism: &str, input: &str, arguments: &[&str]) -> Result<Process> {
    let mut command = Command::new("kcat");
    // Cargo puts the new librdkafka, which the tests are built with, before the system's.
    command.env_remove("LD_LIBRARY_PATH");
    let ca = ground().await?.certificates.ca().display().to_string();
    command.args(["-b", &door.bootstrap(listener), "-q", "-X", "security.protocol=SASL_SSL"]);
    for setting in [
        &format!("sasl.mechanisms={mechanism}"),
        "sasl.username=alice",
        "sasl.password=alice-secret",
        &format!("ssl.ca.location={ca}"),
        "message.timeout.ms=15000",
    ] {
        command.args(["-X", setting]);
    }
    command.args(arguments);
    Process::start("kcat", command, input.as_bytes(), None).context("is kcat missing? run `scripts/setup`")
}

#[tokio::test]
async fn an_old_librdkafka_logs_in_with_the_lenient_setting_and_not_without() -> Result<()> {
    ground().await?.kafka.create_topic("alice-kcat", 1).await?;
    let door = Door::open().await?;
    let produce = ["-P", "-t", "alice-kcat"];
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let record = format!("by {mechanism}\n");
        let refused = kcat(&door, Listener::Secure, mechanism, &record, &produce).await?;
        let told = |line: &str| line.contains("the nonce of user `alice` is not the one of this exchange");
        let line = door.doorkeeper.wait_for_line(told, SOON).await;
        let line = line.with_context(|| format!("kcat said:\n{}", refused.stderr().tail(20)))?;
        ensure!(line.contains("needs the lenient setting"), "{line}");
        refused.kill().await?;

        let written = kcat(&door, Listener::Lenient, mechanism, &record, &produce).await?;
        ensure!(written.wait(SOON).await?.success(), "{}", written.stderr().tail(20));
    }
    let read =
        kcat(&door, Listener::Lenient, "SCRAM-SHA-256", "", &["-C", "-e", "-o", "beginning", "-t", "alice-kcat"]);
    let read = read.await?;
    ensure!(read.wait(SOON).await?.success(), "{}", read.stderr().tail(20));
    ensure!(read.stdout().lines() == ["by SCRAM-SHA-256", "by SCRAM-SHA-512"], "{:?}", read.stdout().lines());
    Ok(())
}
