//! The map is kept true: which part may name which, where features are asked for, how long files are.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources() -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// The code without comments and without the tests at a file's end.
fn code(text: &str) -> String {
    let until = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..until].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The top-level parts of the crate that a file names, however the `use` is written.
fn named(text: &str) -> Vec<String> {
    let flat: String = code(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut names = Vec::new();
    for (at, _) in flat.match_indices("crate::") {
        let rest = &flat[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut start) = (0, true);
            for (place, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if start && (c.is_alphabetic() || c == '_') => {
                        names.push(
                            group[place..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect(),
                        );
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names
}

fn offenders(inside: &str, forbidden: &[&str]) -> Vec<String> {
    sources()
        .iter()
        .filter(|(name, _)| name.starts_with(inside))
        .flat_map(|(name, text)| {
            let bad = named(text).into_iter().filter(|part| forbidden.contains(&part.as_str()));
            bad.map(move |part| format!("{name} names {part}")).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_arrows_never_point_back() {
    let none: Vec<String> = Vec::new();
    assert_eq!(offenders("domain/", &["api", "ui", "pages", "server", "error"]), none);
    assert_eq!(offenders("ui/", &["server", "pages"]), none);
    assert_eq!(offenders("api/", &["ui", "pages"]), none);
    assert_eq!(offenders("server/store/", &["api", "ui", "pages", "error"]), none);
    assert_eq!(offenders("server/llm/", &["api", "ui", "pages", "error"]), none);
    assert_eq!(offenders("server/markdown/", &["api", "ui", "pages", "error"]), none);
    assert_eq!(offenders("server/http/document.rs", &["api", "pages"]), none);
    for services in [
        "server/chat/",
        "server/conversations/",
        "server/accounts/",
        "server/live/",
        "server/cluster/",
        "server/rest/",
    ] {
        assert_eq!(offenders(services, &["api", "ui"]), none);
    }
}

#[test]
fn inside_the_server_the_leaves_name_no_service() {
    for (name, text) in sources() {
        let leaf =
            ["server/store/", "server/llm/", "server/markdown/"].iter().find(|leaf| name.starts_with(**leaf));
        let Some(leaf) = leaf else { continue };
        let own = leaf.trim_start_matches("server/").trim_end_matches('/');
        for line in code(&text).lines() {
            if let Some(rest) = line.split("crate::server::").nth(1) {
                assert!(
                    rest.starts_with(own)
                        || ["corpora", "ops::disk", "words"].iter().any(|it| rest.starts_with(it)),
                    "{name}: {line}"
                );
            }
        }
    }
}

#[test]
fn features_are_asked_for_in_lib_rs_only() {
    for (name, text) in sources() {
        assert!(name == "lib.rs" || !code(&text).contains("cfg(feature"), "{name} asks for a feature");
    }
}

#[test]
fn every_file_says_what_it_defines_and_stays_readable() {
    for (name, text) in sources() {
        assert!(text.starts_with("//! "), "{name} does not begin with a sentence");
        assert!(text.lines().count() <= 400, "{name} has {} lines", text.lines().count());
    }
}

#[test]
fn the_names_of_a_use_are_found_however_it_is_written() {
    let text = "use crate::{\n    domain::{A, server::B},\n    error::C,\n};\nuse crate::ui::D;\n// use crate::api::E\n";
    assert_eq!(named(text), ["domain", "error", "ui"]);
}
