//! Runs Cargo for the browser's module and for the server, and shows how far it has come.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    project::{Project, cargo},
    steps::Steps,
};

const TARGET: &str = "wasm32-unknown-unknown";

/// Compiles the browser's module; gives the file that rustc wrote.
///
/// The module is compiled with the server's profile, and the settings that must differ are given here. Cargo compiles macros
/// and build scripts once for each profile, so the server's build finds them compiled.
pub fn browser(project: &Project, steps: &mut Steps) -> Result<PathBuf> {
    steps.begin("compiling the browser part", "3 min");
    let mut cargo = Command::new(cargo());
    cargo.args(["rustc", "--package=inglenook", "--lib", "--crate-type=cdylib", "--target", TARGET]);
    cargo.args(["--no-default-features", "--features=hydrate"]);
    for setting in ["opt-level='z'", "panic='abort'", "codegen-units=1", "incremental=false"] {
        cargo.arg("--config").arg(format!("profile.{}.{setting}", project.profile));
    }
    // Dependencies keep their bitcode for the link-time optimisation below, whatever the profile says. The variable
    // replaces flags that are set for the server, such as those for its processor.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes");
    // Only debug information is stripped, because wasm-bindgen needs the names of functions and the section that lists the
    // features of the module.
    let last = ["--", "-Clto=fat", "-Cembed-bitcode=yes", "-Cstrip=debuginfo"];
    let module = run(project, steps, cargo, &last, |artifact| {
        let files = artifact["filenames"].as_array()?;
        files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
    });
    module.context("the browser part cannot be built")
}

/// Compiles the server; gives the program.
pub fn server(project: &Project, steps: &mut Steps) -> Result<PathBuf> {
    steps.begin("compiling the server", if project.profile == "release" { "9 min" } else { "6 min" });
    let mut cargo = Command::new(cargo());
    cargo.args([
        "build",
        "--package=inglenook",
        "--bin=inglenook",
        "--no-default-features",
        "--features=ssr",
    ]);
    let program =
        run(project, steps, cargo, &[], |artifact| artifact["executable"].as_str().map(PathBuf::from));
    program.context("the server cannot be built")
}

/// Runs a build; gives the file that `wanted` finds in Cargo's messages about this project.
fn run(
    project: &Project,
    steps: &Steps,
    mut command: Command,
    last: &[&str],
    wanted: impl Fn(&Value) -> Option<PathBuf>,
) -> Result<PathBuf> {
    command.args(["--quiet", "--message-format=json-render-diagnostics", "--profile", &project.profile]);
    command.args(last).current_dir(&project.root).stdin(Stdio::null()).stdout(Stdio::piped());
    // Leptos reads these variables while it is compiled. They are those of cargo-leptos, so that neither build makes the
    // other compile everything again.
    command.env("LEPTOS_OUTPUT_NAME", &project.name).env("LEPTOS_SITE_ROOT", &project.site);
    let mut cargo = command.spawn().context("cargo cannot be started")?;
    let stdout = cargo.stdout.take().context("cargo says nothing")?;
    let (begun, mut built, mut found) = (Instant::now(), 0, None);
    for line in BufReader::new(stdout).lines() {
        let message: Value = serde_json::from_str(&line?).unwrap_or_default();
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        built += 1;
        steps.progress(&format!("{built} crates, {} s", begun.elapsed().as_secs()));
        if message["target"]["name"] == "inglenook" {
            found = wanted(&message).or(found);
        }
    }
    ensure!(cargo.wait()?.success(), "cargo failed; see above");
    steps.end();
    found.context("cargo did not say where it put the result")
}
