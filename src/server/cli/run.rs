//! [`run`]: does what the command line says, and answers the exit code.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use super::{
    Cli, Command,
    check::{check, unknown_variable},
    database::CommandError,
    invite::invite,
    key::key,
    passwd::{passwd, read_password},
    user::user,
};
use crate::server::{
    config::{Config, keys::unknown_variables},
    lifecycle::{self, StartError},
    ops::telemetry,
};

/// Runs the command. An error is one sentence on standard error.
pub fn run(cli: &Cli) -> ExitCode {
    match run_command(cli) {
        Ok(code) => code,
        Err(error) => {
            telemetry::say(&format!("inglenook: {error}"));
            ExitCode::from(error.exit_code)
        }
    }
}

fn run_command(cli: &Cli) -> Result<ExitCode, StartError> {
    let config = cli.load().map_err(|error| StartError::new(error.to_string()))?;
    let _log = telemetry::init(config.server.log, std::env::var("RUST_LOG").ok().as_deref());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| StartError::new(format!("The system gives no threads to work with: {cause}.")))?;
    match cli.chosen_command() {
        Command::Serve => runtime.block_on(serve(config)),
        Command::Check => {
            let (report, starts) = runtime.block_on(check(&config, variables()));
            // An error means that the reader has gone (`| head`); the exit code still tells the result.
            let _ = io::stdout().write_all(report.as_bytes());
            Ok(if starts { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Passwd { login } => {
            print(runtime.block_on(passwd(&config, &login, || read_password(&login))))
        }
        Command::Invite(wanted) => {
            print(runtime.block_on(invite(&config, &wanted, io::stdout().is_terminal())))
        }
        Command::User(command) => print(runtime.block_on(user(&config, command, read_password))),
        Command::Key(command) => print(runtime.block_on(key(&config, command))),
    }
}

/// Prints what a command about accounts did, or fails with its sentence.
fn print(done: Result<String, CommandError>) -> Result<ExitCode, StartError> {
    let done = done.map_err(|error| StartError::new(error.to_string()))?;
    let _ = writeln!(io::stdout(), "{done}");
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> Result<ExitCode, StartError> {
    for (name, near) in unknown_variables(variables()) {
        tracing::warn!("{}", unknown_variable(&name, near));
    }
    lifecycle::serve(config).await?;
    Ok(ExitCode::SUCCESS)
}

/// The names of all variables. Not by `vars`, because it panics on a name that is not Unicode.
fn variables() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}
