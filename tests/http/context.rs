//! A prompt fits the model's context, and the server says how many messages it left out.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use inglenook::{
    domain::{Params, Price, Role, Traits, params::ReasoningEffort},
    server::llm::{ChatRequest, Delta, DeltaStream, LlmError, Provider},
};
use serde_json::{Value, json};

use super::{
    app::{App, Client},
    client::Event,
};

const CONTEXT: u32 = 1024;
/// About 60 tokens.
const ANSWER: &str = "The keeper of the light counted the waves until he had lost count, and then he began again, \
    because there was nothing else to do on the rock before the boat came back with bread, oil and letters.";

/// A provider that records its requests. The context of its model `small` is known.
#[derive(Default)]
struct Recorder(Mutex<Vec<ChatRequest>>);

#[async_trait]
impl Provider for Recorder {
    fn name(&self) -> &'static str {
        "acme"
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(["small", "unknown"].map(str::to_owned).to_vec())
    }

    fn traits(&self, model: &str) -> Traits {
        if model != "small" {
            return Traits::default();
        }
        let price = Some(Price { input: 0.15, output: 2.0, currency: "EUR".to_owned() });
        Traits { context: Some(CONTEXT), vision: Some(true), price, ..Traits::default() }
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        self.0.lock().unwrap().push(request);
        let pieces = [Delta::Text(ANSWER.to_owned())].map(Ok);
        Ok(stream::iter(pieces).boxed())
    }
}

