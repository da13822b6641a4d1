//! ACLs and users managed by the tools that Kafka's administrators know, over the wire, on a real Doorkeeper with an
//! embedded store before a real Kafka. One stage for most; names of topics and users keep the tests apart.

mod broker;
mod command_line;
mod configuration;
mod file_store;
mod gitops;
mod kafka_acls;
mod live;
mod offline;
mod python;
mod survival;
mod tools;
mod upstream_store;
mod users;

use anyhow::Result;
use testkit::Stage;
use testkit::stage::Plan;

use crate::tools::*;

/// The stage that tests share.
async fn prepared() -> Result<Stage> {
    Stage::build(Plan::embedded(POLICY)).await
}
