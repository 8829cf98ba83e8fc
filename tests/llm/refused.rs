//! Requests that a server refuses: what is left out then, what is remembered, and what the person reads.

use inglenook::domain::{
    FailureCode::{self, Overloaded, Refused},
    Params,
    params::ReasoningEffort,
};
use inglenook::server::llm::ChatRequest;
use serde_json::{Value, json};

use crate::ask::{ask, request, told};
use crate::scripted::{DONE, Scripted, Step, answer, end, sse, text};
use crate::upstream::short;

fn good() -> Vec<Step> {
    sse(&format!("{}{}{DONE}", text("a"), end("stop")))
}

/// A server that refuses with `status` and `body` as long as the request contains `what`.
async fn without(what: &'static str, status: u16, body: &'static str) -> Scripted {
    Scripted::start(move |request, _| {
        let has = !request[what].is_null() && request[what] != json!(false);
        if has { answer(status, "application/json", body) } else { good() }
    })
    .await
}

#[tokio::test]
async fn what_a_server_does_not_know_is_left_out_and_remembered() {
    for (what, status, body) in [
        ("stream_options", 400, r#"{"error":{"message":"Unrecognized request argument: stream_options"}}"#),
        (
            "stream_options",
            422,
            r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"],"msg":"Extra inputs are not permitted","input":true}]}}"#,
        ),
        (
            "stream_options",
            422,
            r#"{"detail":[{"loc":["body","stream_options"],"msg":"extra fields not permitted"}]}"#,
        ),
        ("stream_options", 500, r#"{"error":"unexpected keyword argument 'stream_options'"}"#),
        ("stream_options", 400, ""),
        ("stream_options", 422, r#"{"detail":"Unprocessable"}"#),
        ("stream_options", 501, "stream_options are not implemented"),
        (
            "stream",
            400,
            r#"{"error":{"message":"Unsupported value: 'stream' does not support true with this model.","param":"stream","code":"unsupported_value"}}"#,
        ),
        ("stream", 501, "Streaming is not supported"),
    ] {
        let server = without(what, status, body).await;
        let provider = server.provider(short());
        for round in ["learns", "knows"] {
            let outcome = ask(&provider, request("m")).await;
            assert_eq!((outcome.text.as_str(), outcome.error), ("a", None), "{status} {body}: {round}");
        }
        let asked = server.seen();
        assert_eq!(asked.len(), 3, "{status} {body}: {asked:?}");
        // Each model has its own dialect.
        ask(&provider, request("other")).await;
        assert_eq!(server.seen().len(), 5, "{status} {body}");
    }
}

#[tokio::test]
async fn the_limit_of_tokens_goes_by_another_name_or_not_at_all() {
    let limited =
        || ChatRequest { params: Params { max_tokens: Some(20), ..Params::default() }, ..request("m") };
    let newer = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let server =
        Scripted::start(
            move |request, _| {
                if request["max_tokens"].is_null() { good() } else { answer(400, "", newer) }
            },
        )
        .await;
    assert_eq!(ask(&server.provider(short()), limited()).await.text, "a");
    assert_eq!(server.seen()[1]["max_completion_tokens"], 20);

    let server = Scripted::start(|request: &Value, _| {
        let named = ["max_tokens", "max_completion_tokens"].into_iter().find(|name| !request[name].is_null());
        named.map_or_else(good, |name| answer(422, "", &format!("{{\"detail\":\"{name} is not allowed\"}}")))
    })
    .await;
    assert_eq!(ask(&server.provider(short()), limited()).await.text, "a");
    assert_eq!(server.seen().len(), 2);
}

/// A request with all parameters.
fn chosen() -> ChatRequest {
    let params = Params {
        temperature: Some(0.7),
        top_p: Some(0.9),
        max_tokens: Some(20),
        reasoning_effort: Some(ReasoningEffort::Minimal),
        turns: Some(3),
    };
    ChatRequest { params, ..request("m") }
}

#[tokio::test]
async fn parameters_are_sent_and_a_refused_one_is_left_out() {
    let server = Scripted::with(good()).await;
    assert_eq!(ask(&server.provider(short()), chosen()).await.text, "a");
    let sent = &server.seen()[0];
    assert_eq!((&sent["temperature"], &sent["top_p"]), (&json!(0.7), &json!(0.9)));
    assert_eq!((&sent["max_tokens"], &sent["reasoning_effort"]), (&json!(20), &json!("minimal")));
    assert!(sent["turns"].is_null());
    ask(&server.provider(short()), request("m")).await;
    for name in ["temperature", "top_p", "max_tokens", "reasoning_effort"] {
        assert!(server.seen()[1][name].is_null(), "{name}");
    }
    // What a model does not know is left out from then on; what it knows with other values is sent again.
    for (what, status, body, lasts) in [
        (
            "temperature",
            400,
            r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.","param":"temperature"}}"#,
            true,
        ),
        ("temperature", 400, r#"{"error":{"message":"temperature: range: 0..0.5"}}"#, false),
        (
            "top_p",
            400,
            r#"{"error":{"message":"`temperature` and `top_p` cannot both be specified"}}"#,
            false,
        ),
        (
            "top_p",
            422,
            r#"{"detail":[{"type":"extra_forbidden","loc":["body","top_p"],"msg":"Extra inputs are not permitted"}]}"#,
            true,
        ),
        (
            "reasoning_effort",
            400,
            r#"{"error":{"message":"Unrecognized request argument supplied: reasoning_effort"}}"#,
            true,
        ),
        ("reasoning_effort", 400, r#"{"error":{"message":"\"llama3\" does not support thinking"}}"#, true),
        (
            "reasoning_effort",
            400,
            r#"{"error":{"message":"'reasoning_effort' does not support 'minimal'. Supported values are: 'low'."}}"#,
            false,
        ),
        (
            "max_tokens",
            400,
            r#"{"error":{"message":"max_tokens is too large: 20. This model supports at most 10"}}"#,
            false,
        ),
        ("temperature", 400, "", false),
    ] {
        let server = without(what, status, body).await;
        let provider = server.provider(short());
        for _ in 0..2 {
            let outcome = ask(&provider, chosen()).await;
            assert_eq!((outcome.text.as_str(), outcome.error), ("a", None), "{body}");
        }
        let asked = server.seen();
        assert_eq!(asked.len(), if lasts { 3 } else { 4 }, "{body}: {asked:?}");
        if !body.is_empty() {
            let kept = ["temperature", "top_p", "max_tokens", "reasoning_effort"].into_iter();
            let kept = kept.filter(|name| *name != what).all(|name| !asked[1][name].is_null());
            assert!(kept && asked[1][what].is_null(), "{body}: {asked:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_refuses_everything_is_asked_a_few_times_only() {
    let everything = r#"{"error":"bad: stream_options, max_tokens, max_completion_tokens, 'stream'"}"#;
    for (body, most) in [(everything, 6), ("", 2), (r#"{"error":{"code":"context_length_exceeded"}}"#, 1)] {
        let server = Scripted::with(answer(400, "application/json", body)).await;
        let provider = server.provider(short());
        let outcome = ask(
            &provider,
            ChatRequest { params: Params { max_tokens: Some(20), ..Params::default() }, ..request("m") },
        )
        .await;
        assert_eq!(outcome.error.unwrap().failure.code, Refused);
        assert!(server.seen().len() <= most, "{body}: {:?}", server.seen());
        // Nothing is remembered from it.
        let before = server.seen().len();
        ask(&provider, request("m")).await;
        assert!(server.seen()[before]["stream_options"].is_object());
    }
}

#[tokio::test]
async fn errors_of_many_providers() {
    let too_long = "too long for the model";
    let cases: &[(u16, &str, FailureCode, &str)] = &[
        (
            400,
            r#"[{"error":{"code":400,"message":"The input token count (2845475) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]"#,
            Refused,
            too_long,
        ),
        (
            400,
            r#"{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 136973 tokens."}"#,
            Refused,
            too_long,
        ),
        (
            422,
            r#"{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1244 `inputs` tokens and 1000 `max_new_tokens`","error_type":"validation"}"#,
            Refused,
            too_long,
        ),
        (
            422,
            r#"{"error":"Input validation error: `inputs` must have less than 1024 tokens. Given: 1168"}"#,
            Refused,
            too_long,
        ),
        (
            400,
            r#"{"error":{"code":"invalid_parameter_error","message":"<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]"}}"#,
            Refused,
            too_long,
        ),
        (
            400,
            r#"{"object":"error","message":"Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_prompt","code":"3051"}"#,
            Refused,
            too_long,
        ),
        (
            400,
            r#"{"message":"too many tokens: total number of tokens in the prompt cannot exceed 4081"}"#,
            Refused,
            too_long,
        ),
        (400, r#"{"message":"Input is too long for requested model."}"#, Refused, too_long),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 202128 tokens > 200000 maximum"}}"#,
            Refused,
            too_long,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context size","type":"exceed_context_size_error","n_ctx":256}}"#,
            Refused,
            too_long,
        ),
        (
            500,
            r#"{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}"#,
            Refused,
            too_long,
        ),
        (
            400,
            r#"{"error":"Trying to keep the first 6547 tokens when context the overflows. Try to load the model with a larger context length"}"#,
            Refused,
            too_long,
        ),
        (
            400,
            r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"This endpoint's maximum context length is 9 tokens\"}}"}}}"#,
            Refused,
            too_long,
        ),
        (
            413,
            r#"{"error":{"message":"Request too large for model `llama-3.1-8b-instant` in organization `o` on tokens per minute (TPM): Limit 6000, Requested 12328, please reduce your message size and try again. Need more tokens? Upgrade at https://console.groq.com/settings/billing","type":"tokens","code":"rate_limit_exceeded"}}"#,
            Overloaded,
            "in a minute",
        ),
        (
            429,
            r#"{"error":{"message":"Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 342389.","code":"rate_limit_exceeded"}}"#,
            Overloaded,
            "in a minute",
        ),
        (413, "<html><h1>413 Request Entity Too Large</h1></html>", Refused, "message is too large"),
        (
            400,
            r#"{"error":{"code":"content_filter","message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
            Refused,
            "rules for content",
        ),
        (
            400,
            r#"{"code":"DataInspectionFailed","message":"Input data may contain inappropriate content."}"#,
            Refused,
            "rules for content",
        ),
        (
            400,
            r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
            Refused,
            "refused the key",
        ),
        (402, r#"{"error":{"message":"Insufficient Balance"}}"#, Refused, "no credit"),
        (
            400,
            r#"{"error":{"message":"Your credit balance is too low to access the API."}}"#,
            Refused,
            "no credit",
        ),
        (
            400,
            r#"{"code":"Arrearage","message":"Access denied, please make sure your account is in good standing."}"#,
            Refused,
            "no credit",
        ),
        (
            404,
            r#"{"error":{"message":"model 'x' not found, try pulling it first"}}"#,
            Refused,
            "has no model “",
        ),
        (400, r#"{"error":{"message":"x is not a valid model ID","code":400}}"#, Refused, "has no model “"),
        (404, "404 page not found", Refused, "base_url"),
        (405, r#"{"detail":"Method Not Allowed"}"#, Refused, "base_url"),
        // Words of the person that an error repeats say nothing about the error.
        (
            422,
            r#"{"detail":[{"loc":["body","messages"],"msg":"invalid","input":"the context length of your api key"}]}"#,
            Refused,
            "did not accept",
        ),
    ];
    for (status, body, code, part) in cases {
        let server = Scripted::with(answer(*status, "application/json", body)).await;
        let error = ask(&server.provider(short()), request("m")).await.error.unwrap();
        assert!(told(&error).contains(part), "{status} {body}: {error:?}");
        assert_eq!(
            (error.failure.code, error.failure.retryable),
            (*code, *code == Overloaded),
            "{body}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_model_has_no_endless_name() {
    let server = Scripted::with(answer(404, "", r#"{"error":{"message":"no such model"}}"#)).await;
    for name in ["x".repeat(900_000), format!("a\nb\0c\u{202e}{}", "日".repeat(200))] {
        let error = ask(&server.provider(short()), request(&name)).await.error.unwrap();
        assert!(told(&error).chars().count() < 200, "{}", told(&error).len());
        assert!(!told(&error).chars().any(|c| c.is_control() || c == '\u{202e}'));
        assert!(!error.detail.contains('\n') && error.detail.chars().count() <= 300);
    }
}
