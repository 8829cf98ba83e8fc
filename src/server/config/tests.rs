//! Tests of [`Config`]: every key by file and by variable, and every mistake by its sentence.

use std::{net::SocketAddr, time::Duration};

use secrecy::ExposeSecret;

use super::*;
use crate::server::ops::telemetry::LogFormat;

const GOOD_SECRET: &str = "Zk3vQ8xw1LrT0mYc7NfHs5Jd9PbEgUaW";

/// A configuration from the text of a file and variables.
pub(super) fn load(file: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("Leptos.toml");
    std::fs::write(&path, file).unwrap();
    Config::load(Some(&path), |name| {
        env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    })
}

fn from_file(file: &str) -> Config {
    load(file, &[]).unwrap()
}

pub(super) fn from_env(env: &[(&str, &str)]) -> Config {
    load("", env).unwrap()
}

/// The text of the error, of which there must be exactly `count`.
pub(super) fn mistakes(file: &str, env: &[(&str, &str)], count: usize) -> String {
    let error = load(file, env).unwrap_err();
    assert_eq!(error.problems().len(), count, "{error}");
    error.to_string()
}

fn mistake(file: &str) -> String {
    mistakes(file, &[], 1)
}

fn env(key: &str) -> &'static str {
    &keys::KEYS.iter().find(|known| known.key == key).unwrap().env
}

/// One other value for every key: as TOML, as a variable, and how `check` shows it.
const OTHERS: &[(&str, &str, &str, &str)] = &[
    ("server.listen", "\"[::1]:8080\"", "[::1]:8080", "[::1]:8080"),
    (
        "server.public_url",
        "\"https://chat.example.org\"",
        "https://chat.example.org",
        "https://chat.example.org",
    ),
    ("server.data_dir", "\"/srv/x\"", "/srv/x", "/srv/x"),
    (
        "server.trusted_proxies",
        "[\"127.0.0.1\", \"10.0.0.0/8\"]",
        "127.0.0.1, 10.0.0.0/8",
        "127.0.0.1, 10.0.0.0/8",
    ),
    ("server.log.level", "\"debug\"", "debug", "debug"),
    ("server.log.format", "\"json\"", "json", "json"),
    ("server.shutdown_seconds", "7", "7", "7"),
    ("store.url", "\"mongodb://me:pw@h/d\"", "mongodb://me:pw@h/d", "mongodb://me:…@h/d"),
    ("auth.secret", "\"Zk3vQ8xw1LrT0mYc7NfHs5Jd9PbEgUaW\"", GOOD_SECRET, "set"),
    ("auth.registration", "\"closed\"", "closed", "closed"),
    ("auth.email", "\"optional\"", "optional", "optional"),
    ("auth.people_list", "\"off\"", "off", "off"),
    ("auth.session_days", "8", "8", "8"),
    ("auth.audit_days", "7", "7", "7"),
    ("chat.default_model", "\"demo/demo\"", "demo/demo", "demo/demo"),
    ("limits.message_bytes", "2000", "2000", "2000"),
    ("limits.body_bytes", "300_000", "300000", "300000"),
    ("limits.logins_per_minute", "3", "3", "3"),
    ("limits.registrations_per_hour", "5", "5", "5"),
    ("limits.streams_per_user", "4", "4", "4"),
    ("limits.answers_per_user", "3", "3", "3"),
    ("limits.room_members", "50", "50", "50"),
    ("timeouts.connect_seconds", "5", "5", "5"),
    ("timeouts.first_token_seconds", "6", "6", "6"),
    ("timeouts.idle_seconds", "9", "9", "9"),
    ("timeouts.sign_in_seconds", "4", "4", "4"),
    ("limits.connections", "5000", "5000", "5000"),
    ("timeouts.head_seconds", "10", "10", "10"),
    ("timeouts.keep_alive_seconds", "11", "11", "11"),
    ("timeouts.stall_seconds", "12", "12", "12"),
];

