//! What each command does, from the command line to the exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use super::{
    Cli, Command,
    check::{check, unread},
    passwd::{passwd, read_password},
};
use crate::server::{
    config::{Config, keys::unknown_variables},
    lifecycle::{self, StartError},
    ops::telemetry,
};

/// Runs the command; what goes wrong is one sentence on standard error.
pub fn run(cli: &Cli) -> ExitCode {
    match chosen(cli) {
        Ok(code) => code,
        Err(error) => {
            telemetry::say(&format!("inglenook: {error}"));
            ExitCode::from(error.exit_code)
        }
    }
}

fn chosen(cli: &Cli) -> Result<ExitCode, StartError> {
    let config = cli.load().map_err(|error| StartError::new(error.to_string()))?;
    let _log = telemetry::init(config.server.log, std::env::var("RUST_LOG").ok().as_deref());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| StartError::new(format!("The system gives no threads to work with: {cause}.")))?;
    match cli.chosen() {
        Command::Serve => runtime.block_on(serve(config)),
        Command::Check => {
            let (report, starts) = runtime.block_on(check(&config, variables()));
            // Whoever stopped reading (`| head`) still gets the exit code.
            let _ = io::stdout().write_all(report.as_bytes());
            Ok(if starts { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Passwd { email } => {
            let done = runtime.block_on(passwd(&config, &email, || read_password(&email)));
            let done = done.map_err(|error| StartError::new(error.to_string()))?;
            let _ = writeln!(io::stdout(), "{done}");
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn serve(config: Config) -> Result<ExitCode, StartError> {
    for (name, near) in unknown_variables(variables()) {
        tracing::warn!("{}", unread(&name, near));
    }
    lifecycle::serve(config).await?;
    Ok(ExitCode::SUCCESS)
}

/// The names of the environment; `vars` would panic on one that is not Unicode.
fn variables() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}
