//! `doorkeeper store …`: what only the operator of a store in Kafka does. Replicas that run with it see what changes as it
//! comes.

use std::path::{Path, PathBuf};

use acl::AclBinding;
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use client::Connector;
use store::kafka::{Editor, Scope};
use store::{Place, Places};

use super::acls::print;
use super::source::{self, CommandConfigs, Source};
use crate::configuration;
use crate::report::{list, number};

#[derive(Debug, Clone, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    work: Work,
}

#[derive(Debug, Clone, Subcommand)]
enum Work {
    /// Shows and changes the ACLs that are for all clusters that share the topic
    #[command(after_help = format!("SOURCE:\n{}", source::FORMS))]
    ForAll {
        /// The configuration file of any of the clusters
        config: PathBuf,
        /// Adds the ACLs that are there
        #[arg(long, value_name = "SOURCE")]
        add: Option<String>,
        /// Removes the ACLs that are there
        #[arg(long, value_name = "SOURCE")]
        remove: Option<String>,
        /// How to log in at clusters that are a SOURCE
        #[arg(long, value_name = "FILE")]
        command_config: Vec<PathBuf>,
    },
    /// Seals with the first of `store.kafka.keys` what has another key, which can go then. Nobody should change ACLs or
    /// users meanwhile: such a change may be undone
    SealAnew {
        /// The configuration file
        config: PathBuf,
    },
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    match arguments.work {
        Work::ForAll { config, add, remove, command_config } => {
            let mut configs = CommandConfigs::new(&command_config);
            let mut acls = [Vec::new(), Vec::new()];
            for (word, acls) in [remove, add].into_iter().zip(&mut acls) {
                if let Some(word) = word {
                    *acls = Source::parse(&word, &mut configs)?.acls().await?;
                }
            }
            configs.finish()?;
            let [remove, add] = acls;
            for_all(&config, &remove, &add).await
        }
        Work::SealAnew { config } => {
            for mut editor in editors(&config).await? {
                println!("{} sealed anew", number(editor.seal_anew().await?, "record"));
            }
            Ok(())
        }
    }
}

async fn for_all(config: &Path, remove: &[AclBinding], add: &[AclBinding]) -> Result<()> {
    // ACLs stand before users.
    let Some(mut editor) = editors(config).await?.into_iter().next() else { return Ok(()) };
    editor.change(Scope::AllClusters, remove, add).await?;
    print!("{}", print::current(&editor.acls(Scope::AllClusters)));
    Ok(())
}

/// One for each of the configuration's topics.
async fn editors(config: &Path) -> Result<Vec<Editor>> {
    let read = configuration::read(config);
    let Some(configuration) = read.configuration else {
        bail!("`{}` is not in order:\n{}", config.display(), list(&read.problems).trim_end());
    };
    let upstream = Connector::new(configuration.upstream)?;
    let places = match configuration.store.places {
        Places::Together(place) => vec![place],
        Places::Apart { acls, users } => vec![acls, users],
    };
    let mut editors = Vec::new();
    for place in places {
        if let Place::Kafka(settings) = place {
            editors.push(Editor::open(*settings, &upstream).await?);
        }
    }
    if editors.is_empty() {
        bail!("the store of `{}` is not in Kafka", config.display());
    }
    Ok(editors)
}
