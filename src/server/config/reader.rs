//! [`Reader`]: finds the value of each key (option, variable, file, default) and collects mistakes.

use std::{collections::BTreeMap, fmt::Write, ops::RangeInclusive};

use super::{
    keys::{self, Key},
    problem::{Origin, Problem},
    value::{Node, Value, parse_toml},
};

/// What a key is set to, for `inglenook check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    /// Never a secret.
    pub shown: String,
    pub origin: Origin,
}

/// A value on its way to its key.
pub(super) struct Given {
    pub value: Value,
    pub origin: Origin,
}

impl Given {
    fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Files write numbers, variables can only write text.
    fn integer(&self) -> Option<u64> {
        match &self.value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            Value::Text(text) if !matches!(self.origin, Origin::File(..)) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Files write lists, variables put commas between.
    fn list(&self) -> Option<Vec<String>> {
        match &self.value {
            Value::List(nodes) => texts(nodes),
            Value::Text(text) if !matches!(self.origin, Origin::File(..)) => Some(
                text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect(),
            ),
            _ => None,
        }
    }
}

/// The texts of a list that holds nothing else.
pub(super) fn texts(nodes: &[Node]) -> Option<Vec<String>> {
    nodes
        .iter()
        .map(|node| match &node.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect()
}

type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) struct Reader<'a> {
    variable: Variable<'a>,
    /// Key, name of the option, value.
    options: &'a [(&'static str, &'static str, String)],
    pub file_name: String,
    file: BTreeMap<&'static str, Node>,
    /// The `[[provider]]` tables of the file.
    pub providers: Option<Node>,
    pub problems: Vec<Problem>,
    pub settings: Vec<Setting>,
}

impl<'a> Reader<'a> {
    pub fn new(variable: Variable<'a>, options: &'a [(&'static str, &'static str, String)]) -> Self {
        Self {
            variable,
            options,
            file_name: String::new(),
            file: BTreeMap::new(),
            providers: None,
            problems: Vec::new(),
            settings: Vec::new(),
        }
    }

    /// A variable; an empty one counts as unset.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }

    pub fn problem(&mut self, key: impl Into<String>, origin: Origin, message: impl Into<String>) {
        self.problems.push(Problem { key: key.into(), origin, message: message.into() });
    }

    pub fn in_file(&self, line: usize) -> Origin {
        Origin::File(self.file_name.clone(), line)
    }

    /// Takes in the text of a file: known keys are kept, unknown ones are mistakes.
    pub fn read_file(&mut self, name: String, text: &str) {
        self.file_name = name;
        let tables = match parse_toml(text) {
            Ok(tables) => tables,
            Err((message, line)) => {
                return self.problem("", self.in_file(line), format!("not TOML: {message}"));
            }
        };
        let mut site_addr = None;
        for (name, node) in tables {
            match &*name {
                // Leptos's own tables: of what stands there only the address concerns the server.
                "leptos" => site_addr = child(&node, &["site-addr"]),
                "package" => site_addr = child(&node, &["metadata", "leptos", "site-addr"]),
                "provider" => self.providers = Some(node),
                _ => self.walk(name, node),
            }
        }
        if let Some(node) = site_addr {
            self.file.entry("server.listen").or_insert(node);
        }
    }

    fn walk(&mut self, path: String, node: Node) {
        if let Some(known) = keys::find(&path) {
            self.file.insert(known.key, node);
            return;
        }
        let section = format!("{path}.");
        let is_section = keys::KEYS.iter().any(|known| known.key.starts_with(&section));
        match node.value {
            Value::Table(fields) if is_section || !fields.is_empty() => {
                fields.into_iter().for_each(|(name, field)| self.walk(format!("{section}{name}"), field));
            }
            value if is_section => {
                let found = value.shown();
                self.problem(path, self.in_file(node.line), format!("found {found}, wanted a table"));
            }
            _ => {
                let hint = match keys::nearest(&path) {
                    Some(near) => format!("there is no such key; did you mean {near}?"),
                    None => "there is no such key; inglenook --help lists them".to_owned(),
                };
                self.problem(path, self.in_file(node.line), hint);
            }
        }
    }

