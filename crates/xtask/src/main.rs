//! Chores of this repository: `cargo xtask <task>`.

mod demo;
mod docs;
mod schemas;

use anyhow::bail;

const TASKS: &str = "demo, docs, schemas";

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("demo") => demo::run(arguments),
        Some("docs") => docs::run(arguments),
        Some("schemas") => schemas::run(arguments),
        Some(unknown) => bail!("unknown task `{unknown}`, expected one of: {TASKS}"),
        None => bail!("expected a task: {TASKS}"),
    }
}
