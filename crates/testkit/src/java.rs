//! Running a class of the real Kafka: class path, memory, start-up time.
//!
//! Two things make short-lived Java bearable: the first compiler tier alone, and an archive of the classes Kafka loads
//! (`tests/kafka/archive`), which halves the start of a broker and of every tool. Without the archive all works, slower.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};

use crate::paths;
use crate::process::output_of;

/// `java` with Kafka's class path and `main_class`; arguments of the class are for the caller to add.
/// `heap_mebibytes` bounds the heap.
///
/// # Errors
/// If there is no Kafka: the message says how to get one.
pub fn kafka_class(main_class: &str, heap_mebibytes: u32) -> Result<Command> {
    let class_path = class_path()?;
    let mut command = Command::new(java());
    command
        .arg(format!("-Xmx{heap_mebibytes}m"))
        // A crashing JVM must not leave files beside the sources.
        .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:ErrorFile=/dev/null"])
        .arg("-Djava.awt.headless=true")
        .arg(format!("-Dlog4j2.configurationFile={}", kafka_directory().join("log4j2.properties").display()))
        // The audit line of the authorizer must be found by tests whatever the language of the machine.
        .args(["-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8"]);
    let archive = archive();
    if archive.is_file() {
        // An archive made by another JVM is silently left unused.
        command.arg(format!("-XX:SharedArchiveFile={}", archive.display())).args(["-Xshare:auto", "-Xlog:disable"]);
    }
    command.arg("-cp").arg(class_path).arg(main_class);
    Ok(command)
}

/// Kafka's class path, entries separated by colons. Resolved by Maven if that has not happened yet.
///
/// # Errors
/// If Maven is missing or cannot resolve it.
pub fn class_path() -> Result<&'static str> {
    static CLASS_PATH: OnceLock<Result<String, String>> = OnceLock::new();
    let resolved = CLASS_PATH.get_or_init(|| {
        output_of(Command::new(kafka_directory().join("classpath")))
            .map(|text| text.trim().to_owned())
            .map_err(|error| format!("{error:#}"))
    });
    resolved.as_deref().map_err(|error| {
        anyhow!("{error}").context(
            "there is no Kafka to test with: run `scripts/setup` (it installs a JDK and Maven), then \
             `tests/kafka/classpath` (it fetches Apache Kafka)",
        )
    })
}

/// The path of one jar of the class path, such as `kafka-clients`.
///
/// # Errors
/// If Kafka cannot be resolved or has no such jar.
pub fn jar(artifact: &str) -> Result<PathBuf> {
    let is_wanted = |path: &&str| {
        let file = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        file.strip_prefix(artifact)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
    };
    class_path()?
        .split(':')
        .find(is_wanted)
        .map(PathBuf::from)
        .with_context(|| format!("no jar `{artifact}` in the class path"))
}

fn java() -> PathBuf {
    match std::env::var_os("JAVA_HOME") {
        Some(home) if Path::new(&home).join("bin/java").is_file() => Path::new(&home).join("bin/java"),
        _ => PathBuf::from("java"),
    }
}

fn kafka_directory() -> PathBuf {
    paths::repository().join("tests/kafka")
}

fn archive() -> PathBuf {
    kafka_directory().join("target/kafka.jsa")
}
