//! What people do with single messages of a direct conversation, by the API and by the forms of its pages: as in a room, but for
//! what needs a moderator.

use serde_json::{Value, json};

use super::app::{App, Client};

const API: &str = "/api/v1";

/// A conversation of two, and somebody who has no part in it.
struct Pair {
    app: App,
    id: String,
    lin: Client,
    kim: Client,
    eve: Client,
}

impl Pair {
    async fn open() -> Self {
        let app = App::start().await;
        let (lin, kim, eve) = (app.person("lin").await, app.person("kim").await, app.person("eve").await);
        let path = format!("{API}/people/{}/direct", kim.id().await);
        let id = lin.post(&path, &json!({})).await.is(200).id();
        Self { app, id, lin, kim, eve }
    }

    async fn says(&self, who: &Client, body: Value) -> String {
        let path = format!("{API}/conversations/{}/messages", self.id);
        let said = who.post(&path, &body).await.is(201).json();
        said["message"]["id"].as_str().unwrap().to_owned()
    }

    fn browser(&self, client: &Client) -> Client {
        self.app.client().cookie(&format!("inglenook={}", client.token())).browser()
    }

    async fn page(&self, who: &Client, path: &str) -> String {
        self.browser(who).get(path).await.is(200).text()
    }

    async fn thread(&self, who: &Client) -> String {
        self.page(who, &format!("/c/{}", self.id)).await
    }

