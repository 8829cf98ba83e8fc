//! What administrators do with the accounts of others, as calls and as plain forms.

use futures::future::join_all;
use serde_json::json;

use super::{
    app::{App, Client, PASSWORD},
    time::Hands,
};

const PEOPLE: &str = "/api/v1/admin/people";
const LOGIN: &str = "/api/v1/auth/login";
const ME: &str = "/api/v1/me";

fn browser(app: &App, person: &Client) -> Client {
    app.client().browser().cookie(&format!("inglenook={}", person.token()))
}

async fn sign_in(app: &App, name: &str, password: &str) -> u16 {
    let form = json!({ "email": format!("{name}@example.org"), "password": password });
    app.client().post(LOGIN, &form).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_find_people_page_by_page() {
    let app = App::start().await;
    let admin = app.person("lin").await;
    for name in ["kim", "kimberly", "zoe"] {
        app.person(name).await;
    }
    let names = |answer: serde_json::Value| {
        let items = answer["items"].as_array().unwrap().clone();
        items.iter().map(|person| person["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = admin.get(&format!("{PEOPLE}?limit=3")).await.is(200).json();
    assert_eq!(
        (names(first.clone()), first["total"].as_u64()),
        (["zoe", "kimberly", "kim"].map(String::from).to_vec(), Some(4))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("{PEOPLE}?limit=3&cursor={cursor}")).await.is(200).json();
    assert_eq!((names(second.clone()), second["next_cursor"].is_null()), (vec!["lin".to_owned()], true));
    let found = admin.get(&format!("{PEOPLE}?q=KIM")).await.is(200).json();
    assert_eq!(
        (names(found.clone()), found["total"].as_u64()),
        (vec!["kimberly".to_owned(), "kim".to_owned()], Some(2))
    );
    admin.get(&format!("{PEOPLE}?limit=0")).await.problem(422, "limit");
    admin.get(&format!("{PEOPLE}?limit=x")).await.problem(422, "limit");

    let page = browser(&app, &admin);
    let list = page.get("/admin/people?q=kim").await.is(200).text();
    for part in ["2 people", "kimberly@example.org", "value=\"kim\""] {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert!(!list.contains("zoe@example.org"));
    assert!(page.get("/admin/people?q=nobody").await.is(200).text().contains("Nobody is called that"));
    assert_eq!(page.get("/admin").await.is(303).header("location"), "/admin/people");
    assert!(page.get("/").await.is(200).text().contains("href=\"/admin\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_person_is_out_at_once_and_back_when_enabled() {
    let app = App::start().await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let id = kim.id().await;
    let address = format!("{PEOPLE}/{id}");
    let mut stream = kim.events(&format!("/api/v1/conversations/{}/events", kim.conversation().await)).await;
    let answer = admin.patch(&address, &json!({ "state": "disabled" })).await.is(200).json();
    assert_eq!(answer["state"], "disabled");
    kim.get(ME).await.is(401);
    assert_eq!(stream.next().await, None, "their streams end");
    assert_eq!(sign_in(&app, "kim", PASSWORD).await, 401);
    let page = browser(&app, &admin).get(&format!("/admin/people/{id}")).await.is(200).text();
    assert!(page.contains("Enable the account") && !page.contains("Make a link"), "{page}");
    admin.post(&format!("{address}/reset"), &json!({})).await.problem(409, "");
    admin.patch(&address, &json!({ "state": "active" })).await.is(200);
    assert_eq!(sign_in(&app, "kim", PASSWORD).await, 200);
    for (patch, field) in [
        (json!({ "state": "deleted" }), "state"),
        (json!({ "state": "gone" }), "state"),
        (json!({ "role": 7 }), "role"),
        (json!({ "role": { "$gt": "" } }), "role"),
    ] {
        admin.patch(&address, &patch).await.problem(422, field);
    }
    // What nobody asked for changes nothing.
    let more = json!({ "is_admin": true, "name": "x", "_id": "y", "login": "z" });
    assert_eq!(admin.patch(&address, &more).await.is(200).json()["name"], "kim");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_whatever_is_tried() {
    let app = App::start().await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let (own, other) = (admin.id().await, kim.id().await);
    let address = format!("{PEOPLE}/{own}");
    admin.patch(&address, &json!({ "role": "member" })).await.problem(409, "");
    admin.patch(&address, &json!({ "state": "disabled" })).await.problem(409, "");
    admin.delete(&address).await.problem(409, "");
    admin.get(ME).await.is(200);
    admin.patch(&format!("{PEOPLE}/{other}"), &json!({ "role": "admin" })).await.is(200);
    // Two administrators who demote each other at once leave one.
    let demote = json!({ "role": "member" });
    let of_other = format!("{PEOPLE}/{other}");
    let both = join_all([admin.patch(&of_other, &demote), kim.patch(&address, &demote)]).await;
    let done = both.iter().filter(|answer| answer.status == 200).count();
    assert!(done <= 1, "{} {}", both[0].text(), both[1].text());
    let admins = [&admin, &kim].map(|person| person.get(PEOPLE));
    let admins = join_all(admins).await.into_iter().filter(|answer| answer.status == 200).count();
    assert_eq!(admins, 2 - done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_sets_a_new_password_once_and_for_a_day() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let id = kim.id().await;
    let make = format!("{PEOPLE}/{id}/reset");
    let link = admin.post(&make, &json!({})).await.is(201).json();
    let path = link["url"].as_str().unwrap().split_once("/reset/").unwrap().1.to_owned();
    let stranger = app.client().browser();
    let page = stranger.get(&format!("/reset/{path}")).await.is(200);
    assert!(page.text().contains("kim@example.org"), "{}", page.text());
    assert!(page.header("cache-control").contains("no-store"), "{}", page.header("cache-control"));
    // A weak password is refused, and the link still counts.
    let weak = stranger.post_form("/fn/reset-password", &format!("code={path}&password=short")).await.is(302);
    assert!(
        weak.header("location").starts_with(&format!("/reset/{path}?flash=")),
        "{}",
        weak.header("location")
    );
    let set = format!("code={path}&password=kettle+and+hearth");
    let done = stranger.post_form("/fn/reset-password", &set).await.is(302);
    assert_eq!(done.header("location"), "/login");
    kim.get(ME).await.is(401);
    assert_eq!(sign_in(&app, "kim", PASSWORD).await, 401);
    assert_eq!(sign_in(&app, "kim", "kettle and hearth").await, 200);
    let gone = stranger.get(&format!("/reset/{path}")).await.is(200).text();
    assert!(gone.contains("does not count"), "{gone}");
    stranger.post_form("/fn/reset-password", &set).await;
    // A plain form of an administrator leads to the page that shows the link.
    let page = browser(&app, &admin);
    let made = page.post_form("/fn/make-reset-link", &format!("id={id}")).await.is(302);
    let shown = page.get(made.header("location")).await.is(200).text();
    let secret = shown.split("/reset/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    hands.turn(24 * 60 * 60 * 1000);
    let late = stranger.get(&format!("/reset/{secret}")).await.is(200).text();
    assert!(late.contains("does not count"), "{late}");
    for nonsense in ["x", "%00", "..", "7ZZZ0123456789ABCDEFGH1JKM"] {
        let said = stranger.get(&format!("/reset/{nonsense}")).await;
        assert!(said.status == 200 || said.status == 404, "{nonsense}: {}", said.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_person_is_gone_with_what_they_wrote_or_without_it() {
    let app = App::start().await;
    let (admin, kim, zoe) = (app.person("lin").await, app.person("kim").await, app.person("zoe").await);
    let page = browser(&app, &admin);
    for (person, name, erase) in [(&kim, "kim", true), (&zoe, "zoe", false)] {
        let (id, conversation) = (person.id().await, person.conversation().await);
        person.ask(&conversation, "Mine alone").await;
        let form = |confirm: &str| format!("id={id}&erase={erase}&confirm={confirm}");
        let refused = page.post_form("/fn/delete-person", &form("somebody")).await.is(302);
        let told = page.get(refused.header("location")).await.is(200).text();
        assert!(told.contains("This is not what the person signs in with"), "{told}");
        person.get(ME).await.is(200);
        let done = page.post_form("/fn/delete-person", &form(&format!("{name}%40example.org"))).await.is(302);
        assert!(page.get(done.header("location")).await.is(200).text().contains("The account is deleted"));
        person.get(ME).await.is(401);
        assert_eq!(sign_in(&app, name, PASSWORD).await, 401);
        admin.get(&format!("{PEOPLE}/{id}")).await.is(404);
        page.get(&format!("/admin/people/{id}")).await.is(404);
        app.state.accounts.delete_due_accounts().await.unwrap();
        assert_eq!(app.state.store.user(&id).await.unwrap().is_none(), erase, "{name}");
        // The name is free, and who takes it finds nothing of the other.
        let anew = app.person(name).await;
        assert!(
            anew.get("/api/v1/conversations").await.is(200).json()["items"].as_array().unwrap().is_empty()
        );
        anew.get(&format!("/api/v1/conversations/{conversation}")).await.is(404);
    }
}

/// There is no page and no call with which an administrator reads what others wrote.
#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_reads_no_conversation_of_others() {
    let app = App::start().await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let (id, conversation) = (kim.id().await, kim.conversation().await);
    let secret = "velvet-otter-lantern";
    let asked = kim.ask(&conversation, secret).await;
    kim.patch(&format!("/api/v1/conversations/{conversation}"), &json!({ "title": secret })).await.is(200);
    let message = asked["assistant_message"]["id"].as_str().unwrap();
    let page = browser(&app, &admin);
    for path in [
        format!("/api/v1/conversations/{conversation}"),
        format!("/api/v1/conversations/{conversation}/messages"),
        format!("/api/v1/conversations/{conversation}/events"),
        format!("/api/v1/conversations/{conversation}/queue"),
    ] {
        admin.get(&path).await.is(404);
    }
    for path in [
        format!("/c/{conversation}"),
        format!("/c/{conversation}/settings"),
        format!("/c/{conversation}/outline"),
    ] {
        page.get(&path).await.is(404);
    }
    admin.post(&format!("/api/v1/messages/{message}/fork"), &json!({})).await.is(404);
    for path in ["/", "/history", "/admin/people", &format!("/admin/people/{id}"), "/fn/list"] {
        assert!(!page.get(path).await.is(200).text().contains(secret), "{path}");
    }
    for path in
        [PEOPLE.to_owned(), format!("{PEOPLE}/{id}"), "/api/v1/conversations".into(), "/api/v1/bin".into()]
    {
        assert!(!admin.get(&path).await.is(200).text().contains(secret), "{path}");
    }
}
