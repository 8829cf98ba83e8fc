//! What rendering costs: whole texts against peers, streams against whole texts, code, the first line.
//!
//! `cargo bench --no-default-features --features ssr --bench markdown`

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use inglenook::server::markdown::{Stream, render};
use pulldown_cmark::{Options, Parser};

const ANSWER: &str = include_str!("../src/server/markdown/tests/answer.md");
const LINE: &str = "    let total = items.iter().map(|item| item.price * 2).sum::<u64>(); // so far\n";

/// The answer again and again, up to `size` bytes.
fn text(size: usize) -> String {
    let mut text = ANSWER.repeat(size / ANSWER.len() + 1);
    text.truncate(text.floor_char_boundary(size));
    text
}

/// The same without code blocks.
fn prose(size: usize) -> String {
    let mut inside = false;
    let mut lines = String::new();
    for line in ANSWER.split_inclusive('\n') {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        if !inside && !fence {
            lines.push_str(line);
        }
    }
    let mut text = lines.repeat(size / lines.len() + 1);
    text.truncate(text.floor_char_boundary(size));
    text
}

/// Streams it in pieces of about `piece` bytes, telling listeners of each.
fn stream(text: &str, piece: usize) -> usize {
    let (mut stream, mut rest, mut changes) = (Stream::new(), text, 0);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.ceil_char_boundary(piece.min(rest.len())));
        stream.push(now);
        changes += stream.flush().len();
        rest = later;
    }
    changes + stream.finish().len()
}

fn peers(c: &mut Criterion) {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.autolink = true;
    options.extension.footnotes = true;
    for (name, text) in [("prose", prose(64 << 10)), ("answer", text(64 << 10))] {
        let mut group = c.benchmark_group(format!("64 kB of {name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("inglenook", |b| b.iter(|| render(black_box(&text))));
        group.bench_function("pulldown-cmark alone", |b| {
            b.iter(|| {
                let mut out = String::new();
                pulldown_cmark::html::push_html(&mut out, Parser::new_ext(black_box(&text), Options::all()));
                out
            })
        });
        group.bench_function("comrak alone", |b| {
            b.iter(|| comrak::markdown_to_html(black_box(&text), &options))
        });
        group.finish();
    }
}

fn streams(c: &mut Criterion) {
    for (name, text) in [("prose", prose as fn(usize) -> String), ("answer", text)] {
        let mut group = c.benchmark_group(format!("streamed {name}"));
        group.sample_size(10);
        for size in [4 << 10, 64 << 10, 1 << 20] {
            let text = text(size);
            group.throughput(Throughput::Bytes(size as u64));
            group.bench_with_input(BenchmarkId::new("whole", size), &text, |b, text| b.iter(|| render(text)));
            for piece in [20, 200] {
                group.bench_with_input(
                    BenchmarkId::new(format!("pieces of {piece} bytes"), size),
                    &text,
                    |b, text| b.iter(|| stream(text, piece)),
                );
            }
        }
        group.finish();
    }
}

fn code(c: &mut Criterion) {
    let mut group = c.benchmark_group("a streamed block of Rust");
    group.sample_size(10);
    for lines in [1_250, 2_500, 5_000] {
        let text = format!("```rust\n{}```\n", LINE.repeat(lines));
        group.throughput(Throughput::Elements(lines as u64));
        group.bench_with_input(BenchmarkId::from_parameter(lines), &text, |b, text| {
            b.iter(|| stream(text, 20))
        });
    }
    group.finish();
}

/// Resident memory in kB, where the system tells it.
fn resident() -> usize {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    told.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4
}

/// What only a fresh process shows.
fn first_lines() {
    let before = resident();
    let time = |what: &str, text: &str| {
        let began = Instant::now();
        black_box(render(text));
        println!("{what}: {:.1} ms; {} kB more than at the start", ms(began.elapsed()), resident() - before);
    };
    time("the first paragraph after start", "a *b*");
    time("the first formula", "$x^2$");
    for (language, line) in [
        ("rust", "let a = 1;"),
        ("typescript", "const a: number = 1;"),
        ("python", "def a(): pass"),
        ("haskell", "a = 1"),
        ("toml", "[a]\nb = \"c\" # d\ne = 1"),
        ("yaml", "a:\n  - b: \"c\" # d\n  - e"),
        ("css", "a.b > c { color: #fff; margin: 1px } /* d */"),
        ("html", "<!doctype html>\n<p class=\"a\">b</p><script>let a = 1;</script><style>a { b: c }</style>"),
        ("xml", "<?xml version=\"1.0\"?><a b=\"c\">d</a>"),
        ("ruby", "def a\n  puts \"b #{c}\"\nend"),
        ("php", "<?php\nfunction a($b) { echo \"c $b\"; }"),
        ("dockerfile", "FROM a AS b\nRUN c && d"),
        ("diff", "-a\n+b"),
        ("powershell", "Get-Item -Path $a | Where-Object { $_.b -eq 1 }"),
        ("makefile", "a: b\n\tc $(D)"),
        ("ini", "[a]\nb=c"),
        ("r", "a <- function(b) { b + 1 }"),
        ("perl", "my $a = \"b\"; # c"),
        ("elixir", "def a(b), do: b |> c()"),
        ("terraform", "resource \"a\" \"b\" { c = 1 }"),
        ("graphql", "query A { b(c: 1) { d } }"),
        ("vue", "<template><p>{{ a }}</p></template>\n<script>let a = 1</script>"),
        ("markdown", "# a\n- b `c`\n"),
        ("latex", "\\begin{a} $b$ \\end{a}"),
        ("nginx", "server { listen 80; }"),
        ("julia", "function a(b) b + 1 end"),
    ] {
        time(&format!("the first line of {language}"), &format!("```{language}\n{line}\n```\n"));
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn main() {
    first_lines();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    peers(&mut criterion);
    streams(&mut criterion);
    code(&mut criterion);
    criterion.final_summary();
}
