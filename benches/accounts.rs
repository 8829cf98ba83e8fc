//! Measures accounts: `cargo bench --no-default-features --features ssr --bench accounts`.
//!
//! A server with 10,000 people; pages and searches of its administrator; sign-ins with a wrong password of known and of
//! unknown accounts, by turns; 500 right sign-ins at once, with the memory of the server and the time of others' pages
//! meanwhile. INGLENOOK_BIN names the program that is measured. Numbers compare only within a machine.

mod asking;
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
    io,
    net::SocketAddr,
    process::ExitCode,
    time::{Duration, Instant},
};

use tokio::{sync::oneshot::error::TryRecvError, task::JoinSet};

use crate::{
    asking::{Failure, PASSWORD, add_people, ask, get, open_store, person_id, program, said, sign_in, token},
    http::Connection,
    server::Server,
};

const PEOPLE: usize = 10_000;
const AT_ONCE: usize = 500;
const TRIES: usize = 200;

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
    let store = open_store(folder.path()).await?;
    add_people(&*store, PEOPLE).await?;
    store.close().await;
    let settings = [("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "100000")];
    let server = Server::start(&program, folder.path(), &settings);
    println!("{} with {PEOPLE} people, ready after {:?}", program.display(), server.start_took);
    pages(server.address).await?;
    known_and_unknown(server.address).await?;
    crowd(&server).await
}

/// The list of people as a page and as a call: its beginning, a page from the middle, and a search.
async fn pages(address: SocketAddr) -> Result<(), Failure> {
    let token = token(address, 0).await?;
    let mut connection = Connection::open(address).await?;
    let middle = person_id(PEOPLE / 2);
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
