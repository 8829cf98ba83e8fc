//! The list of people, their profiles, and the notes on their walls.

use inglenook::server::store::StoredPresence;
use serde_json::{Value, json};

use super::app::{App, Client};

const PEOPLE: &str = "/api/v1/people";

fn wall(id: &str) -> String {
    format!("{PEOPLE}/{id}/wall")
}

fn browser(app: &App, client: &Client) -> Client {
    app.client().cookie(&format!("inglenook={}", client.token())).browser()
}

fn texts(page: &Value, field: &str) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

async fn prefer(who: &Client, preferences: Value) {
    who.patch("/api/v1/me", &json!({ "preferences": preferences })).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_listed_by_name_unless_they_chose_otherwise() {
    let app = App::start().await;
    let (lin, kim, eve) = (app.person("lin").await, app.person("Kim").await, app.person("eve").await);
    prefer(&kim, json!({ "about": " I grow beans.\r\nAnd peas. ", "picture_initial": "🌱" })).await;
    let all = lin.get(PEOPLE).await.is(200);
    assert!(!all.text().contains("example.org") && !all.text().contains('@'), "{}", all.text());
    assert_eq!(texts(&all.json(), "name"), ["eve", "Kim", "lin"]);
    let found = lin.get(&format!("{PEOPLE}?q=kI")).await.is(200).json();
    let expected = json!({
        "id": kim.id().await, "name": "Kim", "initial": "🌱", "colour": found["items"][0]["colour"],
        "about": "I grow beans.\nAnd peas.",
    });
    assert_eq!(found["items"], json!([expected]));
    let first = lin.get(&format!("{PEOPLE}?limit=2")).await.is(200).json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = lin.get(&format!("{PEOPLE}?limit=2&cursor={cursor}")).await.is(200).json();
    assert_eq!((texts(&rest, "name"), &rest["next_cursor"]), (vec!["lin".to_owned()], &Value::Null));
    lin.get(&format!("{PEOPLE}?cursor=x")).await.problem(422, "cursor");
    lin.get(&format!("{PEOPLE}?q={}", "x".repeat(101))).await.problem(422, "q");
    prefer(&eve, json!({ "listed": false })).await;
    assert_eq!(texts(&lin.get(PEOPLE).await.is(200).json(), "name"), ["Kim", "lin"]);
    let page = browser(&app, &lin).get("/people").await.is(200).text();
    assert!(
        page.contains("I grow beans.") && !page.contains(">eve<") && !page.contains("example.org"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_here_stand_first_and_each_page_goes_on_where_the_last_one_ended() {
    let app = App::start().await;
    let mut people = Vec::new();
    for name in ["ann", "ben", "cat", "dan", "eli", "fay"] {
        people.push(app.person(name).await);
    }
    let ids = futures::future::join_all(people.iter().map(Client::id)).await;
    let now = app.state.clock.now();
    let comes = async |at: usize, active: bool| {
        let until = now + 90_000;
        let seen = StoredPresence {
            user_id: ids[at].clone(),
            active_until: if active { until } else { 0 },
            connected_until: until,
            seen_at: now,
        };
        app.state.store.note_presences(&[seen]).await.unwrap();
    };
    let reader = &people[0];
    let page = async |path: String| reader.get(&path).await.is(200).json();
    let names = |page: &Value| texts(page, "name");
    let next = |page: &Value| page["next_cursor"].as_str().unwrap().to_owned();
    people[5].send_json("PUT", "/api/v1/me/presence", &json!({ "shown": false })).await.is(200);
    for (at, active) in [(4, true), (3, false), (5, true)] {
        comes(at, active).await;
    }
    // Whoever lets nobody know stands where their name does.
    assert_eq!(names(&page(PEOPLE.into()).await), ["dan", "eli", "ann", "ben", "cat", "fay"]);
    let first = page(format!("{PEOPLE}?limit=3")).await;
    assert_eq!(names(&first), ["dan", "eli", "ann"]);
    // Whoever comes or goes meanwhile is neither missed nor told twice.
    comes(2, true).await;
    app.state.store.show_presence(&ids[4], false).await.unwrap();
    let second = page(format!("{PEOPLE}?limit=2&cursor={}", next(&first))).await;
    assert_eq!(names(&second), ["ben", "cat"]);
    let third = page(format!("{PEOPLE}?limit=2&cursor={}", next(&second))).await;
    assert_eq!((names(&third), &third["next_cursor"]), (vec!["fay".to_owned()], &Value::Null));
    // A head as long as the page, and one that is longer.
    let alone = page(format!("{PEOPLE}?limit=1")).await;
    assert_eq!(names(&alone), ["cat"]);
    assert_eq!(names(&page(format!("{PEOPLE}?limit=2&cursor={}", next(&alone))).await), ["ann", "ben"]);
    assert_eq!(names(&page(format!("{PEOPLE}?q=A")).await), ["cat", "dan", "ann", "fay"]);
    for bad in ["x", "a_b", &format!("{}__", "x".repeat(27))] {
        reader.get(&format!("{PEOPLE}?cursor={bad}")).await.problem(422, "cursor");
    }
    let shown = browser(&app, reader).get("/people").await.is(200).text();
    let at = |name: &str| shown.find(&format!("<strong dir=\"auto\">{name}</strong>")).unwrap();
    assert!(at("cat") < at("dan") && at("dan") < at("ann") && at("ann") < at("ben"), "{shown}");
    assert!(shown.contains("presence online") && shown.contains("presence away"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_a_list_has_profiles_still() {
    let app = App::with(&[("INGLENOOK_AUTH_PEOPLE_LIST", "off")]).await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    lin.get(PEOPLE).await.problem(404, "");
    let sees = browser(&app, &lin);
    sees.get("/people").await.is(404);
    assert!(!sees.get("/rooms").await.is(200).text().contains("href=\"/people\""));
    assert!(!sees.get("/settings").await.is(200).text().contains("name=\"listed\""));
    lin.get(&format!("{PEOPLE}/{}", kim.id().await)).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_tells_what_others_may_know() {
    let app = App::start().await;
    let (lin, kim, eve) = (app.person("lin").await, app.person("kim").await, app.person("eve").await);
    let kim_id = kim.id().await;
    let rooms = "/api/v1/rooms";
    let shared = lin.post(rooms, &json!({ "name": "Garden", "listed": true })).await.is(201).id();
    let secret = kim.post(rooms, &json!({ "name": "Kim's own" })).await.is(201).id();
    kim.post(&format!("{rooms}/{shared}/join"), &json!({})).await.is(200);
    let shown = lin.get(&format!("{PEOPLE}/{kim_id}")).await.is(200);
    assert!(!shown.text().contains("example.org") && !shown.text().contains(&secret), "{}", shown.text());
    let shown = shown.json();
    assert_eq!(shown["rooms"], json!([{ "id": shared, "name": "Garden" }]));
    assert_eq!(
        (&shown["blocked"], &shown["wall"], &shown["may_note"]),
        (&json!(false), &json!(true), &json!(true))
    );
    assert_eq!(eve.get(&format!("{PEOPLE}/{kim_id}")).await.is(200).json()["rooms"], json!([]));
    let page = browser(&app, &lin).get(&format!("/people/{kim_id}")).await.is(200).text();
    for part in ["Garden", "/fn/open-direct", "/fn/block", "/fn/leave-note"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let own = browser(&app, &kim).get(&format!("/people/{kim_id}")).await.is(200).text();
    assert!(!own.contains("/fn/open-direct") && !own.contains("/fn/block\""), "{own}");
    // Whoever may not sign in is not there.
    let off = json!({ "state": "disabled" });
    lin.patch(&format!("/api/v1/admin/people/{kim_id}"), &off).await.is(200);
    eve.get(&format!("{PEOPLE}/{kim_id}")).await.problem(404, "");
    browser(&app, &eve).get(&format!("/people/{kim_id}")).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_are_left_and_deleted_by_whoever_may() {
    let app = App::start().await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let kim_id = kim.id().await;
    let leave = async |who: &Client, text: &str| {
        who.post(&wall(&kim_id), &json!({ "text": text })).await.is(201).id()
    };
    let mut ids = Vec::new();
    for (who, text) in [(&ann, "One"), (&ann, "Two <b>"), (&bob, "Three"), (&kim, "Four")] {
        ids.push(leave(who, text).await);
    }
    let read = bob.get(&wall(&kim_id)).await.is(200).json();
    assert_eq!(texts(&read, "text"), ["Four", "Three", "Two <b>", "One"]);
    assert_eq!(read["items"][1]["author"]["name"], "bob");
    let page = bob.get(&format!("{}?limit=3", wall(&kim_id))).await.is(200).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = bob.get(&format!("{}?cursor={cursor}", wall(&kim_id))).await.is(200).json();
    assert_eq!(texts(&rest, "text"), ["One"]);
    for (text, most) in [(String::new(), false), (" \n".to_owned(), false), ("x".repeat(1001), true)] {
        let refused = bob.post(&wall(&kim_id), &json!({ "text": text })).await;
        assert_eq!(refused.text().contains("1,000"), most, "{}", refused.text());
        refused.problem(422, "text");
    }
    let note = |id: &str| format!("{}/{id}", wall(&kim_id));
    // Another's note is missing for everybody but these three.
    bob.delete(&note(&ids[0])).await.problem(404, "");
    ann.delete(&note(&ids[0])).await.is(204);
    kim.delete(&note(&ids[1])).await.is(204);
    admin.delete(&note(&ids[2])).await.is(204);
    admin.delete(&note(&ids[2])).await.problem(404, "");
    let log = admin.get("/api/v1/admin/audit?kind=note_removed").await.is(200).json();
    assert_eq!(
        (log["items"].as_array().unwrap().len(), &log["items"][0]["subject"]["name"]),
        (1, &json!("bob"))
    );
    // The note of another wall is not found under this address.
    kim.delete(&format!("{}/{}", wall(&ann.id().await), ids[3])).await.problem(404, "");
    bob.send_json("PUT", &format!("{PEOPLE}/{kim_id}/block"), &json!({})).await.is(204);
    bob.post(&wall(&kim_id), &json!({ "text": "x" })).await.problem(403, "");
    kim.post(&wall(&bob.id().await), &json!({ "text": "x" })).await.problem(403, "");
    // Switched off, it is gone for others; the owner still clears it.
    prefer(&kim, json!({ "wall": false })).await;
    ann.get(&wall(&kim_id)).await.problem(404, "");
    ann.post(&wall(&kim_id), &json!({ "text": "x" })).await.problem(403, "");
    kim.delete(&note(&ids[3])).await.is(204);
    assert_eq!(admin.get(&wall(&kim_id)).await.is(200).json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_notes_within_an_hour_are_enough() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let (lin_id, kim_id) = (lin.id().await, kim.id().await);
    for at in 0..10 {
        let id = if at % 2 == 0 { &kim_id } else { &lin_id };
        lin.post(&wall(id), &json!({ "text": "x" })).await.is(201);
    }
    let refused = lin.post(&wall(&kim_id), &json!({ "text": "x" })).await;
    assert!(!refused.header("retry-after").is_empty());
    refused.problem(429, "");
    kim.post(&wall(&lin_id), &json!({ "text": "x" })).await.is(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_block_leave_notes_and_set_what_others_see() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let (sees, kim_id) = (browser(&app, &lin), kim.id().await);
    let follow = async |form: &str, body: &str| {
        let told = sees.post_form(form, body).await.is(302);
        sees.get(told.header("location")).await.is(200).text()
    };
    let page = follow("/fn/leave-note", &format!("id={kim_id}&text=Hello+%3Cb%3E")).await;
    assert!(page.contains("Your note is on the wall.") && page.contains("Hello &lt;b&gt;"), "{page}");
    let note = kim.get(&wall(&kim_id)).await.is(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
    // What was typed and cannot be taken is shown again.
    let long = format!("id={kim_id}&text={}", "long+".repeat(300));
    let refused = sees.post_form("/fn/leave-note", &long).await.is(422).text();
    assert!(refused.contains("long long") && refused.contains("at most 1,000"), "{refused}");
    let page = follow("/fn/remove-note", &format!("id={kim_id}&note_id={note}")).await;
    assert!(page.contains("The note is deleted."), "{page}");
    let page = follow("/fn/block", &format!("id={kim_id}")).await;
    assert!(page.contains("kim is blocked.") && page.contains("/fn/unblock"), "{page}");
    assert!(!page.contains("/fn/leave-note"), "{page}");
    let settings = sees.get("/settings").await.is(200).text();
    assert!(settings.contains(&format!("/people/{kim_id}")), "{settings}");
    assert_eq!(texts(&lin.get("/api/v1/me/blocks").await.is(200).json(), "name"), ["kim"]);
    let page = follow("/fn/unblock", &format!("id={kim_id}&back=settings")).await;
    assert!(page.contains("The block is ended.") && page.contains("You have blocked nobody."), "{page}");
    let page = follow("/fn/set-about", "text=I+am+%3Clin%3E").await;
    assert!(page.contains("The text is saved.") && page.contains("I am &lt;lin&gt;"), "{page}");
    follow("/fn/set-visible", "listed=false&wall=false").await;
    let me = lin.get("/api/v1/me").await.is(200).json();
    assert_eq!((&me["preferences"]["listed"], &me["preferences"]["wall"]), (&json!(false), &json!(false)));
    let itself = lin.id().await;
    lin.send_json("PUT", &format!("{PEOPLE}/{itself}/block"), &json!({})).await.problem(409, "");
    let opened = sees.post_form("/fn/open-direct", &format!("id={kim_id}")).await.is(302);
    assert!(opened.header("location").starts_with("/c/"));
}
