//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;

/// An authorizing proxy for Apache Kafka: decides every request by Kafka's own ACL rules.
#[derive(Debug, Parser)]
#[command(name = "doorkeeper", version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    plain: Plain,
}

/// `doorkeeper CONFIG` is `doorkeeper run CONFIG`.
#[derive(Debug, Args)]
struct Plain {
    /// The configuration file, to run it
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Runs until SIGTERM or SIGINT; SIGHUP looks for changes at once
    Run {
        /// The configuration file
        config: PathBuf,
    },
    /// Says all that is wrong with a configuration, and what is suspicious; binds no port
    Check {
        /// The configuration file
        config: PathBuf,
        /// Also tries the upstream: is it reachable, may we do what we must, does it let anybody else in?
        #[arg(long)]
        online: bool,
    },
    /// Writes a first configuration, from a Java client's properties and what the cluster tells of itself
    Init(commands::init::Arguments),
    /// Manages ACLs as kafka-acls.sh does, of more than clusters; imports, exports and compares them
    Acls(commands::acls::Arguments),
    /// Brings ACLs and users from one store to another
    Migrate(commands::migrate::Arguments),
    /// What only the operator of a store in Kafka does: ACLs for all clusters, and a new key
    Store(commands::store_in_kafka::Arguments),
    /// Manages users: of a running Doorkeeper or a broker, in a file, or in an embedded store
    Users(commands::users::Arguments),
}

impl Cli {
    pub(crate) fn command(self) -> Command {
        match (self.command, self.plain.config) {
            (Some(command), _) => command,
            (None, Some(config)) => Command::Run { config },
            (None, None) => unreachable!("clap shows the help instead"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Command {
        Cli::try_parse_from([&["doorkeeper"], arguments].concat()).expect("a good command line").command()
    }

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn a_file_alone_is_run() {
        for arguments in [&["a.yaml"][..], &["run", "a.yaml"]] {
            assert!(matches!(parsed(arguments), Command::Run { config } if config.as_os_str() == "a.yaml"));
        }
        assert!(matches!(parsed(&["check", "a.yaml"]), Command::Check { online: false, .. }));
        assert!(matches!(parsed(&["check", "--online", "a.yaml"]), Command::Check { online: true, .. }));
    }

    #[test]
    fn anything_else_is_a_usage_error() {
        for arguments in [&[][..], &["run"], &["check"], &["run", "a", "b"], &["--online", "a"]] {
            let error = Cli::try_parse_from([&["doorkeeper"], arguments].concat()).expect_err("no command");
            assert_eq!(error.exit_code(), 2, "{arguments:?}");
        }
    }
}
