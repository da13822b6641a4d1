//! Who else may read a file that holds a secret.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const OF_GROUP_AND_OTHERS: u32 = 0o077;
const READ_BY_GROUP: u32 = 0o040;

/// Why a file with a secret is not safe, if it is not: its mode lets others in. Symbolic links are followed.
///
/// One exception, the one PostgreSQL makes for its keys: a file of root's that its group may read, used by somebody who is
/// not root. So secrets reach a process without privileges, in Kubernetes by `fsGroup`.
pub fn secret_is_open_to_others(path: &Path) -> Result<(), String> {
    let metadata = std::fs::metadata(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    match is_open(&metadata, we_are_root()) {
        false => Ok(()),
        true => Err(format!(
            "others can use `{}` (mode {:04o}), which holds a secret: `chmod 600` it",
            path.display(),
            metadata.mode() & 0o7777
        )),
    }
}

fn is_open(metadata: &Metadata, we_are_root: bool) -> bool {
    let open = metadata.mode() & OF_GROUP_AND_OTHERS;
    let of_root_for_us = metadata.uid() == 0 && !we_are_root;
    open != 0 && !(of_root_for_us && open == READ_BY_GROUP)
}

/// By the owner of our entry in `/proc`; without one, the stricter answer.
fn we_are_root() -> bool {
    std::fs::metadata("/proc/self").map_or(true, |metadata| metadata.uid() == 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_owner_may_use_a_secret() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for (mode, open) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o644, true), (0o620, true)]
        {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).expect("ours");
            let metadata = std::fs::metadata(file.path()).expect("it is there");
            assert_eq!(is_open(&metadata, true), open, "{mode:o}");
        }
    }

    #[test]
    fn the_message_names_the_file_and_what_to_do() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).expect("ours");
        let path = file.path().display();
        assert_eq!(
            secret_is_open_to_others(file.path()),
            Err(format!("others can use `{path}` (mode 0644), which holds a secret: `chmod 600` it"))
        );
    }
}
