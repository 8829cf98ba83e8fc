//! The files of sentences fit the code and each other: no key is missing or unused, and all files have the parameters
//! that the code gives.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod text;

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

/// The Rust files by their paths below `src`, without comments and tests.
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

/// The keys of a file, with the parameters in their sentences.
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

/// The sentences of each language, by its tag.
fn languages() -> BTreeMap<String, Sentences> {
    let tag = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files(&root().join("locales"), "ftl")
        .iter()
        .map(|path| (tag(path), sentences(&fs::read_to_string(path).unwrap())))
        .collect()
}

/// Every string literal right after `before`, with the code that follows it.
fn literals_after<'a>(code: &'a str, before: &str) -> Vec<(&'a str, &'a str)> {
    code.match_indices(before)
        // `t("` must not match the end of `print("`.
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        .filter_map(|(at, _)| code[at + before.len()..].trim_start().strip_prefix('"')?.split_once('"'))
        .collect()
}

/// The names in the calls `.with("name", …)` after a key.
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
                let mut given = given(rest);
                // `llm::errors::ErrorContext` adds it to all that it makes.
                if key.starts_with("provider-") {
                    given.insert("provider".to_owned());
                }
                match english.get(key) {
                    None => wrong.push(format!("{name}: {key} is in no file")),
                    Some(wanted) if *wanted != given => {
                        wrong.push(format!("{name}: {key} wants {wanted:?} and gets {given:?}"));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    for (name, code) in sources() {
        for (key, rest) in literals_after(&code, "around(") {
            let parameter = rest.split('"').nth(1).unwrap_or_default();
            if english.get(key) != Some(&BTreeSet::from([parameter.to_owned()])) {
                wrong.push(format!("{name}: {key} has not the one parameter {parameter}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The browser's part has no files of sentences: what it may say is in the page.
#[test]
fn every_key_of_the_islands_is_among_their_phrases() {
    let english = &languages()["en"];
    let sources = sources();
    let (_, list) = sources.iter().find(|(name, _)| name == "ui/islands/phrases.rs").unwrap();
    let mut phrases = Sentences::new();
    for (key, rest) in literals_after(list, "(") {
        let names = rest.split(']').next().unwrap_or_default().split('"').skip(1).step_by(2);
        phrases.insert(key.to_owned(), names.map(str::to_owned).collect());
    }
    let mut wrong = Vec::new();
    for (name, code) in &sources {
        if !name.starts_with("ui/islands/") || name == "ui/islands/phrases.rs" {
            continue;
        }
        for before in ["Reason::new(", "t(", "say(", "around("] {
            for (key, _) in literals_after(code, before) {
                if phrases.get(key) != english.get(key) {
                    wrong.push(format!("{name}: {key} is {:?} there", phrases.get(key)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A browser knows plural categories and no other way to choose among the forms of a sentence, and it looks at one number.
#[test]
fn the_plural_forms_of_phrases_are_chosen_by_one_number_and_by_category() {
    let list = fs::read_to_string(root().join("src/ui/islands/phrases.rs")).unwrap();
    let phrases: BTreeSet<_> =
        literals_after(&list, "(").into_iter().map(|(key, _)| key.to_owned()).collect();
    assert!(phrases.contains("answer-complete"), "{phrases:?}");
    for path in files(&root().join("locales"), "ftl") {
        let (mut key, mut choices) = (String::new(), BTreeMap::<String, usize>::new());
        for line in fs::read_to_string(&path).unwrap().lines() {
            if let Some((name, _)) = line.split_once(" =").filter(|_| line.starts_with(char::is_alphabetic)) {
                key = name.to_owned();
            }
            if !phrases.contains(&key) {
                continue;
            }
            *choices.entry(key.clone()).or_default() += line.matches("->").count();
            if let Some((form, _)) =
                line.trim().trim_start_matches('*').strip_prefix('[').and_then(|it| it.split_once(']'))
            {
                let categories = ["zero", "one", "two", "few", "many", "other"];
                assert!(categories.contains(&form), "{}: {key} has a form for {form}", path.display());
            }
        }
        let many: Vec<_> = choices.iter().filter(|(_, count)| **count > 1).collect();
        assert!(many.is_empty(), "{}: {many:?} are chosen by several numbers", path.display());
    }
}

#[test]
fn every_key_of_the_files_is_in_the_code() {
    let code: String = sources().into_iter().map(|(_, code)| code).collect();
    let unused: Vec<_> =
        languages()["en"].keys().filter(|key| !code.contains(&format!("\"{key}\""))).cloned().collect();
    // The line that the build script reads of a file.
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
