//! Runs the programs of `tests/java` against the real kafka-clients jar, and reads the files they write.
//!
//! The jar comes from Maven's local repository, or from `KAFKA_CLIENTS_JAR` (a class path: the jar, and slf4j-api if it
//! is not in Maven's repository either). Nothing here is ever skipped: without Java or the jar the test fails.

#![allow(dead_code, reason = "each test that includes this uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const KAFKA: &str = "4.3.0";
const HOW_TO_GET: &str = "install a JDK (17 or newer) and Maven, then run `mvn -f tests/kafka/pom.xml dependency:resolve`, \
                          or give the jar in `KAFKA_CLIENTS_JAR`";

/// Compiles the programs, runs one, and returns the bytes of its file.
pub(crate) fn run(program: &str, seed: u64, count: usize) -> Vec<u8> {
    run_with(program, &[seed.to_string(), count.to_string()])
}

/// `Messages` with one long message more of each kind.
pub(crate) fn messages(seed: u64, count: usize, many: usize) -> Vec<u8> {
    run_with("Messages", &[seed.to_string(), count.to_string(), many.to_string()])
}

/// `Reread` over a file of these bytes.
pub(crate) fn reread(records: &[u8]) -> Vec<u8> {
    let file = temporary("records");
    std::fs::write(&file, records).expect("the file can be written");
    let bytes = run_with("Reread", &[file.display().to_string()]);
    std::fs::remove_file(&file).expect("the file can be removed");
    bytes
}

fn run_with(program: &str, arguments: &[String]) -> Vec<u8> {
    let file = temporary(program);
    let class_path = format!("{}:{}", CLASSES.display(), *CLASS_PATH);
    execute(Command::new("java").args(["-cp", &class_path, program]).arg(&file).args(arguments));
    let bytes = std::fs::read(&file).expect("the program wrote its file");
    std::fs::remove_file(&file).expect("the file can be removed");
    bytes
}

fn temporary(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.bin", std::process::id()))
}

static CLASS_PATH: LazyLock<String> = LazyLock::new(|| {
    let given = std::env::var("KAFKA_CLIENTS_JAR").ok();
    let kafka = given.unwrap_or_else(|| {
        let jar = in_maven("org/apache/kafka/kafka-clients", KAFKA);
        assert!(jar.exists(), "{} does not exist: {HOW_TO_GET}", jar.display());
        jar.display().to_string()
    });
    let logging = ["1.7.36", "2.0.17"].map(|version| in_maven("org/slf4j/slf4j-api", version));
    let logging = logging.iter().filter(|jar| jar.exists()).map(|jar| jar.display().to_string());
    [kafka].into_iter().chain(logging.take(1)).collect::<Vec<_>>().join(":")
});

fn in_maven(artifact: &str, version: &str) -> PathBuf {
    let home = std::env::var("HOME").expect("HOME is set");
    let name = artifact.rsplit('/').next().expect("an artifact has a name");
    Path::new(&home).join(format!(".m2/repository/{artifact}/{version}/{name}-{version}.jar"))
}

static CLASSES: LazyLock<PathBuf> = LazyLock::new(|| {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/java");
    let classes = Path::new(env!("CARGO_TARGET_TMPDIR")).join(concat!("java-classes-", env!("CARGO_CRATE_NAME")));
    std::fs::create_dir_all(&classes).expect("a directory for the classes can be made");
    let programs =
        ["RandomMessages.java", "Messages.java", "ErrorResponses.java", "Reread.java"].map(|name| sources.join(name));
    execute(Command::new("javac").arg("-d").arg(&classes).args(["-cp", &CLASS_PATH]).args(programs));
    classes
});

fn execute(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}; {HOW_TO_GET}"));
    assert!(output.status.success(), "{command:?} failed; {HOW_TO_GET}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The file of a program, read front to back.
pub(crate) struct Records<'a>(pub(crate) &'a [u8]);

impl<'a> Records<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn int8(&mut self) -> i8 {
        i8::from_be_bytes(self.take())
    }

    pub(crate) fn int16(&mut self) -> i16 {
        i16::from_be_bytes(self.take())
    }

    /// An int32 length and so many bytes; `None` for a length of -1.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(i32::from_be_bytes(self.take())).ok()?;
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(bytes)
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (bytes, rest) = self.0.split_first_chunk().expect("the file is complete");
        self.0 = rest;
        *bytes
    }
}
