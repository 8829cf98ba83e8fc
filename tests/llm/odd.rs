//! What real model servers send beside what they should: comments, odd chunks, wrong types, ends without an end,
//! errors in a stream that began well.

use std::time::{Duration, Instant};

use futures::future::join_all;
use inglenook::domain::FailureCode::{Broken, Overloaded, Refused, Timeout};
use inglenook::domain::{FailureCode, Usage};
use inglenook::server::llm::ProviderTimeouts;
use serde_json::json;

use crate::ask::{Outcome, ask, request, told};
use crate::scripted::{DONE, Scripted, Step, answer, chunked, delta, end, event, sized, sse, text};
use crate::upstream::short;

/// Of a server that is soon silent; there is time for the first word on a busy machine.
async fn outcome(steps: Vec<Step>) -> Outcome {
    let server = Scripted::with(steps).await;
    let timeouts = ProviderTimeouts {
        connect: Duration::from_secs(10),
        first_token: Duration::from_secs(20),
        ..short()
    };
    ask(&server.provider(timeouts), request("m")).await
}

/// Every one of these bodies is the same good answer.
#[track_caller]
fn good(what: &str, outcome: &Outcome, text: &str) {
    assert_eq!(outcome.error, None, "{what}: {:?}", outcome.text);
    assert_eq!(outcome.text, text, "{what}");
}

