//! The address of a server's API, and the shapes of its list of models.

use inglenook::domain::FailureCode::{Broken, Refused};
use inglenook::server::llm::{Provider, ProviderTimeouts};

use crate::ask::{ask, request, told};
use crate::shelf::{Reply, Shelf, json, list, missing, said};
use crate::upstream::provider;

/// Answers as Ollama does: only below /v1.
fn below_v1(asked: &str) -> Reply {
    match asked {
        "GET /v1/models" => list(&["m"]),
        "POST /v1/chat/completions" => said("Hello."),
        _ => missing(),
    }
}

#[tokio::test]
async fn a_forgotten_version_is_found_and_remembered() {
    for lost in [
        missing as fn() -> Reply,
        || (405, "text/plain", "no".into()),
        || (200, "text/html; charset=utf-8", "<!doctype html><title>App</title>".into()),
        || json(r#"{"error":"Unexpected endpoint or method. (POST /chat/completions)"}"#),
    ] {
        let reply = move |asked: &str| if asked.contains("/v1/") { below_v1(asked) } else { lost() };
        for path in ["", "/", "/v1", "/v1/", " "] {
            let shelf = Shelf::start(reply).await;
            let it = provider(&shelf.url(path), ProviderTimeouts::default());
            assert_eq!(it.models().await.unwrap(), ["m"], "{path:?}");
            let outcome = ask(&it, request("m")).await;
            assert_eq!((outcome.text.as_str(), outcome.error), ("Hello.", None), "{path:?}");
            let asked = shelf.asked();
            assert_eq!(asked[asked.len() - 2..], ["GET /v1/models", "POST /v1/chat/completions"], "{path:?}");
            assert!(asked.len() <= 3, "what was found is remembered: {asked:?}");

            // Also if an answer is asked for before the list.
            let it = provider(&shelf.url(path), ProviderTimeouts::default());
            let outcome = ask(&it, request("m")).await;
            assert_eq!((outcome.text.as_str(), outcome.error), ("Hello.", None), "{path:?}");
            shelf.asked();
            ask(&it, request("m")).await;
            assert_eq!(shelf.asked(), ["POST /v1/chat/completions"], "{path:?}");
        }
    }
}

#[tokio::test]
async fn an_address_that_is_right_stays_as_it_is() {
    let shelf = Shelf::start(|asked| match asked {
        "GET /api/models" => list(&["m"]),
        "POST /api/chat/completions" => said("Hello."),
        _ => missing(),
    })
    .await;
    let it = provider(&shelf.url("/api"), ProviderTimeouts::default());
    assert_eq!(it.models().await.unwrap(), ["m"]);
    assert_eq!(ask(&it, request("m")).await.text, "Hello.");
    assert_eq!(shelf.asked(), ["GET /api/models", "POST /api/chat/completions"]);
    // A server without a list may still answer below /v1.
    let shelf = Shelf::start(|asked| match asked {
        "POST /v1/chat/completions" => said("Hello."),
        _ => missing(),
    })
    .await;
    let it = provider(&shelf.url(""), ProviderTimeouts::default());
    let error = it.models().await.unwrap_err();
    assert_eq!((error.failure.code, told(&error).contains("base_url")), (Refused, true), "{error:?}");
    assert_eq!(ask(&it, request("m")).await.text, "Hello.");
}

#[tokio::test]
async fn an_address_that_is_wrong_is_named() {
    let shelf = Shelf::start(|_| missing()).await;
    for path in ["", "/v1"] {
        let it = provider(&shelf.url(path), ProviderTimeouts::default());
        let error = it.models().await.unwrap_err();
        assert!(told(&error).contains("base_url"), "{error:?}");
    }
    let it = provider(&shelf.url(""), ProviderTimeouts::default());
    for _ in 0..2 {
        let error = ask(&it, request("m")).await.error.unwrap();
        assert_eq!((error.failure.code, error.failure.retryable), (Refused, false), "{error:?}");
        assert!(told(&error).contains("base_url") && told(&error).contains("model “m”"), "{error:?}");
    }
    // An unknown model at the right address does not make the provider try another one.
    let shelf = Shelf::start(|asked| match asked {
        "GET /api/models" => list(&["m"]),
        _ => missing(),
    })
    .await;
    let it = provider(&shelf.url("/api"), ProviderTimeouts::default());
    it.models().await.unwrap();
    let error = ask(&it, request("x")).await.error.unwrap();
    assert!(told(&error).contains("model “x”"), "{error:?}");
    assert_eq!(it.models().await.unwrap(), ["m"]);
    // An address that refuses the key is the right one.
    let shelf = Shelf::start(|asked| match asked {
        "GET /v1/models" => (401, "application/json", "{}".into()),
        _ => missing(),
    })
    .await;
    let error = provider(&shelf.url(""), ProviderTimeouts::default()).models().await.unwrap_err();
    assert!(told(&error).contains("refused the key"), "{error:?}");
}

#[tokio::test]
async fn long_lists_are_read_to_their_end() {
    let long = |count: usize| {
        let filler = "x".repeat(1000);
        let data: Vec<_> = (0..count)
            .map(|at| serde_json::json!({ "id": format!("m{at}"), "description": filler }))
            .collect();
        serde_json::json!({ "data": data }).to_string()
    };
    let shelf = Shelf::start(move |_| json(long(5000))).await;
    let names = provider(&shelf.url("/v1"), ProviderTimeouts::default()).models().await.unwrap();
    assert_eq!((names.len(), names[4999].as_str()), (5000, "m4999"));
    let shelf = Shelf::start(move |_| json(long(9000))).await;
    let error = provider(&shelf.url("/v1"), ProviderTimeouts::default()).models().await.unwrap_err();
    assert_eq!((error.failure.code, error.detail.chars().count() <= 300), (Broken, true), "{error:?}");
}

#[tokio::test]
async fn an_odd_entry_costs_itself_alone() {
    let shelf = Shelf::start(|_| json(r#"[{"id":"b"},{"id":7},null,"a",{"name":"models/g"}]"#)).await;
    assert_eq!(
        provider(&shelf.url("/v1"), ProviderTimeouts::default()).models().await.unwrap(),
        ["b", "a", "models/g"]
    );
}
