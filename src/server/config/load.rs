//! [`load`]: defaults, file, environment and command line become one [`Config`], or the list of all that is wrong.

use std::{
    io, iter,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value as Schema;
use toml::{
    Deserializer, Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{
    Config,
    keys::{KEYS, Key, default},
    loader::{Loader, below, is_provider},
    problem::{ConfigError, Origin, found, without_password},
    sections::{Sections, provider},
};

/// Read when no file is named; need not be there.
const DEFAULT_FILE: &str = "Leptos.toml";

const PROVIDERS: &str = "INGLENOOK_PROVIDERS";

/// Values from the command line, which go before everything else: key, name of the option, value.
pub type Options = [(&'static str, &'static str, String)];

/// What a key is set to, for `inglenook check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    /// Never a secret.
    pub shown: String,
    pub origin: Origin,
}

/// See [`Config::load_with`].
pub(super) fn load(
    path: Option<&Path>,
    variable: &dyn Fn(&str) -> Option<String>,
    options: &Options,
) -> Result<Config, ConfigError> {
    let mut loader = Loader::new(variable);
    let named = path.map(Path::to_owned).or_else(|| loader.variable("INGLENOOK_CONFIG").map(PathBuf::from));
    let (file, mut values) = read_file(&mut loader, named)?;
    for key in KEYS.iter() {
        read_key(&mut loader, key, options, &mut values);
    }
    read_providers(&mut loader, &mut values);
    fill_in_data_dir(&mut values);
    let Some(sections) = loader.read::<Sections>("", values.clone()) else {
        return Err(ConfigError::Problems(loader.problems));
    };
    let Sections { server, store, auth, chat, limits, timeouts, provider: tables } = sections;
    limits.check(&mut loader);
    let providers = provider::providers(&mut loader, tables);
    if loader.is_sound("provider") {
        chat.check(&providers, &mut loader);
    }
    if !loader.problems.is_empty() {
        loader.problems.sort_by(|a, b| a.origin.cmp(&b.origin));
        return Err(ConfigError::Problems(loader.problems));
    }
    let settings = KEYS.iter().map(|key| setting(&loader, key, &values));
    let settings = settings.chain(provider::settings(&providers)).collect();
    Ok(Config { file, server, store, auth, chat, limits, timeouts, providers, settings })
}

/// What the file says. A missing default file is as good as an empty one; a missing named one is not.
fn read_file(
    loader: &mut Loader<'_>,
    named: Option<PathBuf>,
) -> Result<(Option<PathBuf>, Value), ConfigError> {
    let path = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && named.is_none() => {
            return Ok((None, Table::new().into()));
        }
        Err(cause) => return Err(ConfigError::Unreadable { path: name, cause }),
    };
    let line = |at: usize| {
        let before = text.bytes().take(at);
        Origin::File(name.clone(), before.filter(|byte| *byte == b'\n').count() + 1)
    };
    let read = DeTable::parse(&text).and_then(|table| {
        table.get_ref().iter().for_each(|(key, node)| locate(loader, key.get_ref(), node, &line));
        Table::deserialize(Deserializer::from(table))
    });
    let mut values = Value::Table(read.unwrap_or_else(|error| {
        // The line itself is not shown, because it may hold a secret.
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        loader.problem_at(
            line(error.span().map_or(0, |span| span.start)),
            "",
            format!("not TOML: {message}"),
        );
        Table::new()
    }));
    trim(&mut values);
    take_site_addr(loader, &mut values);
    Ok((Some(path), values))
}

/// Notes the line of a value, and of those in it.
fn locate(loader: &mut Loader<'_>, path: &str, node: &Spanned<DeValue<'_>>, line: &dyn Fn(usize) -> Origin) {
    loader.place(path, line(node.span().start));
    match node.get_ref() {
        DeValue::Array(items) => {
            items.iter().zip(1..).for_each(|(item, i)| locate(loader, &below(path, i), item, line));
        }
        DeValue::Table(fields) => {
            fields.iter().for_each(|(key, field)| locate(loader, &below(path, key.get_ref()), field, line));
        }
        _ => {}
    }
}

