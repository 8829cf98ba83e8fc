//! A model server made for speed: OpenAI's event stream over plain sockets, one event a token.
//!
//! The model's name says what it answers: `tokens-5000-delay-0`, `tokens-200-delay-20` (milliseconds
//! from token to token), `tokens-200-delay-20-think-50` (50 tokens of reasoning before the answer),
//! `tokens-3000-delay-0-size-1000` (each token so many bytes long, see [`sized`]). Each token is an event, a chunk and a write of its own; only what is overdue, when the machine is
//! short, goes out in one write.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io,
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{Instant, sleep_until},
};

/// The most tokens of an answer, because all events are written in advance.
const MOST: usize = 60_000;
const WORDS: [&str; 24] = [
    "the ",
    "answer ",
    "grows ",
    "word ",
    "by ",
    "word ",
    "and ",
    "nobody ",
    "waits, ",
    "for ",
    "what ",
    "was ",
    "seen ",
    "stays ",
    "seen; ",
    "Grüße ",
    "日本語 ",
    "😀 ",
    "so ",
    "it ",
    "goes ",
    "on ",
    "to ",
    "its end ",
];

/// A token of markdown as models write it: headings, paragraphs, lists and code, in parts of 200 tokens.
pub fn token(place: usize) -> String {
    match place % 200 {
        0 => format!("\n\n## Part {}\n\n", place / 200 + 1),
        50 | 100 => ".\n\n".into(),
        at @ 101..=130 if at % 5 == 1 => "\n- item ".into(),
        140 => "\n\n```rust\n".into(),
        at @ 141..=178 if at % 6 == 3 => ";\n".into(),
        at @ 141..=178 => format!("x{} ", at * 7),
        179 => "\n```\n\n".into(),
        at => WORDS[(at * 7 + place / 200) % WORDS.len()].into(),
    }
}

/// The names of its models, the usual one first: every number of tokens and every pause that tests and benches use.
fn models() -> &'static str {
    static MODELS: LazyLock<String> = LazyLock::new(|| {
        const COUNTS: [usize; 22] = [
            40, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400, 450, 500, 600, 800, 1000, 1500, 2000, 3000,
            5000, 6000, 50_000,
        ];
        let mut names = vec!["tokens-10-delay-0".to_owned()];
        for count in (1..=30).chain(COUNTS) {
            for delay in [0, 1, 2, 3, 4, 5, 10, 20, 50, 100] {
                names.push(format!("tokens-{count}-delay-{delay}"));
                if count >= 60 && delay > 0 {
                    names.extend(
                        [20, 30, 60].map(|think| format!("tokens-{count}-delay-{delay}-think-{think}")),
                    );
                }
            }
        }
        names.push("tokens-60-delay-0-think-400".into());
        names.push("tokens-3000-delay-0-size-1000".into());
        let data: Vec<_> =
            names.iter().map(|name| serde_json::json!({ "id": name, "object": "model" })).collect();
        serde_json::json!({ "object": "list", "data": data }).to_string()
    });
    &MODELS
}

/// The text of an answer with this many tokens.
pub fn text(tokens: usize) -> &'static str {
    let written = written();
    &written.text[..written.text_ends[tokens]]
}

/// A token of an answer whose tokens all have the same size.
pub fn sized(place: usize, size: usize) -> String {
    format!("{place:>size$}\n")
}

/// The reasoning before an answer.
pub fn thought(tokens: usize) -> String {
    (0..tokens).map(|place| format!("thought {place}, ")).collect()
}

/// The events of the longest answer, as bytes.
struct Written {
    text: String,
    text_ends: Vec<usize>,
    events: Vec<u8>,
    event_ends: Vec<usize>,
}

fn written() -> &'static Written {
    static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
        let mut written =
            Written { text: String::new(), text_ends: vec![0], events: Vec::new(), event_ends: vec![0] };
        for place in 0..MOST {
            let token = token(place);
            written.text.push_str(&token);
            written.text_ends.push(written.text.len());
            written.events.extend(event("content", &token));
            written.event_ends.push(written.events.len());
        }
        written
    });
    &WRITTEN
}

fn event(field: &str, text: &str) -> Vec<u8> {
    let text = serde_json::to_string(text).unwrap_or_default();
    chunk(&format!(
        "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"fast\",\
         \"choices\":[{{\"index\":0,\"delta\":{{\"{field}\":{text}}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
    ))
}

fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

/// The number of answers by the text of the last question; titles are not counted.
pub type Calls = Arc<Mutex<HashMap<String, usize>>>;

