//! [`Sources`]: the files of the crate, and which of them each names, read from their syntax.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::OnceLock,
};

use syn::{
    Attribute, File, ImplItem, Item, ItemUse, Meta, UseTree,
    visit::{self, Visit},
};

/// The path of a module in parts: `server::chat::job` for `src/server/chat/job.rs`.
type Module = Vec<String>;

/// The Rust files below a folder: name, text, and module.
pub struct Sources {
    files: BTreeMap<Module, (String, String)>,
    edges: OnceLock<Edges>,
    tests: OnceLock<Vec<Module>>,
}

/// The files that each file names.
pub type Edges = BTreeMap<String, BTreeSet<String>>;

impl Sources {
    pub fn read(root: &Path) -> Self {
        fn walk(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
            for entry in fs::read_dir(dir).unwrap().flatten() {
                match entry.path() {
                    path if path.is_dir() => walk(&path, found),
                    path if path.extension().is_some_and(|ending| ending == "rs") => found.push(path),
                    _ => {}
                }
            }
        }
        let mut paths = Vec::new();
        walk(root, &mut paths);
        let name = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        let files: Vec<_> =
            paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect();
        Self::new(files)
    }

    pub fn of(files: &[(&str, &str)]) -> Self {
        Self::new(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    fn new(files: Vec<(String, String)>) -> Self {
        let files = files.into_iter().map(|(name, text)| (module_of(&name), (name, text))).collect();
        Self { files, edges: OnceLock::new(), tests: OnceLock::new() }
    }

    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.values().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The parts of the crate: what lies beside `lib.rs`, and below `server` and `ui`.
    pub fn parts(&self) -> BTreeSet<String> {
        let tests = self.test_modules();
        let real = self.files.keys().filter(|module| !tests.iter().any(|test| module.starts_with(test)));
        real.filter_map(|module| part_of(module)).collect()
    }

    /// The part that a file belongs to; `lib.rs` and lists of modules belong to none.
    pub fn part(name: &str) -> Option<String> {
        part_of(&module_of(name))
    }

    /// The arrows between files, without tests. A file's re-exports of the files below it are no arrows.
    pub fn edges(&self) -> &Edges {
        self.edges.get_or_init(|| self.read_edges())
    }

    fn read_edges(&self) -> Edges {
        let tests = self.test_modules();
        let mut edges = Edges::new();
        for (module, (name, text)) in &self.files {
            if tests.iter().any(|test| module.starts_with(test)) {
                continue;
            }
            let found = self.named(module, text);
            let names = found.into_iter().map(|module| self.files[&module].0.clone()).collect();
            edges.insert(name.clone(), names);
        }
        edges
    }

    fn named(&self, module: &Module, text: &str) -> BTreeSet<Module> {
        let mut reader = Reader { sources: self, module, found: BTreeSet::new() };
        reader.visit_file(&syn::parse_file(text).unwrap());
        reader.found
    }

    /// The longest beginning of a path that is a file's module.
    fn file(&self, path: &[String]) -> Option<Module> {
        (1..=path.len()).rev().map(|end| path[..end].to_vec()).find(|module| self.files.contains_key(module))
    }

    /// Modules in files of their own that are compiled for tests only.
    fn test_modules(&self) -> &[Module] {
        self.tests.get_or_init(|| self.read_test_modules())
    }

    fn read_test_modules(&self) -> Vec<Module> {
        let mut found = Vec::new();
        for (module, (_, text)) in &self.files {
            let File { items, .. } = syn::parse_file(text).unwrap();
            for item in items {
                if let Item::Mod(item) = item
                    && is_test(&item.attrs)
                {
                    found.push([module.clone(), vec![item.ident.to_string()]].concat());
                }
            }
        }
        found
    }
}

/// `x_tests.rs` is the module `tests` of `x`, by a `#[path]`.
fn module_of(name: &str) -> Module {
    let stem = name.trim_end_matches(".rs");
    let mut module: Module = stem.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || stem == "lib" {
        module.pop();
    }
    if let Some(of) = module.last().and_then(|last| last.strip_suffix("_tests")).map(str::to_owned) {
        module.pop();
        module.extend([of, "tests".to_owned()]);
    }
    module
}

/// The folders whose entries are parts; each other folder is one part.
const HOUSES: [&str; 2] = ["server", "ui"];

fn part_of(module: &[String]) -> Option<String> {
    match module {
        [] => None,
        [house] if HOUSES.contains(&house.as_str()) => None,
        [house, part, ..] if HOUSES.contains(&house.as_str()) => Some(format!("{house}::{part}")),
        [part, ..] => Some(part.clone()),
    }
}

/// The code without comments and without the tests at a file's end.
pub fn code(text: &str) -> String {
    let until = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..until].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

struct Reader<'a> {
    sources: &'a Sources,
    module: &'a Module,
    found: BTreeSet<Module>,
}

impl Reader<'_> {
    /// Adds what a path in the file names.
    fn take(&mut self, path: &[String]) {
        let mut rest = path.iter().peekable();
        let mut absolute = match rest.peek().map(|first| first.as_str()) {
            Some("crate" | "inglenook") => {
                rest.next();
                Vec::new()
            }
            Some("self") => {
                rest.next();
                self.module.clone()
            }
            Some("super") => {
                let mut above = self.module.clone();
                while rest.next_if(|part| *part == "super").is_some() {
                    above.pop();
                }
                above
            }
            _ => return,
        };
        absolute.extend(rest.cloned());
        // Paths into the module itself are no arrows; a re-export counts as the part that has it.
        if let Some(module) = self.sources.file(&absolute).filter(|module| !module.starts_with(self.module)) {
            self.found.insert(module);
        }
    }

    fn take_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.take_tree(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.take(&with(&name.ident)),
            UseTree::Rename(name) => self.take(&with(&name.ident)),
            UseTree::Glob(_) => self.take(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.take_tree(before, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !matches!(item, ImplItem::Fn(function) if is_test(&function.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.take_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.take(&names);
        visit::visit_path(self, path);
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => {
            list.path.is_ident("cfg") && list.tokens.to_string().split_whitespace().any(|word| word == "test")
        }
        _ => false,
    })
}
