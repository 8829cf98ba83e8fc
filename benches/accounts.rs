//! Measures accounts: `cargo bench --no-default-features --features ssr --bench accounts`.
//!
//! A server with 10,000 people; pages and searches of its administrator; sign-ins with a wrong password of known and of
//! unknown accounts, by turns; 500 right sign-ins at once, with the memory of the server and the time of others' pages
//! meanwhile. INGLENOOK_BIN names the program that is measured. Numbers compare only within a machine.

#[expect(dead_code, reason = "the tests of processes use more of it")]
#[path = "../tests/support/http.rs"]
mod http;
#[expect(dead_code, reason = "the bench of streams uses more of it")]
#[path = "streams/procfs.rs"]
mod procfs;
#[expect(dead_code, reason = "the tests of processes use more of it")]
#[path = "../tests/support/server.rs"]
mod server;

use std::{
    env, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use inglenook::server::{
    accounts::passwords::{Lane, Passwords},
    store::{self, Admission, NewUser, OpenOptions},
};
use serde_json::{Value, json};
use tokio::{sync::oneshot::error::TryRecvError, task::JoinSet};

use crate::{http::Connection, server::Server};

const PEOPLE: usize = 10_000;
const AT_ONCE: usize = 500;
const TRIES: usize = 200;
const PASSWORD: &str = "kettle and hearth";

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    match runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let program = program()?;
    let folder = tempfile::tempdir()?;
    fill(folder.path()).await?;
    let settings = [("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "100000")];
    let server = Server::start(&program, folder.path(), &settings);
    println!("{} with {PEOPLE} people, ready after {:?}", program.display(), server.start_took);
    pages(server.address).await?;
    known_and_unknown(server.address).await?;
    crowd(&server).await
}

fn program() -> Result<PathBuf, Failure> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/inglenook");
    let program = env::var_os("INGLENOOK_BIN").map_or(usual, PathBuf::from);
    let missing =
        || format!("There is no {}: `make build` makes it, INGLENOOK_BIN names another.", program.display());
    if program.exists() { Ok(program) } else { Err(missing().into()) }
}

/// Stores the people, who all have the same password, because hashing one for each takes many minutes.
async fn fill(folder: &Path) -> Result<(), Failure> {
    let data = folder.join("data");
    std::fs::create_dir_all(&data)?;
    let url = format!("sqlite:{}", data.join("inglenook.db").display());
    let store = store::open(&url, &OpenOptions::default()).await?;
    let password_hash =
        Passwords::default().hash(Lane::Known, PASSWORD).await.map_err(|error| error.to_string())?;
    for number in 0..PEOPLE {
        let user = NewUser {
            id: format!("01BENCH{number:019}"),
            login: format!("person-{number}@example.org"),
            name: format!("Person {number}"),
            password_hash: password_hash.clone(),
            created_at: 1_700_000_000_000,
            email_verified: false,
            identity: None,
        };
        store.create_user(&user, Admission::ANYBODY).await?;
    }
    store.close().await;
    Ok(())
}

/// Sends a request; gives the status, the body and how long it took.
async fn ask(connection: &mut Connection, request: &str) -> io::Result<(u16, Vec<u8>, Duration)> {
    let begun = Instant::now();
    let (status, length) = connection.ask(request.as_bytes()).await?;
    let body = connection.body(length).await?;
    Ok((status, body, begun.elapsed()))
}

fn sign_in(login: &str, password: &str) -> String {
    let body = json!({ "email": login, "password": password }).to_string();
    format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\ncookie: inglenook={token}\r\n\r\n")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn said(title: &str, times: Vec<Duration>) {
    let worst = times.iter().max().copied().unwrap_or_default();
    println!("{title:<44} median {:>9.2?}   slowest {worst:>9.2?}", median(times));
}

/// The list of people as a page and as a call: its beginning, a page from the middle, and a search.
async fn pages(address: SocketAddr) -> Result<(), Failure> {
    let mut connection = Connection::open(address).await?;
    let (_, body, _) = ask(&mut connection, &sign_in("person-0@example.org", PASSWORD)).await?;
    let token = serde_json::from_slice::<Value>(&body)?["token"].as_str().ok_or("no token")?.to_owned();
    let middle = format!("01BENCH{:019}", PEOPLE / 2);
    for (title, path) in [
        ("page of people", "/admin/people".to_owned()),
        ("page of people, from the middle", format!("/admin/people?cursor={middle}")),
        ("page of people, searched", "/admin/people?q=person+777".to_owned()),
        ("100 people over REST", "/api/v1/admin/people?limit=100".to_owned()),
    ] {
        let mut times = Vec::new();
        for _ in 0..TRIES {
            let (status, _, took) = ask(&mut connection, &get(&path, &token)).await?;
            if status != 200 {
                return Err(format!("{path} answers {status}").into());
            }
            times.push(took);
        }
        said(title, times);
    }
    Ok(())
}

/// By turns, so that both are measured under the same load.
async fn known_and_unknown(address: SocketAddr) -> Result<(), Failure> {
    let mut connection = Connection::open(address).await?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..TRIES {
        for (whose, times) in [("person", &mut known), ("nobody", &mut unknown)] {
            let request = sign_in(&format!("{whose}-{}@example.org", number + 1), "a wrong password");
            let (status, _, took) = ask(&mut connection, &request).await?;
            if status != 401 {
                return Err(format!("a wrong password is answered {status}").into());
            }
            times.push(took);
        }
    }
    said("wrong password, known account", known);
    said("wrong password, unknown account", unknown);
    Ok(())
}

/// Many right sign-ins at once, and the sign-in page for somebody else meanwhile.
async fn crowd(server: &Server) -> Result<(), Failure> {
    let address = server.address;
    procfs::forget_peak(server.pid())?;
    let (before, _) = procfs::memory(server.pid());
    let begun = Instant::now();
    let mut crowd = JoinSet::new();
    for number in 0..AT_ONCE {
        crowd.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let login = format!("person-{}@example.org", 1000 + number);
            ask(&mut connection, &sign_in(&login, PASSWORD)).await.map(|(status, ..)| status)
        });
    }
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let others = tokio::spawn(async move {
        let mut connection = Connection::open(address).await?;
        let mut times = Vec::new();
        while stopped.try_recv() == Err(TryRecvError::Empty) {
            times.push(ask(&mut connection, &get("/login", "")).await?.2);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        io::Result::Ok(times)
    });
    let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
    while let Some(done) = crowd.join_next().await {
        *statuses.entry(done??).or_default() += 1;
    }
    let took = begun.elapsed();
    let _ = stop.send(());
    let (_, peak) = procfs::memory(server.pid());
    let let_in = statuses.get(&200).copied().unwrap_or_default();
    println!(
        "{AT_ONCE} sign-ins at once: {statuses:?} in {took:.2?}, {:.1} a second",
        let_in as f64 / took.as_secs_f64()
    );
    said("the sign-in page for others meanwhile", others.await??);
    println!("memory: {} MB before, {} MB at the peak", before >> 20, peak >> 20);
    Ok(())
}
