//! [`Project`]: where everything lies. Cargo.toml says so for cargo-leptos, and both builds use the same places.

use std::{env, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

pub struct Project {
    /// The folder of the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Cargo's target directory.
    pub target: PathBuf,
    /// The profile of Cargo.toml that the server is compiled with.
    pub profile: String,
    /// The name of the module, its glue and the style sheet, without an ending.
    pub name: String,
    /// The folder of the files that the server carries, relative to the root.
    pub site: String,
    /// The folder of the generated files, relative to `site`.
    pub generated: String,
    /// The style sheet that imports all others, relative to the root.
    pub style: String,
    /// The folder of the files that the server carries unchanged, relative to the root.
    pub public: String,
}

impl Project {
    pub fn read(profile: &str) -> Result<Self> {
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
            .output()
            .context("cargo cannot be started")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let mut packages = metadata["packages"].as_array().into_iter().flatten();
        let leptos = packages
            .find_map(|package| package["metadata"].get("leptos"))
            .context("no package has a [package.metadata.leptos]")?;
        let key = |key: &str| {
            let value = leptos[key].as_str().map(str::to_owned);
            value.with_context(|| format!("[package.metadata.leptos] has no {key}"))
        };
        let folder =
            |key: &str| metadata[key].as_str().map(PathBuf::from).context("cargo metadata names no folders");
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
            profile: profile.to_owned(),
            name: key("output-name")?,
            site: key("site-root")?,
            generated: key("site-pkg-dir")?,
            style: key("style-file")?,
            public: key("assets-dir")?,
        })
    }

    /// The folder of the files that the server carries.
    pub fn site(&self) -> PathBuf {
        self.root.join(&self.site)
    }

    /// The folder of the build tool, where npm installs the tools.
    pub fn tools(&self) -> PathBuf {
        self.root.join("tools/site")
    }
}

/// The cargo that runs this program, so that the same one compiles everything.
pub fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}
