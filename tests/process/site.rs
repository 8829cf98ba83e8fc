//! [`Site`] and [`Person`]: a server process with its upstream, and the people who use it over sockets.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    events::{Events, Format},
    http::Connection,
    server::Server,
    tokens,
};

/// The provider's key, which must never be shown.
pub const KEY: &str = "sk-test-0123456789abcdef";
/// The limit for anything that takes a moment on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Site {
    pub server: Server,
    pub calls: tokens::Calls,
    settings: Vec<(String, String)>,
    folder: tempfile::TempDir,
}

impl Site {
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::over(settings, |_| ()).await
    }

    /// Like [`Site::start`], with what `leave` puts into the data directory before the start.
    pub async fn over(settings: &[(&str, &str)], leave: impl FnOnce(&Path)) -> Self {
        let (listener, address) = tokens::listen().unwrap();
        let calls = tokens::Calls::default();
        tokio::spawn(tokens::serve(listener, calls.clone()));
        let provider = json!([{ "name": "acme", "base_url": format!("http://{address}/v1"), "api_key_env": "ACME_KEY" }]);
        let mut all = vec![("INGLENOOK_PROVIDERS", provider.to_string())];
        all.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self::begin(all, calls, leave)
    }

    /// `settings` name the providers.
    pub fn with(settings: Vec<(&str, String)>, calls: tokens::Calls) -> Self {
        Self::begin(settings, calls, |_| ())
    }

    fn begin(settings: Vec<(&str, String)>, calls: tokens::Calls, leave: impl FnOnce(&Path)) -> Self {
        let mut all = vec![
            ("ACME_KEY".to_owned(), KEY.to_owned()),
            ("INGLENOOK_LIMITS_STREAMS_PER_USER".into(), "10000".into()),
            ("INGLENOOK_LIMITS_ANSWERS_PER_USER".into(), "10000".into()),
        ];
        all.extend(settings.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let folder = tempfile::tempdir().unwrap();
        leave(&folder.path().join("data"));
        let server = run(folder.path(), &all);
        Self { server, calls, settings: all, folder }
    }

    /// A new process on the same data; the old one must have ended.
    pub fn start_again(&mut self) {
        self.server = run(self.folder.path(), &self.settings);
    }

    /// Where the server keeps its files.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The status and body of `/readyz`.
    pub async fn ready(&self) -> (u16, String) {
        let nobody = Person { address: self.server.address, token: String::new() };
        let (status, text) = nobody.call("GET", "/readyz", None).await;
        (status, text.as_str().unwrap_or_default().trim().to_owned())
    }

    /// Waits until `/readyz` has this status. Gives its body.
    pub async fn until_ready(&self, status: u16) -> String {
        let begun = Instant::now();
        loop {
            let (found, text) = self.ready().await;
            if found == status {
                return text;
            }
            assert!(begun.elapsed() < PATIENCE, "/readyz says {found} {text} and not {status}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub async fn person(&self, name: &str) -> Person {
        let person = Person { address: self.server.address, token: String::new() };
        let form = json!({ "email": format!("{name}@example.org"), "password": "correct horse" });
        let (status, signed) = person.call("POST", "/api/v1/auth/register", Some(form)).await;
        assert_eq!(status, 201, "{signed}");
        Person { token: signed["token"].as_str().unwrap().to_owned(), ..person }
    }

    /// Runs another command of the program beside the server, with its settings and `input`. Gives whether it
    /// succeeded, and what it printed.
    pub fn command(&self, arguments: &[&str], input: &str) -> (bool, String) {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_inglenook"))
            .args(arguments)
            .env_clear()
            .env("INGLENOOK_CONFIG", self.folder.path().join("empty.toml"))
            .env("INGLENOOK_DATA_DIR", self.folder.path().join("data"))
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command may end without reading its input.
        let _ = command.stdin.take().unwrap().write_all(input.as_bytes());
        let done = command.wait_with_output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Person {
        self.holder("")
    }

    /// The person with this token.
    pub fn holder(&self, token: &str) -> Person {
        Person { address: self.server.address, token: token.to_owned() }
    }

    /// The number of the server's open files, sockets included.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.server.pid())).unwrap().count()
    }

    /// The server's resident memory in bytes.
    pub fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
    }
}

fn run(folder: &Path, settings: &[(String, String)]) -> Server {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (&**name, &**value)).collect();
    Server::start(Path::new(env!("CARGO_BIN_EXE_inglenook")), folder, &settings)
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    pub address: SocketAddr,
    token: String,
}

