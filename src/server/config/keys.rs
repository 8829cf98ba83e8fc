//! [`KEYS`]: every key of the configuration with its variable, default and meaning, in one table that
//! reading, `--help`, the README and the tests share.

/// One key of `Leptos.toml`.
#[derive(Debug)]
pub struct Key {
    /// `section.name`, dots for tables inside tables.
    pub key: &'static str,
    pub env: &'static str,
    /// Written as the variable would be; empty when there is none.
    pub default: &'static str,
    pub doc: &'static str,
    /// Never shown, in no message.
    pub secret: bool,
}

const fn key(key: &'static str, env: &'static str, default: &'static str, doc: &'static str) -> Key {
    Key { key, env, default, doc, secret: false }
}

const fn secret(key: &'static str, env: &'static str, doc: &'static str) -> Key {
    Key { key, env, default: "", doc, secret: true }
}

pub const KEYS: &[Key] = &[
    key(
        "server.listen",
        "INGLENOOK_LISTEN",
        "127.0.0.1:3000",
        "Address and port; 0.0.0.0:3000 for the whole network.",
    ),
    key(
        "server.public_url",
        "INGLENOOK_PUBLIC_URL",
        "",
        "The address people type, such as https://chat.example.org; https makes cookies Secure.",
    ),
    key(
        "server.data_dir",
        "INGLENOOK_DATA_DIR",
        "data",
        "Directory for the embedded database, the journal of running answers and the made secret.",
    ),
    key(
        "server.trusted_proxies",
        "INGLENOOK_TRUSTED_PROXIES",
        "",
        "Addresses or networks (10.0.0.0/8) whose X-Forwarded-For, -Proto and -Host are believed; commas between.",
    ),
    key(
        "server.log.level",
        "INGLENOOK_LOG_LEVEL",
        "info",
        "error, warn, info, debug or trace; RUST_LOG goes finer.",
    ),
    key(
        "server.log.format",
        "INGLENOOK_LOG_FORMAT",
        "text",
        "text or json, one line per event, to standard error.",
    ),
    key(
        "server.shutdown_seconds",
        "INGLENOOK_SHUTDOWN_SECONDS",
        "30",
        "How long running answers may finish when the server is stopped.",
    ),
    key(
        "store.url",
        "INGLENOOK_STORE",
        "sqlite:{data_dir}/inglenook.db",
        "sqlite:FILE, or mongodb://HOST/DATABASE?replicaSet=NAME for more than one machine.",
    ),
    secret(
        "auth.secret",
        "INGLENOOK_SECRET",
        "Signs the sessions: at least 32 random bytes; unset, one is made and kept in {data_dir}/secret.",
    ),
    key(
        "auth.registration",
        "INGLENOOK_AUTH_REGISTRATION",
        "open",
        "open or closed; the first person always can.",
    ),
    key(
        "auth.session_days",
        "INGLENOOK_AUTH_SESSION_DAYS",
        "30",
        "Days without a visit after which people sign in again.",
    ),
    key(
        "chat.default_model",
        "INGLENOOK_CHAT_DEFAULT_MODEL",
        "",
        "PROVIDER/MODEL of new chats; unset, the first one.",
    ),
    key("limits.message_bytes", "INGLENOOK_LIMITS_MESSAGE_BYTES", "262144", "The longest message taken."),
    key(
        "limits.body_bytes",
        "INGLENOOK_LIMITS_BODY_BYTES",
        "1048576",
        "The largest request taken; not below message_bytes.",
    ),
    key(
        "limits.logins_per_minute",
        "INGLENOOK_LIMITS_LOGINS_PER_MINUTE",
        "10",
        "Wrong passwords per minute: from each address, and for each account from addresses that are new to it.",
    ),
    key(
        "limits.registrations_per_hour",
        "INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR",
        "50",
        "New accounts per hour from each address.",
    ),
    key(
        "limits.streams_per_user",
        "INGLENOOK_LIMITS_STREAMS_PER_USER",
        "16",
        "Open event streams of one person, over all their tabs and programs.",
    ),
    key(
        "limits.answers_per_user",
        "INGLENOOK_LIMITS_ANSWERS_PER_USER",
        "8",
        "Answers of one person that are written at once.",
    ),
    key(
        "limits.connections",
        "INGLENOOK_LIMITS_CONNECTIONS",
        "8192",
        "Open connections; one address that is no trusted proxy gets a quarter of them.",
    ),
    key("timeouts.connect_seconds", "INGLENOOK_TIMEOUTS_CONNECT_SECONDS", "10", "To reach a provider."),
    key(
        "timeouts.first_token_seconds",
        "INGLENOOK_TIMEOUTS_FIRST_TOKEN_SECONDS",
        "60",
        "Silence before an answer; local models may load first. Ten times as long while a server says that it is alive.",
    ),
    key(
        "timeouts.idle_seconds",
        "INGLENOOK_TIMEOUTS_IDLE_SECONDS",
        "60",
        "Silence between two pieces of an answer; again tenfold with signs of life.",
    ),
    key(
        "timeouts.head_seconds",
        "INGLENOOK_TIMEOUTS_HEAD_SECONDS",
        "10",
        "For a request's head, and for its body until that must come with 1 KiB a second.",
    ),
    key(
        "timeouts.keep_alive_seconds",
        "INGLENOOK_TIMEOUTS_KEEP_ALIVE_SECONDS",
        "65",
        "Between two requests on one connection; longer than a proxy keeps its own.",
    ),
    key(
        "timeouts.stall_seconds",
        "INGLENOOK_TIMEOUTS_STALL_SECONDS",
        "60",
        "While a client takes nothing of the answer that waits for it.",
    ),
];

