//! `store`: where ACLs and users are, together or apart, and what a new store begins with.

use std::path::PathBuf;

use store::Bootstrap;
use store::file::{FileSettings, Part};
use store::upstream;
use store::yaml::{Field, Fields, Reading};
use store::{Mark, Place, Places};

use super::certificate::Expiry;
use super::kafka_store;
use super::units::duration;

/// Beside the configuration, where nothing is said.
const DEFAULT_DIRECTORY: &str = "doorkeeper-store";

/// The section as it was read.
#[derive(Debug, PartialEq)]
pub(super) struct Section {
    pub(super) places: Places,
    pub(super) bootstrap: Bootstrap,
}

/// Without the section: an embedded store.
pub(super) fn by_default(reading: &mut Reading) -> Option<Section> {
    let (mark, key) = (Mark::WHOLE_FILE, "store");
    let directory = reading.locate(mark, key, DEFAULT_DIRECTORY)?;
    if let Err(error) = store::embedded::check(&directory) {
        reading.error(mark, key, error.to_string());
    }
    Some(Section { places: Places::Together(Place::Embedded(directory)), bootstrap: Bootstrap::default() })
}

/// What the rest of the configuration says, and what it is to know.
pub(super) struct Surroundings<'s> {
    pub(super) cluster: Option<&'s str>,
    pub(super) expiries: &'s mut Vec<Expiry>,
}

pub(super) fn read(reading: &mut Reading, field: &Field<'_>, mut around: Surroundings<'_>) -> Option<Section> {
    let around = &mut around;
    let mut fields = field.fields(reading)?;
    let bootstrap_field = fields.optional("bootstrap");
    let bootstrap = bootstrap_field.as_ref().and_then(|field| Bootstrap::read(reading, field));
    let (acls, users) = (fields.optional("acls"), fields.optional("users"));
    let places = match (acls, users) {
        (None, None) => place(reading, &mut fields, Part::Both, around).map(Places::Together),
        (Some(acls), Some(users)) => apart(reading, &acls, &users, around),
        (Some(one), None) => {
            one.error(
                reading,
                "is here without `users`: say where each is, or write `store: { embedded: … }` for both",
            );
            None
        }
        (None, Some(one)) => {
            one.error(reading, "is here without `acls`: say where each is, or write `store: { embedded: … }` for both");
            None
        }
    };
    fields.finish(reading);
    if let (Some(field), Some(bootstrap), Some(places)) = (&bootstrap_field, &bootstrap, &places) {
        fits(reading, field, bootstrap, places);
    }
    Some(Section { places: places?, bootstrap: bootstrap.unwrap_or_default() })
}

fn apart(reading: &mut Reading, acls: &Field<'_>, users: &Field<'_>, around: &mut Surroundings<'_>) -> Option<Places> {
    let [acls_place, users_place] = [(acls, Part::Acls), (users, Part::Users)].map(|(field, part)| {
        let mut fields = field.fields(reading)?;
        let place = place(reading, &mut fields, part, around);
        fields.finish(reading);
        place
    });
    let (acls_place, users_place) = (acls_place?, users_place?);
    if let (Place::Embedded(one), Place::Embedded(other)) = (&acls_place, &users_place)
        && one == other
    {
        users.error(reading, "is the same directory as that of `acls`: write `store: { embedded: … }` for both");
        return None;
    }
    if let (Place::Kafka(one), Place::Kafka(other)) = (&acls_place, &users_place)
        && (&one.topic, one.central.is_some()) == (&other.topic, other.central.is_some())
    {
        users.error(reading, "is the same topic as that of `acls`: write `store: { kafka: … }` for both");
        return None;
    }
    Some(Places::Apart { acls: acls_place, users: users_place })
}

/// One of the stores.
fn place(reading: &mut Reading, fields: &mut Fields<'_>, part: Part, around: &mut Surroundings<'_>) -> Option<Place> {
    let (file, embedded) = (fields.optional("file"), fields.optional("embedded"));
    let (upstream, kafka) = (fields.optional("upstream"), fields.optional("kafka"));
    let located = |reading: &mut Reading, field: &Field<'_>, what: &str| -> Option<PathBuf> {
        let named = field.text(reading, what)?;
        reading.locate(field.mark(), field.path(), named.as_str())
    };
    let named = [&file, &embedded, &upstream, &kafka].into_iter().flatten();
    if let Some(another) = named.skip(1).last() {
        another
            .error(reading, "is here beside another store, expected one of them; `acls` and `users` may name one each");
        return None;
    }
    let is_file = file.is_some();
    for name in ["poll_interval", "quiet_period"].iter().filter(|_| !is_file) {
        if let Some(field) = fields.optional(name) {
            field.error(reading, "is for `file`");
        }
    }
    if let Some(kafka) = kafka {
        return kafka_store::read(reading, &kafka, fields, around.cluster, around.expiries)
            .map(|settings| Place::Kafka(Box::new(settings)));
    }
    if let Some(field) = fields.optional("max_staleness") {
        field.error(reading, "is for `kafka`");
    }
    if let Some(file) = file {
        let path = located(reading, &file, "the path of the ACL file");
        let mut settings = FileSettings { part, ..FileSettings::new(path.clone().unwrap_or_default()) };
        for (name, period) in
            [("poll_interval", &mut settings.poll_interval), ("quiet_period", &mut settings.quiet_period)]
        {
            if let Some(field) = fields.optional(name) {
                *period = duration(reading, &field).unwrap_or(*period);
            }
        }
        return path.map(|_| Place::File(settings));
    }
    if let Some(embedded) = embedded {
        let directory = located(reading, &embedded, "the path of a directory")?;
        if let Err(error) = store::embedded::check(&directory) {
            embedded.error(reading, error.to_string());
        }
        return Some(Place::Embedded(directory));
    }
    if let Some(upstream) = upstream {
        return in_the_cluster(reading, &upstream, part);
    }
    reading.error(fields.mark(), fields.path(), "names no store, expected `file`, `embedded`, `kafka` or `upstream`");
    None
}

/// `upstream: {}` or `upstream: { poll_interval: 5s }`.
fn in_the_cluster(reading: &mut Reading, field: &Field<'_>, part: Part) -> Option<Place> {
    let mut fields = field.fields(reading)?;
    let mut settings = upstream::Settings::default();
    if let Some(field) = fields.optional("poll_interval") {
        settings.poll_interval = duration(reading, &field).unwrap_or(settings.poll_interval);
        if settings.poll_interval.is_zero() {
            field.error(reading, "is zero, expected how often the cluster is asked for its ACLs, such as `5s`");
        }
    }
    fields.finish(reading);
    if part != Part::Acls {
        let example = "store: { acls: { upstream: {} }, users: { embedded: … } }";
        field.error(reading, format!("a cluster tells its ACLs and not its users: write `{example}`"));
        return None;
    }
    Some(Place::Upstream(settings))
}

/// What is to fill a store must have one that it can fill.
fn fits(reading: &mut Reading, field: &Field<'_>, bootstrap: &Bootstrap, places: &Places) {
    let (acls, users) = match places {
        Places::Together(place) => (place, place),
        Places::Apart { acls, users } => (acls, users),
    };
    for (what, has_some, place) in [("acls", bootstrap.has_acls(), acls), ("users", bootstrap.has_users(), users)] {
        let there = match place {
            Place::File(_) => "in a file: write them there",
            Place::Upstream(_) => "those of the cluster: make them there",
            Place::Embedded(_) | Place::Kafka(_) => continue,
        };
        if has_some {
            field.error(reading, format!("fills new stores, but `{what}` are {there}"));
        }
    }
}
