//! [`load`]: defaults, file, environment and command line become one [`Config`], or the list of its problems.

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
    keys::{KEYS, Key, nearest},
    loader::{Loader, below, is_provider, is_sign_in},
    problem::{ConfigError, Origin, found, without_password},
    schema::default,
    sections::{
        Sections,
        provider::{self, ProviderConfig},
        sign_in::{self, SignInConfig},
    },
};

/// Read when no file is named; need not be there.
const DEFAULT_FILE: &str = "Leptos.toml";

const PROVIDERS: &str = "INGLENOOK_PROVIDERS";
const SIGN_IN: &str = "INGLENOOK_SIGN_IN";

/// Values from the command line, which go before everything else: key, name of the option, value.
pub type Options = [(&'static str, &'static str, String)];

/// What a key is set to, for `inglenook check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    /// Without secrets and passwords.
    pub shown: String,
    pub origin: Origin,
}

/// See [`Config::load_with`].
pub(super) fn load(
    path: Option<&Path>,
    variable: &dyn Fn(&str) -> Option<String>,
    options: &Options,
) -> Result<Config, ConfigError> {
    let mut loader = Loader::new(variable, nearest);
    let named = path.map(Path::to_owned).or_else(|| loader.variable("INGLENOOK_CONFIG").map(PathBuf::from));
    let (file, mut values) = read_file(&mut loader, named)?;
    for key in KEYS.iter() {
        read_key(&mut loader, key, options, &mut values);
    }
    let provider = r#"{"name": "local", "base_url": "http://localhost:11434/v1"}"#;
    read_tables(&mut loader, &mut values, (PROVIDERS, "provider", provider), is_provider);
    let sign_in = r#"{"name": "acme", "issuer": "https://id.example.org", "client_id": "inglenook"}"#;
    read_tables(&mut loader, &mut values, (SIGN_IN, "sign_in", sign_in), is_sign_in);
    fill_in_data_dir(&mut values);
    let Some(sections) = loader.read::<Sections>("", values.clone()) else {
        return Err(ConfigError::Problems(loader.problems));
    };
    let Sections { server, store, auth, chat, limits, timeouts, provider: tables, sign_in: ways } = sections;
    limits.check(&mut loader);
    let providers = provider::providers(&mut loader, tables);
    if loader.is_valid("provider") {
        chat.check(&providers, &mut loader);
    }
    let sign_in = sign_in::ways(&mut loader, ways);
    if !loader.problems.is_empty() {
        loader.problems.sort_by(|a, b| a.origin.cmp(&b.origin));
        return Err(ConfigError::Problems(loader.problems));
    }
    let settings = KEYS.iter().map(|key| setting(&loader, key, &values));
    let settings = settings.chain(provider_settings(&providers)).chain(sign_in_settings(&sign_in)).collect();
    Ok(Config { file, server, store, auth, chat, limits, timeouts, providers, sign_in, settings })
}

/// Reads the file. A missing default file counts as an empty one; a missing named one is an error.
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
        table.get_ref().iter().for_each(|(key, node)| record_lines(loader, key.get_ref(), node, &line));
        Table::deserialize(Deserializer::from(table))
    });
    let mut values = Value::Table(read.unwrap_or_else(|error| {
        // The text of the line is not shown, because it may hold a secret.
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        // A number out of range has its problem from `record_lines`.
        if loader.problems.is_empty() {
            let origin = line(error.span().map_or(0, |span| span.start));
            loader.problem_at(origin, "", format!("not TOML: {message}"));
        }
        Table::new()
    }));
    trim(&mut values);
    take_site_addr(loader, &mut values);
    Ok((Some(path), values))
}

