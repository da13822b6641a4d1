//! How the tour looks.

use std::io::IsTerminal;

fn paint(code: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// The beginning of something.
pub(super) fn heading(text: &str) {
    println!("\n{}", paint("1", text));
}

/// Progress: what is being waited for.
pub(super) fn doing(text: &str) {
    println!("  … {text}");
}

/// What is tried.
pub(super) fn tried(command: &str) {
    println!("  {} {command}", paint("2", "$"));
}

/// What came back.
pub(super) fn came_back(text: &str) {
    println!("    {text}");
}

/// The audit line.
pub(super) fn audit(line: &str) {
    println!("    {} {}", paint("33", "audit:"), line);
}
