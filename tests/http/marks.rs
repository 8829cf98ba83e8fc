//! Reactions, pins, reports, replies and mentions in rooms: who may do what, and what everybody sees of it.

use serde_json::{Value, json};

use super::app::{App, Client};

const API: &str = "/api/v1";

/// A room with somebody of each kind.
struct Room {
    app: App,
    id: String,
    owner: Client,
    moderator: Client,
    member: Client,
    reader: Client,
    stranger: Client,
    removed: Client,
    banned: Client,
}

impl Room {
    async fn open() -> Self {
        let app = App::start().await;
        let people = ["olga", "mona", "meg", "rita", "stan", "remo", "ben"];
        let mut all = Vec::new();
        for name in people {
            all.push(app.person(name).await);
        }
        let all: [Client; 7] = all.try_into().ok().unwrap();
        let [owner, moderator, member, reader, stranger, removed, banned] = all;
        let id =
            owner.post(&format!("{API}/rooms"), &json!({ "name": "Tea", "listed": true })).await.is(201).id();
        let path = format!("{API}/rooms/{id}");
        for person in [&moderator, &member, &reader, &removed, &banned] {
            person.post(&format!("{path}/join"), &json!({})).await.is(200);
        }
        for (person, role) in [(&moderator, "moderator"), (&reader, "reader")] {
            let of = format!("{path}/members/{}", person.id().await);
            owner.patch(&of, &json!({ "role": role })).await.is(200);
        }
        owner.delete(&format!("{path}/members/{}", removed.id().await)).await.is(200);
        owner.post(&format!("{path}/members/{}/ban", banned.id().await), &json!({})).await.is(200);
        Self { app, id, owner, moderator, member, reader, stranger, removed, banned }
    }

    async fn says(&self, who: &Client, body: Value) -> String {
        let path = format!("{API}/conversations/{}/messages", self.id);
        let said = who.post(&path, &body).await.is(201).json();
        said["message"]["id"].as_str().unwrap().to_owned()
    }

    /// What each of them is answered: the owner, the moderator, the member, the reader, and those outside.
    async fn statuses(&self, method: &str, path: &str, body: &Value) -> [u16; 7] {
        let all = [
            &self.owner,
            &self.moderator,
            &self.member,
            &self.reader,
            &self.stranger,
            &self.removed,
            &self.banned,
        ];
        let mut statuses = [0; 7];
        for (status, person) in statuses.iter_mut().zip(all) {
            *status = match method {
                "GET" => person.get(path).await.status,
                _ => person.send_json(method, path, body).await.status,
            };
        }
        statuses
    }

    fn browser(&self, client: &Client) -> Client {
        self.app.client().cookie(&format!("inglenook={}", client.token())).browser()
    }

