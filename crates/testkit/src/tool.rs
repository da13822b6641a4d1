//! Kafka's own command-line tools, by the names of its scripts in `bin/`.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::java::kafka_class;
use crate::process::Process;

/// One run of a tool.
///
/// ```no_run
/// # async fn example(bootstrap: &str) -> anyhow::Result<()> {
/// use testkit::Tool;
///
/// let output = Tool::kafka("kafka-console-producer")
///     .args(["--bootstrap-server", bootstrap, "--topic", "orders"])
///     .stdin("one\ntwo\n")
///     .run()
///     .await?;
/// assert!(output.status.success(), "{output}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tool {
    name: String,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Vec<u8>,
    deadline: Duration,
}

/// What a tool said, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolOutput {
    /// The command as one would type it.
    pub command: String,
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Script and main class, as in Kafka 4.3's `bin/`.
const TOOLS: &[(&str, &str)] = &[
    ("kafka-acls", "org.apache.kafka.tools.AclCommand"),
    ("kafka-broker-api-versions", "org.apache.kafka.tools.BrokerApiVersionsCommand"),
    ("kafka-client-metrics", "org.apache.kafka.tools.ClientMetricsCommand"),
    ("kafka-cluster", "org.apache.kafka.tools.ClusterTool"),
    ("kafka-configs", "kafka.admin.ConfigCommand"),
    ("kafka-console-consumer", "org.apache.kafka.tools.consumer.ConsoleConsumer"),
    ("kafka-console-producer", "org.apache.kafka.tools.ConsoleProducer"),
    ("kafka-console-share-consumer", "org.apache.kafka.tools.consumer.ConsoleShareConsumer"),
    ("kafka-consumer-groups", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
    ("kafka-consumer-perf-test", "org.apache.kafka.tools.ConsumerPerformance"),
    ("kafka-delegation-tokens", "org.apache.kafka.tools.DelegationTokenCommand"),
    ("kafka-delete-records", "org.apache.kafka.tools.DeleteRecordsCommand"),
    ("kafka-dump-log", "org.apache.kafka.tools.DumpLogSegments"),
    ("kafka-features", "org.apache.kafka.tools.FeatureCommand"),
    ("kafka-get-offsets", "org.apache.kafka.tools.GetOffsetShell"),
    ("kafka-groups", "org.apache.kafka.tools.GroupsCommand"),
    ("kafka-leader-election", "org.apache.kafka.tools.LeaderElectionCommand"),
    ("kafka-log-dirs", "org.apache.kafka.tools.LogDirsCommand"),
    ("kafka-metadata-quorum", "org.apache.kafka.tools.MetadataQuorumCommand"),
    ("kafka-producer-perf-test", "org.apache.kafka.tools.ProducerPerformance"),
    ("kafka-reassign-partitions", "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"),
    ("kafka-share-groups", "org.apache.kafka.tools.consumer.group.ShareGroupCommand"),
    ("kafka-storage", "kafka.tools.StorageTool"),
    ("kafka-streams-groups", "org.apache.kafka.tools.streams.StreamsGroupCommand"),
    ("kafka-topics", "org.apache.kafka.tools.TopicCommand"),
    ("kafka-transactions", "org.apache.kafka.tools.TransactionsCommand"),
    ("kafka-verifiable-consumer", "org.apache.kafka.tools.VerifiableConsumer"),
    ("kafka-verifiable-producer", "org.apache.kafka.tools.VerifiableProducer"),
];

const HEAP_MEBIBYTES: u32 = 192;

impl Tool {
    /// A tool by the name of its script, without `.sh`.
    pub fn kafka(name: &str) -> Tool {
        Tool {
            name: name.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            input: Vec::new(),
            deadline: Duration::from_secs(60),
        }
    }

    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Tool {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Tool {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Tool {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// All of its standard input; nothing unless set.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Tool {
        self.input = input.into();
        self
    }

    /// How long it may run; 60 seconds unless set.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Tool {
        self.deadline = deadline;
        self
    }

    /// The command as one would type it.
    pub fn command_line(&self) -> String {
        self.arguments.iter().fold(self.name.clone(), |mut text, argument| {
            let argument = argument.to_string_lossy();
            let plain = !argument.is_empty() && !argument.contains(|letter: char| " \"'\\$*?;&|<>()".contains(letter));
            let _ = if plain { write!(text, " {argument}") } else { write!(text, " '{argument}'") };
            text
        })
    }

    /// Starts it and returns at once, for consumers that do not end; killed when dropped.
    ///
    /// # Errors
    /// If there is no such tool, or no Kafka.
    pub fn start(&self) -> Result<Process> {
        let mut command = kafka_class(main_class(&self.name)?, HEAP_MEBIBYTES)?;
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        Process::start(&self.name, command, &self.input, None)
    }

    /// Runs it to its end. A tool that fails is not an error of this function: look at the status.
    ///
    /// # Errors
    /// If there is no such tool, no Kafka, or it does not end in time.
    pub async fn run(&self) -> Result<ToolOutput> {
        let process = self.start()?;
        let status =
            process.wait(self.deadline).await.with_context(|| format!("`{}` did not end", self.command_line()))?;
        let text = |lines: Vec<String>| lines.into_iter().map(|line| line + "\n").collect();
        Ok(ToolOutput {
            command: self.command_line(),
            status,
            stdout: text(process.stdout().lines()),
            stderr: text(process.stderr().lines()),
        })
    }

    /// Runs it to its end and returns its standard output.
    ///
    /// # Errors
    /// As [`Tool::run`], and if it fails: with all it said.
    pub async fn run_ok(&self) -> Result<String> {
        let output = self.run().await?;
        ensure!(output.status.success(), "{output}");
        Ok(output.stdout)
    }
}

impl std::fmt::Display for ToolOutput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "`{}` ended with {}", self.command, self.status)?;
        write!(formatter, "{}{}", self.stdout, self.stderr)
    }
}

fn main_class(name: &str) -> Result<&'static str> {
    let found = TOOLS.iter().find(|(tool, _)| *tool == name);
    found.map(|(_, class)| *class).with_context(|| format!("`{name}` is not one of Kafka's tools"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_found_by_the_name_of_their_script() {
        assert_eq!(main_class("kafka-topics").expect("a tool"), "org.apache.kafka.tools.TopicCommand");
        assert!(main_class("kafka-teapot").is_err());
    }

    #[test]
    fn a_command_line_can_be_pasted_into_a_shell() {
        let tool = Tool::kafka("kafka-acls").args(["--list", "--topic", "*", "--principal", "User:a"]);
        assert_eq!(tool.command_line(), "kafka-acls --list --topic '*' --principal User:a");
    }
}
