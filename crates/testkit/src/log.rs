//! The lines a process has written, and waiting for one of them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// What a process has written to one of its streams so far. Clones share it.
#[derive(Clone, Debug)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    /// Changes with every line; closed at the end of the stream.
    changed: watch::Receiver<()>,
}

impl Log {
    /// Reads `stream` to its end on a thread of its own, so that the writer never waits and no runtime is needed.
    pub fn of(stream: impl Read + Send + 'static) -> Log {
        let (sender, changed) = watch::channel(());
        let log = Log { lines: Arc::default(), changed };
        let lines = Arc::clone(&log.lines);
        thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut line = Vec::new();
            while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
                let text = String::from_utf8_lossy(&line);
                lock(&lines).push(text.trim_end_matches(['\n', '\r']).to_owned());
                line.clear();
                // Nobody may be listening any more; the stream must be drained all the same.
                let _ = sender.send(());
            }
        });
        log
    }

    /// A log that says nothing.
    pub fn empty() -> Log {
        let (_, changed) = watch::channel(());
        Log { lines: Arc::default(), changed }
    }

    /// Every line so far, without line ends.
    pub fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }

    /// The number of lines so far: what comes later starts at this index. For [`Log::wait_for_since`].
    pub fn mark(&self) -> usize {
        lock(&self.lines).len()
    }

    /// The lines from `mark` on.
    pub fn since(&self, mark: usize) -> Vec<String> {
        lock(&self.lines).get(mark..).unwrap_or_default().to_vec()
    }

    /// The last `count` lines, for messages about what went wrong.
    pub fn tail(&self, count: usize) -> String {
        let lines = lock(&self.lines);
        let first = lines.len().saturating_sub(count);
        lines.iter().skip(first).fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "    {line}");
            text
        })
    }

    /// Waits for a line that fulfils `predicate`, be it already written, and returns it.
    ///
    /// # Errors
    /// If none came within `deadline`, or the stream ended; with the last lines.
    pub async fn wait_for(&self, predicate: impl Fn(&str) -> bool, deadline: Duration) -> Result<String> {
        self.wait_for_since(0, predicate, deadline).await
    }

    /// As [`Log::wait_for`], but only looks at lines from `mark` on.
    pub async fn wait_for_since(
        &self,
        mark: usize,
        predicate: impl Fn(&str) -> bool,
        deadline: Duration,
    ) -> Result<String> {
        let end = Instant::now() + deadline;
        let mut changed = self.changed.clone();
        let mut ended = false;
        let mut next = mark;
        loop {
            changed.mark_unchanged();
            let fresh = self.since(next);
            next += fresh.len();
            if let Some(line) = fresh.into_iter().find(|line| predicate(line)) {
                return Ok(line);
            }
            if ended {
                bail!("the awaited line never came and the log has ended:\n{}", self.tail(30));
            }
            match timeout_at(end, changed.changed()).await {
                // The end of the stream: what came before it is looked at once more.
                Ok(news) => ended = news.is_err(),
                Err(_) => {
                    bail!("the awaited line did not come within {deadline:?}; the log ends with:\n{}", self.tail(30))
                }
            }
        }
    }

    /// Waits until the stream has ended, so that [`Log::lines`] is complete.
    pub(crate) async fn ended(&self) {
        let mut changed = self.changed.clone();
        while changed.changed().await.is_ok() {}
    }
}

fn lock(lines: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[tokio::test]
    async fn a_line_written_before_the_wait_is_found() {
        let log = Log::of(Cursor::new("one\ntwo\n"));
        assert_eq!(log.wait_for(|line| line == "two", Duration::from_secs(5)).await.expect("found"), "two");
    }

    #[tokio::test]
    async fn the_end_of_the_stream_ends_the_wait() {
        let log = Log::of(Cursor::new("one\n"));
        let error = log.wait_for(|line| line == "two", Duration::from_secs(60)).await.expect_err("no such line");
        assert!(error.to_string().contains("the log has ended:\n    one"), "{error}");
    }

    #[tokio::test]
    async fn lines_before_the_mark_do_not_count() {
        let log = Log::of(Cursor::new("one\ntwo\none\n"));
        log.ended().await;
        assert_eq!(log.mark(), 3);
        assert!(log.wait_for_since(1, |line| line == "one", Duration::from_secs(5)).await.is_ok());
        assert!(log.wait_for_since(3, |line| line == "one", Duration::from_secs(5)).await.is_err());
    }
}
