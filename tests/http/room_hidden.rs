//! What a room shows nobody: the words of somebody who was banned so, and to members what the model is told.

use serde_json::{Value, json};

use super::app::{App, Client};

const SECRET: &str = "offensive words";

/// The room of Lin in which Kim and Ann take part.
struct Room {
    app: App,
    lin: Client,
    kim: Client,
    ann: Client,
    id: String,
}

impl Room {
    async fn new() -> Self {
        let app = App::start().await;
        let (lin, kim, ann) = (app.person("lin").await, app.person("kim").await, app.person("ann").await);
        let wanted = json!({ "name": "Kitchen", "listed": true, "system_prompt": "Speak of leeks." });
        let id = lin.post("/api/v1/rooms", &wanted).await.is(201).id();
        for person in [&kim, &ann] {
            person.post(&format!("/api/v1/rooms/{id}/join"), &json!({})).await.is(200);
        }
        Self { app, lin, kim, ann, id }
    }

    async fn say(&self, who: &Client, text: &str) -> Value {
        let path = format!("/api/v1/conversations/{}/messages", self.id);
        who.post(&path, &json!({ "content": text })).await.is(201).json()["message"].clone()
    }

    async fn member(&self, act: &str, body: Value) {
        let path = format!("/api/v1/rooms/{}/members/{}/{act}", self.id, self.kim.id().await);
        self.lin.post(&path, &body).await.is(200);
    }

