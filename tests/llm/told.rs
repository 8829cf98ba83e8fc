//! What servers tell of their models, in their lists and, if they are Ollamas, model by model.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Json;
use axum::routing::{get, post};
use inglenook::domain::{Listed, Model, Traits};
use inglenook::server::llm::{OpenAi, OpenAiConfig, Provider, ProviderTimeouts, Providers};
use serde_json::{Value, json};

use crate::shelf::{Shelf, json as answer, missing};
use crate::upstream::provider;

fn context(context: u32) -> Traits {
    Traits { context: Some(context), ..Traits::default() }
}

/// A provider with configured models.
fn configured(base_url: &str, models: Vec<Listed>) -> OpenAi {
    OpenAi::new(OpenAiConfig {
        title_model: None,
        name: "acme".into(),
        label: None,
        kept: None,
        base_url: base_url.into(),
        api_key: None,
        models,
        traits: Traits { vision: Some(false), ..Traits::default() },
        timeouts: ProviderTimeouts::default(),
    })
}

/// An Ollama, which records its requests and the most requests at the same time.
struct Ollama {
    base_url: String,
    shown: Arc<Mutex<Vec<String>>>,
    most: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Ollama {
    /// Starts one that takes `pause` to show each model.
    async fn start(models: usize, pause: Duration) -> Self {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (seen, highest) = (shown.clone(), most.clone());
        let show = post(async move |Json(asked): Json<Value>| {
            highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(pause).await;
            now.fetch_sub(1, Ordering::SeqCst);
            seen.lock().unwrap().push(asked["model"].as_str().unwrap().to_owned());
            Json(json!({
                "parameters": if asked["model"] == "m1" { "num_ctx    8192" } else { "" },
                "model_info": { "general.architecture": "llama", "llama.context_length": 131_072 },
                "capabilities": if asked["model"] == "m0" { json!(["completion", "vision", "thinking"]) } else { json!(["completion"]) },
            }))
        });
        let data: Vec<_> =
            (0..models).map(|at| json!({ "id": format!("m{at}"), "owned_by": "library" })).collect();
        let list = json!({ "object": "list", "data": data });
        let router = Router::new()
            .route("/", get("Ollama is running"))
            .route("/v1/models", get(async move || Json(list.clone())))
            .route("/api/show", show);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base_url, shown, most, task }
    }
}

