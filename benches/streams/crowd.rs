//! Many streams that start at the same instant, and what they cost each process.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures::future::join_all;
use mongodb::Client;

use crate::{
    http::Connection,
    listen::{Format, Place, Seen, from_server, from_upstream, patiently},
    procfs,
    report::Times,
    site::{Site, Upstream},
    tokens, written,
};

/// The time between two readings of memory.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the titles take, which are asked for after the answers and count too.
const TITLES: Duration = Duration::from_millis(1000);

#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub streams: usize,
    pub tokens: usize,
    pub delay_ms: u64,
    /// Whether connections are opened within the measured time.
    pub cold: bool,
}

impl Load {
    pub fn model(self) -> String {
        format!("tokens-{}-delay-{}", self.tokens, self.delay_ms)
    }
}

/// The measurements of one crowd.
pub struct Outcome {
    pub first: Times,
    pub total: Times,
    pub gaps: Times,
    /// The time from the first question to the end of the last answer.
    pub took: Duration,
    pub failures: Vec<String>,
    pub server_cpu: Duration,
    pub store_cpu: Duration,
    pub upstream_cpu: Duration,
    pub own_cpu: Duration,
    /// The server's memory before, in the middle and at the peak.
    pub memory: [u64; 3],
}

impl Outcome {
    pub fn bytes_per_stream(&self, load: Load) -> u64 {
        self.memory[1].saturating_sub(self.memory[0]) / load.streams as u64
    }
}

pub async fn upstream_alone(upstream: &Upstream, load: Load) -> Result<Outcome, String> {
    let model: &str = load.model().leak();
    let target = Target { address: upstream.address, server: None, store: None, upstream: upstream.pid() };
    run(
        target,
        load,
        (0..load.streams).map(|_| {
            async move |mut connection| from_upstream(&mut connection, model, tokens::text(load.tokens)).await
        }),
    )
    .await
}

pub async fn through_the_server(
    site: &mut Site,
    upstream: &Upstream,
    load: Load,
    format: Format,
) -> Result<Outcome, String> {
    // A small crowd first, so that whatever is made once exists.
    let few = Load { streams: 50, tokens: 20, delay_ms: 0, cold: false };
    if load.streams > few.streams {
        let places = site.places(few.streams, &few.model(), false).await?;
        ask_all(site, upstream, few, format, places).await?;
    }
    let places = site.places(load.streams, &load.model(), false).await?;
    ask_all(site, upstream, load, format, places).await
}

async fn ask_all(
    site: &Site,
    upstream: &Upstream,
    load: Load,
    format: Format,
    places: Vec<Place>,
) -> Result<Outcome, String> {
    let target = Target {
        address: site.server.address,
        server: Some(site.server.pid()),
        store: site.mongo.clone(),
        upstream: upstream.pid(),
    };
    let streams = places.into_iter().map(|place| {
        async move |mut connection: Connection| {
            from_server(&mut connection, &place, format, tokens::text(load.tokens)).await
        }
    });
    run(target, load, streams).await
}

struct Target {
    address: SocketAddr,
    server: Option<u32>,
    store: Option<Client>,
    upstream: u32,
}

impl Target {
    /// The CPU time of server, upstream, this process and the database server.
    async fn cpu(&self) -> Result<[Duration; 4], String> {
        let of_store = written::cpu(self.store.as_ref()).await?;
        let of_server = self.server.map_or(Duration::ZERO, procfs::cpu);
        Ok([of_server, procfs::cpu(self.upstream), procfs::cpu(std::process::id()), of_store])
    }
}

async fn run<S>(target: Target, load: Load, streams: impl Iterator<Item = S>) -> Result<Outcome, String>
where
    S: AsyncFnOnce(Connection) -> Result<Seen, String> + 'static,
{
    let mut ready = Vec::new();
    for stream in streams {
        let connection = match load.cold {
            true => None,
            false => Some(Connection::open(target.address).await.map_err(|error| error.to_string())?),
        };
        ready.push((stream, connection));
    }
    // The work that the preparation left behind ends meanwhile.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = target.server.map_or((0, 0), procfs::memory);
    if let Some(pid) = target.server {
        procfs::forget_peak(pid).map_err(|error| error.to_string())?;
    }
    let cpu = target.cpu().await?;
    let begun = Instant::now();
    let tasks = ready.into_iter().map(|(stream, connection)| {
        tokio::task::spawn_local(patiently(async move {
            let connection = match connection {
                Some(connection) => connection,
                None => Connection::open(target.address).await.map_err(|error| error.to_string())?,
            };
            stream(connection).await
        }))
    });
    let mut tasks = std::pin::pin!(join_all(tasks));
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut memory = Vec::new();
    let results = loop {
        tokio::select! {
            results = &mut tasks => break results,
            _ = looks.tick(), if target.server.is_some() => {
                memory.push(target.server.map_or(0, |pid| procfs::memory(pid).0));
            }
        }
    };
    let took = begun.elapsed();
    if target.server.is_some() {
        tokio::time::sleep(TITLES).await;
    }
    let after = target.cpu().await?;
    let peak = target.server.map_or(0, |pid| procfs::memory(pid).1);
    let (seen, failures) =
        sorted_out(results.into_iter().map(|result| result.map_err(|error| error.to_string()).flatten()));
    Ok(Outcome {
        first: seen.iter().map(|seen| seen.first).collect(),
        total: seen.iter().map(|seen| seen.total).collect(),
        gaps: seen.iter().flat_map(|seen| &seen.gaps).copied().collect(),
        took,
        failures,
        server_cpu: after[0] - cpu[0],
        upstream_cpu: after[1] - cpu[1],
        own_cpu: after[2] - cpu[2],
        store_cpu: after[3] - cpu[3],
        memory: [before.0, memory.get(memory.len() / 2).copied().unwrap_or(0), peak],
    })
}

fn sorted_out(results: impl Iterator<Item = Result<Seen, String>>) -> (Vec<Seen>, Vec<String>) {
    let (mut seen, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => seen.push(one),
            Err(failure) => failures.push(failure),
        }
    }
    (seen, failures)
}
