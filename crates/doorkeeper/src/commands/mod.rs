//! What administrators do beside running Doorkeeper: ACLs, users, moving them, and the first configuration.
//!
//! Each command has its arguments and its work in a module here. It speaks Kafka's protocol to whatever answers it, a
//! Doorkeeper or a broker, or opens the store itself while no Doorkeeper runs with it.

pub(crate) mod acls;
mod author;
pub(crate) mod client_properties;
pub(crate) mod init;
mod jaas;
pub(crate) mod migrate;
pub(crate) mod source;
pub(crate) mod store_in_kafka;
mod topic;
pub(crate) mod users;

use std::future::Future;

use crate::Exit;

/// Does the work of a command. What goes wrong is said on standard error; the exit status is 1 then, as with Kafka's tools.
pub(crate) fn run(work: impl Future<Output = anyhow::Result<()>>) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("doorkeeper: cannot start: {error}");
            return Exit::Failed;
        }
    };
    match runtime.block_on(work) {
        Ok(()) => Exit::Fine,
        Err(error) => {
            eprintln!("doorkeeper: {}", told(&error));
            Exit::BadConfiguration
        }
    }
}

/// The error and its causes. Some say their cause themselves.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |mut text, cause| {
        if !text.contains(&cause) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cause);
        }
        text
    })
}
