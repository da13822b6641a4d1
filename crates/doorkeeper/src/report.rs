//! What is wrong, for a person at a terminal: one line for each thing, the place first, so that editors find it.

use std::fmt::Write;

use store::{Problem, Severity};

/// One line for each problem, and a last one with their number; empty if there is none.
pub(crate) fn list(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let _ = writeln!(text, "{:<8} {problem}", problem.severity);
    }
    let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors + warnings > 0 {
        let _ = writeln!(text, "{}, {}", number(errors, "error"), number(warnings, "warning"));
    }
    text
}

/// `1 error`, `2 errors`.
pub(crate) fn number(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
