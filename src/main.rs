//! The binary `inglenook`.

use std::process::ExitCode;

use clap::Parser;
use inglenook::server::cli::{Cli, run};

fn main() -> ExitCode {
    run(&Cli::parse())
}
