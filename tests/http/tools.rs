//! The tools of a conversation: its gauge, and the sheets in which its instructions and parameters are set.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use inglenook::{
    domain::{Traits, Usage},
    server::llm::{ChatRequest, Delta, DeltaStream, LlmError, Provider},
};
use serde_json::json;

use super::app::{App, Client};

/// Answers with a usage that takes so much of a context of 1,000 tokens; the context of the model `unknown` is not known, and
/// the answers of `cut` end at a length limit.
struct Counting(u32);

#[async_trait]
impl Provider for Counting {
    fn name(&self) -> &'static str {
        "acme"
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(["small", "unknown", "cut"].map(str::to_owned).to_vec())
    }

    fn traits(&self, model: &str) -> Traits {
        Traits { context: (model != "unknown").then_some(1_000), ..Traits::default() }
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        let usage = Usage { prompt_tokens: self.0 - 10, completion_tokens: 10 };
        let cut = (request.model == "cut").then_some(Ok(Delta::LengthLimit));
        let answer = [Ok(Delta::Text("Yes.".into())), Ok(Delta::Usage(usage))];
        Ok(stream::iter(answer.into_iter().chain(cut)).boxed())
    }
}

/// A server whose answers take so many tokens, a person, and their conversation with one answer of the model.
async fn start(tokens: u32, model: &str) -> (App, Client, String) {
    let app = App::with_provider(&[], Arc::new(Counting(tokens))).await;
    let lin = app.person("lin").await;
    let new = json!({ "model": format!("acme/{model}"), "title": "Set" });
    let id = lin.post("/api/v1/conversations", &new).await.is(201).id();
    lin.ask(&id, "Yes?").await;
    until_complete(&lin, &id).await;
    (app, lin, id)
}

