//! `doorkeeper init`: the first configuration, from what a Java client uses to reach the cluster, and from what the cluster
//! tells of itself.
//!
//! What is written can be run as it is: clients come in on loopback until a certificate is there. Secrets get files of
//! their own (0600), and no file that is there is touched.

mod cluster;
mod files;
mod text;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use client::HostPort;

use super::client_properties;
use crate::configuration;
use crate::report::list;
use cluster::Cluster;

#[derive(Debug, Clone, Args)]
pub(crate) struct Arguments {
    /// The cluster: `host:port`, separated by commas
    #[arg(long, value_name = "SERVERS")]
    bootstrap_server: String,
    /// How to log in there: a Java client's properties file
    #[arg(long, value_name = "FILE")]
    command_config: Option<PathBuf>,
    /// Where the files are written; made if it is not there
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    output: PathBuf,
    /// Where clients come in; each broker gets a port from 8 ports further on
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:19092")]
    address: std::net::SocketAddr,
    /// The host that clients are told
    #[arg(long, value_name = "HOST", default_value = "localhost")]
    advertised_host: String,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let upstream = client_properties::read(arguments.command_config.as_deref(), &arguments.bootstrap_server)?;
    let cluster = Cluster::ask(&upstream).await?;
    print!("{}", cluster.told());
    let entrance = text::Entrance {
        address: arguments.address,
        advertised_host: HostPort::new(arguments.advertised_host, arguments.address.port()).host,
    };
    let written = files::Files::of(&upstream, &cluster, &entrance)?.write(&arguments.output)?;
    for path in &written {
        println!("{:<8} {}", "written", path.display());
    }
    let configuration = arguments.output.join(files::CONFIGURATION);
    let read = configuration::read(&configuration);
    print!("{}", list(&read.problems));
    if read.configuration.is_none() {
        bail!("`{}` was written and is not in order yet", configuration.display());
    }
    print!("{}", text::next_steps(&configuration, &cluster));
    Ok(())
}
