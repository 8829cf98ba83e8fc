//! The scenarios, and the table that each prints.

use std::time::Duration;

use crate::{
    crowd::{self, Load, Outcome},
    http::Connection,
    listen::{Format, Place, Seen, from_server, from_server_listening, from_upstream, patiently},
    report::{Table, Times, kib, shown, thousands},
    site::{Site, Upstream},
    tokens,
    written::Counter,
};

type Done = Result<(), String>;

/// Runs the scenario of this name.
pub async fn run(name: &str, repeats: Option<usize>, cold: bool) -> Done {
    let load = |streams| Load { streams, tokens: 200, delay_ms: 20, cold };
    match name {
        "one" => one(repeats.unwrap_or(30)).await,
        "fast" => fast(repeats.unwrap_or(5)).await,
        "bytes" => bytes().await,
        "hundred" => many(load(100), Format::Text, repeats).await,
        "thousand" => many(load(1000), Format::Text, repeats).await,
        "thousand-html" => many(load(1000), Format::Html, repeats).await,
        "five-thousand" => many(load(5000), Format::Text, repeats).await,
        other => Err(format!("There is no scenario {other:?}.")),
    }
}

async fn open(place: &Place) -> Result<Connection, String> {
    Connection::open(place.address).await.map_err(|error| error.to_string())
}

/// The time to the first token of one stream on an idle server.
async fn one(repeats: usize) -> Done {
    let upstream = Upstream::start()?;
    let mut site = Site::start(&upstream).await?;
    let model = "tokens-20-delay-2";
    let text = tokens::text(20);
    let places = site.places(3 * repeats + 6, model, false).await?;
    let mut direct = Connection::open(upstream.address).await.map_err(|error| error.to_string())?;
    let (mut floor, mut asked, mut heard, mut html) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, three) in places.chunks(3).enumerate() {
        let mut three_seen = Vec::new();
        let [a, b, c] = three else { break };
        let (mut first, mut second) = (open(a).await?, open(b).await?);
        three_seen.push(patiently(from_server(&mut first, a, Format::Text, text)).await?);
        let mut listening = open(b).await?;
        three_seen.push(patiently(from_server_listening(&mut listening, &mut second, b, text)).await?);
        let mut page = open(c).await?;
        three_seen.push(patiently(from_server(&mut page, c, Format::Html, text)).await?);
        let alone = patiently(from_upstream(&mut direct, model, text)).await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        // The first rounds pay for whatever is made once.
        if at >= 2 {
            let times: Vec<Duration> = three_seen.iter().map(|seen| seen.first).collect();
            floor.push(alone.first);
            asked.push(times[0]);
            heard.push(times[1]);
            html.push(times[2]);
        }
    }
    let median = |times: &[Duration]| times.iter().copied().collect::<Times>().percentile(50);
    let base = median(&floor);
    let mut table =
        Table::new(&["one stream, idle server", "time to first token: min / median / max", "added"]);
    for (name, times) in [
        ("the upstream alone", &floor),
        ("ask, then listen", &asked),
        ("ask, then listen, html", &html),
        ("listening already", &heard),
    ] {
        let added =
            if name.contains("alone") { "–".into() } else { shown(median(times).saturating_sub(base)) };
        table.row([name.into(), times.iter().copied().collect::<Times>().spread(), added]);
    }
    table.print(&format!("Time to first token, {repeats} repeats each, in turns"));
    Ok(())
}

/// Answers without delay: how many tokens go through in a second.
async fn fast(repeats: usize) -> Done {
    let upstream = Upstream::start()?;
    let mut site = Site::start(&upstream).await?;
    let mut table =
        Table::new(&["tokens/s: min / median / max", "upstream alone", "text", "html", "text ÷ alone"]);
    for (streams, tokens, title) in [(1, 5000, "one answer of 5,000"), (10, 2000, "ten of 2,000, in all")] {
        let load = Load { streams, tokens, delay_ms: 0, cold: false };
        let mut rates = [Vec::new(), Vec::new(), Vec::new()];
        for at in 0..=repeats {
            let outcomes = [
                crowd::upstream_alone(&upstream, load).await?,
                crowd::through_the_server(&mut site, &upstream, load, Format::Text).await?,
                crowd::through_the_server(&mut site, &upstream, load, Format::Html).await?,
            ];
            for (rates, outcome) in rates.iter_mut().zip(&outcomes) {
                complete(outcome)?;
                // The first round pays for whatever is made once.
                if at > 0 {
                    rates.push((streams * tokens) as f64 / outcome.total.percentile(100).as_secs_f64());
                }
            }
        }
        let median = |rates: &[f64]| {
            let mut sorted = rates.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
        };
        let share = format!("{:.0} %", 100.0 * median(&rates[1]) / median(&rates[0]));
        let [alone, text, html] = rates.map(thousands);
        table.row([title.into(), alone, text, html, share]);
    }
    table.print(&format!("Answers without delay, {repeats} repeats"));
    Ok(())
}

