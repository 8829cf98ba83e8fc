//! [`Table`]: which part may name which, read from the head of `src/server/mod.rs`; and [`circles`].

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Edges, Sources};

/// The parts that each part may name.
pub struct Table(BTreeMap<String, BTreeSet<String>>);

impl Table {
    /// Reads the lines with an arrow: `//! part → part, part`.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.strip_prefix("//! ")?.split_once('→'));
        let words = |list: &str| {
            list.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
        };
        let mut table = BTreeMap::new();
        for (part, others) in lines {
            let old = table.insert(part.trim().to_owned(), words(others));
            assert!(old.is_none(), "{part} is in the table twice");
        }
        Self(table)
    }

    pub fn parts(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// The arrows of the files that the table lacks.
    pub fn forbidden(&self, sources: &Sources) -> Vec<String> {
        let mut found = Vec::new();
        for (name, part, other) in used(sources) {
            let allowed = part == other || self.0.get(&part).is_some_and(|others| others.contains(&other));
            if !allowed {
                found.push(format!("{name} names {other}"));
            }
        }
        found
    }

    /// The arrows of the table that no file uses.
    pub fn unused(&self, sources: &Sources) -> Vec<String> {
        let used: BTreeSet<_> = used(sources).into_iter().map(|(_, part, other)| (part, other)).collect();
        let all = self.0.iter().flat_map(|(part, others)| others.iter().map(move |other| (part, other)));
        let unused = all.filter(|(part, other)| !used.contains(&((*part).clone(), (*other).clone())));
        unused.map(|(part, other)| format!("{part} → {other}")).collect()
    }

    pub fn circles(&self) -> Vec<String> {
        circles(&self.0)
    }
}

/// Each file, its part, and a part that it names.
fn used(sources: &Sources) -> Vec<(String, String, String)> {
    let mut found = BTreeSet::new();
    for (name, others) in sources.edges() {
        let Some(part) = Sources::part(name) else { continue };
        for other in others.iter().filter_map(|other| Sources::part(other)) {
            found.insert((name.clone(), part.clone(), other));
        }
    }
    found.into_iter().collect()
}

/// A circle for each group of names that lead to each other.
pub fn circles(edges: &Edges) -> Vec<String> {
    let (mut done, mut found) = (BTreeSet::new(), Vec::new());
    for start in edges.keys() {
        let mut way = Vec::new();
        walk(edges, start, &mut way, &mut done, &mut found);
    }
    found
}

fn walk<'a>(
    edges: &'a Edges,
    at: &'a str,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
    found: &mut Vec<String>,
) {
    if let Some(first) = way.iter().position(|name| *name == at) {
        found.push([&way[first..], &[at]].concat().join(" → "));
        return;
    }
    if done.contains(at) {
        return;
    }
    way.push(at);
    for next in edges.get(at).into_iter().flatten() {
        walk(edges, next, way, done, found);
    }
    way.pop();
    done.insert(at);
}
