//! Builds Inglenook: the browser part into the site's folder, then the server that carries that folder.
//!
//! `site` builds the fastest server, `site --daily` one that compiles sooner.

mod browser;
mod cargo;
mod files;
mod kept;
mod lock;
mod npm;
mod project;
mod steps;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{project::Project, steps::Steps};

fn main() -> ExitCode {
    match profile(std::env::args().skip(1)).and_then(build) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nbuild: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The profile of Cargo.toml that the server is compiled with.
fn profile(mut arguments: impl Iterator<Item = String>) -> Result<&'static str> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok("release"),
        (Some("--daily"), None) => Ok("daily"),
        (Some(other), _) => bail!("{other} is not known here; --daily is all that there is"),
    }
}

fn build(profile: &str) -> Result<()> {
    let project = Project::read(profile)?;
    lock::check(&project.root)?;
    let mut steps = Steps::default();
    npm::install(&project, &mut steps)?;
    browser::build(&project, &mut steps)?;
    let server = cargo::server(&project, &mut steps)?;
    steps.done(&server);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::profile;

    #[test]
    fn the_profile_is_release_or_daily_and_nothing_else() {
        let of = |arguments: &[&str]| profile(arguments.iter().map(|it| (*it).to_owned())).ok();
        assert_eq!(of(&[]), Some("release"));
        assert_eq!(of(&["--daily"]), Some("daily"));
        assert_eq!(of(&["--weekly"]), None);
        assert_eq!(of(&["--daily", "--weekly"]), None);
    }
}
