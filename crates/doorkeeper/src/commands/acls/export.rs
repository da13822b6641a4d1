//! `doorkeeper acls export SOURCE --as FORM`: ACLs in a form for somebody else.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use store::file::edit;

use super::{script, write_kafka_user};
use crate::commands::source::{self, CommandConfigs, Source};

const EXAMPLES: &str = "\
Examples:
  doorkeeper acls export embedded:/var/lib/doorkeeper/store --as file > acls.yaml
  doorkeeper acls export file:acls.yaml --as kafka-acls > acls.sh
  doorkeeper acls export kafka:kafka-0:9092 --command-config admin.properties --as kafka-user --strimzi-cluster orders";

#[derive(Debug, Args)]
#[command(after_help = format!("Sources:\n{}\n\n{EXAMPLES}", source::FORMS))]
pub(super) struct Export {
    /// Where the ACLs are
    source: String,
    /// The form
    #[arg(long = "as", value_name = "FORM")]
    form: Form,
    /// Only ACLs of this principal, such as `User:alice`; several times for several
    #[arg(long)]
    principal: Vec<String>,
    /// The name of the Kafka resource that the users belong to, for `kafka-user`
    #[arg(long, value_name = "NAME", required_if_eq("form", "kafka-user"))]
    strimzi_cluster: Option<String>,
    /// What is written is for a Doorkeeper, which unlike a broker understands ranges of hosts
    #[arg(long)]
    for_doorkeeper: bool,
    /// How to log in at a cluster
    #[arg(long, value_name = "FILE")]
    command_config: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The ACL file of a `file` store
    File,
    /// A shell script of kafka-acls.sh commands
    KafkaAcls,
    /// KafkaUser resources of Strimzi, without credentials
    KafkaUser,
}

pub(super) async fn run(arguments: Export) -> Result<()> {
    let mut configs = CommandConfigs::new(&arguments.command_config);
    let source = Source::parse(&arguments.source, &mut configs)?;
    configs.finish()?;
    let mut acls = source.acls().await?;
    if !arguments.principal.is_empty() {
        acls.retain(|acl| arguments.principal.iter().any(|principal| **principal == *acl.entry.principal));
    }
    let ranges = acls.iter().filter(|acl| acl::needs_host_ranges(&acl.entry.host)).count();
    let is_for_ranges = arguments.form == Form::File || arguments.for_doorkeeper;
    if ranges > 0 && is_for_ranges != source.knows_ranges() {
        bail!(
            "{ranges} ACL(s) of {source} have a host that is a range, or an address in another spelling than Java's. Brokers \
             do not understand those, Doorkeeper does: they would mean something else, nothing was written. If both are \
             Doorkeepers, say so: `doorkeeper:` or `--for-doorkeeper`"
        );
    }
    let text = match (arguments.form, &arguments.strimzi_cluster) {
        (Form::File, _) => edit::document(&acls)?,
        (Form::KafkaAcls, _) => script::written(&acls)?,
        (Form::KafkaUser, cluster) => {
            write_kafka_user::written(&acls, cluster.as_deref().context("--strimzi-cluster is missing")?)?
        }
    };
    super::say(&text).context("cannot write to standard output")
}
