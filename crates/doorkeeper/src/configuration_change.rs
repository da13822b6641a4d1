//! Whether this start is with another configuration than the one before: for the audit of changes.
//!
//! The digest of the last start is kept beside an embedded store, the one place that is ours to write. Where there is none,
//! nobody knows what was before, and the audit says so.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use store::{Place, Places};

const FILE: &str = "configuration.sha256";
const NEW_FILE: &str = "configuration.sha256.new";

/// What an earlier start left behind, and where.
#[derive(Debug)]
pub(crate) struct LastStart {
    directory: Option<PathBuf>,
}

impl LastStart {
    pub(crate) fn beside(places: &Places) -> LastStart {
        let places = match places {
            Places::Together(place) => [Some(place), None],
            Places::Apart { acls, users } => [Some(acls), Some(users)],
        };
        let embedded = places.into_iter().flatten().find_map(|place| match place {
            Place::Embedded(directory) => Some(directory.clone()),
            Place::File(_) | Place::Kafka(_) | Place::Upstream(_) => None,
        });
        LastStart { directory: embedded }
    }

    /// The digest of the start before, if it is known; this one's is kept for the next. The store is open by now.
    pub(crate) fn replace(&self, digest: &str) -> Option<String> {
        let directory = self.directory.as_ref()?;
        let before = fs::read_to_string(directory.join(FILE)).ok().map(|text| text.trim().to_owned());
        if before.as_deref() != Some(digest)
            && let Err(error) = keep(directory, digest)
        {
            let file = directory.join(FILE);
            tracing::warn!("cannot keep the digest of the configuration in `{}`: {error}", file.display());
        }
        before.filter(|before| is_digest(before))
    }
}

fn keep(directory: &Path, digest: &str) -> io::Result<()> {
    let new = directory.join(NEW_FILE);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    io::Write::write_all(&mut file, format!("{digest}\n").as_bytes())?;
    fs::rename(&new, directory.join(FILE))
}

/// Whatever else stands in the file goes into no log.
fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_knows_the_digest_of_the_one_before_where_a_store_is_ours() {
        let directory = tempfile::tempdir().expect("a directory");
        let embedded = Places::Together(Place::Embedded(directory.path().to_owned()));
        let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
        let start = |digest: &str| LastStart::beside(&embedded).replace(digest);
        assert_eq!(start(&digest("a")), None);
        assert_eq!(start(&digest("a")), Some(digest("a")));
        assert_eq!(start(&digest("b")), Some(digest("a")));
        fs::write(directory.path().join(FILE), "something else").expect("written");
        assert_eq!(start(&digest("c")), None);
        assert_eq!(start(&digest("c")), Some(digest("c")));

        let file = Places::Together(Place::File(store::file::FileSettings::new("acls.yaml")));
        assert_eq!(LastStart::beside(&file).replace(&digest("a")), None);
    }
}
