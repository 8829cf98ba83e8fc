//! [`Config`]: what the operator set, from `Leptos.toml` and the environment over it, checked as a whole.

pub mod keys;
mod models;
mod problem;
mod provider;
mod reader;
mod secret;
mod table;
mod value;

#[cfg(test)]
mod provider_tests;
#[cfg(test)]
mod tests;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;
use reqwest::Url;

pub use problem::{ConfigError, Origin, Problem};
pub use provider::{DEMO, OPENAI_BASE_URL, ProviderConfig};
pub use reader::{Setting, without_password};
pub use secret::{
    MIN_SECRET_BYTES, Secret, SecretFileError, fingerprint, read_or_make_secret, read_secret, secret_file,
};

use reader::Reader;

use super::ops::telemetry::{LogConfig, LogFormat};

/// Read when no file is named; need not be there.
pub const DEFAULT_FILE: &str = "Leptos.toml";

#[derive(Clone, Debug)]
pub struct Config {
    /// The file that was read.
    pub file: Option<PathBuf>,
    pub server: ServerConfig,
    pub store: StoreConfig,
    pub auth: AuthConfig,
    pub chat: ChatConfig,
    pub limits: Limits,
    pub timeouts: Timeouts,
    /// Empty: the demo model answers.
    pub providers: Vec<ProviderConfig>,
    /// Every key with its value and where that came from, for `inglenook check`.
    pub settings: Vec<Setting>,
}

#[derive(Clone, Debug)]
pub struct ServerConfig {
    pub listen: SocketAddr,
    /// Scheme, host and port without a slash at the end, such as `https://chat.example.org`.
    pub public_url: Option<String>,
    pub data_dir: PathBuf,
    /// Whose `X-Forwarded-For`, `-Proto` and `-Host` are believed.
    pub trusted_proxies: Vec<IpNet>,
    pub log: LogConfig,
    /// How long running answers may finish when the server is stopped.
    pub shutdown: Duration,
}

#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite:…`, `mongodb://…` or `mongodb+srv://…`; may hold a password: show [`StoreConfig::shown`].
    pub url: String,
}

impl StoreConfig {
    /// The URL without its password.
    pub fn shown(&self) -> String {
        without_password(&self.url)
    }
}

impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig").field("url", &self.shown()).finish()
    }
}

#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// `None`: the one in the data directory; [`Config::signing_secret`] knows both.
    pub secret: Option<Secret>,
    pub registration: Registration,
    /// How long a session lives without a visit.
    pub session: Duration,
}

/// Who may make an account. The first person always may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    Open,
    Closed,
}

#[derive(Clone, Debug)]
pub struct ChatConfig {
    /// `provider/model`.
    pub default_model: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub message_bytes: usize,
    pub body_bytes: usize,
    pub logins_per_minute: u32,
    pub registrations_per_hour: u32,
    pub streams_per_user: usize,
    /// Answers of one person that are being written at once.
    pub answers_per_user: u32,
    /// Open at once; of one address a quarter of it.
    pub connections: usize,
}

/// How long a provider may take, and whoever asks us.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// To reach a provider.
    pub connect: Duration,
    /// From the request to a provider to the first piece of the answer.
    pub first_token: Duration,
    /// Between two pieces of it.
    pub idle: Duration,
    /// For the head of a request, and for its body before that must come at a pace.
    pub head: Duration,
    /// Between an answer and the next request on the same connection.
    pub keep_alive: Duration,
    /// While a client takes nothing of an answer that waits for it.
    pub stall: Duration,
}

/// Values from the command line, which go before everything else: key, name of the option, value.
pub type Options = [(&'static str, &'static str, String)];

impl Config {
    /// Reads `path`, or what `INGLENOOK_CONFIG` names, or `Leptos.toml` if it is there; then `env` over
    /// it. Changes nothing on disk. The error lists every mistake, not only the first.
    pub fn load(path: Option<&Path>, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::load_with(path, env, &[])
    }

    /// As [`Config::load`], with options of the command line before the environment.
    pub fn load_with(
        path: Option<&Path>,
        env: impl Fn(&str) -> Option<String>,
        options: &Options,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(&env, options);
        let named =
            path.map(Path::to_owned).or_else(|| reader.variable("INGLENOOK_CONFIG").map(PathBuf::from));
        let file = read_file(&mut reader, named)?;
        let config = Self::build(&mut reader, file);
        if reader.problems.is_empty() { Ok(config) } else { Err(ConfigError::Problems(reader.problems)) }
    }

