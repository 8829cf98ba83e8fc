//! Every way in which a model server answers or fails, over real sockets.

#![expect(clippy::unwrap_used, reason = "a failed test is a panic")]

mod ask;
mod ends;
mod odd;
mod places;
mod refused;
mod scripted;
#[path = "../support/shelf.rs"]
mod shelf;
mod told;
#[path = "../support/upstream.rs"]
mod upstream;

use std::time::{Duration, Instant};

use ask::{QUESTION, ask, request, told};
use futures::StreamExt;
use futures::future::join_all;
use inglenook::domain::FailureCode::{self, Broken, Overloaded, Refused, Timeout, Unreachable};
use inglenook::domain::{Params, Usage};
use inglenook::server::llm::{ChatRequest, MAX_ANSWER_BYTES, Provider, ProviderTimeouts, Providers};
use upstream::{KEY, Upstream, provider, short};

const STORY: &str = "\n\n# A small report\n\nHere is what I found, with **bold** and `code`.\n\n\
    - one\n- two\n- three\n\n| Name | Size |\n|---|---:|\n| small | 1 |\n| large | 100 |\n\n\
    ```rust\nfn main() {\n    println!(\"hello\");\n}\n```\n\nand the same\n\n\
    ```python\ndef main():\n    print(\"hello\")\n```\n\nGrüße, 日本語 and 😀. That is all.";

fn story() -> String {
    format!("{QUESTION}{STORY}")
}

fn numbered(count: usize) -> String {
    (0..count).map(|i| format!("w{i} ")).collect()
}

#[tokio::test]
async fn answers_arrive_byte_for_byte() {
    let upstream = Upstream::start();
    // The default limits, because everything arrives here, even on a busy machine.
    let provider = provider(&upstream.base_url, ProviderTimeouts::default());
    let cases = [
        ("story", story()),
        ("no-options", story()),
        ("429-once", story()),
        ("think", story()),
        ("long", numbered(800)),
        ("fast", numbered(5000)),
        ("tokens-200-2", numbered(200)),
        ("length", numbered(20)),
        ("json", "The whole answer at once.".into()),
        ("gzip", "Zipped.".into()),
        ("nul-crlf", "Grüße, 日本語 \0😀".into()),
        ("strange", "parts role end".into()),
        ("done-only", "no reason given".into()),
        ("no-done", "complete".into()),
        ("header", "Fine.".into()),
    ];
    let outcomes = join_all(cases.iter().map(|(model, _)| ask(&provider, request(model)))).await;
    for ((model, expected), outcome) in cases.iter().zip(outcomes) {
        assert_eq!(outcome.error, None, "{model}");
        assert_eq!(&outcome.text, expected, "{model}");
        assert_eq!(outcome.length_limit, *model == "length", "{model}");
        assert_eq!(
            outcome.reasoning,
            if *model == "think" { "Let me think about it." } else { "" },
            "{model}"
        );
        match *model {
            "story" => assert_eq!(outcome.usage, Some(Usage { prompt_tokens: 10, completion_tokens: 26 })),
            "json" => assert_eq!(outcome.usage, Some(Usage { prompt_tokens: 10, completion_tokens: 5 })),
            "no-options" | "strange" => assert_eq!(outcome.usage, None, "{model}"),
            _ => {}
        }
    }
    assert!(upstream.log("story").await[0]["authorization"].as_bool().unwrap());
    assert_eq!(upstream.log("no-options").await.len(), 2);
    assert_eq!(upstream.log("429-once").await.len(), 2);
}

#[tokio::test]
async fn every_failure_is_a_stated_one() {
    let upstream = Upstream::start();
    let provider = upstream.provider();
    // Model, failure, retryable, part of the sentence, number of requests, text that is kept.
    let cases: &[(&str, FailureCode, bool, &str, usize, &str)] = &[
        ("401", Refused, false, "refused the key", 1, ""),
        ("echo-key", Refused, false, "refused the key", 1, ""),
        ("404", Refused, false, "has no model “404”", 1, ""),
        ("context", Refused, false, "too long", 1, ""),
        ("429", Overloaded, true, "24 hours", 1, ""),
        ("500", Overloaded, true, "had an error", 3, ""),
        ("redirect", Broken, false, "base_url", 1, ""),
        ("html", Broken, true, "base_url", 1, ""),
        ("garbage", Broken, true, "not an answer", 1, "Some "),
        ("deep", Broken, true, "not an answer", 1, ""),
        ("huge", Broken, true, "more at once", 1, ""),
        ("cut", Broken, true, "broke in the middle", 1, "What is up?\n\n# A small"),
        ("cut-rst", Broken, true, "broke in the middle", 1, "w0 w1 w2 "),
        ("cut-mid-json", Broken, true, "broke in the middle", 1, "w0 w1 w2 "),
        ("cut-at-once", Broken, true, "closed the connection", 1, ""),
        ("error-in-stream", Overloaded, true, "had an error", 1, "w0 w1 w2 "),
        ("hang", Timeout, true, "in the middle", 1, "w0 w1 w2 "),
        ("hang-first", Timeout, true, "did not begin", 1, ""),
    ];
    let outcomes = join_all(cases.iter().map(|case| ask(&provider, request(case.0)))).await;
    for ((model, code, retryable, part, requests, kept), outcome) in cases.iter().zip(outcomes) {
        let error = outcome.error.unwrap_or_else(|| panic!("{model}: no error, but {:?}", outcome.text));
        assert_eq!((error.failure.code, error.failure.retryable), (*code, *retryable), "{model}: {error:?}");
        assert!(told(&error).contains("acme"), "{model}: {error:?}");
        assert!(told(&error).contains(part), "{model}: {error:?}");
        assert!(outcome.text.starts_with(kept), "{model}: {:?}", outcome.text);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(KEY) && !shown.contains("sk-test"), "{model}: {shown}");
        assert!(error.detail.chars().count() <= 300, "{model}");
        assert_eq!(upstream.log(model).await.len(), *requests, "{model}");
    }
}

