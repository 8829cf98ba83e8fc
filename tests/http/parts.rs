//! What a page that is open asks for in place of what it shows: parts of conversations, the list, what its dialogs hold.

use serde_json::Value;

use super::app::App;

#[tokio::test(flavor = "multi_thread")]
async fn a_part_has_the_messages_that_changed_and_names_the_others() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    let first = lin.ask(&id, "one").await;
    let question = first["user_message"]["id"].as_str().unwrap().to_owned();
    let answer = first["assistant_message"]["id"].as_str().unwrap().to_owned();
    let page = app
        .client()
        .browser()
        .cookie(&format!("inglenook={}", lin.token()))
        .header("accept", "application/json");
    let part = async |query: &str| -> Value {
        page.get(&format!("/fn/part?conversation={id}{query}")).await.is(200).json()
    };

    let whole = part("").await;
    let after = whole["shown"]["after"].as_u64().unwrap();
    let thread = whole["thread"].as_str().unwrap();
    assert!(
        thread.contains(&question) && thread.contains("one</div>") && !thread.contains("data-unchanged"),
        "{thread}"
    );

    // Nothing happened.
    let same = part(&format!("&from={question}&leaf={answer}&since={after}")).await;
    let thread = same["thread"].as_str().unwrap();
    assert_eq!(thread.matches("data-unchanged").count(), 2, "{thread}");

    // A question more: the page has the first two.
    lin.ask(&id, "two").await;
    let more = part(&format!("&from={question}&leaf={answer}&since={after}")).await;
    let thread = more["thread"].as_str().unwrap();
    assert_eq!(thread.matches("data-unchanged").count(), 2, "{thread}");
    assert!(thread.contains("two</div>") && !thread.contains("one</div>"), "{thread}");

    // On another branch the page has only what both have: here nothing.
    let other = serde_json::json!({ "content": "other" });
    lin.post(&format!("/api/v1/messages/{question}/edit"), &other).await.is(202);
    let other = part(&format!("&from={question}&leaf={answer}&since={after}")).await;
    let thread = other["thread"].as_str().unwrap();
    assert!(thread.contains("other</div>") && !thread.contains("data-unchanged"), "{thread}");

    // What nobody has is no reason to fail.
    let odd = part("&from=nobody&leaf=nobody&since=18446744073709551615").await;
    let thread = odd["thread"].as_str().unwrap();
    assert!(thread.contains("other</div>") && !thread.contains("data-unchanged"), "{thread}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_for_those_who_may_read_the_conversation() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let id = lin.conversation().await;
    lin.ask(&id, "secret").await;
    let nobody = app.client().browser();
    let kim = app.client().browser().cookie(&format!("inglenook={}", kim.token()));
    for client in [nobody, kim] {
        let client = client.header("accept", "application/json");
        let answer = client.get(&format!("/fn/part?conversation={id}")).await;
        assert!([401, 404].contains(&answer.status), "{answer:?}");
        assert!(!answer.text().contains("secret"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dialogs_show_models_keys_and_what_is_found() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    lin.ask(&id, "Leeks <b> and more").await;
    let page = app
        .client()
        .browser()
        .cookie(&format!("inglenook={}", lin.token()))
        .header("accept", "application/json");
    let sheet = async |path: &str| -> String {
        let html: Value = page.get(path).await.is(200).json();
        html.as_str().unwrap().to_owned()
    };
    assert!(sheet("/fn/sheet/models?chosen=demo%2Fdemo").await.contains("data-model=\"demo/demo\""));
    assert!(sheet("/fn/sheet/keys").await.contains("<kbd>"));
    let found = sheet("/fn/sheet/palette?rows=true&q=LEEKS").await;
    assert!(found.contains("<mark>Leeks</mark>") && found.contains("&lt;b&gt;"), "{found}");
    assert!(!sheet("/fn/sheet/palette?rows=true&q=none%25").await.contains("/c/"));
    assert!(sheet("/fn/list").await.contains(&format!("/c/{id}")));
}
