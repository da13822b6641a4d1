//! Chores of this repository: `cargo run -p xtask -- <task>`, or `cargo xtask <task>` with the alias in `.cargo/config.toml`.

use anyhow::bail;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some(unknown) => bail!("unknown task `{unknown}`"),
        None => bail!("expected a task"),
    }
}