fn as_toml(key: &str, value: &str) -> String {
    let (section, name) = key.rsplit_once('.').unwrap();
    format!("[{section}]\n{name} = {value}\n")
}

fn setting<'a>(config: &'a Config, key: &str) -> &'a Setting {
    config.settings.iter().find(|setting| setting.key == key).unwrap()
}

#[test]
fn the_table_holds_exactly_the_keys_that_are_read() {
    let config = from_env(&[]);
    let mut read: Vec<&str> = config.settings.iter().map(|setting| &*setting.key).collect();
    let mut table: Vec<&str> = keys::KEYS.iter().map(|key| &*key.key).collect();
    let mut tried: Vec<&str> = OTHERS.iter().map(|(key, ..)| *key).collect();
    for list in [&mut read, &mut table, &mut tried] {
        list.sort_unstable();
    }
    assert_eq!(read, table);
    assert_eq!(tried, table, "every key is tried below");
}

#[test]
fn every_key_by_file_and_by_variable() {
    for (key, toml, text, shown) in OTHERS {
        let env = env(key);
        let config = from_file(&as_toml(key, toml));
        assert_eq!(setting(&config, key).shown, *shown);
        assert!(
            matches!(&setting(&config, key).origin, Origin::File(name, 2) if name.ends_with("Leptos.toml"))
        );
        // The variable goes before the file, and an empty one counts as unset.
        let config = load(&as_toml(key, toml), &[(env, text)]).unwrap();
        assert_eq!(setting(&config, key).shown, *shown);
        assert_eq!(setting(&config, key).origin, Origin::Variable(env));
        let config = from_env(&[(env, " ")]);
        assert_eq!(setting(&config, key).origin, Origin::Default);
    }
}

#[test]
fn values_arrive_in_their_fields() {
    let all: Vec<(&str, &str)> = OTHERS.iter().map(|(key, _, text, _)| (env(key), *text)).collect();
    let config = from_env(&all);
    assert_eq!(config.server.listen, "[::1]:8080".parse().unwrap());
    assert_eq!(config.server.public_url.as_deref(), Some("https://chat.example.org"));
    assert!(config.is_https());
    assert_eq!(config.server.data_dir, Path::new("/srv/x"));
    assert_eq!(
        config.server.trusted_proxies,
        ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]
    );
    assert_eq!(config.server.log.level, tracing::Level::DEBUG);
    assert_eq!(config.server.log.format, LogFormat::Json);
    assert_eq!(config.server.shutdown, Duration::from_secs(7));
    assert_eq!(config.store.url, "mongodb://me:pw@h/d");
    assert_eq!(config.signing_secret().unwrap().expose_secret(), GOOD_SECRET);
    assert_eq!(config.auth.registration, Some(Registration::Closed));
    assert_eq!(config.auth.email, Some(EmailRule::Optional));
    assert_eq!(config.auth.session, Duration::from_secs(8 * 86400));
    assert_eq!(config.chat.default_model.as_deref(), Some("demo/demo"));
    let Limits {
        message_bytes,
        body_bytes,
        logins_per_minute,
        registrations_per_hour,
        streams_per_user,
        answers_per_user,
        room_members,
        connections,
    } = config.limits;
    assert_eq!((message_bytes, body_bytes), (2000, 300_000));
    assert_eq!((logins_per_minute, registrations_per_hour), (3, 5));
    assert_eq!((streams_per_user, answers_per_user, room_members, connections), (4, 3, 50, 5000));
    let seconds = [config.timeouts.connect, config.timeouts.first_token, config.timeouts.idle];
    assert_eq!(seconds.map(|time| time.as_secs()), [5, 6, 9]);
    assert_eq!(config.timeouts.sign_in.as_secs(), 4);
    let seconds = [config.timeouts.head, config.timeouts.keep_alive, config.timeouts.stall];
    assert_eq!(seconds.map(|time| time.as_secs()), [10, 11, 12]);
}