/// Records the line of a value, and the lines of the values in it.
fn record_lines(
    loader: &mut Loader<'_>,
    path: &str,
    node: &Spanned<DeValue<'_>>,
    line: &dyn Fn(usize) -> Origin,
) {
    loader.set_origin(path, line(node.span().start));
    match node.get_ref() {
        DeValue::Array(items) => {
            items.iter().zip(1..).for_each(|(item, i)| record_lines(loader, &below(path, i), item, line));
        }
        DeValue::Table(fields) => {
            fields
                .iter()
                .for_each(|(key, field)| record_lines(loader, &below(path, key.get_ref()), field, line));
        }
        DeValue::Integer(number) if i64::from_str_radix(number.as_str(), number.radix()).is_err() => {
            loader.problem(path, "found a number out of range, wanted a smaller one");
        }
        _ => {}
    }
}

/// Removes Leptos's own tables, of which the server uses only the address.
fn take_site_addr(loader: &mut Loader<'_>, values: &mut Value) {
    for (name, rest) in [("leptos", "site-addr"), ("package", "metadata.leptos.site-addr")] {
        let own = values.as_table_mut().and_then(|table| table.remove(name));
        if let (Some(address), None) =
            (own.as_ref().and_then(|own| get(own, rest)), get(values, "server.listen"))
        {
            loader.set_origin("server.listen", loader.origin(&below(name, rest)));
            put(values, "server.listen", Some(address.clone()));
        }
    }
}

/// Sets a key to its option or variable, which go before the file, or to its default when it has no value.
fn read_key(loader: &mut Loader<'_>, key: &'static Key, options: &Options, values: &mut Value) {
    // cargo leptos sets another variable for the address.
    let other = (key.key == "server.listen").then_some("LEPTOS_SITE_ADDR");
    let mut variables = iter::once(&*key.env).chain(other);
    let option = options.iter().find(|(name, ..)| *name == key.key);
    let option = option.map(|(_, option, text)| (Origin::Option(option), text.clone()));
    let given =
        option.or_else(|| variables.find_map(|name| Some((Origin::Variable(name), loader.variable(name)?))));
    if let Some((origin, text)) = given {
        loader.set_origin(&key.key, origin);
        put(values, &key.key, Some(from_text(text, &key.schema)));
    }
    match get(values, &key.key) {
        None => put(values, &key.key, default(&key.schema)),
        // Choices are not case-sensitive.
        Some(Value::String(text)) => {
            let small = text.to_lowercase();
            if key.schema["enum"].as_array().is_some_and(|words| words.contains(&small.as_str().into())) {
                put(values, &key.key, Some(small.into()));
            }
        }
        Some(_) => {}
    }
}

/// Replaces the tables of the file with those of the variable, if it is set.
fn read_tables(
    loader: &mut Loader<'_>,
    values: &mut Value,
    (variable, key, example): (&'static str, &str, &str),
    is_in: fn(&str) -> bool,
) {
    let Some(text) = loader.variable(variable) else { return };
    loader.origins.retain(|path, _| !is_in(path));
    loader.set_origin(key, Origin::Variable(variable));
    let tables = array(&text).unwrap_or_else(|what| {
        let wanted = format!("an array of tables as JSON or TOML, such as [{example}]");
        loader.problem(key, format!("found {what}, wanted {wanted}"));
        Value::Array(Vec::new())
    });
    put(values, key, Some(tables));
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

/// A line for each provider, for `inglenook check`.
fn provider_settings(providers: &[ProviderConfig]) -> impl Iterator<Item = Setting> {
    providers.iter().map(|provider| {
        let key = if provider.api_key.is_some() { "key set" } else { "no key" };
        Setting {
            key: format!("provider {}", provider.name),
            shown: format!("{} ({key})", provider.base_url),
            origin: provider.origin.clone(),
        }
    })
}

/// A line for each way to sign in, for `inglenook check`.
fn sign_in_settings(ways: &[SignInConfig]) -> impl Iterator<Item = Setting> {
    ways.iter().map(|way| Setting {
        key: format!("sign_in {}", way.name),
        shown: way.address().to_owned(),
        origin: way.origin.clone(),
    })
}

/// The value of a variable or an option: a number or a list with commas, when the key wants one.
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

/// Reads an array in JSON or TOML; the error says what was found instead.
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

/// Sets a value; without one, only makes the table it belongs to. A value where a table should be stays, because
/// [`Loader::read`] reports it.
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
