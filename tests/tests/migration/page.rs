//! `docs/migration.md`, run as it stands: so the page and what works cannot drift apart.
//!
//! | block | what is done |
//! |---|---|
//! | `sh` | run by bash, in the directory of `doorkeeper.yaml`; `systemctl start`, `restart` and `stop doorkeeper` are ours |
//! | `text` | each line must be in what the last `sh` block printed |
//! | `yaml FILE` | its sections replace those of the file |
//! | `properties server.properties` | its lines replace those of the broker, which is restarted |

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;
use testkit::java::class_of;
use testkit::kafka::release::Release;
use testkit::process::Process;
use testkit::{FreePorts, paths};

use crate::ground::Ground;

/// A whole block: tools of Java take a second each.
const PATIENCE: Duration = Duration::from_secs(120);

/// A listener, and its brokers' ports from eight on.
const PORTS_OF_A_LISTENER: u16 = 28;

const TOOLS: &[(&str, Release, &str)] = &[
    ("kafka-acls.sh", Release::Newest, "org.apache.kafka.tools.AclCommand"),
    // The last one that reads ZooKeeper.
    ("kafka-configs.sh", Release::V3_9, "kafka.admin.ConfigCommand"),
    ("kafka-console-producer.sh", Release::Newest, "org.apache.kafka.tools.ConsoleProducer"),
    ("kafka-dump-log.sh", Release::Newest, "org.apache.kafka.tools.DumpLogSegments"),
    ("kafka-topics.sh", Release::Newest, "org.apache.kafka.tools.TopicCommand"),
];

/// One reader of a section, at work.
pub(crate) struct Reader {
    pub(crate) ground: Ground,
    work: TempDir,
    ports: [FreePorts; 3],
    doorkeeper: Option<Process>,
    printed: String,
}

#[derive(Debug)]
struct Block {
    kind: String,
    file: String,
    text: String,
}

impl Reader {
    /// With the tools of the page in the `PATH`.
    pub(crate) fn new(ground: Ground) -> Result<Reader> {
        let work = tempfile::Builder::new().prefix("migration-").tempdir()?;
        let tools = work.path().join("bin");
        fs::create_dir(&tools)?;
        for (name, release, class) in TOOLS {
            let command = class_of(*release, class, 128)?;
            let words = std::iter::once(command.get_program()).chain(command.get_args());
            let words: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
            script(&tools.join(name), &format!("exec {} \"$@\"", words.join(" ")))?;
        }
        script(&tools.join("doorkeeper"), &format!("exec '{}' \"$@\"", paths::executable("doorkeeper")?.display()))?;
        let reserve = || FreePorts::reserve(PORTS_OF_A_LISTENER);
        let ports = [reserve()?, reserve()?, FreePorts::reserve(1)?];
        Ok(Reader { ground, work, ports, doorkeeper: None, printed: String::new() })
    }

    pub(crate) fn directory(&self) -> &Path {
        self.work.path()
    }

    /// What the page calls `localhost:19092`.
    pub(crate) fn port(&self) -> u16 {
        self.ports[0].first()
    }

