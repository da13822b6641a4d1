//! Running a class of the real Kafka: class path, memory, start-up time.
//!
//! Two things make short-lived Java bearable: the first compiler tier alone, and an archive of the classes Kafka loads
//! (`tests/kafka/archive`), which halves the start of a broker and of every tool. Without the archive all works, slower.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};

use crate::kafka::Release;
use crate::paths;
use crate::process::output_of;

/// `java` with Kafka's class path and `main_class`; arguments of the class are for the caller to add.
/// `heap_mebibytes` bounds the heap.
///
/// # Errors
/// If there is no Kafka: the message says how to get one.
pub fn kafka_class(main_class: &str, heap_mebibytes: u32) -> Result<Command> {
    class_of(Release::Newest, main_class, heap_mebibytes)
}

/// As [`kafka_class`], of any release.
///
/// # Errors
/// As [`kafka_class`].
pub fn class_of(release: Release, main_class: &str, heap_mebibytes: u32) -> Result<Command> {
    let mut command = match release {
        Release::Newest => java_with(class_path()?, heap_mebibytes),
        older => java_with(&class_path_in(&older.directory())?, heap_mebibytes),
    };
    let archive = archive();
    if release == Release::Newest && archive.is_file() {
        // An archive made by another JVM is silently left unused.
        command.arg(format!("-XX:SharedArchiveFile={}", archive.display())).args(["-Xshare:auto", "-Xlog:disable"]);
    }
    command.arg(main_class);
    Ok(command)
}

/// A program in a file of Java, compiled as it is started, with the class path of a directory with a `pom.xml`.
///
/// # Errors
/// If Maven cannot resolve what it names.
pub fn program(source: &Path, pom_directory: &Path, heap_mebibytes: u32) -> Result<Command> {
    let mut command = java_with(&class_path_in(pom_directory)?, heap_mebibytes);
    command.arg(source);
    Ok(command)
}

fn java_with(class_path: &str, heap_mebibytes: u32) -> Command {
    let mut command = Command::new(java());
    command
        .arg(format!("-Xmx{heap_mebibytes}m"))
        // A crashing JVM must not leave files beside the sources.
        .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:ErrorFile=/dev/null"])
        .arg("-Djava.awt.headless=true")
        .arg(format!("-Dlog4j2.configurationFile={}", kafka_directory().join("log4j2.properties").display()))
        // Before 4.0 Kafka logged through Log4j 1.
        .arg(format!("-Dlog4j.configuration=file:{}", Release::V3_9.directory().join("log4j.properties").display()))
        // The audit line of the authorizer must be found by tests whatever the language of the machine.
        .args(["-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8"]);
    command.arg("-cp").arg(class_path);
    command
}

/// Kafka's class path, entries separated by colons. Resolved by Maven if that has not happened yet.
///
/// # Errors
/// If Maven is missing or cannot resolve it.
pub fn class_path() -> Result<&'static str> {
    static CLASS_PATH: OnceLock<Result<String, String>> = OnceLock::new();
    let resolved = CLASS_PATH.get_or_init(|| resolved(&kafka_directory()).map_err(|error| format!("{error:#}")));
    resolved.as_deref().map_err(|error| anyhow!("{error}").context(HOW_TO_GET))
}

/// The same of a directory with a `pom.xml` of its own. Kept by the script from one call to the next.
///
/// # Errors
/// If Maven is missing or cannot resolve it.
pub fn class_path_in(pom_directory: &Path) -> Result<String> {
    resolved(pom_directory).context(HOW_TO_GET)
}

const HOW_TO_GET: &str = "there is no Kafka to test with: run `scripts/setup` (it installs a JDK and Maven), then \
                          `tests/kafka/classpath` (it fetches Apache Kafka)";

fn resolved(pom_directory: &Path) -> Result<String> {
    let mut command = Command::new(kafka_directory().join("classpath"));
    command.env("POM_DIRECTORY", pom_directory);
    Ok(output_of(command)?.trim().to_owned())
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
