//! A child process that cannot outlive the test.
//!
//! Two things kill it: dropping its [`Process`], and, when the test binary itself dies (a panic that aborts, SIGKILL,
//! a closed terminal), a watchdog. The watchdog is a shell that blocks on a pipe only we hold open; the kernel closes
//! the pipe whatever happens to us, and the shell kills the child's process group and removes its directory.
//!
//! No runtime is involved (threads read and wait), so a process may be shared by tests that each have their own.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::watch;

use crate::log::Log;

/// A running child in its own process group; killed on drop.
#[derive(Debug)]
pub struct Process {
    name: String,
    group: Pid,
    exit: watch::Receiver<Option<ExitStatus>>,
    watchdog: Child,
    stdout: Log,
    stderr: Log,
}

/// The watchdog: `$1` is the process group, `$2` a directory to remove or empty. A killed process may take a moment to
/// let go of its files, and then the directory is not empty yet.
const WATCHDOG: &str = r#"
    read -r _
    kill -9 "-$1" 2>/dev/null
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        [ -n "$2" ] && [ -e "$2" ] || exit 0
        rm -rf "$2" 2>/dev/null || sleep 0.3
    done
"#;

impl Process {
    /// Starts `command`. `name` is for messages; `input` is all of its standard input.
    /// `directory`, if given, is removed should the test binary die: it must belong to this process alone.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn start(name: &str, mut command: Command, input: &[u8], directory: Option<&Path>) -> Result<Process> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().with_context(|| format!("cannot start `{program}` for `{name}`"))?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a child without a process id")?;
        let watchdog = watchdog(group, directory).inspect_err(|_| {
            let _ = child.kill();
        })?;
        feed(child.stdin.take(), input.to_vec());
        Ok(Process {
            name: name.to_owned(),
            group,
            watchdog,
            stdout: child.stdout.take().map_or_else(Log::empty, Log::of),
            stderr: child.stderr.take().map_or_else(Log::empty, Log::of),
            exit: reap(child),
        })
    }

    /// The operating system's id of the child.
    pub fn id(&self) -> i32 {
        self.group.as_raw_nonzero().get()
    }

    /// What it has written to its standard output.
    pub fn stdout(&self) -> &Log {
        &self.stdout
    }

    /// What it has written to its standard error.
    pub fn stderr(&self) -> &Log {
        &self.stderr
    }

    /// How it ended, if it has.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Waits until it has ended and all it wrote is in the logs.
    ///
    /// # Errors
    /// If it still runs after `deadline`; it is left running.
    pub async fn wait(&self, deadline: Duration) -> Result<ExitStatus> {
        let ended = async {
            let status = self.exit.clone().wait_for(Option::is_some).await.map_or(None, |status| *status);
            self.stdout.ended().await;
            self.stderr.ended().await;
            status
        };
        match tokio::time::timeout(deadline, ended).await {
            Ok(status) => Ok(status.unwrap_or_else(|| ExitStatus::from_raw(0))),
            Err(_) => {
                bail!("`{}` still runs after {deadline:?}; its log ends with:\n{}", self.name, self.stderr.tail(30))
            }
        }
    }

    /// Asks it to end (SIGTERM) and waits; kills it if it does not within `deadline`.
    ///
    /// # Errors
    /// If it had to be killed.
    pub async fn terminate(&self, deadline: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM);
        let ended = self.wait(deadline).await;
        if ended.is_err() {
            self.signal(Signal::KILL);
        }
        ended
    }

    /// Kills it at once (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// If the operating system does not get rid of it within ten seconds.
    pub async fn kill(&self) -> Result<ExitStatus> {
        self.signal(Signal::KILL);
        self.wait(Duration::from_secs(10)).await
    }

    /// Sends `signal` to the process and its children; nothing happens if it has ended.
    pub fn signal(&self, signal: Signal) {
        if self.exit_status().is_none() {
            // It may end between the look and the signal; then there is nothing left to tell.
            let _ = kill_process_group(self.group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        // The group's number may be given to others once it is gone, so the watchdog must not act on it any more.
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
    }
}

fn watchdog(group: Pid, directory: Option<&Path>) -> Result<Child> {
    Command::new("sh")
        .args(["-c", WATCHDOG, "watchdog"])
        .arg(group.as_raw_nonzero().to_string())
        .arg(directory.unwrap_or(Path::new("")))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("cannot start `sh` as a watchdog")
}

/// Writes from a thread: a child that does not read must not hold up the test.
fn feed(stdin: Option<impl Write + Send + 'static>, input: Vec<u8>) {
    if let Some(mut stdin) = stdin {
        thread::spawn(move || {
            // A child that ends before it has read everything is no error of the test's set-up.
            let _ = stdin.write_all(&input);
        });
    }
}

fn reap(mut child: Child) -> watch::Receiver<Option<ExitStatus>> {
    let (sender, receiver) = watch::channel(None);
    thread::spawn(move || {
        let status = child.wait().unwrap_or_else(|_| ExitStatus::from_raw(0));
        let _ = sender.send(Some(status));
    });
    receiver
}

/// Runs a short command to its end and returns its standard output; progress on its standard error is passed on.
pub(crate) fn output_of(mut command: Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{program}`"))?;
    let mut text = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut text).with_context(|| format!("cannot read what `{program}` writes"))?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{program}` ended with {status}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_process_reads_its_input_and_its_output_is_kept() {
        let process = Process::start("sort", Command::new("sort"), b"b\na\n", None).expect("starts");
        let status = process.wait(Duration::from_secs(10)).await.expect("ends");
        assert!(status.success());
        assert_eq!(process.stdout().lines(), ["a", "b"]);
    }

    #[tokio::test]
    async fn dropping_it_kills_its_children_too() {
        let process = Process::start("sleepers", shell("sleep 600 & echo started; wait"), b"", None).expect("starts");
        let out = process.stdout().clone();
        out.wait_for(|line| line == "started", Duration::from_secs(10)).await.expect("runs");
        drop(process);
        // The grandchild holds the pipe open for as long as it lives.
        tokio::time::timeout(Duration::from_secs(10), out.ended()).await.expect("everybody has let go of the pipe");
    }

    #[tokio::test]
    async fn the_watchdog_kills_when_the_pipe_closes() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let doomed = directory.path().join("doomed");
        std::fs::create_dir(&doomed).expect("directory");
        let mut process =
            Process::start("sleeper", shell("echo started; sleep 600"), b"", Some(&doomed)).expect("starts");
        process.stdout().wait_for(|line| line == "started", Duration::from_secs(10)).await.expect("runs");
        drop(process.watchdog.stdin.take());
        let status = process.wait(Duration::from_secs(10)).await.expect("was killed");
        assert_eq!(status.signal(), Some(9));
        process.watchdog.wait().expect("ends by itself");
        assert!(!doomed.exists());
    }
}
