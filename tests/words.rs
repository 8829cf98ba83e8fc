//! The files of sentences fit the code and each other: no key is missing or unused, and all files have the parameters
//! that the code gives.

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

/// The browser's part has no files: what it may say is in the page.
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
    // Those parts are made in the browser, too.
    let parts = ["ui/parts/message.rs", "ui/parts/steer.rs"];
    for (name, code) in &sources {
        if !name.starts_with("ui/islands/") && !parts.contains(&&**name) || name == "ui/islands/phrases.rs" {
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
    assert!(phrases.contains("model-and-tokens"), "{phrases:?}");
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

/// Code without what only the log and the operator read: macros of tracing and of assertions, and attributes.
fn for_people(code: &str) -> String {
    let calls = ["tracing::", ".expect(", "#[", "assert!(", "panic!("];
    let mut kept = String::new();
    let mut rest = code;
    while let Some((at, call)) = calls.iter().filter_map(|call| Some((rest.find(call)?, *call))).min() {
        kept.push_str(&rest[..at]);
        let (open, close) = if call == "#[" { ('[', ']') } else { ('(', ')') };
        let after = &rest[at..];
        let Some(begin) = after.find(open) else { break };
        let (mut depth, mut quoted, mut escaped) = (0, false, false);
        let end = after[begin..].char_indices().find(|(_, c)| {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                c if !quoted && *c == open => depth += 1,
                c if !quoted && *c == close => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        rest = end.map_or("", |(end, _)| &after[begin + end + 1..]);
        // The value that a macro of tracing's was only the path of.
        if call == "tracing::" && !after[..begin].ends_with('!') {
            kept.push_str(call);
            rest = &after[call.len()..];
        }
    }
    kept + rest
}

/// Every string literal, without its quotes, and where it begins.
fn literals(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut chars = code.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => {
                // A character, or the name of a lifetime.
                let next = chars.peek().map(|(_, c)| *c);
                if next == Some('\\') {
                    chars.nth(1);
                } else if next == Some('"') {
                    chars.next();
                }
            }
            '"' => {
                let mut text = String::new();
                while let Some((_, c)) = chars.next().filter(|(_, c)| *c != '"') {
                    text.push(c);
                    if c == '\\' {
                        text.extend(chars.next().map(|(_, c)| c));
                    }
                }
                found.push((at, text));
            }
            _ => {}
        }
    }
    found
}

/// Whether a literal looks as if a person were to read it: it begins as a sentence or a label does. In views a single
/// word can be one; elsewhere those are names of headers and the like.
fn is_text(literal: &str, in_view: bool) -> bool {
    let literal = literal.trim_start();
    literal.starts_with(|c: char| c.is_uppercase() || !c.is_ascii() && c.is_alphabetic())
        && literal.contains(|c: char| c.is_lowercase() || !c.is_ascii())
        && (in_view || literal.trim().contains(' '))
}

#[test]
fn all_that_a_person_reads_is_in_the_files() {
    // What a view says: names, and the keys of a keyboard.
    const NAMES: [&str; 8] = [
        "Inglenook",
        "Enter",
        "Escape",
        "ArrowUp",
        "Files",
        "ClipboardItem",
        "Accept-Language, Cookie",
        "Bearer {}",
    ];
    // Read by models, by other servers, by programmers, or by whoever runs the site.
    const OTHERS: [&str; 13] = [
        "server/chat/prompt.rs",
        "server/chat/title.rs",
        "server/cli/",
        "server/config/",
        "server/http/connection/",
        "server/lifecycle.rs",
        "server/llm/dialects.rs",
        // Beside each name that is read, who writes it.
        "server/llm/listing.rs",
        // Its labels are compared with the files where they are.
        "server/markdown/",
        "server/ops/",
        // For the operator: why a job of the queue failed.
        "server/cluster/jobs.rs",
        "server/rest/docs.rs",
        "server/store/",
    ];
    let parts = ["ui/", "pages/", "api/", "server/", "error.rs"];
    let mut found = Vec::new();
    for (name, code) in sources() {
        if !parts.iter().any(|part| name.starts_with(part)) || OTHERS.iter().any(|it| name.starts_with(it)) {
            continue;
        }
        let in_view = name.starts_with("ui/") || name.starts_with("pages/");
        for (_, literal) in literals(&for_people(&code)) {
            if is_text(&literal, in_view) && !NAMES.contains(&&*literal) {
                found.push(format!("{name}: {literal}"));
            }
        }
    }
    assert!(found.is_empty(), "not in locales/: {found:#?}");
}

/// The literals of views that a person reads whatever they begin with: what stands between tags, and labels.
fn literals_of_views(code: &str) -> Vec<String> {
    const LABELS: [&str; 4] = ["title=", "aria-label=", "placeholder=", "alt="];
    let is_read = |(at, text): &(usize, String)| {
        let before = code[..*at].trim_end();
        let is_child = before.ends_with(['>', '}']) && !before.ends_with("=>");
        text.contains(char::is_alphabetic) && (is_child || LABELS.iter().any(|label| before.ends_with(label)))
    };
    literals(code).into_iter().filter(is_read).map(|(_, text)| text).collect()
}

#[test]
fn views_say_nothing_themselves_but_the_sites_name() {
    let mut found = Vec::new();
    for (name, code) in
        sources().iter().filter(|(name, _)| name.starts_with("ui/") || name.starts_with("pages/"))
    {
        let said = literals_of_views(code).into_iter().filter(|text| *text != "Inglenook");
        found.extend(said.map(|text| format!("{name}: {text}")));
    }
    assert!(found.is_empty(), "not in locales/: {found:#?}");
    let view = r#"<p title="close" class="small">"of " {count} " at most"</p> _ => "key", <b aria-label=t("x")>{t("y")} "‹"</b>"#;
    assert_eq!(literals_of_views(view), ["close", "of ", " at most"]);
}

#[test]
fn text_in_code_is_found_and_what_the_log_reads_is_not() {
    let code = r#"let a = '"'; f("Sign in"); tracing::warn!(x = g(")"), "Not for people"); #[error("Nor this")] h("plain")"#;
    let found = literals(&for_people(code));
    assert!(
        found.iter().any(|(_, text)| text == "Sign in")
            && !found.iter().any(|(_, text)| text.starts_with('N')),
        "{found:?}"
    );
    assert!(is_text("Sign in", false) && is_text("登录", true) && is_text("Retry", true));
    assert!(!is_text("small danger", true) && !is_text("GET", true) && !is_text("Retry-After", false));
}
