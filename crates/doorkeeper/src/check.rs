//! `doorkeeper check`: all that is wrong, at once, before a port is bound.

use std::path::Path;

use store::file::{FileSettings, Part};
use store::{Place, Places};

use crate::Exit;
use crate::configuration::{self, Configuration};
use crate::report::{list, number};

pub(crate) fn check(config: &Path) -> Exit {
    match read(config) {
        Some(_) => Exit::Fine,
        None => Exit::BadConfiguration,
    }
}

/// The configuration if it can be run. What is to be said of it has been said.
pub(crate) fn read(config: &Path) -> Option<Configuration> {
    let read = configuration::read(config);
    print!("{}", list(&read.problems));
    let configuration = read.configuration?;
    println!("{}", summary(config, &configuration));
    Some(configuration)
}

fn summary(config: &Path, configuration: &Configuration) -> String {
    let listeners: Vec<&str> = configuration.proxy.listeners.iter().map(|listener| &*listener.name).collect();
    let policy = match &configuration.store.places {
        Places::Together(place) => held(place, Part::Both),
        Places::Apart { acls, users } => format!("{}, {}", held(acls, Part::Acls), held(users, Part::Users)),
    };
    format!(
        "{} can be run: cluster `{}`, {} ({}), {policy}",
        config.display(),
        configuration.proxy.cluster,
        number(listeners.len(), "listener"),
        listeners.join(", "),
    )
}

/// What is in a store, as far as can be said without touching it.
fn held(place: &Place, part: Part) -> String {
    let what = match part {
        Part::Acls => "ACLs",
        Part::Users => "users",
        Part::Both => "ACLs and users",
    };
    match place {
        Place::Kafka(settings) => format!("{what} in the topic `{}`", settings.topic),
        Place::Upstream(_) => format!("{what} of the cluster upstream"),
        Place::Embedded(directory) => format!("{what} in the embedded store `{}`", directory.display()),
        Place::File(settings) => match store::file::load(FileSettings { part, ..settings.clone() }) {
            Ok(file) => {
                let (acls, users) = (number(file.acls().len(), "ACL"), number(file.users().len(), "user"));
                match part {
                    Part::Acls => acls,
                    Part::Users => users,
                    Part::Both => format!("{acls}, {users}"),
                }
            }
            Err(error) => error.to_string(),
        },
    }
}
