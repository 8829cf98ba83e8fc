//! [`KEYS`]: every key with its variable, default and meaning, as the structs of `sections` say it; `--help`, the
//! README and the tests read them here.

use std::sync::LazyLock;

use serde_json::Value as Schema;
use toml::Value;

use super::{
    schema::{closest, default, properties, schema_of},
    sections::{Sections, provider::ProviderTable, sign_in::SignInTable},
};

/// One key of `Leptos.toml`.
#[derive(Debug)]
pub struct Key {
    /// `section.name`, dots for tables inside tables.
    pub key: String,
    pub env: String,
    /// Written as the variable would be; empty when there is none.
    pub default: String,
    pub doc: String,
    /// Never shown, in no message.
    pub secret: bool,
    pub(super) schema: Schema,
}

/// In the order of the structs and their fields.
pub static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let mut keys = Vec::new();
    for (section, schema) in properties(&schema_of::<Sections>())
        .filter(|(name, _)| !["provider", "sign_in"].contains(&name.as_str()))
    {
        collect(section, schema, &mut keys);
    }
    keys
});

/// The variables that belong to no single key.
pub const OTHER_VARIABLES: &[(&str, &str)] = &[
    ("INGLENOOK_CONFIG", "The file to read instead of Leptos.toml; --config goes before it."),
    (
        "INGLENOOK_PROVIDERS",
        "All [[provider]] tables as one array, JSON or TOML: [{\"name\": \"…\", \"base_url\": \"…\", \"api_key_env\": \"…\"}].",
    ),
    ("INGLENOOK_SIGN_IN", "All [[sign_in]] tables as one array, as INGLENOOK_PROVIDERS."),
    ("OPENAI_API_KEY", "With OPENAI_BASE_URL, or alone: adds a provider named openai."),
    (
        "OPENAI_BASE_URL",
        "Default https://api.openai.com/v1; alone it is enough for servers that want no key.",
    ),
    (
        "SSL_CERT_FILE",
        "A file of certificates in PEM: the authorities, and the servers' own ones, to trust with providers instead of the system's.",
    ),
    ("SSL_CERT_DIR", "The same as a folder of such files."),
    (
        "HTTPS_PROXY",
        "The proxy to reach providers through, such as http://NAME:PASSWORD@HOST:3128; HTTP_PROXY for http ones, ALL_PROXY for both. Never used for this machine.",
    ),
    ("NO_PROXY", "Hosts that are reached without the proxy; commas between."),
    ("LEPTOS_SITE_ADDR", "As INGLENOOK_LISTEN, which goes before it; cargo leptos sets it."),
    ("RUST_LOG", "Filter directives of tracing, such as inglenook=debug,warn; goes before server.log.level."),
];

/// The keys of a `[[provider]]` table, with their meaning.
pub static PROVIDER_KEYS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    properties(&schema_of::<ProviderTable>()).map(|(name, schema)| (name.clone(), doc(schema))).collect()
});

/// The keys of a `[[sign_in]]` table, with their meaning.
pub static SIGN_IN_KEYS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    properties(&schema_of::<SignInTable>()).map(|(name, schema)| (name.clone(), doc(schema))).collect()
});

fn doc(schema: &Schema) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ")
}

fn collect(path: &str, schema: &Schema, keys: &mut Vec<Key>) {
    if schema["type"] == "object" {
        return properties(schema).for_each(|(name, field)| collect(&format!("{path}.{name}"), field, keys));
    }
    let default = match default(schema) {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    keys.push(Key {
        key: path.to_owned(),
        env: variable(path),
        default,
        doc: doc(schema),
        secret: schema["writeOnly"] == true,
        schema: schema.clone(),
    });
}

/// The variable of a key. `server` is left out of the name, because it says no more than `INGLENOOK`.
fn variable(key: &str) -> String {
    let name = match key {
        "store.url" => "store",
        "auth.secret" => "secret",
        other => other.strip_prefix("server.").unwrap_or(other),
    };
    format!("INGLENOOK_{}", name.replace('.', "_").to_uppercase())
}

/// The key that was probably meant by an unknown one: a misspelt one, or one of the same name in another section.
pub(super) fn nearest(unknown: &str) -> Option<&'static str> {
    fn last(key: &str) -> Option<&str> {
        key.rsplit('.').next()
    }
    let keys = || KEYS.iter().map(|known| &*known.key);
    closest(unknown, keys()).or_else(|| keys().find(|known| last(known) == last(unknown)))
}

