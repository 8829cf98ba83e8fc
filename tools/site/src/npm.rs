//! Installs and runs the tools from npm: wasm-opt, esbuild and lightningcss, in the versions of package-lock.json.

use std::{fs, process::Command};

use anyhow::{Context, Result, bail, ensure};

use crate::{project::Project, steps::Steps};

/// Installs the tools unless they are there in those versions.
pub fn install(project: &Project, steps: &mut Steps) -> Result<()> {
    let folder = project.tools();
    let wanted =
        fs::read(folder.join("package-lock.json")).context("tools/site/package-lock.json cannot be read")?;
    let installed = folder.join("node_modules/installed.json");
    if fs::read(&installed).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    steps.begin("fetching wasm-opt, esbuild and lightningcss from npm", "10 s");
    let status = Command::new("npm")
        .args(["ci", "--silent", "--no-audit", "--no-fund"])
        .current_dir(&folder)
        .status()
        .context("npm cannot be started; it comes with Node (https://nodejs.org)")?;
    ensure!(status.success(), "npm could not install the tools; is the npm registry reachable?");
    fs::write(installed, wanted)?;
    steps.end();
    Ok(())
}

/// Runs a tool in the folder of the workspace.
pub fn run(project: &Project, tool: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(project.tools().join("node_modules/.bin").join(tool))
        .args(arguments)
        .current_dir(&project.root)
        .output()
        .with_context(|| format!("{tool} cannot be started; remove tools/site/node_modules and try again"))?;
    if !output.status.success() {
        bail!("{tool} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