    /// The value of a key by its rank: option, variable, file, default.
    fn given(&self, key: &'static Key) -> Option<Given> {
        if let Some((_, option, text)) = self.options.iter().find(|(name, ..)| *name == key.key) {
            return Some(Given { value: Value::Text(text.clone()), origin: Origin::Option(option) });
        }
        // cargo leptos and its users set this one.
        let also = (key.key == "server.listen").then_some("LEPTOS_SITE_ADDR");
        for name in [Some(key.env), also].into_iter().flatten() {
            if let Some(text) = self.variable(name) {
                return Some(Given { value: Value::Text(text), origin: Origin::Variable(name) });
            }
        }
        if let Some(node) = self.file.get(key.key) {
            return Some(Given { value: node.value.clone(), origin: self.in_file(node.line) });
        }
        let default = Value::Text(key.default.to_owned());
        (!key.default.is_empty()).then_some(Given { value: default, origin: Origin::Default })
    }

    /// Reads one key. `fallback` is for keys without a value, and for those with a mistake, which make
    /// the whole configuration fail in the end. `parse` answers `None` when it is not what is `wanted`.
    fn read<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        fallback: T,
        parse: impl Fn(&Given) -> Option<T>,
    ) -> T {
        let Some(key) = keys::find(name) else {
            self.problem(name, Origin::Default, "missing in the table of keys");
            return fallback;
        };
        let Some(given) = self.given(key) else {
            self.settings.push(Setting {
                key: name.to_owned(),
                shown: "not set".to_owned(),
                origin: Origin::Default,
            });
            return fallback;
        };
        let parsed = parse(&given);
        if parsed.is_none() {
            let found = match &given.value {
                Value::Text(_) if key.secret => "a text".to_owned(),
                Value::Text(text) => Value::Text(without_password(text)).shown(),
                other => other.shown(),
            };
            self.problem(name, given.origin.clone(), format!("found {found}, wanted {wanted}"));
        }
        self.settings.push(Setting { key: name.to_owned(), shown: shown(key, &given), origin: given.origin });
        parsed.unwrap_or(fallback)
    }

    /// A text that `parse` understands.
    pub fn text<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        fallback: T,
        parse: impl Fn(&str) -> Option<T>,
    ) -> T {
        self.read(name, wanted, fallback, |given| parse(given.text()?.trim()))
    }

    /// A whole number within `range`.
    pub fn number(&mut self, name: &'static str, range: RangeInclusive<u64>) -> u64 {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(name, &wanted, *range.start(), |given| {
            given.integer().filter(|number| range.contains(number))
        })
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> T {
        let mut wanted = String::new();
        for (i, (word, _)) in choices.iter().enumerate() {
            let comma = if i == 0 {
                ""
            } else if i + 1 == choices.len() {
                " or "
            } else {
                ", "
            };
            // Writing to a String does not fail.
            let _ = write!(wanted, "{comma}{word:?}");
        }
        self.read(name, &wanted, choices[0].1, |given| {
            let text = given.text()?.trim();
            choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, choice)| *choice)
        })
    }

    /// A list of texts that `parse` understands.
    pub fn list<T>(&mut self, name: &'static str, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.read(name, wanted, Vec::new(), |given| {
            given.list()?.iter().map(|item| parse(item.trim())).collect()
        })
    }

    /// Where a key's value came from, for mistakes that are found later.
    pub fn origin(&self, name: &str) -> Origin {
        let setting = self.settings.iter().find(|setting| setting.key == name);
        setting.map_or(Origin::Default, |setting| setting.origin.clone())
    }
}

fn child(node: &Node, path: &[&str]) -> Option<Node> {
    let Some((first, rest)) = path.split_first() else { return Some(node.clone()) };
    match &node.value {
        Value::Table(fields) => {
            fields.iter().find(|(name, _)| name == first).and_then(|(_, node)| child(node, rest))
        }
        _ => None,
    }
}

fn shown(key: &Key, given: &Given) -> String {
    match &given.value {
        _ if key.secret => "set".to_owned(),
        Value::Text(text) => without_password(text),
        Value::Integer(number) => number.to_string(),
        _ => given.list().map_or_else(|| given.value.shown(), |items| items.join(", ")),
    }
}

/// A URL with the password, and query values that may be one, struck out.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // The last @ first: a password with a bare @, / or ? in it must not show in part.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((credentials, host)) => {
            (format!("{}:…@", credentials.split(':').next().unwrap_or_default()), host)
        }
        None => (String::new(), rest),
    };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let shown = format!("{scheme}://{user}{rest}");
    let Some(query) = query else { return shown };
    let fields = query.split('&').map(|field| match field.split_once('=') {
        Some((name, _))
            if ["pass", "secret", "token", "key"].iter().any(|word| name.to_lowercase().contains(word)) =>
        {
            format!("{name}=…")
        }
        _ => field.to_owned(),
    });
    format!("{shown}?{}", fields.collect::<Vec<_>>().join("&"))
}