/// The variables that belong to no single key.
pub const OTHER_VARIABLES: &[(&str, &str)] = &[
    ("INGLENOOK_CONFIG", "The file to read instead of Leptos.toml; --config goes before it."),
    (
        "INGLENOOK_PROVIDERS",
        "All [[provider]] tables as one array, JSON or TOML: [{\"name\": \"…\", \"base_url\": \"…\", \"api_key_env\": \"…\"}].",
    ),
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

/// The keys of a `[[provider]]` table.
pub const PROVIDER_KEYS: &[(&str, &str)] = &[
    ("name", "What people see before the model; letters, digits, dot, dash and underscore."),
    (
        "base_url",
        "An OpenAI-compatible API, such as http://localhost:11434/v1; a /v1 that is left out is found.",
    ),
    ("api_key_env", "The name of the variable that holds the key; leave it out when none is wanted."),
    (
        "models",
        "The models to offer, and no others are asked; left out, /models is asked. Names, or tables: [\"a\", {name = \"b\", context = 8192}].",
    ),
    ("title_model", "The model that names conversations; left out, the one that answers."),
    (
        "context",
        "The tokens that prompt and answer may have together, of each model or in a model's table; left out, what the provider says, else 32768.",
    ),
    ("vision", "true or false: whether the models take images; left out, what the provider says."),
    (
        "price",
        "What a million tokens cost, such as {input = 0.15, output = 0.6, currency = \"USD\"}; told to programs.",
    ),
];

/// The keys of a table in `models`.
pub const MODEL_KEYS: &[(&str, &str)] = &[
    ("name", "The name the provider knows it by."),
    ("context", "As for the provider."),
    ("vision", "As for the provider."),
    ("price", "As for the provider."),
];

/// The keys of a `price`.
pub const PRICE_KEYS: &[(&str, &str)] = &[
    ("input", "Of a million tokens of the prompt."),
    ("output", "Of a million tokens of the answer."),
    ("currency", "Three capital letters."),
];

pub(super) fn find(key: &str) -> Option<&'static Key> {
    KEYS.iter().find(|known| known.key == key)
}

/// The known key most like `unknown`: a slip of the pen, or the right name in the wrong section.
pub(super) fn nearest(unknown: &str) -> Option<&'static str> {
    let last = |key: &str| key.rsplit('.').next().map(str::to_owned);
    let close = closest(unknown, KEYS.iter().map(|known| known.key));
    close.or_else(|| KEYS.iter().map(|known| known.key).find(|known| last(known) == last(unknown)))
}

/// Variables that begin like ours and are none, with the one that was perhaps meant.
pub fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<(String, Option<&'static str>)> {
    let known = || KEYS.iter().map(|key| key.env).chain(OTHER_VARIABLES.iter().map(|(env, _)| *env));
    names
        .filter(|name| name.starts_with("INGLENOOK_") && known().all(|env| env != name))
        .map(|name| {
            let near = closest(&name, known());
            (name, near)
        })
        .collect()
}

/// The candidate with the fewest edits, when these are few enough to be a slip.
pub(super) fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(edits, candidate)| *edits <= (candidate.len() / 4).max(2))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let cost = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The variables for `--help`.
pub fn help_table() -> String {
    let keys = KEYS.iter().map(|key| {
        let default =
            if key.default.is_empty() { String::new() } else { format!(" [default: {}]", key.default) };
        (key.env, format!("{}: {}{default}", key.key, key.doc))
    });
    let others = OTHER_VARIABLES.iter().map(|(env, doc)| (*env, (*doc).to_owned()));
    keys.chain(others).map(|(env, text)| format!("  {env}\n      {text}\n")).collect()
}

/// The keys and variables for the README.
pub fn markdown_table() -> String {
    let mut table = "| Key | Variable | Default | Meaning |\n|---|---|---|---|\n".to_owned();
    for key in KEYS {
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        table += &format!("| `{}` | `{}` | {default} | {} |\n", key.key, key.env, key.doc);
    }
    for (name, doc) in PROVIDER_KEYS {
        table += &format!("| `[[provider]]` `{name}` | | | {doc} |\n");
    }
    for (env, doc) in OTHER_VARIABLES {
        table += &format!("| | `{env}` | | {doc} |\n");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_follow_the_rule() {
        for (i, key) in KEYS.iter().enumerate() {
            assert!(
                KEYS[..i].iter().all(|other| other.key != key.key && other.env != key.env),
                "{}",
                key.key
            );
            let name = match key.key {
                "store.url" => "store",
                "auth.secret" => "secret",
                // The server is the program, so its section is left out.
                other => other.strip_prefix("server.").unwrap_or(other),
            };
            assert_eq!(key.env, format!("INGLENOOK_{}", name.replace('.', "_").to_uppercase()));
        }
    }

    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(&markdown_table()), "the README wants this table:\n{}", markdown_table());
    }

    #[test]
    fn slips_find_their_key() {
        assert_eq!(nearest("server.listen"), Some("server.listen"));
        assert_eq!(nearest("listen"), Some("server.listen"));
        assert_eq!(nearest("logging.level"), Some("server.log.level"));
        assert_eq!(nearest("server.trusted_proxy"), Some("server.trusted_proxies"));
        assert_eq!(nearest("colour"), None);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
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
