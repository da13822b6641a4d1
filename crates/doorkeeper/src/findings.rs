//! What `check --online` finds, line by line: as the lines of `check`, and what is fine besides.

use std::fmt;
use std::fmt::Write;

use crate::report::number;

#[derive(Debug, Default)]
pub(crate) struct Findings {
    text: String,
    errors: usize,
    warnings: usize,
}

impl Findings {
    pub(crate) fn fine(&mut self, message: &str) {
        let _ = writeln!(self.text, "{:<8} {message}", "ok");
    }

    pub(crate) fn warning(&mut self, message: &str) {
        self.warnings += 1;
        let _ = writeln!(self.text, "{:<8} {message}", "warning");
    }

    pub(crate) fn error(&mut self, message: &str) {
        self.errors += 1;
        let _ = writeln!(self.text, "{:<8} {message}", "error");
    }

    pub(crate) fn are_fine(&self) -> bool {
        self.errors == 0
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        writeln!(f, "{}, {}", number(self.errors, "error"), number(self.warnings, "warning"))
    }
}