    /// What Ann is told who comes back with this position, up to her own reply and this message.
    async fn told_since(&self, after: u64, message_id: &str) -> String {
        let client = self.app.client().bearer(self.ann.token());
        let path = format!("/api/v1/conversations/{}/events?after={after}", self.id);
        let (mut events, mut told) = (client.events(&path).await, String::new());
        let message = format!(r#""id":"{message_id}""#);
        while !(told.contains("I disagree") && told.contains(&message)) {
            told.push_str(&events.next().await.unwrap().2.to_string());
        }
        told
    }

    /// How the room has the part of the thread that a page asks for which shows all up to `leaf`.
    async fn part(&self, (from, leaf, since): (&str, &str, u64)) -> String {
        let path = format!("/fn/part?conversation={}&from={from}&leaf={leaf}&since={since}", self.id);
        self.ann.get(&path).await.is(200).text()
    }

    async fn seq(&self) -> u64 {
        let path = format!("/api/v1/conversations/{}/messages", self.id);
        self.ann.get(&path).await.is(200).json()["after"].as_u64().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_words_are_nowhere_until_they_are_shown_again() {
    let room = Room::new().await;
    let first = room.say(&room.ann, "Hello").await["id"].as_str().unwrap().to_owned();
    let before = room.seq().await;
    let said = room.say(&room.kim, SECRET).await["id"].as_str().unwrap().to_owned();
    let reply = json!({ "content": "I disagree", "reply_to": said });
    let path = format!("/api/v1/conversations/{}/messages", room.id);
    let newest = room.ann.post(&path, &reply).await.is(201).json()["message"]["id"].clone();
    let newest = newest.as_str().unwrap();
    room.ann.send_json("PUT", &format!("/api/v1/messages/{said}/pin"), &json!({ "on": true })).await.is(200);
    let (shown, since) = (room.told_since(before, &said).await, room.seq().await);
    assert!(shown.contains(SECRET), "{shown}");

    room.member("ban", json!({ "hide": true })).await;
    let part = room.part((&first, newest, since)).await;
    assert!(part.contains(&said) && !part.contains(SECRET), "an open page takes it away: {part}");
    for path in [
        format!("/api/v1/conversations/{}/messages", room.id),
        format!("/api/v1/rooms/{}/pins", room.id),
        format!("/c/{}", room.id),
        format!("/c/{}?reply={said}", room.id),
        format!("/c/{}/outline", room.id),
        format!("/rooms/{}/pins", room.id),
        format!("/fn/sheet/outline?conversation={}", room.id),
    ] {
        let text = room.ann.get(&path).await.is(200).text();
        assert!(!text.contains(SECRET), "{path}: {text}");
    }
    let told = room.told_since(before, &said).await;
    assert!(told.contains(&said) && !told.contains(SECRET), "{told}");
    // Nobody marks or answers what is hidden; a pin can be taken away, and does not tell it.
    let mark = |what: &str| format!("/api/v1/messages/{said}/{what}");
    let thumb = json!({ "emoji": "👍", "on": true });
    room.ann.send_json("PUT", &mark("reactions"), &thumb).await.problem(404, "");
    room.ann.send_json("PUT", &mark("pin"), &json!({ "on": true })).await.problem(404, "");
    room.ann.post(&path, &reply).await.problem(422, "reply_to");
    let pin = room.lin.send_json("PUT", &mark("pin"), &json!({ "on": false })).await.is(200).text();
    assert!(!pin.contains(SECRET), "{pin}");

    let since = room.seq().await;
    room.member("unban", json!({})).await;
    let part = room.part((&first, newest, since)).await;
    assert!(part.contains(SECRET), "an open page has it again: {part}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_or_deleted_is_not_told_to_whoever_comes_back() {
    let room = Room::new().await;
    let before = room.seq().await;
    let client = room.app.client().bearer(room.ann.token());
    let path = format!("/api/v1/conversations/{}/events?after={before}", room.id);
    // Whoever listens keeps the events of the room in the server's memory.
    let mut live = client.events(&path).await;
    let said = room.say(&room.kim, SECRET).await["id"].as_str().unwrap().to_owned();
    let oops = room.say(&room.ann, "Oops").await["id"].as_str().unwrap().to_owned();
    for text in [SECRET, "Oops"] {
        assert_eq!(live.next().await.unwrap().2["content"], text);
    }
    room.ann.delete(&format!("/api/v1/messages/{oops}")).await.is(204);
    assert!(live.next().await.unwrap().2["deleted_at"].is_number());
    let mut again = client.events(&path).await;
    for text in [SECRET, ""] {
        assert_eq!(again.next().await.unwrap().2["content"], text, "what it says now");
    }
    room.member("ban", json!({ "hide": true })).await;
    for events in [&mut live, &mut again] {
        let (name, _, data) = events.next().await.unwrap();
        assert_eq!((&*name, &data["reread"]), ("members", &json!(true)));
        assert_eq!(data["gone"], json!([room.kim.id().await]));
    }
    let mut late = client.events(&path).await;
    let (name, _, data) = late.next().await.unwrap();
    assert_eq!((&*name, &data["id"]), ("message", &json!(oops)), "and not the words before it");
    let (name, _, data) = late.next().await.unwrap();
    assert_eq!((&*name, &data["reread"]), ("members", &json!(true)));
    let asked = room.ann.post(&format!("/api/v1/messages/{said}/regenerate"), &json!({})).await;
    assert!(!asked.problem(409, "").text().contains(SECRET));
    // Whoever is banned once more without that is shown again.
    room.member("ban", json!({ "hide": false })).await;
    let (name, _, data) = live.next().await.unwrap();
    assert_eq!((&*name, &data["reread"]), ("members", &json!(true)));
    let all = format!("/api/v1/conversations/{}/messages", room.id);
    assert!(room.ann.get(&all).await.is(200).text().contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_do_not_see_what_the_model_is_told() {
    let room = Room::new().await;
    let (of_room, of_conversation) =
        (format!("/api/v1/rooms/{}", room.id), format!("/api/v1/conversations/{}", room.id));
    for path in [&of_room, &of_conversation] {
        let prompt = |answer: Value| answer["system_prompt"].clone();
        assert_eq!(prompt(room.lin.get(path).await.is(200).json()), "Speak of leeks.", "{path}");
        assert_eq!(prompt(room.kim.get(path).await.is(200).json()), Value::Null, "{path}");
    }
    // The forms of a private conversation are not those of a room.
    for path in [format!("/c/{}/settings", room.id), format!("/fn/sheet/settings?conversation={}", room.id)] {
        room.kim.get(&path).await.is(404);
        room.lin.get(&path).await.is(404);
    }
    let patch = json!({ "system_prompt": "Speak of peas." });
    room.lin.patch(&of_conversation, &patch).await.problem(409, "");
    room.kim.patch(&of_conversation, &patch).await.problem(403, "");
    // A copy would make everybody's words the person's own.
    let message = room.say(&room.lin, "Hello").await["id"].as_str().unwrap().to_owned();
    room.kim.post(&format!("/api/v1/messages/{message}/fork"), &json!({})).await.problem(409, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_groups_what_it_hears_as_one_that_is_opened() {
    let room = Room::new().await;
    let first = room.say(&room.kim, "One").await["id"].as_str().unwrap().to_owned();
    let since = room.seq().await;
    room.say(&room.kim, "Two").await;
    let part = room.part((&first, &first, since)).await;
    assert!(part.contains("said follows"), "{part}");
    let since = room.seq().await;
    let newest = room.say(&room.lin, "Three").await["id"].as_str().unwrap().to_owned();
    assert!(!room.part((&first, &newest, since)).await.contains("follows"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_is_one_event_and_the_next_message_is_told_whole() {
    let room = Room::new().await;
    let client = room.app.client().bearer(room.ann.token());
    let after = room.seq().await;
    let path = format!("/api/v1/conversations/{}/events?after={after}", room.id);
    let mut events = client.events(&path).await;
    let patch = json!({ "name": "Pantry", "topic": "Jars" });
    room.lin.patch(&format!("/api/v1/rooms/{}", room.id), &patch).await.is(200);
    room.say(&room.kim, "Hello").await;
    let (name, _, data) = events.next().await.unwrap();
    assert_eq!((&*name, &data["title"]), ("members", &json!("Pantry")));
    let (name, _, data) = events.next().await.unwrap();
    assert_eq!((&*name, &data["content"]), ("message", &json!("Hello")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_sent_again_is_the_same_also_when_whom_it_mentions_has_left() {
    let room = Room::new().await;
    let keyed = room.ann.clone().header("idempotency-key", "k");
    let path = format!("/api/v1/conversations/{}/messages", room.id);
    let post = json!({ "content": "@Kim hi", "mentions": [room.kim.id().await] });
    let stored = keyed.post(&path, &post).await.is(201).json();
    room.kim.post(&format!("/api/v1/rooms/{}/leave", room.id), &json!({})).await.is(204);
    for _ in 0..30 {
        // Nor is whoever sends it again too fast.
        let again = keyed.post(&path, &post).await.is(201).json();
        assert_eq!(again["message"]["id"], stored["message"]["id"]);
    }
    keyed.post(&path, &json!({ "content": "Other" })).await.problem(422, "Idempotency-Key");
    room.ann.post(&path, &post).await.problem(422, "mentions");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_and_goes_without_end() {
    let room = Room::new().await;
    let (join, leave) =
        (format!("/api/v1/rooms/{}/join", room.id), format!("/api/v1/rooms/{}/leave", room.id));
    let mut refused = 0;
    for _ in 0..20 {
        refused += u32::from(room.kim.post(&leave, &json!({})).await.status == 429);
        refused += u32::from(room.kim.post(&join, &json!({})).await.status == 429);
    }
    assert!(refused > 0, "40 moves in a row");
}
