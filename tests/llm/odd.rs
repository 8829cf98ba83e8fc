//! What real model servers send beside what they should: comments, odd chunks, wrong types, ends without an end.

use std::time::{Duration, Instant};

use futures::future::join_all;
use inglenook::domain::FailureCode::{Broken, Timeout};
use inglenook::domain::Usage;
use inglenook::server::llm::ProviderTimeouts;
use serde_json::json;

use crate::ask::{ask, failed, good, outcome_of, request};
use crate::scripted::{DONE, Scripted, Step, answer, chunked, delta, end, event, sized, sse, text};

#[tokio::test]
async fn signs_of_life_are_waited_for_and_silence_is_not() {
    let quick = |millis: u64| Duration::from_millis(millis);
    let timeouts = ProviderTimeouts { connect: quick(500), first_token: quick(400), idle: quick(400) };
    let ask_with = async |steps: Vec<Step>| {
        let server = Scripted::with(steps).await;
        let begun = Instant::now();
        (ask(&server.provider(timeouts), request("m")).await, begun.elapsed())
    };
    let wait = |sign: &str| {
        let mut steps = sse("");
        for _ in 0..8 {
            steps.extend([Step::Send(sign.into()), Step::Pause(150)]);
        }
        steps.push(Step::Send(format!("{}{}", text("a"), end("stop")).into()));
        steps
    };
    let middle = {
        let mut steps = sse(&text("a"));
        for _ in 0..8 {
            steps.extend([Step::Send(": keep-alive\n\n".into()), Step::Pause(150)]);
        }
        steps.push(Step::Send(format!("{}{}", text("b"), end("stop")).into()));
        steps
    };
    let empty = delta(json!({ "role": "assistant", "content": "" }), None);
    let (comments, chunks, blanks, middle, silent, forever, forever_later) = tokio::join!(
        ask_with(wait(": PROCESSING\n\n")),
        ask_with(wait(&empty)),
        ask_with(wait("\n")),
        ask_with(middle),
        ask_with([sse(&format!(": hello\n\n{}", text("a"))), vec![Step::Hang]].concat()),
        ask_with([sse(&empty), vec![Step::Repeat(": PROCESSING\n\n", 50)]].concat()),
        ask_with([sse(&text("a")), vec![Step::Repeat(": PROCESSING\n\n", 50)]].concat()),
    );
    good("comments", &comments.0, "a");
    good("empty chunks", &chunks.0, "a");
    good("empty lines", &blanks.0, "a");
    good("in the middle", &middle.0, "ab");
    failed("silence", &silent.0, Timeout, true, "sent nothing more within 1 second", "a");
    assert!(silent.1 < quick(2_000), "{:?}", silent.1);
    // Ten times the limit at most.
    failed("for ever", &forever.0, Timeout, true, "only said that it is alive", "");
    failed("for ever later", &forever_later.0, Timeout, true, "only said that it is alive", "a");
    assert!(forever.1 > quick(3_000) && forever.1 < quick(9_000), "{:?}", forever.1);
}

#[tokio::test]
async fn one_odd_event_among_good_ones_is_left_out() {
    let around =
        |odd: &str| sse(&format!("{odd}{}{odd}{}{odd}{}{odd}{DONE}{odd}", text("a"), text("b"), end("stop")));
    let odd = [
        "data: ping\n\n",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\n\n",
        "data: {\"type\":\"status\",\"message\":\"queued\"}\n\n",
        "data: 7\n\n",
        "data: \"x\"\n\n",
        "data: []\n\n",
        "data: null\n\n",
        "data: {}\n\n",
        "data\n\n",
        "data: {\"choices\":null,\"usage\":\"none\"}\n\n",
        "data: {\"choices\":[],\"error\":null,\"detail\":\"\"}\n\n",
        "data: {\"choices\":[{\"delta\":null}],\"error\":{}}\n\n",
        "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}],\"error\":\"\"}\n\n",
        "data: {\"id\":7,\"x\":NaN,\"choices\":{}}\n\n",
        "x-unknown: 1\n\n",
    ];
    let outcomes = join_all(odd.iter().map(|odd| outcome_of(around(odd)))).await;
    for (odd, outcome) in odd.iter().zip(outcomes) {
        good(odd, &outcome, "ab");
    }
    let all_is_well = sse(&format!("{}{}{DONE}", text("a"), event(&json!({ "message": "completed" }))));
    good("a message", &outcome_of(all_is_well).await, "a");
    // Nothing but garbage is a failure, and so is garbage at the end of a stream that has no end.
    let garbage = "data: ping\n\n".repeat(3);
    failed("garbage", &outcome_of(sse(&garbage)).await, Broken, true, "not an answer", "");
    failed("much", &outcome_of(sse(&garbage.repeat(200))).await, Broken, true, "not an answer", "");
    let late = sse(&format!("{}{garbage}", text("a")));
    failed("late", &outcome_of(late).await, Broken, true, "not an answer", "a");
    failed("text", &outcome_of(answer(200, "text/plain", "OK")).await, Broken, true, "base_url", "");
    failed(
        "json",
        &outcome_of(answer(200, "application/json", "{\"a\":1}")).await,
        Broken,
        true,
        "base_url",
        "",
    );
}

