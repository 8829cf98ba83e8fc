//! Release builds carry the site's assets: cargo-leptos has made them by the time the server is
//! compiled, and this lists them with their precompressed forms for `server::assets`.

use std::{
    collections::hash_map::DefaultHasher,
    env, fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo:rerun-if-env-changed=LEPTOS_SITE_ROOT");
    println!("cargo:rerun-if-changed=build.rs");
    // They are compiled in by a macro, which does not notice a new file.
    println!("cargo:rerun-if-changed=migrations");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("assets.rs");
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let server = env::var("CARGO_FEATURE_SSR").is_ok();
    let mut files = Vec::new();
    if release && server {
        let root = env::var("LEPTOS_SITE_ROOT").unwrap_or_else(|_| "target/site".into());
        let root = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join(root);
        println!("cargo:rerun-if-changed={}", root.display());
        collect(&root, &root, &mut files);
        files.sort();
    }
    let mut hasher = DefaultHasher::new();
    let mut list = String::new();
    for (name, path) in files.iter().filter(|(name, _)| !name.ends_with(".br") && !name.ends_with(".gz")) {
        name.hash(&mut hasher);
        fs::read(path).expect("an asset just listed").hash(&mut hasher);
        let packed = |ending: &str| {
            let wanted = format!("{name}.{ending}");
            files
                .iter()
                .find(|(name, _)| *name == wanted)
                .map_or("None".into(), |(_, path)| format!("Some(include_bytes!({path:?}))"))
        };
        list += &format!(
            "    Embedded {{ name: {name:?}, raw: include_bytes!({path:?}), brotli: {}, gzip: {} }},\n",
            packed("br"),
            packed("gz")
        );
    }
    let code = format!(
        "/// Names everything that browsers keep for ever.\npub const BUILD: &str = \"{:016x}\";\nstatic EMBEDDED: &[Embedded] = &[\n{list}];\n",
        hasher.finish()
    );
    fs::write(out, code).expect("OUT_DIR can be written");
}

/// Every file below `dir`, named by its path from `root` with forward slashes.
fn collect(root: &Path, dir: &Path, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(name) = path.strip_prefix(root) {
            files.push((name.to_string_lossy().replace('\\', "/"), path));
        }
    }
}