    fn build(reader: &mut Reader<'_>, file: Option<PathBuf>) -> Self {
        let server = server(reader);
        let store = store(reader, &server.data_dir);
        let auth = auth(reader);
        let default_model = reader.text("chat.default_model", "a model as PROVIDER/MODEL", None, |text| {
            let (provider, model) = text.split_once('/')?;
            (!provider.is_empty() && !model.is_empty()).then(|| Some(text.to_owned()))
        });
        let limits = limits(reader);
        let mut seconds = |name, most| Duration::from_secs(reader.number(name, 1..=most));
        let timeouts = Timeouts {
            connect: seconds("timeouts.connect_seconds", 600),
            first_token: seconds("timeouts.first_token_seconds", 3600),
            idle: seconds("timeouts.idle_seconds", 3600),
            head: seconds("timeouts.head_seconds", 3600),
            keep_alive: seconds("timeouts.keep_alive_seconds", 3600),
            stall: seconds("timeouts.stall_seconds", 3600),
        };
        let problems_before = reader.problems.len();
        let providers = provider::providers(reader);
        if let Some(model) = &default_model
            && reader.problems.len() == problems_before
        {
            check_default_model(reader, model, &providers);
        }
        let settings = std::mem::take(&mut reader.settings);
        let chat = ChatConfig { default_model };
        Self { file, server, store, auth, chat, limits, timeouts, providers, settings }
    }

    /// The secret that signs sessions; the first call without `auth.secret` makes it in the data
    /// directory.
    pub fn signing_secret(&self) -> Result<Secret, SecretFileError> {
        match &self.auth.secret {
            Some(secret) => Ok(secret.clone()),
            None => read_or_make_secret(&self.server.data_dir),
        }
    }

    /// Whether browsers reach the site over https, so that its cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.server.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// The host of the public address, with its port; empty where the operator names none.
    pub fn public_host(&self) -> &str {
        self.server.public_url.as_deref().and_then(|url| url.split("://").nth(1)).unwrap_or_default()
    }

    /// Whether this peer is one of our own proxies. A socket for IPv6 and IPv4 shows an IPv4 peer as IPv6.
    pub fn trusts_proxy(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.server.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}

/// A missing default file is as good as an empty one; a missing named one is not.
fn read_file(reader: &mut Reader<'_>, named: Option<PathBuf>) -> Result<Option<PathBuf>, ConfigError> {
    let path = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            reader.read_file(path.display().to_string(), &text);
            Ok(Some(path))
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(cause) => Err(ConfigError::Unreadable { path: path.display().to_string(), cause }),
    }
}

fn server(reader: &mut Reader<'_>) -> ServerConfig {
    const URL: &str = "an http or https address without a path, such as https://chat.example.org";
    let levels = [
        ("error", tracing::Level::ERROR),
        ("warn", tracing::Level::WARN),
        ("info", tracing::Level::INFO),
        ("debug", tracing::Level::DEBUG),
        ("trace", tracing::Level::TRACE),
    ];
    ServerConfig {
        listen: reader.text("server.listen", LISTEN, SocketAddr::from(([127, 0, 0, 1], 3000)), listen),
        public_url: reader.text("server.public_url", URL, None, |text| public_url(text).map(Some)),
        data_dir: reader.text("server.data_dir", "a directory", PathBuf::new(), |text| {
            (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text))
        }),
        trusted_proxies: reader.list(
            "server.trusted_proxies",
            "a list of addresses or networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]",
            |text| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)),
        ),
        log: LogConfig {
            level: reader.choice("server.log.level", &levels),
            format: reader
                .choice("server.log.format", &[("text", LogFormat::Text), ("json", LogFormat::Json)]),
        },
        shutdown: Duration::from_secs(reader.number("server.shutdown_seconds", 0..=3600)),
    }
}

const LISTEN: &str = "an address and a port, such as 127.0.0.1:3000, 0.0.0.0:3000 or [::]:3000";

/// An address and a port; `localhost` is understood, other names would be looked up and are not.
pub fn listen(text: &str) -> Option<SocketAddr> {
    let numeric = match text.split_once(':') {
        Some(("localhost", port)) => format!("127.0.0.1:{port}"),
        _ => text.to_owned(),
    };
    numeric.parse().ok()
}

