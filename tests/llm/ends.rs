//! Answers that end badly: without text, with a bad reason, or with an error in a stream that began well.

use inglenook::domain::FailureCode::{Broken, Overloaded, Refused};
use serde_json::json;

use crate::ask::{failed, good, outcome_of};
use crate::scripted::{DONE, answer, delta, end, event, sse, text};

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
        let outcome = outcome_of(steps).await;
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
        let outcome = outcome_of(body(word)).await;
        good(word, &outcome, "a");
        assert!(outcome.length_limit, "{word}");
    }
    for word in ["stop", "STOP", "end_turn", "eos", "COMPLETE", "tool_calls", "something new"] {
        let outcome = outcome_of(body(word)).await;
        good(word, &outcome, "a");
        assert!(!outcome.length_limit, "{word}");
    }
    for word in ["content_filter", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "sensitive", "refusal"] {
        failed(word, &outcome_of(body(word)).await, Refused, false, "What came before is kept", "a");
        failed(word, &outcome_of(sse(&end(word))).await, Refused, false, "rules for content", "");
    }
    for word in ["error", "insufficient_system_resource", "network_error", "abort"] {
        failed(word, &outcome_of(body(word)).await, Overloaded, true, "in the middle of the answer", "a");
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
            "had an error",
        ),
        (json!({ "detail": too_long }), Refused, "too long for the model"),
        (json!({ "detail": [{ "loc": ["body"], "msg": too_long }] }), Refused, "too long for the model"),
        (json!({ "message": too_long }), Refused, "too long for the model"),
        (
            json!({ "code": "InvalidParameter", "message": "Range of input length should be [1, 30720]" }),
            Refused,
            "too long for the model",
        ),
        (json!({ "error": { "code": 429, "message": "x" } }), Overloaded, "is limiting requests"),
        (json!({ "error": { "code": "503", "message": "x" } }), Overloaded, "had an error"),
        (
            json!({ "error": { "message": "x", "type": "rate_limit_exceeded" } }),
            Overloaded,
            "is limiting requests",
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
            "had an error",
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
        failed(&what, &outcome_of(sse(&event(&error))).await, code, retryable, part, "");
        let late = sse(&format!("{}{}{DONE}", text("a"), event(&error)));
        failed(&what, &outcome_of(late).await, code, retryable, part, "a");
        let body = answer(200, "application/json", &what);
        failed(&what, &outcome_of(body).await, code, retryable, part, "");
    }
    for (line, code, part) in [
        ("event: error\ndata: {\"reason\":\"rate limit\"}\n\n", Overloaded, "is limiting requests"),
        ("event: error\ndata: it broke\n\n", Overloaded, "had an error"),
        ("error: {\"code\":500,\"message\":\"it broke\"}\n\n", Overloaded, "had an error"),
        (
            "{\"error\":{\"message\":\"Invalid API key\",\"code\":\"invalid_api_key\"}}\n",
            Refused,
            "refused the key",
        ),
    ] {
        failed(
            line,
            &outcome_of(sse(&format!("{}{line}", text("a")))).await,
            code,
            code == Overloaded,
            part,
            "a",
        );
        failed(line, &outcome_of(sse(line)).await, code, code == Overloaded, part, "");
    }
}
