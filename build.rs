//! Release builds carry the site's assets, which are made before the server is compiled (`tools/site`). This
//! compresses everything once, as small as it gets, and lists the result for `server::http::assets`.

use std::{
    collections::hash_map::DefaultHasher,
    env, fs,
    hash::{Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
};

/// What is compressed already gains nothing.
const PACKED: [&str; 6] = ["png", "jpg", "webp", "woff2", "br", "gz"];

fn main() {
    println!("cargo:rerun-if-env-changed=LEPTOS_SITE_ROOT");
    println!("cargo:rerun-if-changed=build.rs");
    // They are compiled in by a macro, which does not notice a new file.
    println!("cargo:rerun-if-changed=migrations");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    // Cargo says so for every profile that inherits from release.
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    locales(&here.join("locales"), &out);
    let mut assets = Vec::new();
    if release && env::var("CARGO_FEATURE_SSR").is_ok() {
        let root = here.join(env::var("LEPTOS_SITE_ROOT").unwrap_or_else(|_| "target/site".into()));
        println!("cargo:rerun-if-changed={}", root.display());
        collect(&root, &root, &mut assets);
        assets.sort();
    }
    fs::write(out.join("assets.rs"), list(&out, &assets)).expect("OUT_DIR can be written");
}

/// Lists the files of sentences for `server::words`: each file in `locales/` is a language, by its name.
fn locales(dir: &Path, out: &Path) {
    println!("cargo:rerun-if-changed={}", dir.display());
    let entries = fs::read_dir(dir).expect("locales/ can be read").flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "ftl")).collect();
    files.sort();
    let mut code = String::new();
    for file in files {
        let tag = file.file_stem().expect("a file has a name").to_string_lossy();
        code += &format!("    ({tag:?}, include_str!({file:?})),\n");
    }
    fs::write(out.join("locales.rs"), format!("&[\n{code}]\n")).expect("OUT_DIR can be written");
}

/// Writes each asset in its three forms and answers the Rust code that includes them.
fn list(out: &Path, assets: &[(String, Vec<u8>)]) -> String {
    let mut hasher = DefaultHasher::new();
    let mut code = String::new();
    for (at, (name, raw)) in assets.iter().enumerate() {
        (name, raw).hash(&mut hasher);
        let include = |ending: &str, bytes: &[u8]| {
            let file = out.join(format!("asset-{at}.{ending}"));
            fs::write(&file, bytes).expect("OUT_DIR can be written");
            format!("include_bytes!({file:?})")
        };
        let packed = |ending: &str, bytes: Vec<u8>| {
            let gains = bytes.len() < raw.len() && !PACKED.iter().any(|packed| name.ends_with(packed));
            if gains { format!("Some({})", include(ending, &bytes)) } else { "None".to_owned() }
        };
        code += &format!(
            "    Embedded {{ name: {name:?}, raw: {}, brotli: {}, gzip: {} }},\n",
            include("raw", raw),
            packed("br", brotli(raw)),
            packed("gz", gzip(raw)),
        );
    }
    format!(
        "/// Names everything that browsers keep for ever.\npub const BUILD: &str = \"{:016x}\";\n\
         static EMBEDDED: &[Embedded] = &[\n{code}];\n",
        hasher.finish()
    )
}

fn brotli(raw: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 64 * 1024, 11, 22);
    writer.write_all(raw).expect("memory can be written");
    drop(writer);
    packed
}

fn gzip(raw: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(raw).expect("memory can be written");
    writer.finish().expect("memory can be written")
}

/// Every file below `dir` that a browser may want, by its path from `root` with forward slashes.
fn collect(root: &Path, dir: &Path, assets: &mut Vec<(String, Vec<u8>)>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, assets);
        } else if let Ok(name) = path.strip_prefix(root) {
            let name = name.to_string_lossy().replace('\\', "/");
            if !name.ends_with(".d.ts") {
                assets.push((name, fs::read(&path).expect("a file just listed can be read")));
            }
        }
    }
}
