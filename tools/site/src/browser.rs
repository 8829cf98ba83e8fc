//! The site's folder: the browser's module with its glue, the style sheet, and the files of the public folder.

use std::{
    collections::{BTreeSet, hash_map::DefaultHasher},
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::{cargo, files, npm, project::Project, steps::Steps};

pub fn build(project: &Project, steps: &mut Steps) -> Result<()> {
    let module = cargo::browser(project, steps)?;
    let (site, generated) = (project.site(), project.site().join(&project.generated));
    let made = |ending: &str| generated.join(format!("{}.{ending}", project.name));
    let (wasm, glue, style) = (made("wasm"), made("js"), made("css"));
    let work = project.target.join("site-work");
    fs::create_dir_all(&work)?;
    // The stamp names what the last run read and what it left, as cargo-leptos writes the same files, too.
    let stamp = work.join("stamp");
    let state = || stamp_of(&[&module, &project.tools().join("package-lock.json"), &wasm, &glue]);
    if fs::read_to_string(&stamp).ok() != Some(state()?) {
        make_module(project, steps, &module, &work, &wasm, &glue)?;
        fs::write(&stamp, state()?)?;
    }
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

/// Makes the glue and shrinks both it and the module, as cargo-leptos does.
fn make_module(
    project: &Project,
    steps: &mut Steps,
    module: &Path,
    work: &Path,
    wasm: &Path,
    glue: &Path,
) -> Result<()> {
    steps.begin("shrinking the browser part", "30 s");
    Bindgen::new().input_path(module).web(true)?.typescript(false).out_name(&project.name).generate(work)?;
    let raw = |ending: &str| work.join(format!("{}{ending}", project.name));
    let (raw_wasm, raw_glue) = (raw("_bg.wasm"), raw(".js"));
    let (small_wasm, small_glue) = (work.join("small.wasm"), work.join("small.js"));
    let features = ["--enable-bulk-memory", "--enable-nontrapping-float-to-int"];
    let files = [text(&raw_wasm)?, "-o", text(&small_wasm)?];
    npm::run(project, "wasm-opt", &[&["-Oz"], &features[..], &files[..]].concat())?;
    let outfile = format!("--outfile={}", text(&small_glue)?);
    npm::run(
        project,
        "esbuild",
        &[text(&raw_glue)?, "--minify", "--format=esm", "--log-level=error", &outfile],
    )?;
    files::write(wasm, &fs::read(&small_wasm)?)?;
    files::write(glue, &fs::read(&small_glue)?)?;
    steps.end();
    Ok(())
}

/// Names what stands in files; a file that is missing counts as an empty one.
fn stamp_of(files: &[&PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file).unwrap_or_default().hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not a name in UTF-8", path.display()))
}
