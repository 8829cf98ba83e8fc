//! What the benches that speak to a server as people share: the program that is measured, requests, and figures.

use std::{
    env, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use inglenook::server::{
    accounts::passwords::{Lane, Passwords},
    store::{self, Admission, NewUser, OpenOptions, Store},
};
use serde_json::{Value, json};

use crate::http::Connection;

pub const PASSWORD: &str = "kettle and hearth";

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

pub fn program() -> Result<PathBuf, Failure> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/inglenook");
    let program = env::var_os("INGLENOOK_BIN").map_or(usual, PathBuf::from);
    let missing =
        || format!("There is no {}: `make build` makes it, INGLENOOK_BIN names another.", program.display());
    if program.exists() { Ok(program) } else { Err(missing().into()) }
}

/// The store of the server whose folder this is.
pub async fn open_store(folder: &Path) -> Result<std::sync::Arc<dyn Store>, Failure> {
    let data = folder.join("data");
    std::fs::create_dir_all(&data)?;
    let url = format!("sqlite:{}", data.join("inglenook.db").display());
    Ok(store::open(&url, &OpenOptions::default()).await?)
}

pub fn person_id(number: usize) -> String {
    format!("01BENCH{number:019}")
}

/// Stores people, who all have the same password, because hashing one for each takes many minutes.
pub async fn add_people(store: &dyn Store, count: usize) -> Result<(), Failure> {
    let password_hash =
        Passwords::default().hash(Lane::Known, PASSWORD).await.map_err(|error| error.to_string())?;
    for number in 0..count {
        let user = NewUser {
            id: person_id(number),
            login: format!("person-{number}@example.org"),
            name: format!("Person {number}"),
            password_hash: password_hash.clone(),
            created_at: 1_700_000_000_000,
            email_verified: false,
            identity: None,
        };
        store.create_user(&user, Admission::ANYBODY).await?;
    }
    Ok(())
}

/// Sends a request; gives the status, the body and how long it took.
pub async fn ask(connection: &mut Connection, request: &str) -> io::Result<(u16, Vec<u8>, Duration)> {
    let begun = Instant::now();
    let (status, length) = connection.ask(request.as_bytes()).await?;
    let body = connection.body(length).await?;
    Ok((status, body, begun.elapsed()))
}

pub fn sign_in(login: &str, password: &str) -> String {
    let body = json!({ "email": login, "password": password }).to_string();
    format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The token of a person who signs in.
pub async fn token(address: SocketAddr, number: usize) -> Result<String, Failure> {
    let mut connection = Connection::open(address).await?;
    let login = format!("person-{number}@example.org");
    let (_, body, _) = ask(&mut connection, &sign_in(&login, PASSWORD)).await?;
    let answer: Value = serde_json::from_slice(&body)?;
    Ok(answer["token"].as_str().ok_or("no token")?.to_owned())
}

pub fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\ncookie: inglenook={token}\r\n\r\n")
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

pub fn said(title: &str, times: Vec<Duration>) {
    let worst = times.iter().max().copied().unwrap_or_default();
    println!("{title:<44} median {:>9.2?}   slowest {worst:>9.2?}", median(times));
}