#[test]
fn defaults_need_nothing() {
    let config = from_env(&[]);
    assert_eq!(config.server.listen, SocketAddr::from(([127, 0, 0, 1], 3000)));
    assert_eq!(config.store.url, "sqlite:data/inglenook.db");
    assert_eq!(setting(&config, "store.url").shown, "sqlite:data/inglenook.db");
    assert!(config.providers.is_empty() && config.auth.secret.is_none() && !config.is_https());
    assert_eq!(from_env(&[("INGLENOOK_DATA_DIR", "/srv")]).store.url, "sqlite:/srv/inglenook.db");
}

#[test]
fn leptos_people_find_their_address() {
    let table = "[package.metadata.leptos]\nsite-addr = \"0.0.0.0:1\"\nanything = [1, 2]\n";
    assert_eq!(from_file(table).server.listen.port(), 1);
    assert_eq!(from_file("[leptos]\nsite-addr = \"0.0.0.0:2\"\n").server.listen.port(), 2);
    let both = format!("{table}[server]\nlisten = \"0.0.0.0:3\"\n");
    assert_eq!(from_file(&both).server.listen.port(), 3);
    let mut env = vec![("LEPTOS_SITE_ADDR", "0.0.0.0:4")];
    assert_eq!(load(&both, &env).unwrap().server.listen.port(), 4);
    env.push(("INGLENOOK_LISTEN", "localhost:5"));
    assert_eq!(load(&both, &env).unwrap().server.listen, SocketAddr::from(([127, 0, 0, 1], 5)));
    let option = [("server.listen", "--listen", "0.0.0.0:6".to_owned())];
    let config = Config::load_with(None, |_| None, &option).unwrap();
    assert_eq!(setting(&config, "server.listen").origin, Origin::Option("--listen"));
}

#[test]
fn the_shipped_file_says_what_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Leptos.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let config = Config::load(Some(&path), |_| None).unwrap();
    assert!(config.settings.iter().all(|setting| setting.origin == Origin::Default));
    for key in keys::KEYS.iter() {
        let name = key.key.rsplit('.').next().unwrap();
        let line = text.lines().find(|line| line.contains(&key.env)).unwrap_or_else(|| panic!("{}", key.env));
        assert!(line.starts_with(&format!("# {name} = ")), "{line}");
        assert!(line.contains(&key.default), "{line}");
    }
    for (name, _) in keys::PROVIDER_KEYS.iter() {
        assert!(text.contains(&format!("# {name} = ")), "{name}");
    }
    // Uncommented it is still a configuration: what follows "# name = " is TOML.
    let open: String = text
        .lines()
        .filter(|line| !line.contains("INGLENOOK_SECRET"))
        .map(|line| {
            let rest = line.strip_prefix("# ").unwrap_or(line);
            let is_code =
                rest.starts_with("[[") || rest.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
            format!("{}\n", if is_code { rest } else { line })
        })
        .collect();
    let open = open.replace("openai/gpt-4.1-mini", "local/llama3.2");
    let config = load(&open, &[("MISTRAL_API_KEY", "k")]).unwrap();
    assert_eq!(config.providers.len(), 2);
    assert_eq!(
        leptos::config::get_configuration(path.to_str()).unwrap().leptos_options.output_name.as_ref(),
        "inglenook"
    );
}

#[test]
fn files_may_be_missing_only_when_nobody_named_them() {
    let missing = Path::new("/nonexistent/x.toml");
    let error = Config::load(Some(missing), |_| None).unwrap_err().to_string();
    assert!(error.contains("/nonexistent/x.toml"), "{error}");
    let named = |name: &str| (name == "INGLENOOK_CONFIG").then(|| "/nonexistent/y.toml".to_owned());
    assert!(Config::load(None, named).unwrap_err().to_string().contains("y.toml"));
    assert!(Config::load(None, |_| None).is_ok());
}

