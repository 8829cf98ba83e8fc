//! What rendering costs: whole texts beside other renderers, streams beside whole texts, code, the first line.
//!
//! `cargo bench --no-default-features --features ssr --bench markdown`

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use inglenook::server::markdown::{Stream, render};
use pulldown_cmark::{Options, Parser};

const ANSWER: &str = include_str!("../src/server/markdown/tests/answer.md");
const RUST: &str = "    let total = item.price * 2; // so far\n";
const YAML: &str = "- name: \"item\" # so far\n";

/// The answer repeated, up to `size` bytes.
fn text(size: usize) -> String {
    let mut text = ANSWER.repeat(size / ANSWER.len() + 1);
    text.truncate(text.floor_char_boundary(size));
    text
}

/// [`text`] without code blocks.
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

/// Streams the text in pieces of about `piece` bytes, with a flush after each.
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
    for (language, line) in [("rust", RUST), ("yaml", YAML)] {
        let mut group = c.benchmark_group(format!("a streamed block of {language}"));
        group.sample_size(10);
        for lines in [1_250, 2_500, 5_000] {
            let text = format!("```{language}\n{}```\n", line.repeat(lines));
            group.throughput(Throughput::Elements(lines as u64));
            group.bench_with_input(BenchmarkId::from_parameter(lines), &text, |b, text| {
                b.iter(|| stream(text, 20))
            });
        }
        group.finish();
    }
}

/// The cost of texts that are made to be slow, at once and in pieces.
fn pathological() {
    let cases = include_str!("../tests/data/costly.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(cases).expect("well-formed data");
    println!("made to cost much: ms at once, in pieces of 200 bytes");
    for case in cases {
        let parts = case["parts"].as_array().expect("well-formed data");
        let part = |part: &serde_json::Value| Some(part[0].as_str()?.repeat(part[1].as_u64()? as usize));
        let text: String = parts.iter().filter_map(part).collect();
        let began = Instant::now();
        black_box(render(&text));
        let whole = ms(began.elapsed());
        let began = Instant::now();
        stream(&text, 200);
        println!("{whole:>8.1} {:>8.1}  {}", ms(began.elapsed()), case["name"].as_str().unwrap_or_default());
    }
}

/// The cost of answers of 48 kB in each language that a grammar reads, with lines that are made to be slow for it.
/// Prints the slowest.
fn grammars() {
    let names = two_face::syntax::extra_newlines();
    let names: Vec<&str> = names
        .syntaxes()
        .iter()
        .filter_map(|syntax| syntax.file_extensions.first().map(String::as_str))
        .collect();
    let marks = [
        "a ", "a", "(", "((a", "\"", "\"\"\" ", "'", "`", "{", "[", "<", "<a ", "\\", "$", "${", "# ", "@",
        "-", "*", "/", "/* ", "=", ": ", "::", ";", ",", ".", "1 ", "A ", "\t", "  ", "if ", "a(", "a = b; ",
        "x:x:", "a|", "<?", "{{", "\\a{", "中",
    ];
    let mut costs = Vec::new();
    for name in &names {
        for mark in marks {
            let mut line = mark.repeat(498 / mark.len());
            line.truncate(line.floor_char_boundary(498));
            let text = format!("```{name}\n{}```\n", (line + "\n").repeat(96));
            let began = Instant::now();
            black_box(render(&text));
            costs.push((ms(began.elapsed()), *name, mark));
        }
    }
    costs.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("{} answers in {} languages made to cost much: ms, language, line", costs.len(), names.len());
    for (cost, name, mark) in costs.iter().take(12) {
        println!("{cost:>8.1} {name} {mark:?}");
    }
}

/// The cost of 100 kB that open much and close nothing.
fn beginnings() {
    let mut costs = Vec::new();
    let marks = [
        "*a **a ",
        "[a](",
        "![",
        "<a ",
        "<!--",
        "<sub>",
        "<sub>*a ",
        "` ``",
        "\\(",
        "\\(a\\) ",
        "\\[",
        "$",
        "$a$ ",
        "$ a ",
        "$$",
        "\\begin{align}",
        "&",
        "~~a",
        "_a",
        "**测。**后",
        "测**（",
        "https://a.b/(",
        "www.a.b ",
        "a@b.c ",
        "[^a] ",
        "|a",
        "> ",
        "- ",
        "- [ ] a\n",
        "# a\n",
        "<details>\n",
        "<details>\n\na\n\n</details>\n",
        "```md\n```py\n```\n```\n",
        "```md\n```md\n",
        "[a]: b\n",
        "$\\abs{\\abs{a}}$ ",
        "$\\frac{a}{b}$ ",
        "|a|\n|-|\n|b|\n\n",
        "[^a]: b\n\n",
        "```yaml\na: b\n```\n",
    ];
    for mark in marks {
        let text = mark.repeat(100_000 / mark.len());
        let began = Instant::now();
        black_box(render(&text));
        let whole = ms(began.elapsed());
        let began = Instant::now();
        stream(&text, 2_000);
        costs.push((whole, ms(began.elapsed()), mark));
    }
    costs.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("100 kB of one mark: ms at once, in pieces of 2,000 bytes");
    for (whole, pieces, mark) in costs.iter().take(12) {
        println!("{whole:>8.1} {pieces:>8.1}  {mark:?}");
    }
}

/// Resident memory in kB, where the system tells it.
fn resident() -> usize {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    told.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4
}

/// The cost of the first line of code in a fresh process.
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
        ("html", "<p class=\"a\">b</p><script>let a = 1;</script><style>a { b: c }</style>"),
        // These languages have grammars; the first one reads the set of grammars.
        ("yaml", "a:\n  - b: \"c\" # d\n  - e"),
        ("haskell", "a = 1"),
        ("php", "<?php\nfunction a($b) { echo \"c $b\"; }"),
        ("r", "a <- function(b) { b + 1 }"),
        ("nginx", "server { listen 80; }"),
    ] {
        time(&format!("the first line of {language}"), &format!("```{language}\n{line}\n```\n"));
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn main() {
    first_lines();
    pathological();
    beginnings();
    grammars();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    peers(&mut criterion);
    streams(&mut criterion);
    code(&mut criterion);
    criterion.final_summary();
}
