//! `store.kafka`: the topic, what opens it, and where it is.

use std::time::Duration;

use store::kafka::{KafkaSettings, Keyring, SealingKey, SnapshotSettings};
use store::yaml::{Field, Fields, Reading};

use super::certificate::Expiry;
use super::units::duration;
use super::upstream;

/// How old a copy on the disk may be, where nothing is said.
const MAX_SNAPSHOT_AGE: Duration = Duration::from_secs(24 * 3600);

/// `max_staleness` stands beside `kafka`. Less would close a store whose leader changes.
const LEAST_STALENESS: Duration = Duration::from_secs(5);

/// Kafka: `Topic.MAX_NAME_LENGTH`.
const LONGEST_NAME: usize = 249;

pub(super) fn read(
    reading: &mut Reading,
    field: &Field<'_>,
    beside: &mut Fields<'_>,
    cluster: Option<&str>,
    expiries: &mut Vec<Expiry>,
) -> Option<KafkaSettings> {
    let mut fields = field.fields(reading)?;
    let topic = fields.optional("topic");
    let keys = fields.required(reading, "keys", "a list of one key, `[\"${file:store.key}\"]`, or two");
    let keys = keys.and_then(|field| self::keys(reading, &field));
    let central = fields.optional("upstream").map(|field| upstream::read(reading, &field, expiries));
    let replication_factor = fields.optional("replication.factor");
    let replication_factor = replication_factor.and_then(|field| field.whole_number(reading, 1..=i16::MAX));
    let snapshot = fields.optional("snapshot").map(|field| snapshot(reading, &field));
    fields.finish(reading);
    let max_staleness = beside.optional("max_staleness").and_then(|field| max_staleness(reading, &field));
    let topic = topic.map(|field| topic_name(reading, &field));
    if cluster == Some("*") {
        field
            .error(reading, "has one scope for each `cluster`, and `*` is for all of them: name the cluster otherwise");
    }
    let mut settings = KafkaSettings::new(cluster?, keys?);
    if let Some(topic) = topic {
        settings.topic = topic?;
    }
    if let Some(central) = central {
        settings.central = Some(central?);
    }
    if let Some(snapshot) = snapshot {
        settings.snapshot = Some(snapshot?);
    }
    Some(KafkaSettings { replication_factor, max_staleness, ..settings })
}

fn topic_name(reading: &mut Reading, field: &Field<'_>) -> Option<String> {
    field.parsed(reading, "a topic's name: up to 249 of `A-Z a-z 0-9 . _ -`", |text| {
        let is_legal = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let is_name = text.chars().all(is_legal) && !matches!(text, "" | "." | "..") && text.len() <= LONGEST_NAME;
        is_name.then(|| text.to_owned())
    })
}

/// The first one seals, all open.
fn keys(reading: &mut Reading, field: &Field<'_>) -> Option<Keyring> {
    let items = field.items(reading, "keys, each a `${file:…}`")?;
    let mut keys = Vec::new();
    for item in &items {
        let Some(secret) = item.secret(reading) else { continue };
        match SealingKey::parse(secret.expose()) {
            Ok(key) => keys.push(key),
            Err(error) => item.error(reading, format!("is none: {error}")),
        }
    }
    let are_all = keys.len() == items.len();
    let Some(keyring) = Keyring::new(keys) else {
        if items.is_empty() {
            field.error(reading, "is empty, expected at least one key");
        }
        return None;
    };
    if keyring.has_one_twice() {
        field.error(reading, "names one key twice");
    }
    are_all.then_some(keyring)
}

fn snapshot(reading: &mut Reading, field: &Field<'_>) -> Option<SnapshotSettings> {
    let mut fields = field.fields(reading)?;
    let file = fields.required(reading, "file", "the path of a file that is written and read");
    let max_age = fields.optional("max_age");
    fields.finish(reading);
    let max_age = max_age.map_or(Some(MAX_SNAPSHOT_AGE), |field| duration(reading, &field))?;
    let file = file?;
    let named = file.text(reading, "a path")?;
    let file = reading.locate(file.mark(), file.path(), named.as_str())?;
    Some(SnapshotSettings { file, max_age })
}

fn max_staleness(reading: &mut Reading, field: &Field<'_>) -> Option<Duration> {
    let most = duration(reading, field)?;
    if most < LEAST_STALENESS {
        field.error(reading, "is too short, expected at least `5s`: a broker that is restarted takes that long");
        return None;
    }
    Some(most)
}