    async fn page(&self, who: &Client) -> String {
        self.browser(who).get(&format!("/c/{}", self.id)).await.is(200).text()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_of_a_room_does_what_their_role_may() {
    let room = Room::open().await;
    let said = room.says(&room.member, json!({ "content": "Hello" })).await;
    let (message, rooms) = (format!("{API}/messages/{said}"), format!("{API}/rooms/{}", room.id));
    let outside = |inside: [u16; 4]| {
        let [owner, moderator, member, reader] = inside;
        [owner, moderator, member, reader, 404, 404, 404]
    };
    let react = json!({ "emoji": "👍" });
    let reactions = format!("{message}/reactions");
    assert_eq!(room.statuses("PUT", &reactions, &react).await, outside([200, 200, 200, 403]));
    assert_eq!(room.statuses("GET", &reactions, &react).await, outside([200, 200, 200, 200]));
    let pin = format!("{message}/pin");
    assert_eq!(room.statuses("PUT", &pin, &json!({ "on": true })).await, outside([200, 200, 200, 403]));
    assert_eq!(
        room.statuses("GET", &format!("{rooms}/pins"), &json!({})).await,
        outside([200, 200, 200, 200])
    );
    let report = format!("{message}/report");
    assert_eq!(room.statuses("POST", &report, &json!({})).await, outside([204, 204, 409, 204]));
    let reports = format!("{rooms}/reports");
    assert_eq!(room.statuses("GET", &reports, &json!({})).await, outside([200, 200, 403, 403]));
    let open = room.owner.get(&reports).await.is(200).json();
    assert_eq!(open["items"].as_array().unwrap().len(), 3, "{open}");
    let one = open["items"][0]["id"].as_str().unwrap();
    // The first who settles it settles it.
    let dismiss = format!("{reports}/{one}/dismiss");
    assert_eq!(room.statuses("POST", &dismiss, &json!({})).await, outside([204, 404, 403, 403]));
    for (page, expected) in [
        (format!("/rooms/{}/pins", room.id), [200, 200, 200, 200]),
        (format!("/rooms/{}/reports", room.id), [200, 200, 403, 403]),
        (format!("/c/{}/message/{said}", room.id), [200, 200, 200, 200]),
    ] {
        let people = [&room.owner, &room.moderator, &room.member, &room.reader];
        for (person, expected) in people.into_iter().zip(expected) {
            assert_eq!(room.browser(person).get(&page).await.status, expected, "{page}");
        }
        for person in [&room.stranger, &room.removed, &room.banned] {
            assert_eq!(room.browser(person).get(&page).await.status, 404, "{page}");
        }
    }
    let mentions = format!("/fn/mentions?conversation={}&q=m", room.id);
    assert_eq!(room.statuses("GET", &mentions, &json!({})).await, outside([200, 200, 200, 200]));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_react_by_forms_and_everybody_is_told() {
    let room = Room::open().await;
    let said = room.says(&room.member, json!({ "content": "Hello" })).await;
    let before = room.owner.get(&format!("{API}/conversations/{}/messages", room.id)).await.is(200).json();
    let after = before["after"].as_u64().unwrap();
    let events = format!("{API}/conversations/{}/events?after={after}", room.id);
    let mut live = room.reader.events(&events).await;
    let form = format!("reaction={said}+%F0%9F%91%8D");
    let done = room.browser(&room.owner).post_form("/fn/react", &form).await.is(302);
    assert_eq!(done.header("location"), format!("/c/{}?at={said}#{said}", room.id));
    let (name, _, event) = live.next().await.unwrap();
    assert_eq!((&*name, &event["message_id"]), ("reactions", &json!(said)));
    assert_eq!(event["reactions"][0]["count"], 1);
    drop(live);
    // Whoever comes back when nobody listened is told of the message once, as it is now.
    let mut later = room.reader.events(&events).await;
    let (name, _, event) = later.next().await.unwrap();
    assert_eq!(
        (&*name, &event["id"], &event["reactions"][0]["emoji"]),
        ("message", &json!(said), &json!("👍"))
    );
    let page = room.page(&room.owner).await;
    assert!(page.contains("aria-pressed=\"true\"") && page.contains("👍 olga"), "{page}");
    let page = room.page(&room.reader).await;
    assert!(page.contains("class=\"reaction\"") && !page.contains("usual-reactions"), "a reader sees them");
    room.browser(&room.owner).post_form("/fn/unreact", &form).await.is(302);
    assert!(!room.page(&room.owner).await.contains("class=\"reaction\""));
    let path = format!("{API}/messages/{said}/reactions");
    for bad in ["", "a", "👍👍", "<b>"] {
        room.owner.send_json("PUT", &path, &json!({ "emoji": bad })).await.problem(422, "emoji");
    }
    let mut limited = false;
    for _ in 0..20 {
        let answer = room.owner.send_json("PUT", &path, &json!({ "emoji": "👍" })).await;
        limited = limited || answer.status == 429;
    }
    assert!(limited, "nobody reacts for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_does_not_learn_who_reported_and_a_moderator_settles() {
    let room = Room::open().await;
    let by_moderator = room.says(&room.moderator, json!({ "content": "Be quiet" })).await;
    let by_member = room.says(&room.member, json!({ "content": "Never" })).await;
    for said in [&by_moderator, &by_member] {
        let form = format!("conversation_id={}&message_id={said}&reason=Rude+%3Cb%3E", room.id);
        room.browser(&room.reader).post_form("/fn/report-message", &form).await.is(302);
    }
    let path = format!("{API}/rooms/{}/reports", room.id);
    let reporter = room.reader.id().await;
    let of = async |who: &Client, message: &str| {
        let all = who.get(&path).await.is(200).json();
        let found = all["items"].as_array().unwrap().iter().find(|it| it["message_id"] == message).cloned();
        found.unwrap()
    };
    assert_eq!(of(&room.owner, &by_moderator).await["reporter_id"], json!(reporter));
    assert_eq!(of(&room.moderator, &by_moderator).await["reporter_id"], Value::Null, "their own message");
    assert_eq!(of(&room.moderator, &by_member).await["reporter_id"], json!(reporter));
    let own = of(&room.moderator, &by_moderator).await;
    let dismiss = format!("{path}/{}/dismiss", own["id"].as_str().unwrap());
    assert_eq!(room.moderator.post(&dismiss, &json!({})).await.status, 403);
    let page = room.browser(&room.moderator).get(&format!("/rooms/{}/reports", room.id)).await.is(200).text();
    assert!(page.contains("Rude &lt;b&gt;") && page.matches("Reported by rita").count() == 1, "{page}");
    assert!(room.page(&room.moderator).await.contains("2 open reports"));
    assert!(!room.page(&room.member).await.contains("open report"));
    room.browser(&room.moderator)
        .post_form("/fn/erase-post", &format!("message_id={by_member}"))
        .await
        .is(302);
    let settled = room.owner.get(&format!("{path}?settled=true")).await.is(200).json();
    assert_eq!(settled["items"][0]["settled"]["how"], "deleted");
    room.reader
        .post(&format!("{API}/messages/{by_moderator}/report"), &json!({ "reason": "x".repeat(501) }))
        .await
        .problem(422, "reason");
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_mentions_and_markdown_are_shown() {
    let room = Room::open().await;
    let first = room.says(&room.member, json!({ "content": "**Bold** <i>\nnext line" })).await;
    let meg = room.member.id().await;
    let reply = json!({ "content": "Yes @meg and @nobody", "reply_to": first, "mentions": [meg] });
    let second = room.says(&room.owner, reply).await;
    let page = room.page(&room.member).await;
    assert!(page.contains("<strong>Bold</strong>") && page.contains("&lt;i&gt;<br"), "{page}");
    assert!(page.contains("<span class=\"mention own\">@meg</span> and @nobody"), "{page}");
    assert!(room.page(&room.owner).await.contains("<span class=\"mention\">@meg</span>"));
    assert!(
        page.contains("class=\"said-reply\"") && page.contains(&format!("?at={first}#{first}")),
        "{page}"
    );
    let answering = format!("/c/{}?reply={first}", room.id);
    let form = room.browser(&room.owner).get(&answering).await.is(200).text();
    assert!(form.contains(&format!("name=\"reply_to\" value=\"{first}\"")), "{form}");
    let unknown = room.browser(&room.owner).get(&format!("/c/{}?reply=x", room.id)).await.is(200).text();
    assert!(unknown.contains("id=\"replying\" hidden"), "{unknown}");
    let body = format!("conversation_id={}&text=Third&reply_to={second}", room.id);
    room.browser(&room.member).post_form("/fn/post", &body).await.is(302);
    // What was deleted says so where it was answered.
    room.browser(&room.member).post_form("/fn/erase-post", &format!("message_id={first}")).await.is(302);
    let page = room.page(&room.owner).await;
    assert!(page.contains("<em>This message was deleted.</em>"), "{page}");
    let offered = room.browser(&room.owner).get(&format!("/fn/mentions?conversation={}&q=M", room.id)).await;
    let offered = offered.is(200).text();
    for name in ["data-mention=\\\"model", "data-mention=\\\"meg", "data-mention=\\\"mona"] {
        assert!(offered.contains(name), "{offered}");
    }
    assert!(!offered.contains("rita"), "{offered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_is_told_of_stands_in_list_and_title() {
    let room = Room::open().await;
    let meg = room.member.id().await;
    room.says(&room.owner, json!({ "content": "One" })).await;
    room.says(&room.owner, json!({ "content": "Two @meg", "mentions": [meg] })).await;
    for (notify, title, badges) in [
        ("all", "<title>(2) ", ["2 new messages", "1 message mentions you"]),
        ("mentions", "<title>(1) ", ["1 message mentions you", "1 message mentions you"]),
        ("nothing", "<title>New", ["<title>", "<title>"]),
    ] {
        let form = format!("id={}&notify={notify}&stay=true", room.id);
        let set = room.browser(&room.member).post_form("/fn/room-notify", &form).await.is(302);
        assert_eq!(set.header("location"), format!("/c/{}", room.id));
        let start = room.browser(&room.member).get("/").await.is(200).text();
        assert!(start.contains(title), "{notify}: {}", start.get(..600).unwrap());
        for badge in badges {
            assert!(start.contains(badge), "{notify}: {badge}");
        }
        assert_eq!(start.contains("mention-count"), notify != "nothing", "{notify}");
    }
    // The room that is on the page does not count.
    let set = format!("id={}&notify=all&stay=true", room.id);
    room.browser(&room.member).post_form("/fn/room-notify", &set).await.is(302);
    let open = room.page(&room.member).await;
    assert!(open.contains("<title>Tea"), "{}", open.get(..600).unwrap());
}
