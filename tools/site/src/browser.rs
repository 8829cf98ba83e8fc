//! The site's folder: the browser's module with its glue, the style sheet, and the files of the public folder.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::{cargo, files, kept::Kept, npm, project::Project, steps::Steps};

/// Settings of wasm-opt.
const WASM_OPT: [&str; 3] = ["-Oz", "--enable-bulk-memory", "--enable-nontrapping-float-to-int"];
/// Settings of esbuild.
const ESBUILD: [&str; 3] = ["--minify", "--format=esm", "--log-level=error"];
/// The modules of `make run` and of `make build`, each before and after a change.
const KEPT_MODULES: usize = 4;

/// Fills the site's folder, and removes what does not belong there.
pub fn build(project: &Project, steps: &mut Steps) -> Result<()> {
    let module = cargo::browser(project, steps)?;
    let (site, generated) = (project.site(), project.site().join(&project.generated));
    let made = |ending: &str| generated.join(format!("{}.{ending}", project.name));
    let (wasm, glue, style) = (made("wasm"), made("js"), made("css"));
    let work = project.target.join("site-work");
    fs::create_dir_all(&work)?;
    let small = small_module(project, steps, &module, &work)?;
    // Written whatever is there, because cargo-leptos writes the same files.
    files::write(&wasm, &fs::read(small.join("small.wasm"))?)?;
    files::write(&glue, &fs::read(small.join("small.js"))?)?;
    let sheet = work.join("style.css");
    npm::run(
        project,
        "lightningcss",
        &["--bundle", "--minify", &project.style, "--output-file", text(&sheet)?],
    )?;
    files::write(&style, &fs::read(&sheet)?)?;
    let mut wanted = BTreeSet::from([wasm, glue, style]);
    let public = project.root.join(&project.public);
    for file in files::below(&public)? {
        let to = site.join(file.strip_prefix(&public)?);
        files::write(&to, &fs::read(&file)?)?;
        wanted.insert(to);
    }
    files::keep_only(&site, &wanted)?;
    Ok(())
}

/// The folder with the module and its glue, both shrunk: `small.wasm` and `small.js`. They are made as cargo-leptos makes
/// them, once for each module and each set of tools.
fn small_module(project: &Project, steps: &mut Steps, module: &Path, work: &Path) -> Result<PathBuf> {
    let tools = project.tools().join("package-lock.json");
    let settings = [WASM_OPT, ESBUILD].concat().join(" ");
    let inputs = [&fs::read(module)?[..], &fs::read(&tools)?, settings.as_bytes()];
    let kept = Kept { folder: work.join("modules"), most: KEPT_MODULES };
    kept.result(&inputs, |to| {
        steps.begin("shrinking the browser part", "30 s");
        Bindgen::new()
            .input_path(module)
            .web(true)?
            .typescript(false)
            .out_name(&project.name)
            .generate(work)?;
        let raw = |ending: &str| work.join(format!("{}{ending}", project.name));
        let (raw_wasm, raw_glue) = (raw("_bg.wasm"), raw(".js"));
        let (small_wasm, small_glue) = (to.join("small.wasm"), to.join("small.js"));
        let files = [text(&raw_wasm)?, "-o", text(&small_wasm)?];
        npm::run(project, "wasm-opt", &[&WASM_OPT[..], &files].concat())?;
        let outfile = format!("--outfile={}", text(&small_glue)?);
        npm::run(project, "esbuild", &[&[text(&raw_glue)?], &ESBUILD[..], &[&outfile]].concat())?;
        steps.end();
        Ok(())
    })
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not a name in UTF-8", path.display()))
}