    /// Sends a form; answers the page to which it leads.
    async fn sends(&self, who: &Client, form: &str, fields: &str) -> String {
        let led = self.browser(who).post_form(form, fields).await.is(302);
        self.page(who, led.header("location").split('#').next().unwrap()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_react_pin_and_reply_with_the_api() {
    let pair = Pair::open().await;
    let (lin, kim, eve) = (&pair.lin, &pair.kim, &pair.eve);
    let said = pair.says(lin, json!({ "content": "Soup is ready" })).await;
    let (message, room) = (format!("{API}/messages/{said}"), format!("{API}/rooms/{}", pair.id));
    let reactions = format!("{message}/reactions");
    for (who, status) in [(kim, 200), (lin, 200), (eve, 404)] {
        assert_eq!(who.send_json("PUT", &reactions, &json!({ "emoji": "👍" })).await.status, status);
    }
    let all = lin.get(&reactions).await.is(200).json();
    assert_eq!((&all[0]["name"], &all[1]["name"]), (&json!("kim"), &json!("lin")), "{all}");
    let pin = format!("{message}/pin");
    kim.send_json("PUT", &pin, &json!({ "on": true })).await.is(200);
    for who in [lin, kim] {
        let pins = who.get(&format!("{room}/pins")).await.is(200).json();
        assert_eq!(pins[0]["id"], json!(said));
    }
    eve.get(&format!("{room}/pins")).await.problem(404, "");
    // Nobody manages it, so each takes away the own pins.
    lin.send_json("PUT", &pin, &json!({ "on": false })).await.problem(403, "");
    kim.send_json("PUT", &pin, &json!({ "on": false })).await.is(200);
    let reply = pair.says(kim, json!({ "content": "Coming, @lin", "reply_to": said })).await;
    lin.patch(&message, &json!({ "content": "Soup is cold" })).await.is(200);
    kim.patch(&message, &json!({ "content": "Mine" })).await.problem(403, "");
    // What it said before is a moderator's to know, and a message is reported to moderators.
    for who in [lin, kim] {
        who.get(&format!("{message}/versions")).await.problem(403, "");
        who.get(&format!("{room}/reports")).await.problem(404, "");
    }
    let report = format!("{message}/report");
    let refused = kim.post(&report, &json!({ "reason": "Cold" })).await;
    assert!(refused.text().contains("You can block whoever wrote it."), "{}", refused.text());
    refused.problem(409, "");
    eve.post(&report, &json!({})).await.problem(404, "");
    // Each chooses of what they are told, and says what they have read.
    let unread = async |who: &Client| {
        let list = who.get(&format!("{API}/direct")).await.is(200).json();
        (list["items"][0]["unread"].clone(), list["items"][0]["notify"].clone())
    };
    assert_eq!(unread(lin).await, (json!(1), json!("all")));
    lin.send_json("PUT", &format!("{room}/notify"), &json!({ "notify": "nothing" })).await.is(204);
    lin.send_json("PUT", &format!("{room}/read"), &json!({ "message_id": reply })).await.is(204);
    assert_eq!(unread(lin).await, (json!(0), json!("nothing")));
    for end in ["notify", "read"] {
        let body = json!({ "notify": "all", "message_id": reply });
        eve.send_json("PUT", &format!("{room}/{end}"), &body).await.problem(404, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_react_pin_reply_and_edit_with_forms() {
    let pair = Pair::open().await;
    let (lin, kim, eve) = (&pair.lin, &pair.kim, &pair.eve);
    let id = &pair.id;
    let said = pair.says(lin, json!({ "content": "Soup is ready" })).await;
    let thread = pair.thread(kim).await;
    assert!(thread.contains(&format!("/c/{id}/message/{said}")) && !thread.contains("#report"), "{thread}");
    for (form, fields) in [
        ("/fn/react", format!("reaction={said}+%F0%9F%91%8D")),
        ("/fn/react", format!("message_id={said}&emoji=%F0%9F%8D%B2")),
        ("/fn/unreact", format!("reaction={said}+%F0%9F%91%8D")),
        ("/fn/pin-message", format!("message_id={said}")),
    ] {
        let led = pair.sends(kim, form, &fields).await;
        assert!(led.contains("Soup is ready"), "{form}: {led}");
    }
    let thread = pair.thread(lin).await;
    assert!(thread.contains("🍲") && thread.contains("Pinned by kim"), "{thread}");
    // The page of one message: its reactions, and the way that is there in place of a report.
    let one = format!("/c/{id}/message/{said}");
    let page = pair.page(kim, &one).await;
    for part in ["<dt>🍲", "/fn/react", "/fn/block", "so there is nobody to report it to", "Direct messages"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("/fn/report-message") && !page.contains("/members"), "{page}");
    let own = pair.page(lin, &one).await;
    assert!(!own.contains("/fn/block") && own.contains("<dd dir=\"auto\">kim</dd>"), "{own}");
    let pins = format!("/rooms/{id}/pins");
    for (who, may) in [(lin, false), (kim, true)] {
        let page = pair.page(who, &pins).await;
        assert!(page.contains("Soup is ready") && page.contains("/fn/unpin-message") == may, "{page}");
    }
    pair.sends(kim, "/fn/unpin-message", &format!("message_id={said}")).await;
    assert!(pair.page(kim, &pins).await.contains("Nothing is pinned here."));
    // What is typed with an @ finds the other person and the model, and does not fail.
    let offered = async |q: &str| {
        let path = format!("/fn/mentions?conversation={id}&q={q}");
        pair.browser(lin).get(&path).await.is(200).text()
    };
    let all = offered("").await;
    assert!(all.contains("kim") && all.contains("model") && !all.contains("lin"), "{all}");
    assert!(!offered("zz").await.contains("option"));
    // An answer with a quote, and what is edited.
    let reply = format!("conversation_id={id}&text=Coming+%40lin&reply_to={said}");
    assert!(pair.sends(kim, "/fn/post", &reply).await.contains("said-reply"));
    let edit = format!("conversation_id={id}&message_id={said}&text=Soup+is+cold");
    assert!(pair.sends(lin, "/fn/edit-post", &edit).await.contains("(edited)"));
    let thread = pair.thread(kim).await;
    assert!(thread.contains("Soup is cold") && !thread.contains("/versions"), "{thread}");
    // Mute: the sidebar counts nothing, and neither does the title.
    assert!(pair.page(lin, "/rooms").await.contains("data-told=\"0\""));
    pair.says(kim, json!({ "content": "Still there?" })).await;
    let told = pair.page(lin, "/rooms").await;
    assert!(told.contains("data-told=\"1\"") && told.contains("1 new message"), "{told}");
    pair.sends(lin, "/fn/room-notify", &format!("id={id}&stay=true&notify=nothing")).await;
    pair.says(kim, json!({ "content": "Hello?" })).await;
    let told = pair.page(lin, "/rooms").await;
    assert!(told.contains("data-told=\"0\"") && !told.contains("1 new message"), "{told}");
    assert!(pair.thread(lin).await.contains("value=\"nothing\" aria-pressed=\"true\""));
    // Nobody else has any of that.
    for path in [one, pins, format!("/messages/{said}/versions")] {
        pair.browser(eve).get(&path).await.is(404);
    }
    let none = pair.browser(eve).get(&format!("/fn/mentions?conversation={id}&q=")).await;
    assert_eq!(none.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_model_read_is_shown_to_both() {
    let pair = Pair::open().await;
    pair.says(&pair.lin, json!({ "content": "Hello @model" })).await;
    let messages = format!("{API}/conversations/{}/messages", pair.id);
    let answer = loop {
        let read = pair.kim.get(&messages).await.is(200).json();
        if read["items"][1]["status"] == "complete" {
            break read["items"][1]["id"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    let path = format!("/c/{}/read/{answer}", pair.id);
    assert!(pair.thread(&pair.kim).await.contains(&path));
    for who in [&pair.lin, &pair.kim] {
        let page = pair.page(who, &path).await;
        assert!(page.contains("What the model read") && page.contains("Counts against lin"), "{page}");
    }
    pair.browser(&pair.eve).get(&path).await.is(404);
}
