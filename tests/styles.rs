//! The style sheet and the views have the same classes, and every declaration has a line of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder whose names end so, with what is in them.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() { below(&path, found) } else { found.push(path) }
        }
    }
    let mut paths = Vec::new();
    below(&root().join(folder), &mut paths);
    paths.sort();
    let wanted = paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == ending));
    wanted.map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

/// CSS without comments and without what stands in quotes.
fn bare(css: &str) -> String {
    let uncommented: String = css
        .split("/*")
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once("*/").unwrap().1 })
        .collect();
    let lines =
        uncommented.lines().map(|line| line.split(['\'', '"']).step_by(2).collect::<Vec<_>>().join(""));
    lines.collect::<Vec<_>>().join("\n")
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// The classes in a selector, or in text that holds selectors.
fn classes_of_selectors(text: &str) -> BTreeSet<String> {
    let after_dots = text.split('.').skip(1);
    let names = after_dots.map(|rest| rest.chars().take_while(|c| is_name(*c)).collect::<String>());
    names.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())).collect()
}

/// The lines of CSS that begin a block or go on with its selectors.
fn selectors(css: &str) -> String {
    let begins_as_selector = |line: &str| line.trim_start().starts_with(['.', '&', '#', ':']);
    let is_selector = |line: &&str| line.ends_with('{') || line.ends_with(',') && begins_as_selector(line);
    bare(css).lines().filter(is_selector).collect::<Vec<_>>().join("\n")
}

/// The classes of the style sheet, but for those of one letter, with which the renderer writes code and formulas.
fn styled() -> BTreeSet<String> {
    let css = files("style", "css").into_iter().filter(|(name, _)| !name.ends_with("main.css"));
    css.flat_map(|(_, text)| classes_of_selectors(&selectors(&text)))
        .filter(|class| class.len() > 1)
        .collect()
}

/// The words of all string literals in code, roughly: of whatever stands between two quotes of a line.
fn words_in_quotes(code: &str) -> BTreeSet<String> {
    let quoted = code.lines().flat_map(|line| line.split('"').skip(1));
    quoted.flat_map(|text| text.split(|c| !is_name(c))).map(str::to_owned).collect()
}

/// The classes that views put on elements.
fn used() -> BTreeSet<String> {
    let views = ["src/ui", "src/pages", "src/server/http", "src/server/rest"];
    let mut classes = BTreeSet::new();
    for (_, code) in views.iter().flat_map(|folder| files(folder, "rs")) {
        let lists = code.split("class=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        classes.extend(lists.flat_map(str::split_whitespace).map(str::to_owned));
        let toggled = code.split("class:").skip(1).map(|rest| rest.split('=').next().unwrap().trim());
        classes.extend(toggled.filter(|class| class.chars().all(is_name)).map(str::to_owned));
    }
    classes
}

#[test]
fn every_class_of_the_style_sheet_is_in_the_code() {
    let words: BTreeSet<String> =
        files("src", "rs").iter().flat_map(|(_, code)| words_in_quotes(code)).collect();
    let unused: Vec<_> = styled().into_iter().filter(|class| !words.contains(class)).collect();
    assert!(unused.is_empty(), "no element has the class {unused:?}");
}

#[test]
fn every_class_of_a_view_is_in_the_style_sheet_or_looked_for_by_the_island() {
    let mut known = styled();
    let literals = |code: &str| {
        code.lines().flat_map(|line| line.split('"').skip(1).step_by(2)).collect::<Vec<_>>().join("\n")
    };
    known.extend(
        files("src/ui/islands", "rs").iter().flat_map(|(_, code)| classes_of_selectors(&literals(code))),
    );
    let used = used();
    assert!(used.contains("composer") && used.contains("waiting"), "{used:?}");
    let unknown: Vec<_> = used.difference(&known).collect();
    assert!(unknown.is_empty(), "nothing is said of the class {unknown:?}");
}

#[test]
fn every_declaration_has_a_line_of_its_own() {
    for (name, css) in files("style", "css") {
        for line in bare(&css).lines() {
            let count = line.matches(';').count();
            assert!(count <= 1 && (count == 0 || line.ends_with(';')), "{name}: {line}");
            assert!(!line.contains('{') || line.ends_with('{'), "{name}: {line}");
        }
    }
}

#[test]
fn classes_are_found_in_selectors_and_nowhere_else() {
    let css = "/* .no */\n.a-b:is(.c, .d) > .e,\n& .f {\n  margin: 0.5rem;\n  transition:\n    top 0.2s,\n    left 0.3s;\n}\n";
    let found: Vec<_> = classes_of_selectors(&selectors(css)).into_iter().collect();
    assert_eq!(found, ["a-b", "c", "d", "e", "f"]);
    assert_eq!(bare("a { b: url('x;y'); } /* c */ d"), "a { b: url(); }  d");
    assert!(words_in_quotes("f(\"a-b c\")").contains("a-b"));
}
