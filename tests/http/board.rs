//! The board: administrators make and change it, everybody takes part by opening it, and guests read it where they may, also as
//! a feed.

use serde_json::{Value, json};

use super::app::{App, Client};

const ADMIN: &str = "/api/v1/admin/board";

async fn change(admin: &Client, patch: Value) -> Value {
    admin.patch(ADMIN, &patch).await.is(200).json()
}

async fn say(person: &Client, board: &str, text: &str) -> String {
    let said = json!({ "content": text });
    let said = person.post(&format!("/api/v1/conversations/{board}/messages"), &said).await.is(201).json();
    said["message"]["id"].as_str().unwrap().to_owned()
}

fn browser(app: &App, person: &Client) -> Client {
    app.client().cookie(&format!("inglenook={}", person.token())).browser()
}

async fn open(person: &Client) -> Value {
    person.post("/api/v1/board/join", &json!({})).await.is(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_makes_the_board_and_everybody_is_in_it_by_opening_it() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    // There is none yet, for nobody.
    lin.get(ADMIN).await.problem(404, "");
    for person in [&app.client(), &lin, &kim] {
        assert_eq!(person.clone().browser().get("/board").await.status, 404);
        assert_eq!(person.get("/board.atom").await.status, 404);
    }
    kim.get("/api/v1/board").await.problem(404, "");
    kim.patch(ADMIN, &json!({ "name": "Mine" })).await.problem(404, "");
    for (patch, field) in [
        (json!({}), "name"),
        (json!({ "name": " " }), "name"),
        (json!({ "name": "x".repeat(201) }), "name"),
        (json!({ "name": "x", "on_start": 11 }), "on_start"),
        (json!({ "name": "x", "writers": "nobody" }), "writers"),
    ] {
        lin.patch(ADMIN, &patch).await.problem(422, field);
    }
    let board = change(&lin, json!({ "name": " News ", "on_start": 2 })).await;
    assert_eq!(
        (&board["name"], &board["on"], &board["writers"], &board["guests"], &board["on_start"]),
        (&json!("News"), &json!(true), &json!("everybody"), &json!(false), &json!(2))
    );
    let id = board["id"].as_str().unwrap().to_owned();
    assert_eq!(kim.get("/api/v1/board").await.is(200).json(), board);
    // Nobody has to know of it to find it.
    let side = browser(&app, &kim).get("/history").await.is(200).text();
    assert!(side.contains(r#"<a href="/board" title="News">"#), "{side}");
    // To look at it is not yet to take part.
    kim.get(&format!("/api/v1/rooms/{id}")).await.problem(404, "");
    let led = browser(&app, &kim).get("/board?note=01ARZ3NDEKTSV4RRFFQ69G5FAV").await.is(303);
    assert!(led.header("location").starts_with(&format!("/c/{id}?at=01ARZ3")), "{}", led.header("location"));
    let own = open(&kim).await;
    assert_eq!(
        (&own["role"], &own["member_count"], &own["kind"]),
        (&json!("member"), &json!(2), &json!("board"))
    );
    for part in ["/history", "/fn/list"] {
        let side = browser(&app, &kim).get(part).await.is(200).text();
        assert!(!side.contains("/board") && side.contains(&format!("/c/{id}")), "{side}");
    }
    // It stands among the rooms, with what is unread.
    say(&lin, &id, "**Tea** at four").await;
    let rooms = kim.get("/api/v1/rooms").await.is(200).json();
    assert_eq!((&rooms["items"][0]["id"], &rooms["items"][0]["unread"]), (&json!(id), &json!(1)));
    let start = browser(&app, &kim).get("/").await.is(200).text();
    assert!(start.contains("Tea at four") && start.contains("/board?note="), "{start}");
    let page = browser(&app, &kim).get(&format!("/c/{id}")).await.is(200).text();
    assert!(page.contains("rel=\"alternate\" type=\"application/atom+xml\" href=\"/board.atom\""), "{page}");
    // Nobody leaves it, is invited to it, hands it over or deletes it.
    let room = format!("/api/v1/rooms/{id}");
    kim.post(&format!("{room}/leave"), &json!({})).await.problem(409, "");
    lin.post(&format!("{room}/codes"), &json!({})).await.problem(409, "");
    lin.get(&format!("{room}/codes")).await.problem(409, "");
    lin.post(&format!("{room}/members/{}/hand-over", kim.id().await), &json!({})).await.problem(409, "");
    lin.delete(&room).await.problem(409, "");
    lin.delete(&format!("/api/v1/conversations/{id}")).await.problem(409, "");
    let noted = lin.get("/api/v1/admin/audit").await.is(200).text();
    assert!(noted.contains("settings_changed") && noted.contains("News"), "{noted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_write_is_a_setting_and_what_is_switched_off_is_missing() {
    let app = App::start().await;
    let (lin, kim, ben) = (app.person("lin").await, app.person("kim").await, app.person("ben").await);
    let id = change(&lin, json!({ "name": "News" })).await["id"].as_str().unwrap().to_owned();
    for person in [&kim, &ben] {
        open(person).await;
    }
    let note = say(&kim, &id, "Mine").await;
    let mut events = kim.events(&format!("/api/v1/conversations/{id}/events")).await;
    change(&lin, json!({ "writers": "moderators" })).await;
    let said = json!({ "content": "More" });
    kim.post(&format!("/api/v1/conversations/{id}/messages"), &said).await.problem(403, "");
    assert_eq!(open(&kim).await["role"], json!("reader"));
    let promote = json!({ "role": "moderator" });
    lin.patch(&format!("/api/v1/rooms/{id}/members/{}", ben.id().await), &promote).await.is(200);
    say(&ben, &id, "As a moderator").await;
    // Moderators act as in a room, but not with administrators.
    browser(&app, &ben).post_form("/fn/erase-post", &format!("message_id={note}")).await.is(302);
    let ban = |who: String| format!("/api/v1/rooms/{id}/members/{who}/ban");
    ben.post(&ban(lin.id().await), &json!({})).await.problem(403, "");
    change(&lin, json!({ "writers": "everybody" })).await;
    say(&kim, &id, "Again").await;
    // Switched off, it is there for nobody, and streams end.
    change(&lin, json!({ "on": false })).await;
    while events.next().await.is_some() {}
    for person in [&kim, &ben, &lin] {
        person.get(&format!("/api/v1/conversations/{id}")).await.problem(404, "");
        person.get(&format!("/api/v1/rooms/{id}")).await.problem(404, "");
        person.get("/api/v1/board").await.problem(404, "");
        assert_eq!(browser(&app, person).get("/board").await.status, 404);
    }
    assert_eq!(kim.get("/api/v1/rooms").await.is(200).json()["items"], json!([]));
    assert_eq!(lin.get(ADMIN).await.is(200).json()["on"], json!(false));
    change(&lin, json!({ "on": true })).await;
    let line = kim.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).text();
    assert!(line.contains("Again"));
    // Who is banned finds no way in.
    ben.post(&ban(kim.id().await), &json!({ "hide": true })).await.is(200);
    kim.post("/api/v1/board/join", &json!({})).await.problem(403, "");
    kim.get("/api/v1/board").await.problem(403, "");
    kim.get("/board.atom").await.problem(403, "");
    let start = browser(&app, &kim).get("/").await.is(200).text();
    assert!(!start.contains("As a moderator") && !start.contains("/board"), "{start}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_read_it_page_by_page_where_they_may() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let id = change(&lin, json!({ "name": "News" })).await["id"].as_str().unwrap().to_owned();
    open(&kim).await;
    let guest = app.client().browser();
    let led = guest.get("/board").await.is(303);
    assert!(led.header("location").starts_with("/login?next="), "{}", led.header("location"));
    assert_eq!(app.client().get("/board.atom").await.status, 401);
    let leads = async || guest.get("/login").await.is(200).text().contains(r#"href="/board""#);
    assert!(!leads().await);
    change(&lin, json!({ "guests": true })).await;
    assert!(leads().await);
    assert!(guest.get("/board").await.is(200).text().contains("Nothing is written here yet."));
    let first = say(&lin, &id, "The *first* <script>alert(1)</script>").await;
    let hidden = say(&kim, &id, "To be hidden").await;
    let gone = say(&lin, &id, "To be deleted").await;
    browser(&app, &lin).post_form("/fn/erase-post", &format!("message_id={gone}")).await.is(302);
    lin.post(&format!("/api/v1/rooms/{id}/members/{}/ban", kim.id().await), &json!({ "hide": true }))
        .await
        .is(200);
    let grant =
        app.state.store.access(&lin.id().await, &id, inglenook::server::store::Need::Write).await.unwrap();
    for at in 0..51 {
        // Behind the limit of what one person writes in a moment.
        let mut message = app.state.store.message(&grant, &first).await.unwrap().unwrap();
        message.id = app.state.ids.next();
        message.content = format!("Note {at}.");
        let new = inglenook::server::store::NewMessage { message, key: None, asks: None, now: 1 };
        app.state.store.add_message(&grant, &new).await.unwrap();
    }
    let page = guest.get("/board").await.is(200).text();
    assert!(page.contains("Note 50.") && page.contains("Note 1.") && !page.contains("Note 0."), "{page}");
    let older = page.split("/board?before=").nth(1).unwrap().split('"').next().unwrap();
    let rest = guest.get(&format!("/board?before={older}")).await.is(200).text();
    assert!(rest.contains("Note 0.") && rest.contains("<em>first</em>") && rest.contains(&first), "{rest}");
    assert!(rest.contains("&lt;script&gt;") && !rest.contains("<script>alert"), "{rest}");
    for shown in [&page, &rest] {
        assert!(!shown.contains("To be") && !shown.contains(&hidden) && !shown.contains(&gone));
    }
    let at = guest.get(&format!("/board?note={first}")).await.is(200).text();
    assert!(at.contains(&first) && !at.contains("Note 0."));
    // Whoever is banned reads what guests read, and what is no id is nothing.
    assert!(browser(&app, &kim).get("/board").await.is(200).text().contains("Note 50."));
    for odd in ["note=%00", "note=../x", "before=%F0%9F%8C%B1", &*format!("before={}", "x".repeat(900))] {
        guest.get(&format!("/board?{odd}")).await.is(200);
    }
    assert!(guest.get(&format!("/c/{id}")).await.header("location").starts_with("/login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_well_formed_and_stable() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let name = "News & <b>\"more\"</b>";
    let id = change(&lin, json!({ "name": name })).await["id"].as_str().unwrap().to_owned();
    let hostile = "]]><x>&amp; \"it's\" \u{1}\u{fffe} 字 [a](javascript:alert(1)) <img src=x onerror=y>\n\n```js\nlet a;\n```";
    let note = say(&lin, &id, hostile).await;
    say(&lin, &id, "Second").await;
    // A session or a key of the smallest scope reads it, and nobody else.
    let atom = "/board.atom";
    assert_eq!(app.client().get(atom).await.status, 401);
    let made =
        lin.post("/api/v1/me/keys", &json!({ "name": "Reader", "scope": "read" })).await.is(201).json();
    let answer = app.client().bearer(made["key"].as_str().unwrap()).get(atom).await.is(200);
    assert_eq!(answer.header("content-type"), "application/atom+xml; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    assert!(answer.header("last-modified").ends_with(" GMT"));
    let text = answer.text();
    let parsed = roxmltree::Document::parse(&text).unwrap();
    let root = parsed.root_element();
    let ns = "http://www.w3.org/2005/Atom";
    assert!(
        root.has_tag_name((ns, "feed"))
            && root.descendants().all(|it| !it.is_element() || it.tag_name().namespace() == Some(ns))
    );
    let child = |of: &roxmltree::Node<'_, '_>, name: &str| {
        let found = of.children().find(|it| it.has_tag_name((ns, name)));
        found.and_then(|it| it.text()).unwrap_or_else(|| panic!("{name} is missing: {text}")).to_owned()
    };
    let links = |of: &roxmltree::Node<'_, '_>| {
        let links = of.children().filter(|it| it.has_tag_name((ns, "link")));
        links
            .map(|it| format!("{} {}", it.attribute("rel").unwrap(), it.attribute("href").unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!((child(&root, "title"), child(&root, "id").len()), (name.to_owned(), 45));
    assert_eq!(
        links(&root),
        ["self http://inglenook.test/board.atom", "alternate http://inglenook.test/board"]
    );
    let entries: Vec<_> = root.children().filter(|it| it.has_tag_name((ns, "entry"))).collect();
    assert_eq!(entries.len(), 2);
    let mut ids = Vec::new();
    for entry in &entries {
        ids.push(child(entry, "id"));
        for time in ["published", "updated"] {
            let time = child(entry, time);
            assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
        }
        let author = entry.children().find(|it| it.has_tag_name((ns, "author"))).unwrap();
        assert_eq!(child(&author, "name"), "lin");
        let content = entry.children().find(|it| it.has_tag_name((ns, "content"))).unwrap();
        assert_eq!(content.attribute("type"), Some("html"));
    }
    assert!(ids[0] != ids[1] && ids.iter().all(|id| id.starts_with("urn:uuid:")), "{ids:?}");
    assert_eq!(links(&entries[1]), [format!("alternate http://inglenook.test/board?note={note}")]);
    assert_eq!(child(&entries[0], "title"), "Second");
    let content = child(&entries[1], "content");
    assert!(
        content.contains("&lt;img") && !content.contains("<img") && !content.contains("javascript:"),
        "{content}"
    );
    assert!(!content.contains("<button") && content.contains("let"), "{content}");
    // Whoever has it already gets it once more when something changed.
    let etag = answer.header("etag").to_owned();
    let knows = lin.clone().header("if-none-match", &format!("\"x\", {etag}"));
    assert!(knows.get(atom).await.is(304).text().is_empty());
    let form = format!("conversation_id={id}&message_id={note}&text=Edited");
    lin.post_form("/fn/edit-post", &form).await.is(200);
    let anew = knows.get(atom).await.is(200).text();
    let parsed = roxmltree::Document::parse(&anew).unwrap();
    let again: Vec<_> = parsed.descendants().filter(|it| it.has_tag_name((ns, "entry"))).collect();
    assert_eq!((child(&again[1], "title"), child(&again[1], "id")), ("Edited".to_owned(), ids[1].clone()));
    // Guests read it where they may.
    change(&lin, json!({ "guests": true })).await;
    let open = app.client().get(atom).await.is(200);
    assert_eq!((open.text() == anew, open.header("cache-control")), (true, "no-cache"));
}
