//! What the comparisons with a real Java share.

#![allow(unreachable_pub, reason = "shared by tests that are crates of their own")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs `tests/java/<program>.java` with these lines on its standard input; gives as many lines of its output.
///
/// Fails, rather than skips, without Java 17 or later.
pub fn java(program: &str, lines: &[String]) -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/java/{program}.java"));
    let mut child = Command::new("java")
        .arg(source)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`java` cannot be run: this test compares with a real java, install a jdk of version 17 or later");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = lines.join("\n") + "\n";
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("java ends");
    assert!(output.status.success(), "`java {program}.java` failed; is it a jdk of version 17 or later?");
    writer.join().expect("the writer ends").expect("java reads its input");
    let output = String::from_utf8(output.stdout).expect("java prints ascii");
    let answers: Vec<String> = output.lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), lines.len(), "java answers every line");
    answers
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A small generator of numbers (xorshift), for tests that must do the same each time.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below a usize")
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}