/// Serves until the future is dropped.
pub async fn serve(listener: TcpListener, calls: Calls) {
    written();
    while let Ok((stream, _)) = listener.accept().await {
        let calls = calls.clone();
        // A caller that closes its connection ends only that.
        tokio::spawn(async move { drop(connection(stream, &calls).await) });
    }
}

/// A listener on a free port, with room for thousands of connections at once.
pub fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(8192)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

#[derive(Deserialize)]
struct Request {
    model: String,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    content: serde_json::Value,
}

async fn connection(mut stream: TcpStream, calls: &Calls) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(body) = request(&mut stream, &mut buffer).await? {
        let Ok(asked) = serde_json::from_slice::<Request>(&body) else {
            json(&mut stream, models()).await?;
            continue;
        };
        let instruction = asked.messages.first().and_then(|first| first.content.as_str()).unwrap_or_default();
        let title = instruction.starts_with("Write a title");
        if title && !asked.stream {
            let choice = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"A short title"},"finish_reason":"stop"}]}"#;
            json(&mut stream, choice).await?;
            continue;
        }
        let plan = if title { Plan { tokens: 3, ..Plan::default() } } else { Plan::of(&asked.model) };
        if !title && let Some(question) = asked.messages.last().and_then(|last| last.content.as_str()) {
            let mut calls = calls.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *calls.entry(question.to_owned()).or_default() += 1;
        }
        answer(&mut stream, &plan).await?;
    }
    Ok(())
}

/// The body of the next request; `None` when the caller has closed the connection.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length = length.and_then(|value| value.trim().parse::<usize>().ok()).unwrap_or(0);
            let whole = end + 4 + length;
            while buffer.len() < whole {
                if stream.read_buf(buffer).await? == 0 {
                    return Ok(None);
                }
            }
            let body = buffer[end + 4..whole].to_vec();
            buffer.drain(..whole);
            return Ok(Some(body));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

async fn json(stream: &mut TcpStream, body: &str) -> io::Result<()> {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await
}

#[derive(Default)]
struct Plan {
    tokens: usize,
    delay: Duration,
    thoughts: usize,
    size: usize,
}

impl Plan {
    fn of(model: &str) -> Self {
        let mut parts = model.split('-');
        let mut plan = Self { tokens: 10, ..Self::default() };
        while let Some(name) = parts.next() {
            let number = parts.next().and_then(|number| number.parse().ok()).unwrap_or(0);
            match name {
                "tokens" => plan.tokens = number.min(MOST),
                "delay" => plan.delay = Duration::from_millis(number as u64),
                "think" => plan.thoughts = number,
                "size" => plan.size = number,
                _ => {}
            }
        }
        plan
    }
}

async fn answer(stream: &mut TcpStream, plan: &Plan) -> io::Result<()> {
    stream
        .write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .await?;
    let begun = Instant::now();
    for place in 0..plan.thoughts {
        due(begun, place, plan.delay).await;
        stream.write_all(&event("reasoning_content", &format!("thought {place}, "))).await?;
    }
    let written = written();
    let mut sent = 0;
    while sent < plan.tokens {
        due(begun, plan.thoughts + sent, plan.delay).await;
        let mut until = match plan.delay.as_nanos() {
            0 => sent + 1,
            delay => {
                let late = (begun.elapsed().as_nanos() / delay) as usize + 1;
                late.saturating_sub(plan.thoughts).clamp(sent + 1, plan.tokens)
            }
        };
        if plan.size > 0 {
            until = sent + 1;
            stream.write_all(&event("content", &sized(sent, plan.size))).await?;
        } else {
            stream.write_all(&written.events[written.event_ends[sent]..written.event_ends[until]]).await?;
        }
        sent = until;
    }
    let mut end = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#.to_owned();
    let _ = write!(
        end,
        "\n\ndata: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":10,\"completion_tokens\":{sent},\"total_tokens\":{}}}}}\n\ndata: [DONE]\n\n",
        10 + sent
    );
    let mut last = chunk(&end);
    last.extend_from_slice(b"0\r\n\r\n");
    stream.write_all(&last).await
}

/// Waits until a token is due: the first at once, each other `delay` after the one before.
async fn due(begun: Instant, place: usize, delay: Duration) {
    if delay.is_zero() {
        // Gives other tasks their turn.
        if place.is_multiple_of(64) {
            tokio::task::yield_now().await;
        }
        return;
    }
    let due = begun + delay * u32::try_from(place).unwrap_or(u32::MAX);
    if due > Instant::now() {
        sleep_until(due).await;
    }
}
