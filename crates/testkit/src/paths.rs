//! Where things are: the repository, and the executables built beside the running one.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The root of the repository these sources were built from.
pub fn repository() -> PathBuf {
    let crate_directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_directory.ancestors().nth(2).unwrap_or(crate_directory).to_path_buf()
}

/// An executable of this workspace, built in the profile of the running test: `target/debug/doorkeeper`.
///
/// # Errors
/// If it has not been built; `cargo test --workspace` builds it, `cargo test -p` of another package does not.
pub fn executable(name: &str) -> Result<PathBuf> {
    let running = env::current_exe().context("cannot tell where the running executable is")?;
    let beside = running
        .ancestors()
        .skip(1)
        .find(|directory| !directory.ends_with("deps") && !directory.ends_with("examples"))
        .context("the running executable is in no directory")?;
    let path = beside.join(name);
    ensure!(path.is_file(), "`{}` is not built: run `cargo build -p {name}`, then try again", path.display());
    Ok(path)
}
