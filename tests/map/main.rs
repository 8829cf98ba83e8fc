//! The map is true: which part names which, where features are asked for, how long files are.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrows;
mod source;

use std::{path::Path, sync::LazyLock};

use arrows::{Table, circles};
use source::Sources;

fn crate_sources() -> &'static Sources {
    static SOURCES: LazyLock<Sources> =
        LazyLock::new(|| Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
    &SOURCES
}

fn table() -> Table {
    Table::parse(include_str!("../../src/server/mod.rs"))
}

#[test]
fn every_arrow_between_parts_is_in_the_table_and_every_one_of_the_table_is_used() {
    let (sources, table) = (crate_sources(), table());
    assert_eq!(table.forbidden(sources), Vec::<String>::new());
    assert_eq!(table.unused(sources), Vec::<String>::new());
}

#[test]
fn the_table_has_every_part_once_and_no_circle() {
    let (sources, table) = (crate_sources(), table());
    assert_eq!(table.parts(), sources.parts());
    assert_eq!(table.circles(), Vec::<String>::new());
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    assert_eq!(circles(crate_sources().edges()), Vec::<String>::new());
}

#[test]
fn a_part_that_is_not_in_the_table_and_a_wrong_import_are_found() {
    let table = Table::parse("//! main → server::chat\n//! server::chat → domain\n//! domain →\n");
    let sources = Sources::of(&[
        ("main.rs", "use inglenook::server::chat::Chat;"),
        ("domain/mod.rs", "use crate::server::chat::Chat;"),
        ("server/chat/mod.rs", "use super::store; fn f() { crate::domain::g() }"),
        ("server/store.rs", ""),
    ]);
    let found = ["domain/mod.rs names server::chat", "server/chat/mod.rs names server::store"];
    assert_eq!(table.forbidden(&sources), found);
    assert_eq!(table.unused(&sources), Vec::<String>::new());
    assert_ne!(table.parts(), sources.parts());
    let unused = Table::parse("//! main → domain\n//! domain →\n");
    assert_eq!(unused.unused(&Sources::of(&[("main.rs", ""), ("domain.rs", "")])), ["main → domain"]);
    assert_eq!(Table::parse("//! a → b\n//! b → c\n//! c → a\n").circles(), ["a → b → c → a"]);
}

#[test]
fn a_circle_of_files_is_found_however_they_are_named() {
    let sources = Sources::of(&[
        ("server/a/mod.rs", "mod one; pub mod two; pub use one::One; pub struct A;"),
        ("server/a/one.rs", "use super::{A, two::{Two as Second}}; pub struct One;"),
        ("server/a/two.rs", "pub struct Two(pub crate::server::b::B);"),
        ("server/b.rs", "impl B { fn f() -> super::a::one::One { todo!() } }"),
        ("server/c.rs", "#[cfg(test)] mod tests { use crate::server::d::D; }"),
        ("server/d.rs", "use super::c::*;"),
    ]);
    // A part's re-exports of its own files are no arrows, and tests may name what they test with.
    let circle = "server/a/one.rs → server/a/two.rs → server/b.rs → server/a/one.rs";
    assert_eq!(circles(sources.edges()), [circle]);
}

#[test]
fn features_are_asked_for_in_lib_rs_only() {
    for (name, text) in crate_sources().texts() {
        assert!(name == "lib.rs" || !source::code(text).contains("cfg(feature"), "{name} asks for a feature");
    }
}

#[test]
fn every_file_says_what_it_defines_and_stays_readable() {
    for folder in ["src", "tests", "benches", "fuzz/fuzz_targets", "tools"] {
        let sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        assert_ne!(sources.texts().count(), 0, "{folder} has no files");
        for (name, text) in sources.texts() {
            assert!(text.starts_with("//! "), "{folder}/{name} does not begin with a sentence");
            let lines = text.lines().count();
            assert!(lines <= 400, "{folder}/{name} has {lines} lines");
        }
    }
}

#[test]
fn the_server_has_few_rooms() {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server")).unwrap();
    assert!(entries.count() <= 24, "a new part of the server belongs into one of those that are there");
}

/// A service that is called for a person takes a [`CurrentUser`](inglenook::domain::CurrentUser), and only what looks
/// sessions up makes one.
#[test]
fn only_accounts_say_who_asks() {
    let makes = |(_, text): &(&str, &str)| source::code(text).contains("CurrentUser::found(");
    let makers: Vec<&str> = crate_sources().texts().filter(makes).map(|(name, _)| name).collect();
    assert_eq!(makers, ["server/accounts/sessions.rs"]);
}

/// The authority of the operator needs no proof, so that only commands have it.
#[test]
fn only_commands_act_for_the_operator() {
    let names = |(name, text): &(&str, &str)| {
        *name != "domain/user.rs"
            && source::code(text).split(|c: char| !c.is_alphanumeric()).any(|it| it == "Operator")
    };
    let mut named: Vec<&str> = crate_sources().texts().filter(names).map(|(name, _)| name).collect();
    named.sort_unstable();
    // These two tell an operator from an administrator.
    let told = ["server/accounts/audit.rs", "server/accounts/proof.rs"];
    named.retain(|name| !told.contains(name));
    assert_eq!(named, ["server/cli/key.rs", "server/cli/user.rs"]);
}
