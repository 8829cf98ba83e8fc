//! The system under test: a server process with people and conversations, and its upstream.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use mongodb::Client;
use serde::Deserialize;

use crate::{
    http::Connection,
    listen::{Place, post},
    mongod,
    server::Server,
};

/// A provider's key of the usual length.
const KEY: &str = "sk-bench-0123456789abcdef";
/// The number of streams of one person.
const STREAMS: usize = 50;

/// The fake upstream, in a process of its own so that its CPU time is told apart.
pub struct Upstream {
    process: Child,
    pub address: SocketAddr,
}

impl Upstream {
    pub fn start() -> Result<Self, String> {
        let program = env::current_exe().map_err(|error| error.to_string())?;
        let mut process = Command::new(program)
            .arg("upstream")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the upstream does not start: {error}"))?;
        let mut line = String::new();
        let output = process.stdout.take().ok_or("its output is piped")?;
        BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        let address = line.trim().parse().map_err(|_| format!("the upstream said {line:?}"))?;
        Ok(Self { process, address })
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process that [`Upstream::start`] starts: serves until its standard input ends.
pub fn be_the_upstream() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let (listener, address) = crate::tokens::listen().map_err(|error| error.to_string())?;
        println!("{address}");
        std::thread::spawn(|| {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            std::process::exit(0);
        });
        crate::tokens::serve(listener, crate::tokens::Calls::default()).await;
        Ok(())
    })
}

/// A server on a store of its own.
pub struct Site {
    pub server: Server,
    /// The database server, if there is one.
    pub mongo: Option<Client>,
    pub data: PathBuf,
    people: Vec<String>,
    _folder: tempfile::TempDir,
}

/// The program under test.
pub fn program() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    env::var_os("INGLENOOK_BIN")
        .map_or_else(|| root.join("target/release/inglenook"), |named| root.join(named))
}

impl Site {
    pub async fn start(upstream: &Upstream) -> Result<Self, String> {
        let program = program();
        if !program.is_file() {
            return Err(format!(
                "There is no {}: `make build` makes it, INGLENOOK_BIN names another.",
                program.display()
            ));
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let base_url = format!("http://{}/v1", upstream.address);
        let providers = format!(r#"[{{"name":"fast","base_url":"{base_url}","api_key_env":"FAST_KEY"}}]"#);
        let store = env::var("INGLENOOK_STORE").ok().filter(|store| !store.is_empty());
        let mut settings = vec![
            ("INGLENOOK_PROVIDERS", providers.as_str()),
            ("FAST_KEY", KEY),
            ("INGLENOOK_LIMITS_STREAMS_PER_USER", "10000"),
            ("INGLENOOK_LIMITS_ANSWERS_PER_USER", "10000"),
            ("INGLENOOK_LIMITS_CONNECTIONS", "20000"),
            ("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "100000"),
            ("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1000000"),
        ];
        // The MongoDB server is kept between runs; each run gets a database of its own.
        let store = match store {
            Some(store) if store == "mongod" => Some(mongod::shared().await.url(&mongod::fresh_database())),
            Some(store) if store.starts_with("mongodb") => {
                Some(named(&store, &format!("/bench_{}", std::process::id())))
            }
            other => other,
        };
        let mongo = match store.as_deref().filter(|store| store.starts_with("mongodb")) {
            Some(store) => Some(Client::with_uri_str(store).await.map_err(|error| error.to_string())?),
            None => None,
        };
        settings.extend(store.as_deref().map(|store| ("INGLENOOK_STORE", store)));
        let server = Server::start(&program, folder.path(), &settings);
        let data = folder.path().join("data");
        Ok(Self { server, mongo, data, people: Vec::new(), _folder: folder })
    }

    /// Makes this many new conversations, of as many people as they take. Titled ones ask for no title.
    pub async fn places(&mut self, count: usize, model: &str, titled: bool) -> Result<Vec<Place>, String> {
        while self.people.len() < count.div_ceil(STREAMS) {
            let token = self.register(self.people.len()).await?;
            self.people.push(token);
        }
        let body = if titled { r#"{"title":"Named"}"# } else { "{}" };
        let mut connection =
            Connection::open(self.server.address).await.map_err(|error| error.to_string())?;
        let mut places = Vec::with_capacity(count);
        for at in 0..count {
            let token = self.people[at / STREAMS].clone();
            let conversation: Id =
                call(&mut connection, &post("/api/v1/conversations", &token, body)).await?;
            let model = format!("fast/{model}");
            places.push(Place { address: self.server.address, token, conversation: conversation.id, model });
        }
        Ok(places)
    }

    async fn register(&self, number: usize) -> Result<String, String> {
        let body = format!(r#"{{"email":"person{number}@example.org","password":"correct horse {number}"}}"#);
        let mut connection =
            Connection::open(self.server.address).await.map_err(|error| error.to_string())?;
        let signed: Token = call(&mut connection, &post("/api/v1/auth/register", "", &body)).await?;
        Ok(signed.token)
    }
}

/// The address of another database on the same server.
fn named(store: &str, name: &str) -> String {
    let (rest, options) = store.split_once('?').map_or((store, String::new()), |(a, b)| (a, format!("?{b}")));
    let hosts = rest.trim_start_matches("mongodb://").split('/').next().unwrap_or_default();
    format!("mongodb://{hosts}{name}{options}")
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

async fn call<T: serde::de::DeserializeOwned>(
    connection: &mut Connection,
    request: &[u8],
) -> Result<T, String> {
    let (status, length) = connection.ask(request).await.map_err(|error| error.to_string())?;
    let body = connection.body(length).await.map_err(|error| error.to_string())?;
    serde_json::from_slice(&body).map_err(|_| format!("{status}: {}", String::from_utf8_lossy(&body)))
}