fn public_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && plain && anonymous)
        .then(|| url.origin().ascii_serialization())
}

fn store(reader: &mut Reader<'_>, data_dir: &Path) -> StoreConfig {
    const WANTED: &str = "sqlite:FILE, mongodb://HOST/DATABASE or mongodb+srv://HOST/DATABASE";
    let url = reader.text("store.url", WANTED, String::new(), |text| {
        let (scheme, rest) = text.split_once(':')?;
        let whole = match scheme {
            "sqlite" => !rest.trim_start_matches('/').is_empty(),
            "mongodb" | "mongodb+srv" => rest.strip_prefix("//").is_some_and(|host| !host.is_empty()),
            _ => false,
        };
        whole.then(|| text.replace("{data_dir}", &data_dir.to_string_lossy()))
    });
    let store = StoreConfig { url };
    if let Some(setting) = reader.settings.iter_mut().find(|setting| setting.key == "store.url") {
        setting.shown = store.shown();
    }
    store
}

fn auth(reader: &mut Reader<'_>) -> AuthConfig {
    let secret = reader.text("auth.secret", "a text", None, |text| Some(Some(Secret::new(text))));
    if let Some(found) = secret.as_ref().and_then(|secret: &Secret| secret::weakness(secret.expose())) {
        let wanted =
            format!("wanted at least {MIN_SECRET_BYTES} random bytes; openssl rand -hex 32 makes them");
        reader.problem("auth.secret", reader.origin("auth.secret"), format!("found {found}, {wanted}"));
    }
    let who = [("open", Registration::Open), ("closed", Registration::Closed)];
    AuthConfig {
        secret,
        registration: reader.choice("auth.registration", &who),
        session: Duration::from_secs(reader.number("auth.session_days", 1..=3650) * 24 * 60 * 60),
    }
}

fn limits(reader: &mut Reader<'_>) -> Limits {
    const MOST: u64 = 1 << 30;
    let size =
        |reader: &mut Reader<'_>, name| usize::try_from(reader.number(name, 1024..=MOST)).unwrap_or(1024);
    let message_bytes = size(reader, "limits.message_bytes");
    let body_bytes = size(reader, "limits.body_bytes");
    if body_bytes < message_bytes && reader.problems.iter().all(|problem| !problem.key.starts_with("limits."))
    {
        let message =
            format!("found {body_bytes}, wanted at least limits.message_bytes, which is {message_bytes}");
        reader.problem("limits.body_bytes", reader.origin("limits.body_bytes"), message);
    }
    Limits {
        message_bytes,
        body_bytes,
        logins_per_minute: u32::try_from(reader.number("limits.logins_per_minute", 1..=100_000)).unwrap_or(1),
        registrations_per_hour: u32::try_from(reader.number("limits.registrations_per_hour", 1..=1_000_000))
            .unwrap_or(1),
        streams_per_user: usize::try_from(reader.number("limits.streams_per_user", 1..=10_000)).unwrap_or(1),
        answers_per_user: u32::try_from(reader.number("limits.answers_per_user", 1..=10_000)).unwrap_or(1),
        connections: usize::try_from(reader.number("limits.connections", 4..=1_000_000)).unwrap_or(4),
    }
}

/// The provider must be there, and list the model when it lists any.
fn check_default_model(reader: &mut Reader<'_>, model: &str, providers: &[ProviderConfig]) {
    let Some((name, model)) = model.split_once('/') else { return };
    let wanted = match providers.iter().find(|provider| provider.name == name) {
        Some(provider)
            if provider.models.is_empty() || provider.models.iter().any(|known| known.name == model) =>
        {
            return;
        }
        Some(provider) => provider
            .models
            .iter()
            .map(|model| format!("{name}/{}", model.name))
            .collect::<Vec<_>>()
            .join(", "),
        None if providers.is_empty() && name == DEMO => return,
        None if providers.is_empty() => "a configured provider; there is none".to_owned(),
        None => {
            providers.iter().map(|provider| format!("{}/MODEL", provider.name)).collect::<Vec<_>>().join(", ")
        }
    };
    let message = format!("found {:?}, wanted {wanted}", format!("{name}/{model}"));
    reader.problem("chat.default_model", reader.origin("chat.default_model"), message);
}
