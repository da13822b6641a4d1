//! The binary: command line, configuration, check, and the run itself.
//!
//! It puts the other crates together and owns nothing of what they do: it reads the configuration into their settings
//! ([`configuration`]), says all that is wrong with it before a port is bound ([`check`], [`online`]), starts and stops
//! everything ([`run`]), and has the commands of administrators ([`commands`]).
//!
//! Exit status: 0 fine, 1 the configuration is wrong, 2 the command line is, 3 it could not run, or go on running.

mod check;
mod cli;
mod commands;
mod configuration;
mod configuration_change;
mod findings;
mod logging;
mod online;
mod reloads;
mod report;
mod run;
mod shadow;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Fine,
    BadConfiguration,
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        match exit {
            Exit::Fine => ExitCode::SUCCESS,
            Exit::BadConfiguration => ExitCode::from(1),
            // 2 is the command line's: clap ends with it.
            Exit::Failed => ExitCode::from(3),
        }
    }
}

fn main() -> ExitCode {
    let exit = match Cli::parse().command() {
        Command::Run { config } => run::run(&config),
        Command::Check { config, online: false } => check::check(&config),
        Command::Check { config, online: true } => online::check(&config),
        Command::Init(arguments) => commands::run(commands::init::run(arguments)),
        Command::Acls(arguments) => return commands::acls::run(arguments),
        Command::Migrate(arguments) => commands::run(commands::migrate::run(arguments)),
        Command::Store(arguments) => commands::run(commands::store_in_kafka::run(arguments)),
        Command::Users(arguments) => commands::run(commands::users::run(arguments)),
    };
    exit.into()
}