#[tokio::test]
async fn what_is_of_no_interest_may_be_odd() {
    let chunks = [
        r#"{"choices":[{"index":"0","delta":{"content":"a"},"finish_reason":"null","logprobs":NaN}],"usage":"x"}"#,
        r#"{"choices":{"index":0,"delta":{"content":"a"}},"usage":{"prompt_tokens":-1}}"#,
        r#"{"choices":[{"delta":{"content":"a","content":"a"}}],"created":1e999}"#,
        r#"{"choices":[{"delta":{"content":[{"type":"text","text":"a"}],"tool_calls":{}}}],"usage":[]}"#,
        r#"{"choices":[{"text":"a"}]}"#,
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"note\":\"\t\"}",
    ];
    let outcomes = join_all(
        chunks
            .iter()
            .map(|chunk| outcome_of(sse(&format!("data: {chunk}\n\ndata: {chunk}\n\n{}", end("stop"))))),
    )
    .await;
    for (chunk, outcome) in chunks.iter().zip(outcomes) {
        good(chunk, &outcome, "aa");
    }
    let half = sse(&format!("data: {}\n\n{DONE}", r#"{"choices":[{"delta":{"content":"a\ud83d"}}]}"#));
    good("half of a character", &outcome_of(half).await, "a\u{fffd}");
    let counted = sse(&format!(
        "{}{}{}",
        text("a"),
        event(&json!({ "choices": [], "usage": { "prompt_tokens": "3", "completion_tokens": 4.0 } })),
        event(&json!({ "choices": [], "usage": { "prompt_tokens": 0, "completion_tokens": 0 } })),
    ));
    assert_eq!(outcome_of(counted).await.usage, Some(Usage { prompt_tokens: 3, completion_tokens: 4 }));
}

#[tokio::test]
async fn more_after_a_finish_reason_is_kept() {
    // Many servers write a reason into every chunk.
    let reason = |word: &str| delta(json!({ "content": "a" }), Some(word)).repeat(3) + DONE;
    for word in ["stop", "null", "None", ""] {
        good(word, &outcome_of(sse(&reason(word))).await, "aaa");
    }
    // A pause after a reason, before the first word and after it.
    let first = delta(json!({ "role": "assistant" }), Some("stop"));
    let slow = async |begin: String, whole: &str| {
        let rest = format!("{}{}{DONE}", text("b"), end("stop"));
        let steps = [sse(&begin), vec![Step::Pause(6_500), Step::Send(rest.into())]].concat();
        let server = Scripted::with(steps).await;
        good(whole, &ask(&server.provider(ProviderTimeouts::default()), request("m")).await, whole);
    };
    tokio::join!(slow(first, "b"), slow(delta(json!({ "content": "a" }), Some("stop")), "ab"));
    // A server that never closes the connection is not waited for.
    let hanging =
        [sse(&format!("{}{}", text("a"), end("stop"))), vec![Step::Repeat(": x\n\n", 100)]].concat();
    let begun = Instant::now();
    good("hanging", &outcome_of(hanging).await, "a");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_comes_decides_and_not_its_type() {
    let stream = format!("{}{}{DONE}", text("a"), end("stop"));
    let whole = r#"{"choices":[{"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}"#;
    let lines =
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n{\"choices\":[{\"finish_reason\":\"stop\"}]}\n";
    let kinds = [
        "text/event-stream",
        "text/plain",
        "application/octet-stream",
        "application/json",
        "text/html",
        "application/x-ndjson",
        "",
    ];
    let pretty =
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(whole).unwrap()).unwrap();
    let bodies = [
        stream,
        whole.into(),
        lines.into(),
        format!("data: {whole}\n\n{DONE}"),
        pretty,
        format!("data: {whole}"),
    ];
    let cases: Vec<_> = kinds.iter().flat_map(|kind| bodies.iter().map(move |body| (kind, body))).collect();
    let outcomes = join_all(cases.iter().map(|(kind, body)| outcome_of(answer(200, kind, body)))).await;
    for ((kind, body), outcome) in cases.iter().zip(outcomes) {
        good(&format!("{kind}: {body}"), &outcome, "a");
    }
    for kind in kinds {
        let page = outcome_of(answer(200, kind, "\n<!doctype html><title>Sign in</title>")).await;
        failed(kind, &page, Broken, true, "a page instead of an answer", "");
    }
}

#[tokio::test]
async fn an_orderly_end_ends_an_answer_and_a_broken_connection_does_not() {
    let body = text("a");
    let half = format!("{body}data: {{\"choices\":[{{\"del");
    for (what, steps) in [
        ("closed", sse(&body)),
        ("sized", sized(&body, body.len())),
        ("chunked", chunked(&body, true)),
        ("no empty line", sse(body.trim_end())),
        ("one empty line less", sse(&format!("{body}{}", text("b").trim_end()).replace("\"b\"", "\"\""))),
    ] {
        good(what, &outcome_of(steps).await, "a");
    }
    for (what, steps) in [
        ("sized", sized(&body, body.len() + 1)),
        ("chunked", chunked(&body, false)),
        ("half an event", sse(&half)),
        ("half an event, sized", sized(&half, half.len())),
    ] {
        failed(what, &outcome_of(steps).await, Broken, true, "broke in the middle", "a");
    }
    failed("nothing", &outcome_of(chunked("", false)).await, Broken, true, "closed the connection", "");
    // An answer that is cut after its end is whole.
    let whole = format!("{body}{}", end("stop"));
    good("late", &outcome_of(chunked(&whole, false)).await, "a");
}

#[tokio::test]
async fn thinking_comes_apart_from_the_answer() {
    let parts = |thinking: serde_json::Value| {
        sse(&format!("{}{}{}", delta(thinking, None), text("Hello"), end("stop")))
    };
    for (what, steps) in [
        ("tags", sse(&format!("{}{}", text("<think>\nSECRET\n</think>\n\nHello"), end("stop")))),
        ("cut tags", sse(&format!("{}{}{}", text("<thi"), text("nk>SECRET</th"), text("ink>\nHello")))),
        ("no opening tag", sse(&format!("{}{}{}", text("SEC"), text("RET\n</thi"), text("nk>\n\nHello")))),
        (
            "json",
            answer(
                200,
                "application/json",
                r#"{"choices":[{"message":{"content":"<think>SECRET</think>\nHello"}}]}"#,
            ),
        ),
        (
            "json, no opening tag",
            answer(
                200,
                "application/json",
                r#"{"choices":[{"message":{"content":"SECRET</think>\nHello"}}]}"#,
            ),
        ),
        (
            "a part",
            parts(
                json!({ "content": [{ "type": "thinking", "thinking": [{ "type": "text", "text": "SECRET" }] }] }),
            ),
        ),
        (
            "details",
            parts(
                json!({ "reasoning": "SECRET", "reasoning_details": [{ "type": "reasoning.text", "text": "SECRET" }] }),
            ),
        ),
        (
            "only details",
            parts(
                json!({ "content": "", "reasoning_details": [{ "type": "reasoning.text", "text": "SECRET" }] }),
            ),
        ),
        ("thinking", parts(json!({ "thinking": "SECRET" }))),
        ("reasoning_text", parts(json!({ "reasoning_text": "SECRET" }))),
    ] {
        let outcome = outcome_of(steps).await;
        good(what, &outcome, "Hello");
        assert_eq!(outcome.reasoning.trim(), "SECRET", "{what}");
    }
}
