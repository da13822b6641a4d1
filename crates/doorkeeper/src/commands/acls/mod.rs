//! `doorkeeper acls`: Kafka's `kafka-acls.sh`, and moving ACLs from place to place.
//!
//! - `--add`, `--remove`, `--list`: [`kafka_acls`], of which [`options`], [`checks`], [`plan`] and [`print`] are what Kafka's
//!   tool understands, refuses, means and prints
//! - [`import`], [`export`], [`diff`]: between [places](super::source), in the forms of [`list_text`], [`kafka_user`],
//!   [`script`] and the ACL file
//!
//! [`target`] is where all of them read and write.

mod checks;
mod cluster;
mod diff;
mod export;
mod import;
mod kafka_acls;
pub(super) mod kafka_user;
pub(super) mod list_text;
mod options;
mod plan;
pub(super) mod print;
#[cfg(test)]
mod round_trips;
mod script;
pub(super) mod target;
mod write_kafka_user;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Parser};

/// All words, because Kafka's tool reads them by rules of its own.
#[derive(Debug, Clone, Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, num_args = 0.., value_name = "OPTIONS")]
    words: Vec<OsString>,
}

/// What Kafka's tool does not do.
#[derive(Debug, Parser)]
#[command(name = "doorkeeper acls", disable_help_subcommand = true)]
enum More {
    /// Adds the ACLs of one place to another; none may mean more there
    Import(import::Import),
    /// Writes the ACLs of a place to standard output
    Export(export::Export),
    /// Compares the ACLs of two places
    Diff(diff::Diff),
}

/// Does it. The exit status is 0 or 1 as with Kafka's tools, for `diff` as with diff(1), and 2 for a wrong command line of
/// the others.
pub(crate) fn run(Arguments { words }: Arguments) -> ExitCode {
    let is_more = words.first().is_some_and(|word| word == "import" || word == "export" || word == "diff");
    if is_more {
        return more(words);
    }
    let words: Result<Vec<String>, OsString> = words.into_iter().map(OsString::into_string).collect();
    match words {
        Ok(words) => in_runtime(async { if kafka_acls::run(&words).await { 0 } else { 1 } }),
        Err(word) => {
            eprintln!("doorkeeper: {word:?} is not UTF-8");
            ExitCode::from(1)
        }
    }
}

fn more(words: Vec<OsString>) -> ExitCode {
    let name = OsString::from("doorkeeper acls");
    match More::parse_from(std::iter::once(name).chain(words)) {
        More::Import(arguments) => in_runtime(async { told(import::run(arguments).await.map(|()| 0), 1) }),
        More::Export(arguments) => in_runtime(async { told(export::run(arguments).await.map(|()| 0), 1) }),
        More::Diff(arguments) => {
            in_runtime(async { told(diff::run(arguments).await.map(u8::from).map(|same| 1 - same), 2) })
        }
    }
}

/// To standard output. If that is gone, as with `| head`, nobody wants to know; if it is full, somebody does.
fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn told(done: anyhow::Result<u8>, trouble: u8) -> u8 {
    done.unwrap_or_else(|error| {
        eprintln!("doorkeeper: {error:#}");
        trouble
    })
}

fn in_runtime(work: impl Future<Output = u8>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => ExitCode::from(runtime.block_on(work)),
        Err(error) => {
            eprintln!("doorkeeper: cannot start: {error}");
            ExitCode::from(3)
        }
    }
}