impl Recorder {
    /// The last request that did not ask for a title.
    fn sent(&self) -> ChatRequest {
        let requests = self.0.lock().unwrap();
        requests.iter().rev().find(|request| request.params.max_tokens != Some(512)).unwrap().clone()
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

async fn start(model: &str) -> (App, Arc<Recorder>, Client, String) {
    let recorder = Arc::new(Recorder::default());
    let app = App::with_provider(&[], recorder.clone()).await;
    let lin = app.person("lin").await;
    let new = json!({ "model": format!("acme/{model}"), "title": "Set", "system_prompt": "Be brief." });
    let id = lin.post("/api/v1/conversations", &new).await.is(201).id();
    (app, recorder, lin, id)
}

fn question(number: usize) -> String {
    format!(
        "Question {number}: what did the keeper of the light do in the night of the great storm, and who came?"
    )
}

/// Asks this many questions, one after the other.
async fn talk(lin: &Client, id: &str, questions: usize) -> Value {
    let mut begun = Value::Null;
    for number in 0..questions {
        begun = lin.ask(id, &question(number)).await;
    }
    begun
}

async fn events(lin: &Client, id: &str, begun: &Value) -> Vec<Event> {
    let path = format!("/api/v1/conversations/{id}/events?after={}", begun["after"]);
    lin.events(&path).await.until_end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_without_room_are_not_sent_and_their_number_is_shown_and_stored() {
    let (app, recorder, lin, id) = start("small").await;
    let begun = talk(&lin, &id, 3).await;
    assert!(begun["assistant_message"].get("left_out").is_none(), "all had room");
    assert_eq!(recorder.sent().messages.len(), 6);
    let begun = talk(&lin, &id, 12).await;
    let sent = recorder.sent().messages;
    // The prompt has the system prompt first, then a question, and the newest question at the end.
    assert_eq!((sent[0].role, sent[0].content.as_str()), (Role::System, "Be brief."));
    assert_eq!((sent[1].role, sent.last().unwrap().role), (Role::User, Role::User));
    assert_eq!(sent.last().unwrap().content, question(11));
    // English text has about four characters per token, and the answer needs room.
    let characters: usize = sent.iter().map(|message| message.content.len()).sum();
    assert!((1200..4 * CONTEXT as usize * 3 / 4).contains(&characters), "{characters}");
    // There are 28 messages before the last question.
    let left_out = 28 - (sent.len() - 2);
    assert_eq!(begun["assistant_message"]["left_out"], left_out);
    let told = events(&lin, &id, &begun).await;
    let started = told.iter().find(|(name, ..)| name == "started").unwrap();
    assert_eq!(started.2["left_out"], left_out);
    let window = lin.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).json();
    let last = window["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["left_out"], left_out);
    let sentence = format!("Sent without the first {left_out} messages");
    let page = lin.clone().browser().get(&format!("/c/{id}")).await.is(200).text();
    assert!(page.contains(&sentence), "{sentence} in {page}");
    // A further answer to the same question has the same prompt.
    let again = format!("/api/v1/messages/{}/regenerate", last["id"].as_str().unwrap());
    let again = lin.post(&again, &json!({})).await.is(202).json();
    assert_eq!(again["assistant_message"]["left_out"], left_out);
    events(&lin, &id, &again).await;
    assert_eq!(recorder.sent().messages, sent);
    drop(app);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_surely_does_not_fit_is_refused_before_anything_is_stored() {
    let (_app, recorder, lin, id) = start("small").await;
    talk(&lin, &id, 1).await;
    let before = recorder.count();
    let path = format!("/api/v1/conversations/{id}/messages");
    let long = "The keeper of the light counted the waves. ".repeat(200);
    let refused = lin.post(&path, &json!({ "content": long })).await.problem(422, "content").json();
    let told = refused["detail"].as_str().unwrap();
    assert!(told.contains("takes 1,024") && told.contains("larger context"), "{told}");
    assert_eq!(recorder.count(), before);
    let window = lin.get(&path).await.is(200).json();
    assert_eq!(window["items"].as_array().unwrap().len(), 2);
    // A question that may fit is sent alone, without the messages before it.
    let tight = "The keeper of the light counted the waves. ".repeat(90);
    let begun = lin.ask(&id, &tight).await;
    assert_eq!(begun["assistant_message"]["left_out"], 2);
    let sent = recorder.sent().messages;
    assert_eq!(sent.iter().map(|message| message.role).collect::<Vec<_>>(), [Role::System, Role::User]);
    assert_eq!(sent[1].content, tight);
    // The provider decides if the context of the model is not known.
    let other = json!({ "content": "waves ".repeat(40_000), "model": "acme/unknown" });
    let begun = lin.post(&path, &other).await.is(202).json();
    assert_eq!(begun["assistant_message"]["left_out"], 4);
    events(&lin, &id, &begun).await;
    assert_eq!(recorder.sent().messages[1].content.len(), 240_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_conversation_decides_goes_before_what_the_person_does() {
    let (_app, recorder, lin, id) = start("small").await;
    let (me, path) = ("/api/v1/me", format!("/api/v1/conversations/{id}"));
    let all = json!({ "temperature": 0.5, "top_p": 0.9, "max_tokens": 100_000, "turns": 3 });
    let person = json!({ "preferences": { "system_prompt": "I am Lin.", "params": all } });
    lin.patch(me, &person).await.is(200);
    let here = json!({ "params": { "temperature": 0, "turns": 2, "reasoning_effort": "low" } });
    lin.patch(&path, &here).await.is(200);
    let begun = talk(&lin, &id, 4).await;
    let sent = recorder.sent();
    let expected = Params {
        temperature: Some(0.0),
        top_p: Some(0.9),
        reasoning_effort: Some(ReasoningEffort::Low),
        turns: Some(2),
        // More than the context has room for would be refused.
        max_tokens: sent.params.max_tokens,
    };
    assert_eq!(sent.params, expected);
    assert!(sent.params.max_tokens.is_some_and(|most| (500..1000).contains(&most)), "{:?}", sent.params);
    let texts: Vec<_> = sent.messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(texts, ["I am Lin.\n\nBe brief.", &question(2), ANSWER, &question(3)]);
    assert!(begun["assistant_message"].get("left_out").is_none(), "nobody wanted them sent");
    // A further answer and an edited question are asked in the same way.
    for (message, what, body) in [
        ("assistant_message", "regenerate", json!({})),
        ("user_message", "edit", json!({ "content": question(3) })),
    ] {
        let call = format!("/api/v1/messages/{}/{what}", begun[message]["id"].as_str().unwrap());
        let again = lin.post(&call, &body).await.is(202).json();
        events(&lin, &id, &again).await;
        assert_eq!(recorder.sent(), sent, "{what}");
    }
    // Without a decision of the conversation the person's counts, without one of theirs the model's.
    lin.patch(&path, &json!({ "params": null, "system_prompt": null })).await.is(200);
    talk(&lin, &id, 1).await;
    assert_eq!((recorder.sent().params.temperature, recorder.sent().messages.len()), (Some(0.5), 6));
    lin.patch(me, &json!({ "preferences": { "params": null, "system_prompt": null } })).await.is(200);
    talk(&lin, &id, 1).await;
    assert_eq!((recorder.sent().params, recorder.sent().messages[0].role), (Params::default(), Role::User));
}

#[tokio::test(flavor = "multi_thread")]
async fn instructions_beyond_the_context_are_named() {
    let (_app, recorder, lin, id) = start("small").await;
    let path = format!("/api/v1/conversations/{id}/messages");
    let long = "The keeper of the light counted the waves. ".repeat(200);
    lin.patch("/api/v1/me", &json!({ "preferences": { "system_prompt": long } })).await.is(200);
    let refused = lin.post(&path, &json!({ "content": "Why?" })).await.problem(422, "content").json();
    let told = refused["detail"].as_str().unwrap();
    assert!(told.contains("instructions (system prompt) alone") && told.contains("takes 1,024"), "{told}");
    assert_eq!(recorder.count(), 0);
    assert!(lin.get(&path).await.is(200).json()["items"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_that_was_chosen_last_is_remembered() {
    let (_app, _, lin, id) = start("small").await;
    let last = async || lin.get("/api/v1/me").await.is(200).json()["preferences"]["last_model"].clone();
    let ask = async |id: &str, model: Option<&str>| {
        let path = format!("/api/v1/conversations/{id}/messages");
        let begun = lin.post(&path, &json!({ "content": "Why?", "model": model })).await.is(202).json();
        events(&lin, id, &begun).await;
    };
    // Neither the conversation's model nor the default is a choice.
    ask(&id, None).await;
    ask(&id, Some("acme/small")).await;
    let other = lin.conversation().await;
    ask(&other, Some("acme/small")).await;
    assert_eq!(last().await, Value::Null);
    ask(&other, Some("unknown")).await;
    for _ in 0..100 {
        if last().await == "acme/unknown" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(last().await, "acme/unknown");
    let page = lin.clone().browser().get("/").await.is(200).text();
    assert!(page.contains("<option selected>acme/unknown</option>"), "{page}");
    lin.post_form("/fn/set-chat-defaults", "last_model=").await.is(200);
    assert_eq!(last().await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_listed_with_its_known_traits() {
    let (_app, _, lin, _) = start("small").await;
    let models = lin.get("/api/v1/models").await.is(200).json();
    assert_eq!(
        models["items"],
        json!([
            {
                "id": "acme/small", "name": "small", "provider": "acme", "label": "small", "provider_label": "acme", "context": 1024, "vision": true,
                "price": { "input": 0.15, "output": 2.0, "currency": "EUR" },
            },
            {
                "id": "acme/unknown", "name": "unknown", "provider": "acme", "label": "unknown",
                "provider_label": "acme",
            },
        ])
    );
}