#[track_caller]
fn failed(what: &str, outcome: &Outcome, code: FailureCode, retryable: bool, part: &str, kept: &str) {
    let error = outcome.error.as_ref().unwrap_or_else(|| panic!("{what}: no error, but {:?}", outcome.text));
    assert!(told(error).starts_with("acme "), "{what}: {error:?}");
    assert!(told(error).contains(part), "{what}: {error:?}");
    assert_eq!((error.failure.code, error.failure.retryable), (code, retryable), "{what}: {error:?}");
    assert_eq!(outcome.text, kept, "{what}");
}

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
    // Ten times the limit, and not for ever.
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
    let outcomes = join_all(odd.iter().map(|odd| outcome(around(odd)))).await;
    for (odd, outcome) in odd.iter().zip(outcomes) {
        good(odd, &outcome, "ab");
    }
    let all_is_well = sse(&format!("{}{}{DONE}", text("a"), event(&json!({ "message": "completed" }))));
    good("a message", &outcome(all_is_well).await, "a");
    // Nothing but garbage is a failure, and so is garbage at the end of what does not end.
    let garbage = "data: ping\n\n".repeat(3);
    failed("garbage", &outcome(sse(&garbage)).await, Broken, true, "not an answer", "");
    failed("much", &outcome(sse(&garbage.repeat(200))).await, Broken, true, "not an answer", "");
    let late = sse(&format!("{}{garbage}", text("a")));
    failed("late", &outcome(late).await, Broken, true, "not an answer", "a");
    failed("text", &outcome(answer(200, "text/plain", "OK")).await, Broken, true, "base_url", "");
    failed(
        "json",
        &outcome(answer(200, "application/json", "{\"a\":1}")).await,
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
            .map(|chunk| outcome(sse(&format!("data: {chunk}\n\ndata: {chunk}\n\n{}", end("stop"))))),
    )
    .await;
    for (chunk, outcome) in chunks.iter().zip(outcomes) {
        good(chunk, &outcome, "aa");
    }
    let half = sse(&format!("data: {}\n\n{DONE}", r#"{"choices":[{"delta":{"content":"a\ud83d"}}]}"#));
    good("half of a character", &outcome(half).await, "a\u{fffd}");
    let counted = sse(&format!(
        "{}{}{}",
        text("a"),
        event(&json!({ "choices": [], "usage": { "prompt_tokens": "3", "completion_tokens": 4.0 } })),
        event(&json!({ "choices": [], "usage": { "prompt_tokens": 0, "completion_tokens": 0 } })),
    ));
    assert_eq!(outcome(counted).await.usage, Some(Usage { prompt_tokens: 3, completion_tokens: 4 }));
}

#[tokio::test]
async fn more_after_a_finish_reason_is_kept() {
    // As many servers write it: a reason in every chunk.
    let reason = |word: &str| delta(json!({ "content": "a" }), Some(word)).repeat(3) + DONE;
    for word in ["stop", "null", "None", ""] {
        good(word, &outcome(sse(&reason(word))).await, "aaa");
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
    // A server that never closes is not waited for.
    let hanging =
        [sse(&format!("{}{}", text("a"), end("stop"))), vec![Step::Repeat(": x\n\n", 100)]].concat();
    let begun = Instant::now();
    good("hanging", &outcome(hanging).await, "a");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_answer_without_text_is_a_failure() {
    let body = |deltas: &str, reason: &str| sse(&format!("{deltas}{}{DONE}", end(reason)));
    let blanks = text("\n") + &text(" \u{200b}\n");
    let tool = delta(
        json!({ "tool_calls": [{ "index": 0, "function": { "name": "x", "arguments": "{}" } }] }),
        None,
    );
    let thinking = delta(json!({ "reasoning_content": "Let me see." }), None);
    for (what, steps, part) in [
        ("stop", body("", "stop"), "empty answer"),
        ("blanks", body(&blanks, "stop"), "empty answer"),
        ("tools", body(&tool, "tool_calls"), "use a tool"),
        ("thinking", body(&thinking, "stop"), "thought, but wrote no answer"),
        ("tags", body(&text("<think>Let me see.</think>\n"), "stop"), "thought, but wrote no answer"),
        ("open tag", body(&text("<think>Let me see."), "stop"), "thought, but wrote no answer"),
        ("thinking cut", body(&thinking, "length"), "while it was thinking"),
        ("cut", body("", "length"), "limit of length"),
        ("unknown", body("", "house_rules"), "empty answer"),
        ("no reason", sse(&format!("{}{DONE}", text(""))), "empty answer"),
        ("only the end", sse(DONE), "empty answer"),
        ("nothing", sse(""), "closed the connection"),
        ("comments", sse(": hello\n\n"), "closed the connection"),
        (
            "json",
            answer(200, "application/json", r#"{"choices":[{"message":{"content":null}}]}"#),
            "empty answer",
        ),
    ] {
        let outcome = outcome(steps).await;
        failed(what, &outcome, Broken, true, part, "");
        let thought = what.contains("thinking") || what.contains("tag");
        assert_eq!(outcome.reasoning, if thought { "Let me see." } else { "" }, "{what}");
    }
}

#[tokio::test]
async fn words_for_endings() {
    let body = |word: &str| sse(&format!("{}{}{DONE}", text("a"), end(word)));
    for word in
        ["length", "max_tokens", "MAX_TOKENS", "model_length", "Length", "model_context_window_exceeded"]
    {
        let outcome = outcome(body(word)).await;
        good(word, &outcome, "a");
        assert!(outcome.length_limit, "{word}");
    }
    for word in ["stop", "STOP", "end_turn", "eos", "COMPLETE", "tool_calls", "something new"] {
        let outcome = outcome(body(word)).await;
        good(word, &outcome, "a");
        assert!(!outcome.length_limit, "{word}");
    }
    for word in ["content_filter", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "sensitive", "refusal"] {
        failed(word, &outcome(body(word)).await, Refused, false, "What came before is kept", "a");
        failed(word, &outcome(sse(&end(word))).await, Refused, false, "rules for content", "");
    }
    for word in ["error", "insufficient_system_resource", "network_error", "abort"] {
        failed(word, &outcome(body(word)).await, Overloaded, true, "in the middle of the answer", "a");
    }
}

#[tokio::test]
async fn errors_in_a_stream_in_every_shape() {
    let too_long = "This model's maximum context length is 10 tokens";
    let cases = [
        (json!({ "error": { "message": too_long } }), Refused, "too long for the model"),
        (json!({ "error": too_long }), Refused, "too long for the model"),
        (
            json!({ "object": "error", "message": too_long, "type": "BadRequestError", "code": 400 }),
            Refused,
            "too long for the model",
        ),
        (
            json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } }),
            Overloaded,
            "problem of its own",
        ),
        (json!({ "detail": too_long }), Refused, "too long for the model"),
        (json!({ "detail": [{ "loc": ["body"], "msg": too_long }] }), Refused, "too long for the model"),
        (json!({ "message": too_long }), Refused, "too long for the model"),
        (
            json!({ "code": "InvalidParameter", "message": "Range of input length should be [1, 30720]" }),
            Refused,
            "too long for the model",
        ),
        (json!({ "error": { "code": 429, "message": "x" } }), Overloaded, "no more requests"),
        (json!({ "error": { "code": "503", "message": "x" } }), Overloaded, "problem of its own"),
        (
            json!({ "error": { "message": "x", "type": "rate_limit_exceeded" } }),
            Overloaded,
            "no more requests",
        ),
        (json!({ "status": 401, "message": "x" }), Refused, "refused the key"),
        (
            json!([{ "error": { "code": 400, "message": "The input token count (9) exceeds the maximum number of tokens allowed (1)." } }]),
            Refused,
            "too long for the model",
        ),
        (
            json!({ "choices": [{ "delta": { "content": "" }, "finish_reason": "error" }], "error": { "code": 502, "message": "Provider returned error" } }),
            Overloaded,
            "problem",
        ),
        (
            json!({ "error": { "message": "Provider returned error", "code": 400, "metadata": { "raw": "{\"message\":\"prompt is too long: 9 tokens\"}" } } }),
            Refused,
            "too long for the model",
        ),
    ];
    for (error, code, part) in cases {
        let what = error.to_string();
        let retryable = code == Overloaded;
        failed(&what, &outcome(sse(&event(&error))).await, code, retryable, part, "");
        let late = sse(&format!("{}{}{DONE}", text("a"), event(&error)));
        failed(&what, &outcome(late).await, code, retryable, part, "a");
        let body = answer(200, "application/json", &what);
        failed(&what, &outcome(body).await, code, retryable, part, "");
    }
    for (line, code, part) in [
        ("event: error\ndata: {\"reason\":\"rate limit\"}\n\n", Overloaded, "no more requests"),
        ("event: error\ndata: it broke\n\n", Overloaded, "problem of its own"),
        ("error: {\"code\":500,\"message\":\"it broke\"}\n\n", Overloaded, "problem of its own"),
        (
            "{\"error\":{\"message\":\"Invalid API key\",\"code\":\"invalid_api_key\"}}\n",
            Refused,
            "refused the key",
        ),
    ] {
        failed(
            line,
            &outcome(sse(&format!("{}{line}", text("a")))).await,
            code,
            code == Overloaded,
            part,
            "a",
        );
        failed(line, &outcome(sse(line)).await, code, code == Overloaded, part, "");
    }
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
    let outcomes = join_all(cases.iter().map(|(kind, body)| outcome(answer(200, kind, body)))).await;
    for ((kind, body), outcome) in cases.iter().zip(outcomes) {
        good(&format!("{kind}: {body}"), &outcome, "a");
    }
    for kind in kinds {
        let page = outcome(answer(200, kind, "\n<!doctype html><title>Sign in</title>")).await;
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
        good(what, &outcome(steps).await, "a");
    }
    for (what, steps) in [
        ("sized", sized(&body, body.len() + 1)),
        ("chunked", chunked(&body, false)),
        ("half an event", sse(&half)),
        ("half an event, sized", sized(&half, half.len())),
    ] {
        failed(what, &outcome(steps).await, Broken, true, "broke off in the middle", "a");
    }
    failed("nothing", &outcome(chunked("", false)).await, Broken, true, "closed the connection", "");
    // Cut after its end, it is whole.
    let whole = format!("{body}{}", end("stop"));
    good("late", &outcome(chunked(&whole, false)).await, "a");
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
        let outcome = outcome(steps).await;
        good(what, &outcome, "Hello");
        assert_eq!(outcome.reasoning.trim(), "SECRET", "{what}");
    }
}