/// Waits for the end of the newest answer. Gives its id.
async fn until_complete(lin: &Client, id: &str) -> String {
    let path = format!("/api/v1/conversations/{id}/messages");
    for _ in 0..500 {
        let newest = lin.get(&path).await.json()["items"].as_array().unwrap().last().unwrap().clone();
        if newest["status"] == "complete" {
            return newest["id"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the answer does not end");
}

/// The HTML of a sheet.
async fn sheet(person: &Client, path: &str) -> String {
    person.get(path).await.is(200).json().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gauge_says_how_much_of_the_context_is_used() {
    let (app, lin, id) = start(320, "small").await;
    let part = lin.get(&format!("/fn/part?conversation={id}")).await.is(200).json();
    let bar = part["bar"].as_str().unwrap();
    assert!(
        bar.contains("About 320 of 1,000 tokens used") && bar.contains("stroke-dasharray=\"32 100\""),
        "{bar}"
    );
    assert!(!bar.contains("% full"), "{bar}");
    let browser = app.client().cookie(&format!("inglenook={}", lin.token())).browser();
    assert!(browser.get(&format!("/c/{id}")).await.is(200).text().contains("About 320 of 1,000 tokens used"));
    // Without a script the same is on a page.
    let page = browser.get(&format!("/c/{id}/settings")).await.is(200).text();
    assert!(page.contains("id=\"context\"") && page.contains("About 320 of 1,000 tokens used"));
    let path = format!("/fn/sheet/context?conversation={id}");
    let said = sheet(&lin, &path).await;
    assert!(said.contains("About 320 of 1,000 tokens used") && !said.contains("newest"), "{said}");
    lin.patch(
        &format!("/api/v1/conversations/{id}"),
        &json!({ "system_prompt": "Be brief.", "params": { "turns": 3 } }),
    )
    .await
    .is(200);
    let said = sheet(&lin, &path).await;
    assert!(said.contains("newest 3 questions") && said.contains("Instructions take about"), "{said}");
    let kim = app.person("kim").await;
    assert_eq!(kim.get(&path).await.status, 404);
    assert_eq!(kim.get(&format!("/fn/sheet/settings?conversation={id}")).await.status, 404);
    assert!(sheet(&lin, "/fn/sheet/context").await.contains("not known"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gauge_warns_in_words_and_is_silent_about_what_it_does_not_know() {
    let (_app, lin, id) = start(870, "small").await;
    let part = lin.get(&format!("/fn/part?conversation={id}")).await.is(200).json();
    assert!(part["bar"].as_str().unwrap().contains("87 % full"), "{part}");
    assert!(sheet(&lin, &format!("/fn/sheet/context?conversation={id}")).await.contains("nearly full"));
    let (_app, lin, id) = start(870, "unknown").await;
    let part = lin.get(&format!("/fn/part?conversation={id}")).await.is(200).json();
    assert!(!part["bar"].as_str().unwrap().contains("gauge"), "{part}");
    assert!(sheet(&lin, &format!("/fn/sheet/context?conversation={id}")).await.contains("not known"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gauge_does_not_count_the_runs_of_a_continued_answer_together() {
    let (_app, lin, id) = start(400, "cut").await;
    let gauge = async |of: &str| {
        let part = lin.get(&format!("/fn/part?conversation={of}")).await.is(200).json();
        let bar = part["bar"].as_str().unwrap().to_owned();
        assert!(!bar.contains("800"), "{bar}");
        bar.contains("About 400 of 1,000 tokens used")
    };
    assert!(gauge(&id).await);
    let answer = until_complete(&lin, &id).await;
    lin.post(&format!("/api/v1/messages/{answer}/continue"), &json!({})).await.is(202);
    until_complete(&lin, &id).await;
    let items = lin.get(&format!("/api/v1/conversations/{id}/messages")).await.json()["items"].clone();
    assert_eq!(items[1]["usage"]["completion_tokens"], 20, "the line below the answer has all");
    assert!(!gauge(&id).await);
    // Nor in a copy.
    let copy = lin.post(&format!("/api/v1/messages/{answer}/fork"), &json!({})).await.is(201).id();
    assert!(!gauge(&copy).await);
    lin.ask(&id, "And now?").await;
    until_complete(&lin, &id).await;
    assert!(gauge(&id).await, "the next answer tells");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_a_sheet_whose_mistakes_are_said_of_their_field() {
    let (_app, lin, id) = start(320, "small").await;
    let (path, part) =
        (format!("/fn/sheet/settings?conversation={id}"), format!("/fn/part?conversation={id}"));
    assert!(sheet(&lin, &path).await.contains("name=\"temperature\""));
    let differs = async || lin.get(&part).await.json()["bar"].as_str().unwrap().contains("differs");
    assert!(!differs().await);
    let form = |fields: &str| format!("conversation_id={id}&{fields}");
    for (fields, field) in [
        ("temperature=9", "temperature"),
        ("turns=none", "turns"),
        // More than the context of the model.
        (&*format!("system_prompt={}", "word+".repeat(3_000)), "system_prompt"),
    ] {
        let refused = lin.post_form("/fn/set-conversation", &form(fields)).await.is(422).json();
        assert_eq!(refused["field"], field, "{refused}");
        assert!(refused["message"].as_str().unwrap().len() > 10, "{refused}");
    }
    // What is too long for any model is refused before its tokens are estimated.
    let long = format!("system_prompt={}", "word+".repeat(7_000));
    let refused = lin.post_form("/fn/set-conversation", &form(&long)).await.is(422).json();
    assert!(refused["message"].as_str().unwrap().contains("bytes"), "{refused}");
    assert!(!differs().await, "nothing of what was refused is stored");
    lin.post_form("/fn/set-conversation", &form("temperature=0,5&system_prompt=Be+brief.")).await.is(200);
    assert!(differs().await);
    let said = sheet(&lin, &path).await;
    assert!(said.contains("value=\"0.5\"") && said.contains("Be brief."), "{said}");
    // Those for all conversations stand in the sheet of a new one, and are what the fields of this one fall back to.
    lin.post_form("/fn/set-chat-defaults", "max_tokens=77").await.is(200);
    assert!(sheet(&lin, "/fn/sheet/settings").await.contains("value=\"77\""));
    // No model decides how many turns it is sent, and the parameters have a heading of their own.
    for path in ["/fn/sheet/settings".to_owned(), format!("/fn/sheet/settings?conversation={id}")] {
        let sheet = sheet(&lin, &path).await;
        let turns = sheet.split("name=\"turns\"").nth(1).unwrap().split('>').next().unwrap();
        assert!(turns.contains("placeholder=\"All that fit\""), "{turns}");
        assert!(sheet.contains("<h3>Parameters</h3>"), "{sheet}");
    }
    assert!(sheet(&lin, &path).await.contains("placeholder=\"77\""));
    assert!(lin.get("/fn/part").await.json()["bar"].as_str().unwrap().contains("differs"));
}
