//! `doorkeeper check`: all that is wrong, at once, before a port is bound.

use std::path::Path;

use store::Store;

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
    let policy = match store::file::open(configuration.store.clone()) {
        Ok(store) => {
            let snapshot = store.current().load_full();
            format!("{}, {}", number(snapshot.policy.len(), "ACL"), number(snapshot.users.len(), "user"))
        }
        Err(error) => error.to_string(),
    };
    format!(
        "{} can be run: cluster `{}`, {} ({}), {policy}",
        config.display(),
        configuration.proxy.cluster,
        number(listeners.len(), "listener"),
        listeners.join(", "),
    )
}