impl Drop for Ollama {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn a_list_tells_what_its_models_take() {
    for (entry, expected) in [
        (r#"{"id":"m","object":"model","owned_by":"vllm","max_model_len":32768}"#, context(32_768)),
        (
            r#"{"id":"m","context_length":128000,"architecture":{"modality":"text+image->text","input_modalities":["image","text"]}}"#,
            Traits { vision: Some(true), ..context(128_000) },
        ),
        (
            r#"{"id":"m","object":"model","max_input_tokens":200000,"max_output_tokens":8192}"#,
            context(200_000),
        ),
    ] {
        let shelf = Shelf::start(move |_| answer(format!(r#"{{"data":[{entry}]}}"#))).await;
        let it = provider(&shelf.url("/v1"), ProviderTimeouts::default());
        assert_eq!(it.traits("m"), Traits::default(), "nothing was asked yet");
        assert_eq!(it.models().await.unwrap(), ["m"]);
        assert_eq!(it.traits("m"), expected, "{entry}");
        assert_eq!(it.traits("other"), Traits::default());
        assert!(!it.learn().await);
        assert_eq!(shelf.asked(), ["GET /v1/models"], "what is known is not asked for");
    }
}

#[tokio::test]
async fn an_ollama_shows_its_models_and_holds_up_no_list() {
    let ollama = Ollama::start(9, Duration::from_millis(200)).await;
    for base_url in [ollama.base_url.clone(), ollama.base_url.replace("/v1", "")] {
        ollama.shown.lock().unwrap().clear();
        let it = provider(&base_url, ProviderTimeouts::default());
        let providers = Providers::new(vec![it.clone()]);
        providers.ask().await;
        // The list did not wait for what the models are shown to be.
        assert!(ollama.shown.lock().unwrap().is_empty(), "no model was asked for yet");
        assert_eq!(providers.offer().models().filter(|model| model.traits == Traits::default()).count(), 9);
        // Two calls at the same time ask once.
        tokio::join!(providers.learn(), providers.learn());
        let offer = providers.offer();
        let traits = |name: &str| offer.models().find(|model| model.name == name).unwrap().traits.clone();
        assert_eq!(
            traits("m0"),
            Traits { vision: Some(true), reasoning: Some(true), tools: Some(false), ..context(131_072) }
        );
        assert_eq!(
            traits("m1"),
            Traits { vision: Some(false), reasoning: Some(false), tools: Some(false), ..context(8192) }
        );
        assert_eq!(traits("m8").context, Some(131_072));
        assert_eq!(it.traits("m8"), traits("m8"));
        let mut shown = std::mem::take(&mut *ollama.shown.lock().unwrap());
        shown.sort();
        assert_eq!(shown, (0..9).map(|at| format!("m{at}")).collect::<Vec<_>>());
        assert!(ollama.most.load(Ordering::SeqCst) <= 4);
        // Traits stay known when the list is asked for again.
        providers.ask().await;
        assert!(!it.learn().await);
        assert_eq!(it.traits("m1").context, Some(8192));
        assert!(ollama.shown.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn of_many_models_some_are_shown_at_a_time() {
    let ollama = Ollama::start(100, Duration::ZERO).await;
    let it = provider(&ollama.base_url, ProviderTimeouts::default());
    it.models().await.unwrap();
    assert!(it.learn().await);
    assert_eq!(ollama.shown.lock().unwrap().len(), 64);
    assert!(it.learn().await && !it.learn().await);
    assert_eq!(ollama.shown.lock().unwrap().len(), 100);
    assert!((0..100).all(|at| it.traits(&format!("m{at}")).context.is_some()));
}

#[tokio::test]
async fn another_server_is_not_taken_for_an_ollama() {
    for root in [|| (200, "text/html", "<h1>Not Ollama</h1>".to_owned()), missing as fn() -> _] {
        let shelf = Shelf::start(move |asked| match asked {
            "GET /v1/models" => answer(r#"{"data":[{"id":"m"}]}"#),
            "GET /" => root(),
            _ => missing(),
        })
        .await;
        let it = provider(&shelf.url("/v1"), ProviderTimeouts::default());
        it.models().await.unwrap();
        assert!(!it.learn().await && !it.learn().await);
        assert_eq!(shelf.asked(), ["GET /v1/models", "GET /"]);
        assert_eq!(it.traits("m"), Traits::default());
    }
}

#[tokio::test]
async fn a_model_of_the_configuration_is_kept_whatever_it_is_called() {
    let list = r#"{"data":[{"id":"whisper-chat"},{"id":"tts-1"},{"id":"plain"}]}"#;
    let shelf = Shelf::start(move |_| answer(list)).await;
    let config = |models, kept| OpenAiConfig {
        name: "openai".into(),
        label: None,
        kept,
        base_url: shelf.url("/v1"),
        api_key: None,
        models,
        title_model: None,
        traits: Traits::default(),
        timeouts: ProviderTimeouts::default(),
    };
    let default = OpenAi::new(config(Vec::new(), Some("whisper-chat".into())));
    assert_eq!(default.models().await.unwrap(), ["whisper-chat", "plain"]);
    assert!(default.offers("whisper-chat") && !default.offers("tts-1"));
    let listed = Listed { name: "tts-1".into(), traits: Traits::default() };
    let listed = OpenAi::new(config(vec![listed], None));
    assert_eq!(listed.models().await.unwrap(), ["tts-1"]);
    assert!(listed.offers("tts-1"));
    assert_eq!((listed.name(), listed.label()), ("openai", "OpenAI"));
    let called = OpenAi::new(OpenAiConfig { label: Some("Our box".into()), ..config(Vec::new(), None) });
    assert_eq!(called.label(), "Our box");
}

#[tokio::test]
async fn an_ollama_model_that_only_embeds_is_no_longer_offered_once_that_is_known() {
    let shelf = Shelf::start(|asked| match asked {
        "GET /v1/models" => answer(r#"{"data":[{"id":"vectors"},{"id":"talks"}]}"#),
        "GET /" => (200, "text/plain", "Ollama is running".into()),
        _ => answer(r#"{"model_info":{},"capabilities":["embedding"]}"#),
    })
    .await;
    let providers = Providers::new(vec![provider(&shelf.url("/v1"), ProviderTimeouts::default())]);
    providers.ask().await;
    assert_eq!(providers.offer().models().count(), 2);
    providers.learn().await;
    assert_eq!(providers.offer().models().count(), 0);
    providers.ask().await;
    assert_eq!(providers.offer().models().count(), 0, "it stays known");
}

#[tokio::test]
async fn the_configuration_goes_before_what_is_told() {
    let shelf = Shelf::start(|asked| match asked {
        "GET /v1/models" => answer(
            r#"{"data":[{"id":"a","context_length":4096,"capabilities":{"vision":true}},{"id":"b","context_length":8192},{"id":"c"}]}"#,
        ),
        _ => missing(),
    })
    .await;
    let named = |name: &str, traits| Listed { name: name.into(), traits };
    let own = Traits { vision: Some(false), ..context(1000) };
    let it =
        Arc::new(configured(&shelf.url("/v1"), vec![named("a", own.clone()), named("b", Traits::default())]));
    let providers = Providers::new(vec![it.clone()]);
    providers.ask().await;
    assert!(shelf.asked().is_empty(), "the list is in the configuration");
    providers.learn().await;
    assert_eq!(shelf.asked(), ["GET /v1/models"]);
    let offered: Vec<Model> = providers.offer().models().cloned().collect();
    assert_eq!(
        offered,
        [
            Model { traits: own, ..Model::new("acme", "a") },
            Model { traits: context(8192), ..Model::new("acme", "b") }
        ]
    );
    // A model without traits of its own has those of its provider.
    assert_eq!(it.traits("d").vision, Some(false));
    // Asked again after a while, not at each call.
    providers.learn().await;
    assert!(shelf.asked().is_empty());
    // A provider whose configuration says everything is not asked.
    let shelf = Shelf::start(|_| missing()).await;
    let it = configured(&shelf.url("/v1"), vec![named("a", context(1000))]);
    assert!(!it.learn().await && shelf.asked().is_empty());
}