/// Names that begin with `INGLENOOK_` and are no variable of the server, with the one that was probably meant.
pub fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<(String, Option<&'static str>)> {
    let known = || KEYS.iter().map(|key| &*key.env).chain(OTHER_VARIABLES.iter().map(|(env, _)| *env));
    names
        .filter(|name| name.starts_with("INGLENOOK_") && known().all(|env| env != name))
        .map(|name| {
            let near = closest(&name, known());
            (name, near)
        })
        .collect()
}

/// The variables for `--help`.
pub fn help_table() -> String {
    let keys = KEYS.iter().map(|key| {
        let default =
            if key.default.is_empty() { String::new() } else { format!(" [default: {}]", key.default) };
        (&*key.env, format!("{}: {}{default}", key.key, key.doc))
    });
    let others = OTHER_VARIABLES.iter().map(|(env, doc)| (*env, (*doc).to_owned()));
    keys.chain(others).map(|(env, text)| format!("  {env}\n      {text}\n")).collect()
}

/// The keys and variables for the README.
#[cfg(test)]
fn markdown_table() -> String {
    let mut table = "| Key | Variable | Default | Meaning |\n|---|---|---|---|\n".to_owned();
    for key in KEYS.iter() {
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        table += &format!("| `{}` | `{}` | {default} | {} |\n", key.key, key.env, key.doc);
    }
    for (name, doc) in PROVIDER_KEYS.iter() {
        table += &format!("| `[[provider]]` `{name}` | | | {doc} |\n");
    }
    for (name, doc) in SIGN_IN_KEYS.iter() {
        table += &format!("| `[[sign_in]]` `{name}` | | | {doc} |\n");
    }
    for (env, doc) in OTHER_VARIABLES {
        table += &format!("| | `{env}` | | {doc} |\n");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{super::schema::wanted, *};

    #[test]
    fn variables_are_unique_and_named_after_their_keys() {
        for (i, key) in KEYS.iter().enumerate() {
            assert!(
                KEYS[..i].iter().all(|other| other.key != key.key && other.env != key.env),
                "{}",
                key.key
            );
        }
        for (key, env) in [
            ("server.listen", "INGLENOOK_LISTEN"),
            ("server.log.level", "INGLENOOK_LOG_LEVEL"),
            ("store.url", "INGLENOOK_STORE"),
            ("auth.secret", "INGLENOOK_SECRET"),
            ("auth.session_days", "INGLENOOK_AUTH_SESSION_DAYS"),
        ] {
            assert_eq!(KEYS.iter().find(|known| known.key == key).unwrap().env, env);
        }
    }

    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(&markdown_table()), "the README wants this table:\n{}", markdown_table());
    }

    #[test]
    fn every_refusal_says_what_is_wanted() {
        for key in KEYS.iter() {
            assert_ne!(wanted(&key.schema), "a table", "{}: say what is wanted", key.key);
            assert!(!wanted(&key.schema).contains("null"), "{}: the range has two ends", key.key);
            assert!(!key.doc.is_empty(), "{}: say what it means", key.key);
        }
    }

    #[test]
    fn slips_find_their_key() {
        assert_eq!(nearest("server.listen"), Some("server.listen"));
        assert_eq!(nearest("listen"), Some("server.listen"));
        assert_eq!(nearest("logging.level"), Some("server.log.level"));
        assert_eq!(nearest("server.trusted_proxy"), Some("server.trusted_proxies"));
        assert_eq!(nearest("colour"), None);
    }

    #[test]
    fn unknown_variables_are_seen() {
        let names = ["INGLENOOK_STOER", "INGLENOOK_STORE", "HOME", "INGLENOOK_CONFIG"].map(String::from);
        assert_eq!(
            unknown_variables(names.into_iter()),
            [("INGLENOOK_STOER".to_owned(), Some("INGLENOOK_STORE"))]
        );
    }
}
