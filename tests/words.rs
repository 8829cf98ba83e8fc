//! The files of sentences fit the code and each other: no key is missing, none is unused, and all have the
//! parameters that they are given.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|end| end == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every Rust file by its path below `src`, without comments and without tests.
fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    let name = |path: &Path| path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
    let is_test = |name: &str| name.contains("tests") || name.contains("contract/");
    let all = files(&src, "rs").into_iter().map(|path| (name(&path), fs::read_to_string(&path).unwrap()));
    all.filter(|(name, _)| !is_test(name)).map(|(name, text)| (name, code(&text))).collect()
}

fn code(text: &str) -> String {
    let until = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..until].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

type Sentences = BTreeMap<String, BTreeSet<String>>;

/// The keys of a file with the parameters that their sentences have.
fn sentences(text: &str) -> Sentences {
    let mut found = Sentences::new();
    let mut key = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) =
            line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_alphabetic()))
        {
            assert!(found.insert(name.to_owned(), BTreeSet::new()).is_none(), "{name} is there twice");
            key = Some(name.to_owned());
        }
        let Some(parameters) = key.as_ref().and_then(|key| found.get_mut(key)) else { continue };
        for piece in line.split("{ $").skip(1) {
            parameters
                .insert(piece.chars().take_while(|c| c.is_alphanumeric() || "-_".contains(*c)).collect());
        }
    }
    found
}

/// The sentences of each language by its tag.
fn languages() -> BTreeMap<String, Sentences> {
    let tag = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files(&root().join("locales"), "ftl")
        .iter()
        .map(|path| (tag(path), sentences(&fs::read_to_string(path).unwrap())))
        .collect()
}

/// Every literal that stands right after `before`, with what follows it.
fn literals_after<'a>(code: &'a str, before: &str) -> Vec<(&'a str, &'a str)> {
    code.match_indices(before)
        // `t("` is not the end of `print("`.
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        .filter_map(|(at, _)| code[at + before.len()..].trim_start().strip_prefix('"')?.split_once('"'))
        .collect()
}

/// The names in `.with("name", …)` after a key, up to what is no call of `with`.
fn given(mut rest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    rest = rest.trim_start().trim_start_matches(',').trim_start();
    rest = rest.strip_prefix(')').unwrap_or(rest);
    while let Some(call) = rest.trim_start().strip_prefix(".with(") {
        let Some((name, after)) = call.trim_start().strip_prefix('"').and_then(|name| name.split_once('"'))
        else {
            break;
        };
        names.insert(name.to_owned());
        let mut depth = 1;
        let end = after.char_indices().find(|(_, c)| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        rest = end.map_or("", |(at, _)| &after[at + 1..]);
    }
    names
}

#[test]
fn all_languages_have_the_same_sentences_with_the_same_parameters() {
    let languages = languages();
    assert!(languages.len() >= 2 && languages.contains_key("en"), "{:?}", languages.keys());
    for (tag, sentences) in &languages {
        let english = &languages["en"];
        let missing: Vec<_> = english.keys().filter(|key| !sentences.contains_key(*key)).collect();
        assert!(missing.is_empty(), "{tag} lacks {missing:?}");
        let foreign: Vec<_> = sentences.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(foreign.is_empty(), "en lacks {foreign:?}");
        let other: Vec<_> = sentences.iter().filter(|(key, names)| english[*key] != **names).collect();
        assert!(other.is_empty(), "{tag} has other parameters than en: {other:?}");
    }
}

#[test]
fn the_files_can_be_read_and_every_sentence_has_words() {
    for path in files(&root().join("locales"), "ftl") {
        let text = fs::read_to_string(&path).unwrap();
        let read = fluent_bundle::FluentResource::try_new(text.clone());
        let read = read.unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", path.display()));
        let count = read.entries().filter(|entry| format!("{entry:?}").starts_with("Message(")).count();
        assert_eq!(count, sentences(&text).len(), "{}", path.display());
        assert!(
            !text.contains("{$") && !text.contains('\t'),
            "{}: a parameter is written `{{ $name }}`",
            path.display()
        );
    }
}

#[test]
fn every_key_in_the_code_is_in_the_files_with_its_parameters() {
    let english = &languages()["en"];
    let mut wrong = Vec::new();
    for (name, code) in sources() {
        for before in ["Reason::new(", "t(", "say("] {
            for (key, rest) in literals_after(&code, before) {
                match english.get(key) {
                    None => wrong.push(format!("{name}: {key} is in no file")),
                    Some(parameters) if *parameters != given(rest) => {
                        wrong.push(format!("{name}: {key} wants {parameters:?} and gets {:?}", given(rest)));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_key_of_the_files_is_in_the_code() {
    let code: String = sources().into_iter().map(|(_, code)| code).collect();
    let unused: Vec<_> =
        languages()["en"].keys().filter(|key| !code.contains(&format!("\"{key}\""))).cloned().collect();
    // What the build script reads of a file.
    let unused: Vec<_> = unused.iter().filter(|key| *key != "number-group").collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn the_parameters_of_a_key_are_found_however_they_are_written() {
    let names = |rest| given(rest).into_iter().collect::<Vec<_>>();
    assert_eq!(names(r#").with("a", f(1, g())).with("b", "x")"#), ["a", "b"]);
    assert_eq!(names(")\n            .with(\n \"most\", 3)\n .other()"), ["most"]);
    assert!(names(r#");"#).is_empty());
    let text = "a = A\n# b = B\nc = { $x ->\n    [one] { $y }\n   *[other] z\n }\n";
    let all = sentences(text);
    assert_eq!(all.keys().collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(all["c"].iter().collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(literals_after(r#"t("a"); print("b"); t( "c")"#, "t(").len(), 2);
}
