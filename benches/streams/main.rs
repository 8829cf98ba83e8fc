//! Measures streams: `make bench`, or `cargo bench --no-default-features --features ssr --bench streams -- one thousand`.
//!
//! Scenarios: one, fast, hundred, thousand, thousand-html, five-thousand, bytes. Without a name: one, fast,
//! thousand and bytes. `--repeats N`; `--cold` opens the connections of many in the measured time.
//! INGLENOOK_BIN names the program that is measured, INGLENOOK_STORE a MongoDB instead of SQLite
//! (`mongod`: one of its own, as the tests start it).
//! Load, server, upstream and store share one machine, so numbers compare only within a machine.

mod crowd;
#[expect(dead_code, reason = "the tests of processes use more of it")]
#[path = "../../tests/support/http.rs"]
mod http;
mod listen;
#[expect(clippy::unwrap_used, dead_code, reason = "made for the store's tests, which use more of it")]
#[path = "../../src/server/store/contract/mongod.rs"]
mod mongod;
mod procfs;
mod report;
mod scenarios;
#[expect(dead_code, reason = "the tests of processes use more of it")]
#[path = "../../tests/support/server.rs"]
mod server;
mod site;
#[expect(dead_code, reason = "the tests of processes use more of it")]
#[path = "../../tests/support/tokens.rs"]
mod tokens;
mod written;

use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const DEFAULT: [&str; 4] = ["one", "fast", "thousand", "bytes"];

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Result<(), String> {
    let (mut names, mut repeats, mut cold) = (Vec::new(), None, false);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // cargo gives every bench this argument.
            "--bench" => {}
            "--cold" => cold = true,
            "--repeats" => {
                let number = arguments.next().and_then(|number| number.parse().ok());
                repeats = Some(number.ok_or("--repeats wants a number")?);
            }
            _ => names.push(argument),
        }
    }
    many_files();
    if names == ["upstream"] {
        return site::be_the_upstream();
    }
    if names.is_empty() {
        names = DEFAULT.map(str::to_owned).into();
    }
    println!(
        "{} with {}",
        site::program().display(),
        std::env::var("INGLENOOK_STORE").unwrap_or("SQLite".into())
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    for name in names {
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, scenarios::run(&name, repeats, cold))?;
    }
    Ok(())
}

/// Raises the limit of open files to the most that the system allows, for this process and those that it starts,
/// because a stream takes a file or two.
fn many_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