fn complete(outcome: &Outcome) -> Done {
    match outcome.failures.first() {
        Some(failure) => Err(format!("{} streams failed, one of them: {failure}", outcome.failures.len())),
        None => Ok(()),
    }
}

/// Many answers that are asked for at the same instant.
async fn many(load: Load, format: Format, repeats: Option<usize>) -> Done {
    let mut table = Table::new(&[
        "",
        "whole",
        "first p50",
        "first p95",
        "total p95",
        "gap p99",
        "took",
        "CPU server",
        "CPU store",
        "CPU upstream",
        "CPU load",
        "RSS before",
        "middle",
        "peak",
        "a stream",
    ]);
    for _ in 0..repeats.unwrap_or(1) {
        let upstream = Upstream::start()?;
        let mut site = Site::start(&upstream).await?;
        let alone = crowd::upstream_alone(&upstream, load).await?;
        row(&mut table, "upstream alone", load, &alone);
        let through = crowd::through_the_server(&mut site, &upstream, load, format).await?;
        row(&mut table, if format == Format::Html { "server, html" } else { "server, text" }, load, &through);
        if let Some(failure) = through.failures.first() {
            println!("{} streams failed, one of them: {failure}", through.failures.len());
        }
    }
    let Load { streams, tokens, delay_ms, cold } = load;
    let cold = if cold { ", connections opened in it" } else { "" };
    table.print(&format!("{streams} answers of {tokens} tokens at {delay_ms} ms, started at once{cold}"));
    Ok(())
}

fn row(table: &mut Table, name: &str, load: Load, outcome: &Outcome) {
    let memory = match outcome.memory[2] {
        0 => ["", "", "", ""].map(str::to_owned),
        _ => {
            let [before, middle, peak] = outcome.memory.map(kib);
            [before, middle, peak, kib(outcome.bytes_per_stream(load))]
        }
    };
    let times = [
        outcome.first.percentile(50),
        outcome.first.percentile(95),
        outcome.total.percentile(95),
        outcome.gaps.percentile(99),
        outcome.took,
        outcome.server_cpu,
        outcome.store_cpu,
        outcome.upstream_cpu,
        outcome.own_cpu,
    ];
    let whole = format!("{} of {}", load.streams - outcome.failures.len(), load.streams);
    table.row([name.to_owned(), whole].into_iter().chain(times.map(shown)).chain(memory));
}

/// The bytes of an answer on the wire and in the store, by its length.
async fn bytes() -> Done {
    let upstream = Upstream::start()?;
    let mut site = Site::start(&upstream).await?;
    let mut counter = Counter::new(&site.data, site.mongo.clone());
    let mut table = Table::new(&[
        "answer",
        "format",
        "length",
        "wire",
        "wire ÷ length",
        "store",
        "store ÷ length",
        "behind it",
        "journal",
        "journal ÷ length",
    ]);
    for (tokens, delay) in [(200, 0), (5_000, 0), (50_000, 0), (200, 20), (5_000, 1)] {
        for format in [Format::Text, Format::Html] {
            let model = format!("tokens-{tokens}-delay-{delay}");
            let place = site.places(1, &model, true).await?.remove(0);
            let mut connection = open(&place).await?;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let before = counter.written().await?;
            let seen =
                watched(&mut counter, from_server(&mut connection, &place, format, tokens::text(tokens)))
                    .await?;
            let written = counter.written().await?.since(before);
            let length = tokens::text(tokens).len() as u64;
            let ratio = |bytes: u64| format!("{:.2}", bytes as f64 / length as f64);
            table.row([
                format!("{tokens} tokens at {delay} ms"),
                format!("{format:?}").to_lowercase(),
                kib(length),
                kib(seen.bytes),
                ratio(seen.bytes),
                kib(written.store),
                ratio(written.store),
                kib(written.behind),
                kib(written.journal),
                ratio(written.journal),
            ]);
        }
    }
    table.print("Bytes on the wire and to the store, by the answer's length");
    Ok(())
}

/// Runs the stream and waits for some time after it, counting the bytes that are written.
async fn watched(
    counter: &mut Counter,
    stream: impl Future<Output = Result<Seen, String>>,
) -> Result<Seen, String> {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let mut stream = std::pin::pin!(patiently(stream));
    let seen = loop {
        tokio::select! {
            seen = &mut stream => break seen?,
            _ = looks.tick() => counter.look(),
        }
    };
    for _ in 0..60 {
        looks.tick().await;
        counter.look();
    }
    Ok(seen)
}