#[tokio::test]
async fn an_answer_has_one_maximum() {
    let upstream = Upstream::start();
    let outcome = ask(&upstream.provider(), request("endless")).await;
    assert_eq!(outcome.error, None);
    assert!(outcome.length_limit);
    let longest = MAX_ANSWER_BYTES..MAX_ANSWER_BYTES + 200_000;
    assert!(longest.contains(&outcome.text.len()), "{}", outcome.text.len());
}

#[tokio::test]
async fn what_cannot_be_reached() {
    // The port is closed again, so that nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for base_url in [format!("http://127.0.0.1:{port}/v1"), "http://nothing.invalid/v1".into()] {
        let provider =
            provider(&base_url, ProviderTimeouts { first_token: Duration::from_secs(10), ..short() });
        let error = ask(&provider, request("x")).await.error.unwrap();
        assert_eq!((error.failure.code, error.failure.retryable), (Unreachable, true), "{error:?}");
        let error = provider.models().await.unwrap_err();
        assert_eq!(error.failure.code, Unreachable, "{error:?}");
    }
    let error = ask(&provider("not a url", short()), request("x")).await.error.unwrap();
    assert_eq!((error.failure.code, error.failure.retryable), (Refused, false), "{error:?}");
    // Plain HTTP where TLS is expected.
    let upstream = Upstream::start();
    let base_url = upstream.base_url.replace("http:", "https:");
    let error = ask(&provider(&base_url, short()), request("story")).await.error.unwrap();
    assert_eq!(error.failure.code, Unreachable, "{error:?}");
    assert!(told(&error).contains("does not answer in https"), "{error:?}");
}

#[tokio::test]
async fn dropping_the_stream_closes_the_request() {
    let upstream = Upstream::start();
    let provider = upstream.provider();
    let mut stream = provider.chat(request("slow")).await.unwrap();
    stream.next().await.unwrap().unwrap();
    assert_eq!(upstream.log("slow").await[0]["closed_by_client"], false);
    drop(stream);
    let dropped = Instant::now();
    while upstream.log("slow").await[0]["closed_by_client"] != true {
        assert!(dropped.elapsed() < Duration::from_secs(10), "the request is still open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Also before any event came.
    let waiting =
        tokio::time::timeout(Duration::from_millis(200), provider.chat(request("hang-first"))).await;
    assert!(waiting.is_err());
    let given_up = Instant::now();
    while upstream.log("hang-first").await[0]["closed_by_client"] != true {
        assert!(given_up.elapsed() < Duration::from_secs(10), "the request is still open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The client does not close the connection of an answer that was read to its end.
    ask(&provider, request("story")).await;
    assert_eq!(upstream.log("story").await[0]["closed_by_client"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once() {
    let upstream = Upstream::start();
    let provider = upstream.provider();
    let all = (0..50).map(|_| ask(&provider, request("tokens-100-5")));
    for outcome in join_all(all).await {
        assert_eq!(outcome.error, None);
        assert_eq!(outcome.text, numbered(100));
    }
}

#[tokio::test]
async fn a_thousand_failures_leave_nothing_behind() {
    let upstream = Upstream::start();
    let provider = upstream.provider();
    let models = ["401", "context", "html", "garbage", "cut-at-once", "error-in-stream", "redirect", "deep"];
    for _ in 0..25 {
        let requests = (0..40).map(|i| ask(&provider, request(models[i % models.len()])));
        assert!(join_all(requests).await.iter().all(|outcome| outcome.error.is_some()));
    }
    // The tasks that remain hold idle connections, one each. A connection that was begun while another became free is
    // idle too.
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let ended = Instant::now();
    while tasks() > 80 {
        assert!(ended.elapsed() < Duration::from_secs(10), "{} tasks are left", tasks());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(provider);
    while tasks() > 0 {
        assert!(ended.elapsed() < Duration::from_secs(20), "{} tasks are left", tasks());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn models_are_listed_and_remembered() {
    let upstream = Upstream::start();
    let slash = provider(&format!("{}/", upstream.base_url), short());
    let models = slash.models().await.unwrap();
    assert_eq!(models[0], "story");
    assert!(models.contains(&"hang-first".to_owned()));
    // A provider that fails keeps the models that it listed before.
    let providers = Providers::new(vec![slash]);
    providers.ask().await;
    drop(upstream);
    assert!(providers.ask().await[0].1.is_err());
    let offered: Vec<String> = providers.offer().models().map(|model| model.name.clone()).collect();
    assert_eq!(offered, models);
}

#[tokio::test]
async fn a_title_is_quick() {
    let upstream = Upstream::start();
    let request =
        ChatRequest { params: Params { max_tokens: Some(20), ..Params::default() }, ..request("slow") };
    let outcome = ask(&upstream.provider(), request).await;
    assert_eq!((outcome.text.as_str(), outcome.error), ("A short title", None));
}

/// Measures nothing: prints how fast tokens arrive, and in how many pieces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_together_comes_together() {
    let upstream = Upstream::start();
    let provider = upstream.provider();
    let begun = Instant::now();
    let outcome = ask(&provider, request("tokens-50000-0")).await;
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.text, numbered(50_000));
    println!("50,000 tokens in {:?} and {} deltas", begun.elapsed(), outcome.deltas);
    assert!(outcome.deltas < 50_000, "{}", outcome.deltas);
}
