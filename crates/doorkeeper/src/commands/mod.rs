//! What administrators do beside running Doorkeeper: ACLs, users, moving them, and the first configuration.

pub(crate) mod client_properties;
mod jaas;
