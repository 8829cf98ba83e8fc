//! Checks that Cargo.lock has one version of wasm-bindgen for the browser part and for the tool that makes its glue.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

/// Refuses to build when Cargo.lock holds another version for this tool than for the browser part.
pub fn check(root: &Path) -> Result<()> {
    let file = root.join("Cargo.lock");
    compare(&fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?)
}

fn compare(lock: &str) -> Result<()> {
    let library = version(lock, "wasm-bindgen")?;
    let tool = version(lock, "wasm-bindgen-cli-support")?;
    ensure!(
        library == tool,
        "Cargo.lock has wasm-bindgen {library} but wasm-bindgen-cli-support {tool}, and they must be the same. \
         Run: cargo update -p wasm-bindgen-cli-support --precise {library}"
    );
    Ok(())
}

fn version<'a>(lock: &'a str, package: &str) -> Result<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let version = lines.next().and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.with_context(|| format!("Cargo.lock has no {package}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(tool: &str) -> String {
        format!(
            "version = 4\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n\n\
             [[package]]\nname = \"wasm-bindgen-cli-support\"\nversion = \"{tool}\"\n"
        )
    }

    #[test]
    fn another_version_of_wasm_bindgen_is_refused_with_the_way_out() {
        assert!(compare(&lock("0.2.130")).is_ok());
        let error = compare(&lock("0.2.129")).unwrap_err().to_string();
        assert!(error.contains("cargo update -p wasm-bindgen-cli-support --precise 0.2.130"), "{error}");
        assert_eq!(compare("").unwrap_err().to_string(), "Cargo.lock has no wasm-bindgen");
    }

    #[test]
    fn the_versions_in_cargo_lock_are_the_same() {
        check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    }
}