    /// A file that is there before the section begins, for its owner alone.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.directory().join(name);
        fs::write(&path, self.put_in(text)?)?;
        Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
    }

    /// Does all that a section says.
    pub(crate) async fn follow(&mut self, section: &str) -> Result<()> {
        let page = fs::read_to_string(paths::repository().join("docs/migration.md"))?;
        let blocks = blocks_of(&page, section)?;
        ensure!(!blocks.is_empty(), "the page has no section `{section}`");
        for Block { kind, file, text } in blocks {
            let text = self.put_in(&text)?;
            let done = match (kind.as_str(), file.as_str()) {
                ("sh", "") => self.shell(&text).await,
                ("text", "") => self.expect(&text),
                ("yaml", file) if !file.is_empty() => self.sections(file, &text),
                ("properties", "server.properties") => self.broker(&text).await,
                _ => bail!("a block `{kind} {file}` is not understood"),
            };
            done.with_context(|| format!("{section}:\n{text}"))?;
        }
        Ok(())
    }

    /// What holds on this machine for the names of the page.
    fn put_in(&self, text: &str) -> Result<String> {
        let mut names = self.ground.names()?;
        names.extend([
            ("19100", (self.ports[0].first() + 8).to_string()),
            ("19200", (self.ports[1].first() + 8).to_string()),
            ("19092", self.ports[0].first().to_string()),
            ("19192", self.ports[1].first().to_string()),
            ("19464", self.ports[2].first().to_string()),
        ]);
        Ok(names.into_iter().fold(text.to_owned(), |text, (name, here)| text.replace(name, &here)))
    }

    async fn shell(&mut self, text: &str) -> Result<()> {
        self.printed.clear();
        let mut commands = String::new();
        for line in text.lines() {
            let Some(verb) = line.strip_prefix("systemctl ").and_then(|rest| rest.strip_suffix(" doorkeeper")) else {
                commands.push_str(line);
                commands.push('\n');
                continue;
            };
            self.run(&std::mem::take(&mut commands)).await?;
            match verb {
                "start" => self.start().await?,
                "stop" => self.stop().await?,
                "restart" => {
                    self.stop().await?;
                    self.start().await?;
                }
                _ => bail!("`{line}` is not understood"),
            }
        }
        self.run(&commands).await
    }

    async fn run(&mut self, commands: &str) -> Result<()> {
        if commands.trim().is_empty() {
            return Ok(());
        }
        let path = std::env::var("PATH")?;
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", commands]).current_dir(self.work.path());
        bash.env("PATH", format!("{}:{path}", self.work.path().join("bin").display()));
        let bash = Process::start("bash", bash, b"", None)?;
        let status = bash.wait(PATIENCE).await?;
        self.printed += &bash.stdout().lines().join("\n");
        self.printed.push('\n');
        ensure!(status.success(), "{status}:\n{}\n{}", self.printed, bash.stderr().tail(30));
        Ok(())
    }

    pub(crate) async fn start(&mut self) -> Result<()> {
        ensure!(self.doorkeeper.is_none(), "doorkeeper runs already");
        let mut command = Command::new(paths::executable("doorkeeper")?);
        command.args(["run", "doorkeeper.yaml"]).current_dir(self.work.path()).env("NO_COLOR", "1");
        let process = Process::start("doorkeeper", command, b"", None)?;
        process.stderr().wait_for(|line| line.contains("ready") && !line.contains("already"), PATIENCE).await?;
        self.doorkeeper = Some(process);
        Ok(())
    }

    async fn stop(&mut self) -> Result<()> {
        let process = self.doorkeeper.take().context("doorkeeper does not run")?;
        process.signal(Signal::TERM);
        // The second one: at once, without the time that load balancers get.
        process.signal(Signal::TERM);
        process.wait(PATIENCE).await.map(drop)
    }

    fn expect(&self, text: &str) -> Result<()> {
        for line in text.lines() {
            ensure!(self.printed.lines().any(|printed| printed == line), "`{line}` is not in\n{}", self.printed);
        }
        Ok(())
    }

    fn sections(&self, file: &str, text: &str) -> Result<()> {
        let path = self.work.path().join(file);
        let mut sections = sections_of(&fs::read_to_string(&path)?);
        for (key, section) in sections_of(text) {
            match sections.iter_mut().find(|(other, _)| *other == key) {
                Some((_, old)) => *old = section,
                None => sections.push((key, section)),
            }
        }
        Ok(fs::write(path, sections.into_iter().map(|(_, section)| section).collect::<String>())?)
    }

    async fn broker(&mut self, text: &str) -> Result<()> {
        let path = self.ground.server_properties()?;
        let new: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('=')).collect();
        let old = fs::read_to_string(&path)?;
        let kept = old.lines().filter(|line| {
            let key = line.split_once('=').map_or("", |(key, _)| key);
            new.iter().all(|(other, _)| *other != key)
        });
        let mut lines: Vec<String> = kept.map(str::to_owned).collect();
        lines.extend(new.iter().map(|(key, value)| format!("{key}={value}")));
        fs::write(&path, lines.join("\n") + "\n")?;
        self.ground.restart().await
    }
}

fn script(path: &Path, text: &str) -> Result<()> {
    fs::write(path, format!("#!/bin/sh\n{text}\n"))?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

fn blocks_of(page: &str, section: &str) -> Result<Vec<Block>> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut is_here, mut inside) = (false, false);
    for line in page.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(info), false) => {
                inside = true;
                let (kind, file) = info.split_once(' ').unwrap_or((info, ""));
                if is_here {
                    blocks.push(Block { kind: kind.to_owned(), file: file.to_owned(), text: String::new() });
                }
            }
            (Some(_), true) => inside = false,
            (None, true) => {
                if let Some(block) = blocks.last_mut().filter(|_| is_here) {
                    block.text += &format!("{line}\n");
                }
            }
            (None, false) => {
                if let Some(title) = line.strip_prefix("## ") {
                    is_here = title == section;
                }
            }
        }
    }
    ensure!(!inside, "a block does not end");
    Ok(blocks)
}

/// Keys at the left edge, each with its lines; comments before the first one have no key.
fn sections_of(text: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = vec![(String::new(), String::new())];
    for line in text.lines() {
        let key = line.split_once(':').filter(|_| line.starts_with(|first: char| first.is_ascii_alphabetic()));
        if let Some((key, _)) = key {
            sections.push((key.to_owned(), String::new()));
        }
        if let Some((_, section)) = sections.last_mut() {
            section.push_str(line);
            section.push('\n');
        }
    }
    sections
}
