//! A copy of what the topic says on this machine's disk, sealed as records are, to start with while the topic is out of
//! reach.
//!
//! ```text
//! file = sealed ([`super::seal`]), bound to `snapshot/` and the cluster's name:
//!   { "form", "topic_id", "at": seconds since 1970 } | 0x0a | entries: scope (1 byte) | length (4) | entry
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::record::{CURRENT_FORM, Entry, Scope};
use super::shared::Shared;
use super::state::State;
use super::{KafkaSettings, SnapshotSettings};

/// Not more often than this.
const QUIET: Duration = Duration::from_secs(5);

/// What may be older than this was not read from the topic just now.
const FRESH: Duration = Duration::from_secs(10);

/// A copy that may be used.
pub(super) struct Copy {
    pub(super) state: State,
    pub(super) topic_id: Uuid,
    pub(super) age: Duration,
}

/// The copy, if there is one that can be read and is not too old.
pub(super) fn usable(settings: &KafkaSettings) -> Option<Copy> {
    let SnapshotSettings { file, max_age } = settings.snapshot.as_ref()?;
    let copy = match read(file, settings) {
        Ok(copy) => copy?,
        Err(why) => {
            tracing::warn!("the copy of the store in `{}` cannot be used: {why}", file.display());
            return None;
        }
    };
    if copy.age > *max_age {
        tracing::warn!(
            "the copy of the store in `{}` is {} s old: too old for `max_age`",
            file.display(),
            copy.age.as_secs()
        );
        return None;
    }
    Some(copy)
}

/// Whether there is a copy of any age: then the store is not new.
pub(super) fn exists(settings: &KafkaSettings) -> bool {
    let copy = settings.snapshot.as_ref().map(|snapshot| read(&snapshot.file, settings));
    matches!(copy, Some(Ok(Some(_))))
}

/// Keeps the copy up to date.
pub(super) async fn keep(shared: &Shared) {
    let Some(SnapshotSettings { file, max_age }) = &shared.settings.snapshot else {
        return std::future::pending().await;
    };
    let (mut written, mut at) = (None, Instant::now());
    let mut progress = shared.progress.subscribe();
    loop {
        let now_read = progress.borrow_and_update().next;
        let is_due = written != Some(now_read) || at.elapsed() > *max_age / 4;
        if is_due && shared.following.age() < FRESH {
            let known_at = SystemTime::now().checked_sub(shared.following.age()).unwrap_or(UNIX_EPOCH);
            let (state, settings) = (shared.with_state(State::clone), shared.settings.clone());
            let (path, topic_id) = (file.clone(), shared.topic_id);
            let done = spawn_blocking(move || {
                let sealed = seal(&state, topic_id, known_at, &settings);
                write(&path, &sealed)
            });
            if let Ok(Err(error)) = done.await {
                tracing::error!("the copy of the store in `{}` cannot be written: {error}", file.display());
            }
            (written, at) = (Some(now_read), Instant::now());
        }
        sleep(QUIET).await;
    }
}

fn binding_of(settings: &KafkaSettings) -> Vec<u8> {
    format!("snapshot/{}", settings.cluster).into_bytes()
}

fn seal(state: &State, topic_id: Uuid, at: SystemTime, settings: &KafkaSettings) -> Vec<u8> {
    let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let head = json!({ "form": CURRENT_FORM, "topic_id": topic_id.to_string(), "at": at });
    let mut plaintext = head.to_string().into_bytes();
    plaintext.push(b'\n');
    for (scope, code) in [(Scope::Cluster, 0), (Scope::AllClusters, 1)] {
        for entry in state.entries(scope) {
            let bytes = entry.bytes();
            plaintext.push(code);
            plaintext.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            plaintext.extend(bytes);
        }
    }
    settings.keys.seal(&settings.topic, &binding_of(settings), &plaintext)
}

/// Under another name until it is whole.
fn write(path: &Path, sealed: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = Path::new(&new);
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)?;
    file.write_all(sealed)?;
    file.sync_all()?;
    fs::rename(new, path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

/// None without a file.
fn read(path: &Path, settings: &KafkaSettings) -> Result<Option<Copy>, String> {
    let sealed = match fs::read(path) {
        Ok(sealed) => sealed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let plaintext = settings.keys.open(&settings.topic, &binding_of(settings), &sealed);
    let plaintext = plaintext.map_err(|error| error.to_string())?;
    parse(&plaintext).map(Some).ok_or_else(|| "it is of a form that this release does not know".to_owned())
}

fn parse(plaintext: &[u8]) -> Option<Copy> {
    let end = plaintext.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = plaintext.split_at_checked(end)?;
    let head: Value = serde_json::from_slice(head).ok()?;
    if head.get("form")?.as_u64()? > CURRENT_FORM {
        return None;
    }
    let topic_id = head.get("topic_id")?.as_str()?.parse().ok()?;
    let at = UNIX_EPOCH.checked_add(Duration::from_secs(head.get("at")?.as_u64()?))?;
    let mut rest = rest.get(1..)?;
    let mut state = State::default();
    while let Some((&[scope], after)) = rest.split_first_chunk::<1>() {
        let (length, after) = after.split_first_chunk::<4>()?;
        let (entry, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let scope = if scope == 0 { Scope::Cluster } else { Scope::AllClusters };
        state.put(scope, Entry::read(entry)?);
        rest = after;
    }
    // A clock that was set back makes it young, not unusable.
    Some(Copy { state, topic_id, age: SystemTime::now().duration_since(at).unwrap_or_default() })
}
