//! The real binary, run as an operator runs it: a configuration file, a process, a log.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::log::Log;
use crate::paths;
use crate::process::Process;
use crate::tool::ToolOutput;

const START_DEADLINE: Duration = Duration::from_secs(60);
const STOP_DEADLINE: Duration = Duration::from_secs(60);

/// A running Doorkeeper with a directory of its own; killed when dropped.
///
/// ```no_run
/// # async fn example(config: &str, acls: &str) -> anyhow::Result<()> {
/// use std::time::Duration;
/// use testkit::Doorkeeper;
///
/// let doorkeeper = Doorkeeper::start(config, &[("acls.yaml", acls)]).await?;
/// let address = doorkeeper.address("CLIENT")?;
/// doorkeeper.wait_for_line(|line| line.contains("is Denied Operation = Write"), Duration::from_secs(5)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Doorkeeper {
    process: Process,
    directory: TempDir,
}

impl Doorkeeper {
    /// Writes `config` as `doorkeeper.yaml` and the other files beside it (names are relative, so may the
    /// configuration's be), runs `doorkeeper run doorkeeper.yaml` there, and waits until it says that it is ready.
    ///
    /// # Errors
    /// If it is not built, ends, or does not become ready; with the end of its log.
    pub async fn start(config: &str, files: &[(&str, &str)]) -> Result<Doorkeeper> {
        let doorkeeper = Doorkeeper::launch(config, files)?;
        let ready = doorkeeper.wait_for_line(is_ready, START_DEADLINE);
        ready.await.context("doorkeeper did not become ready")?;
        Ok(doorkeeper)
    }

    /// As [`Doorkeeper::start`], without waiting: for what happens before it is ready.
    ///
    /// # Errors
    /// If it is not built.
    pub fn launch(config: &str, files: &[(&str, &str)]) -> Result<Doorkeeper> {
        Doorkeeper::launch_by(command, config, files)
    }

    /// As [`Doorkeeper::start`], with so many file descriptors at most (`ulimit -n`).
    ///
    /// # Errors
    /// As [`Doorkeeper::start`].
    pub async fn start_with_few_files(most: u16, config: &str, files: &[(&str, &str)]) -> Result<Doorkeeper> {
        let limited = |directory: &Path, arguments: &[&str]| {
            let mut shell = Command::new("sh");
            shell.args(["-c", r#"ulimit -n "$0" && exec "$@""#, &most.to_string()]);
            shell.arg(paths::executable("doorkeeper")?).args(arguments);
            shell.current_dir(directory).env("NO_COLOR", "1");
            Ok(shell)
        };
        let doorkeeper = Doorkeeper::launch_by(limited, config, files)?;
        let ready = doorkeeper.wait_for_line(is_ready, START_DEADLINE);
        ready.await.context("doorkeeper did not become ready")?;
        Ok(doorkeeper)
    }

    fn launch_by(
        command: impl Fn(&Path, &[&str]) -> Result<Command>,
        config: &str,
        files: &[(&str, &str)],
    ) -> Result<Doorkeeper> {
        let directory = tempfile::Builder::new().prefix("doorkeeper-").tempdir()?;
        for (name, text) in files.iter().chain([&("doorkeeper.yaml", config)]) {
            write_private(directory.path(), name, text)?;
        }
        let command = command(directory.path(), &["run", "doorkeeper.yaml"])?;
        let process = Process::start("doorkeeper", command, b"", Some(directory.path()))?;
        Ok(Doorkeeper { process, directory })
    }

    /// Runs it again after its end, in the same directory, and waits until it is ready. The log begins anew.
    ///
    /// # Errors
    /// As [`Doorkeeper::start`].
    pub async fn start_again(&mut self) -> Result<()> {
        let command = command(self.directory.path(), &["run", "doorkeeper.yaml"])?;
        self.process = Process::start("doorkeeper", command, b"", Some(self.directory.path()))?;
        let ready = self.wait_for_line(is_ready, START_DEADLINE);
        ready.await.context("doorkeeper did not become ready again")?;
        Ok(())
    }

    /// Runs any command of the binary to its end, in `directory`.
    ///
    /// # Errors
    /// If it is not built or does not end within a minute; a failure of the command is in the output's status.
    pub async fn run(directory: &Path, arguments: &[&str]) -> Result<ToolOutput> {
        let process = Process::start("doorkeeper", command(directory, arguments)?, b"", None)?;
        let status = process.wait(Duration::from_secs(60)).await?;
        let text = |log: &Log| log.lines().into_iter().map(|line| line + "\n").collect();
        Ok(ToolOutput {
            command: format!("doorkeeper {}", arguments.join(" ")),
            status,
            stdout: text(process.stdout()),
            stderr: text(process.stderr()),
        })
    }

    /// Where its files are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Replaces a file at once, as a careful editor does: readers see the old or the new, never half of one.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        write_private(self.directory(), name, text)
    }

    /// The bootstrap address a listener got, from its line in the log: `listener=NAME address=IP:PORT`.
    ///
    /// # Errors
    /// If no such line has been written.
    pub fn address(&self, listener: &str) -> Result<SocketAddr> {
        self.log()
            .lines()
            .iter()
            .find_map(|line| listening_address(line, listener))
            .with_context(|| format!("no line tells where listener `{listener}` is:\n{}", self.log().tail(30)))
    }

    /// All it has logged so far, audit lines among it.
    pub fn log(&self) -> &Log {
        self.process.stderr()
    }

    /// Waits for a line of the log, be it already written.
    ///
    /// # Errors
    /// If none came within `deadline`; with the end of the log.
    pub async fn wait_for_line(&self, predicate: impl Fn(&str) -> bool, deadline: Duration) -> Result<String> {
        self.log().wait_for(predicate, deadline).await
    }

    /// The operating system's process id.
    pub fn process_id(&self) -> i32 {
        self.process.id()
    }

    /// How it ended, if it has.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.process.exit_status()
    }