/// The reply to a question.
#[derive(Clone, Debug)]
pub struct Begun {
    pub question: String,
    pub answer: String,
    pub after: u64,
}

impl Person {
    /// The same person after the server has come back on another port.
    pub fn at(&self, site: &Site) -> Self {
        Self { address: site.server.address, token: self.token.clone() }
    }

    /// The same person with another session.
    pub async fn signed_in_again(&self, name: &str) -> Self {
        let form = json!({ "email": format!("{name}@example.org"), "password": "correct horse" });
        let nobody = Self { address: self.address, token: String::new() };
        let (status, signed) = nobody.call("POST", "/api/v1/auth/login", Some(form)).await;
        assert_eq!(status, 200, "{signed}");
        Self { token: signed["token"].as_str().unwrap().to_owned(), ..nobody }
    }

    /// Somebody who sends this key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { address: self.address, token: key.to_owned() }
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.call_with(method, path, body, "").await.expect("the server answers")
    }

    /// A call with more header lines, each ended by CR LF.
    pub async fn call_with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        lines: &str,
    ) -> std::io::Result<(u16, Value)> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = self.request(method, path, &body, lines);
        let call = async {
            let mut connection = Connection::open(self.address).await?;
            let (status, length) = connection.ask(request.as_bytes()).await?;
            let body = connection.body(if status == 204 { Some(0) } else { length }).await?;
            let text = String::from_utf8_lossy(&body).into_owned();
            Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
        };
        tokio::time::timeout(PATIENCE, call).await.expect("an answer comes in time")
    }

    /// The value of the header that says who asks; `None` for a stranger.
    pub fn authorization(&self) -> Option<String> {
        (!self.token.is_empty()).then(|| format!("Bearer {}", self.token))
    }

    pub fn request(&self, method: &str, path: &str, body: &str, lines: &str) -> String {
        let signed =
            self.authorization().map_or_else(String::new, |value| format!("authorization: {value}\r\n"));
        format!(
            "{method} {path} HTTP/1.1\r\nhost: inglenook.test\r\n{signed}{lines}content-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// A new conversation with a title, so that no model is asked for one.
    pub async fn conversation(&self) -> String {
        let (status, made) =
            self.call("POST", "/api/v1/conversations", Some(json!({ "title": "Named" }))).await;
        assert_eq!(status, 201, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }

    /// Asks a model of the provider `acme`.
    pub async fn ask(&self, conversation: &str, model: &str) -> Begun {
        let (status, begun) =
            self.try_ask(conversation, "acme", model, "").await.expect("the server answers");
        assert_eq!(status, 202, "{begun}");
        Begun {
            question: begun["user_message"]["id"].as_str().unwrap().to_owned(),
            answer: begun["assistant_message"]["id"].as_str().unwrap().to_owned(),
            after: begun["after"].as_u64().unwrap(),
        }
    }

    pub async fn try_ask(
        &self,
        conversation: &str,
        provider: &str,
        model: &str,
        lines: &str,
    ) -> std::io::Result<(u16, Value)> {
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let question = json!({ "content": format!("What does {conversation} say?"), "model": format!("{provider}/{model}") });
        self.call_with("POST", &path, Some(question), lines).await
    }

    pub async fn events(&self, conversation: &str, after: Option<u64>, format: Format) -> Events {
        Events::open(self, conversation, after, format).await.expect("the events can be listened to")
    }

    /// The messages of the branch on screen, oldest first.
    pub async fn messages(&self, conversation: &str, format: &str) -> Vec<Value> {
        let path = format!("/api/v1/conversations/{conversation}/messages?format={format}");
        let (status, window) = self.call("GET", &path, None).await;
        assert_eq!(status, 200, "{window}");
        window["items"].as_array().unwrap().clone()
    }

    /// Waits for the newest message to be written to its end.
    pub async fn settled(&self, conversation: &str) -> Value {
        let begun = Instant::now();
        loop {
            let last = self.messages(conversation, "markdown").await.pop().unwrap();
            if last["status"] != "generating" {
                return last;
            }
            assert!(begun.elapsed() < PATIENCE, "{conversation} is still being written");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Pseudo-random numbers, the same for the same seed.
pub struct Dice(u64);

impl Dice {
    /// Takes the seed from `INGLENOOK_TEST_SEED` or the clock, and prints it so that a failure can be repeated.
    pub fn new(what: &str) -> Self {
        let named = std::env::var("INGLENOOK_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let now = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64;
        let seed = named.unwrap_or_else(now);
        println!("{what}: INGLENOOK_TEST_SEED={seed}");
        Self(seed | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }
}