#[test]
fn wrong_kinds_name_key_line_found_and_wanted() {
    let error = mistake("[server]\n\nlisten = 3000\n");
    assert!(error.contains("server.listen (") && error.contains("Leptos.toml line 3)"), "{error}");
    assert!(error.contains("found the number 3000, wanted an address and a port"), "{error}");
    for (key, toml, ..) in OTHERS {
        for bad in ["true", "1.5", "1979-05-27", "{ a = 1 }", "[[1]]"] {
            let error = mistake(&as_toml(key, bad));
            assert!(error.contains(key) && error.contains("wanted"), "{error}");
        }
        if toml.starts_with('"') {
            assert!(mistake(&as_toml(key, "5")).contains("found the number 5"), "{key}");
        }
    }
    assert!(
        mistake("[auth]\nsession_days = \"30\"\n").contains("found \"30\", wanted a whole number from 1")
    );
    assert!(mistake("[auth]\nsession_days = -1\n").contains("found the number -1"));
    assert!(mistake("[auth]\nregistration = \"free\"\n").contains(r#"wanted "open", "invite" or "closed""#));
    assert!(mistake("[server]\nlog = \"debug\"\n").contains("server.log"));
    assert!(mistake("server = 3\n").contains("wanted a table"));
    let error = mistakes("", &[("INGLENOOK_LIMITS_BODY_BYTES", "1MB")], 1);
    assert!(error.contains("limits.body_bytes (INGLENOOK_LIMITS_BODY_BYTES): found \"1MB\""), "{error}");
    assert!(
        mistake("[limits]\nbody_bytes = 2000\n").contains("at least limits.message_bytes, which is 262144")
    );
}

#[test]
fn unknown_keys_come_with_the_nearest() {
    assert!(mistake("[server]\nlistne = \"x\"\n").contains("server.listne"));
    assert!(mistake("[server]\nlistne = \"x\"\n").contains("did you mean server.listen?"));
    assert!(mistake("listen = \"x\"\n").contains("did you mean server.listen?"));
    assert!(mistake("[auht]\nsecret = \"x\"\n").contains("did you mean auth.secret?"));
    assert!(mistake("[colours]\nprimary = \"red\"\n").contains("there is no such key"));
    assert!(mistake("[colours]\n").contains("colours"));
}

#[test]
fn text_that_is_no_toml_names_the_line_and_not_its_text() {
    let error = mistake("[auth]\nsecret = unquoted-and-private\n");
    assert!(error.contains("Leptos.toml line 2: not TOML"), "{error}");
    assert!(!error.contains("private"), "{error}");
}

#[test]
fn bad_addresses() {
    for url in
        ["example.org", "ftp://example.org", "https://a.b/path", "https://a:b@c.d", "https://a.b/?q", ""]
    {
        let error = mistake(&as_toml("server.public_url", &format!("{url:?}")));
        assert!(error.contains("server.public_url") && !error.contains("a:b@"), "{error}");
    }
    assert_eq!(
        from_env(&[("INGLENOOK_PUBLIC_URL", "HTTPS://Chat.Example.org:443/")]).server.public_url.as_deref(),
        Some("https://chat.example.org")
    );
    for url in ["postgres://me:hunter22@db/x", "sqlite:", "mongodb:", "mongodb://", "inglenook.db", ""] {
        let error = mistake(&as_toml("store.url", &format!("{url:?}")));
        assert!(error.contains("store.url") && error.contains("mongodb://HOST"), "{error}");
        assert!(!error.contains("hunter22"), "{error}");
    }
    for proxies in [r#"["10.0.0.0/33"]"#, r#"["proxy"]"#, r#""10.0.0.1""#, "[1]"] {
        assert!(mistake(&as_toml("server.trusted_proxies", proxies)).contains("addresses or networks"));
    }
}

#[test]
fn passwords_are_struck_out() {
    assert_eq!(without_password("mongodb://me:p/ss?w@rd@h:1/d?x=1"), "mongodb://me:…@h:1/d?x=1");
    assert_eq!(
        without_password("mongodb://h/d?tlsCertificateKeyFilePassword=hunter22&w=1"),
        "mongodb://h/d?tlsCertificateKeyFilePassword=…&w=1"
    );
    assert_eq!(without_password("sqlite:data/x.db"), "sqlite:data/x.db");
}

#[test]
fn secrets_that_are_none_are_refused_and_never_shown() {
    for weak in ["secret", "changeme", "your-256-bit-secret", "t0p-s3cr3t", "Xq7-too-short"] {
        let error = mistakes("", &[("INGLENOOK_SECRET", weak)], 1);
        assert!(
            error.contains("auth.secret (INGLENOOK_SECRET)") && error.contains("openssl rand"),
            "{error}"
        );
        assert!(!error.contains(weak) || weak == "secret", "{error}");
    }
    let config = from_env(&[("INGLENOOK_SECRET", GOOD_SECRET), ("OPENAI_API_KEY", "sk-private")]);
    let shown = format!("{config:?}");
    assert!(!shown.contains(GOOD_SECRET) && !shown.contains("sk-private"));
}

#[test]
fn several_mistakes_are_told_at_once() {
    let file = "[server]\nlisten = \"x\"\ncolour = 1\n[store]\nurl = \"y\"\n[[provider]]\nname = \"a/b\"\n";
    let error = mistakes(file, &[("INGLENOOK_AUTH_SESSION_DAYS", "no")], 6);
    assert!(error.starts_with("The configuration has 6 mistakes:\n  "), "{error}");
    for word in ["server.listen", "server.colour", "store.url", "provider 1 name", "provider 1 base_url"] {
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn mistakes_come_in_the_order_of_the_lines_and_the_variables_behind() {
    let file = "[store]\nurl = \"y\"\n[[provider]]\nname = \"a/b\"\nmodels = [{ nme = 1 }]\nprice = { input = -1 }\n[auth]\nsession_days = 0\n";
    let error = load(file, &[("INGLENOOK_LIMITS_CONNECTIONS", "3")]).unwrap_err();
    let keys: Vec<&str> = error.problems().iter().map(|problem| &*problem.key).collect();
    let expected = [
        "store.url",
        "provider 1 base_url",
        "provider 1 name",
        "provider 1 models 1 name",
        "provider 1 models 1 nme",
        "provider 1 price output",
        "provider 1 price currency",
        "provider 1 price input",
        "auth.session_days",
        "limits.connections",
    ];
    assert_eq!(keys, expected, "{error}");
}

#[test]
fn a_section_with_a_mistake_hides_no_other() {
    let error = mistakes("server = 3\n[auth]\nregistration = 7\n", &[("INGLENOOK_LISTEN", "x")], 2);
    assert!(error.contains("found the number 3, wanted a table"), "{error}");
    assert!(error.contains("found the number 7, wanted \"open\", \"invite\" or \"closed\""), "{error}");
    let error = mistake("[limits]\nconnections = 99999999999999999999\n");
    assert!(
        error.contains("limits.connections (") && error.contains("line 2): found a number out of range"),
        "{error}"
    );
    let error = mistakes("", &[("INGLENOOK_TRUSTED_PROXIES", "a, b")], 1);
    assert!(error.contains(r#"found ["a", "b"], wanted a list of addresses"#), "{error}");
}

#[test]
fn words_may_be_written_large() {
    let config = load("[server.log]\nlevel = \"Debug\"\n", &[("INGLENOOK_LOG_FORMAT", "JSON")]).unwrap();
    assert_eq!((config.server.log.level, config.server.log.format), (tracing::Level::DEBUG, LogFormat::Json));
}