    /// Sends SIGTERM and returns at once; [`Doorkeeper::wait`] waits for the end.
    pub fn begin_shutdown(&self) {
        self.process.signal(Signal::TERM);
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// If it still runs after `deadline`.
    pub async fn wait(&self, deadline: Duration) -> Result<ExitStatus> {
        self.process.wait(deadline).await
    }

    /// Sends SIGTERM and waits for an end without an error.
    ///
    /// # Errors
    /// If it had to be killed, or ends with another status than 0.
    pub async fn stop(&self) -> Result<()> {
        let status = self.process.terminate(STOP_DEADLINE).await?;
        ensure!(status.success(), "doorkeeper ended with {status}:\n{}", self.log().tail(30));
        Ok(())
    }

    /// Kills it at once.
    ///
    /// # Errors
    /// If the operating system does not get rid of it.
    pub async fn kill(&self) -> Result<()> {
        self.process.kill().await.map(|_| ())
    }
}

/// Its log says `ready` once a policy is loaded, the upstream was seen and every listener is open.
fn is_ready(line: &str) -> bool {
    line.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "ready") && !line.contains("not ready")
}

fn listening_address(line: &str, listener: &str) -> Option<SocketAddr> {
    let field = |name: &str| {
        let words = line.split_whitespace();
        let value = words.filter_map(|word| word.split_once('=')).find(|(key, _)| *key == name)?.1;
        Some(value.trim_matches(['"', ',']))
    };
    // A listener has one line for itself and one for each broker's port.
    let wanted = field("listener") == Some(listener) && field("node_id").is_none();
    wanted.then(|| field("address"))??.parse().ok()
}

fn command(directory: &Path, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(paths::executable("doorkeeper")?);
    // Colours would stand between a test and the words it waits for.
    command.args(arguments).current_dir(directory).env("NO_COLOR", "1");
    Ok(command)
}

fn write_private(directory: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = directory.join(name);
    let new = directory.join(format!("{name}.new"));
    let written = fs::write(&new, text)
        .and_then(|()| fs::set_permissions(&new, fs::Permissions::from_mode(0o600)))
        .and_then(|()| fs::rename(&new, &path));
    written.with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listeners_address_is_read_from_its_line() {
        let line = "2026-01-01T00:00:00Z  INFO listening on 127.0.0.1:40123 listener=CLIENT address=127.0.0.1:40123";
        assert_eq!(listening_address(line, "CLIENT"), Some(SocketAddr::from(([127, 0, 0, 1], 40123))));
        assert_eq!(listening_address(line, "OTHER"), None);
        assert_eq!(listening_address(&format!("{line} node_id=0"), "CLIENT"), None);
    }

    #[test]
    fn readiness_is_a_word_of_its_own() {
        assert!(is_ready("INFO doorkeeper: ready acls=12"));
        assert!(!is_ready("INFO already listening"));
        assert!(!is_ready("WARN not ready: no policy"));
    }
}