/// Takes Leptos's own tables away; of what stands there only the address concerns the server.
fn take_site_addr(loader: &mut Loader<'_>, values: &mut Value) {
    for (name, rest) in [("leptos", "site-addr"), ("package", "metadata.leptos.site-addr")] {
        let own = values.as_table_mut().and_then(|table| table.remove(name));
        if let (Some(address), None) =
            (own.as_ref().and_then(|own| get(own, rest)), get(values, "server.listen"))
        {
            loader.place("server.listen", loader.origin(&below(name, rest)));
            put(values, "server.listen", Some(address.clone()));
        }
    }
}

/// Puts what an option or a variable says over the file, and the default where nothing is said.
fn read_key(loader: &mut Loader<'_>, key: &'static Key, options: &Options, values: &mut Value) {
    // cargo leptos and its users set another variable for the address, too.
    let other = (key.key == "server.listen").then_some("LEPTOS_SITE_ADDR");
    let mut variables = iter::once(&*key.env).chain(other);
    let option = options.iter().find(|(name, ..)| *name == key.key);
    let option = option.map(|(_, option, text)| (Origin::Option(option), text.clone()));
    let given =
        option.or_else(|| variables.find_map(|name| Some((Origin::Variable(name), loader.variable(name)?))));
    if let Some((origin, text)) = given {
        loader.place(&key.key, origin);
        put(values, &key.key, Some(from_text(text, &key.schema)));
    }
    match get(values, &key.key) {
        None => put(values, &key.key, default(&key.schema)),
        // Words may be written large.
        Some(Value::String(text)) if key.schema.get("enum").is_some() => {
            let small = text.to_lowercase().into();
            put(values, &key.key, Some(small));
        }
        Some(_) => {}
    }
}

/// Puts the providers of the variable, if it is set, in the place of those of the file.
fn read_providers(loader: &mut Loader<'_>, values: &mut Value) {
    let Some(text) = loader.variable(PROVIDERS) else { return };
    loader.origins.retain(|path, _| !is_provider(path));
    loader.place("provider", Origin::Variable(PROVIDERS));
    let tables = array(&text).unwrap_or_else(|what| {
        let wanted = r#"an array of tables as JSON or TOML, such as [{"name": "local", "base_url": "http://localhost:11434/v1"}]"#;
        loader.problem("provider", format!("found {what}, wanted {wanted}"));
        Value::Array(Vec::new())
    });
    put(values, "provider", Some(tables));
}

fn fill_in_data_dir(values: &mut Value) {
    let text = |path| get(values, path).and_then(Value::as_str);
    if let (Some(dir), Some(url)) = (text("server.data_dir"), text("store.url")) {
        let url = url.replace("{data_dir}", dir).into();
        put(values, "store.url", Some(url));
    }
}

fn setting(loader: &Loader<'_>, key: &Key, values: &Value) -> Setting {
    let shown = match get(values, &key.key) {
        None => "not set".to_owned(),
        Some(_) if key.secret => "set".to_owned(),
        Some(Value::String(text)) => without_password(text),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    };
    Setting { key: key.key.clone(), shown, origin: loader.origin(&key.key) }
}

/// A variable can only hold text: numbers are read from it, and lists have commas between.
fn from_text(text: String, schema: &Schema) -> Value {
    match schema["type"].as_str() {
        Some("integer") => text.parse().map_or(Value::String(text), Value::Integer),
        Some("array") => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(Value::from).collect::<Vec<_>>().into()
        }
        _ => Value::String(text),
    }
}

/// An array in JSON or TOML; the error says what it is instead.
fn array(text: &str) -> Result<Value, String> {
    let json = serde_json::from_str::<Value>(text);
    let mut value =
        json.or_else(|error| text.parse::<Value>().map_err(|_| format!("something else ({error})")))?;
    trim(&mut value);
    if value.is_array() { Ok(value) } else { Err(found(&value)) }
}

fn trim(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.trim().to_owned(),
        Value::Array(items) => items.iter_mut().for_each(trim),
        Value::Table(fields) => fields.iter_mut().for_each(|(_, field)| trim(field)),
        _ => {}
    }
}

fn get<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| value.get(name))
}

/// Sets a value; without one, only makes the table it belongs to. What stands where a table should be stays, because it
/// is told when it is read.
fn put(table: &mut Value, path: &str, value: Option<Value>) {
    let Some(table) = table.as_table_mut() else { return };
    match (path.split_once('.'), value) {
        (Some((name, rest)), value) => {
            put(table.entry(name).or_insert_with(|| Table::new().into()), rest, value);
        }
        (None, Some(value)) => _ = table.insert(path.to_owned(), value),
        (None, None) => {}
    }
}
