//! What is archived or deleted: its lists as pages, and the plain forms that bring it back.

use serde_json::json;

use super::{
    app::{App, Client},
    time::Hands,
};

const DELETED: &str = "/history?deleted=true";

fn browser(app: &App, person: &Client) -> Client {
    app.client().browser().cookie(&format!("inglenook={}", person.token()))
}

async fn made(person: &Client, title: &str) -> String {
    let made = person.post("/api/v1/conversations", &json!({ "title": title })).await.is(201).json();
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_restored_on_its_page() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let (page, other) = (browser(&app, &lin), browser(&app, &kim));
    assert!(page.get(DELETED).await.is(200).text().contains("Nothing is deleted"));
    let (leeks, stars) = (made(&lin, "Leeks <b>").await, made(&lin, "Stars").await);
    let body = format!("conversation_id={leeks}");

    // It was deleted by a plain form, and where that ends it can be restored. The clock began on 2 October 2096.
    let gone = page.post_form("/fn/delete", &body).await.is(302);
    let told = page.get(gone.header("location")).await.is(200).text();
    assert!(gone.header("location").starts_with(&format!("{DELETED}&flash=")), "{}", gone.header("location"));
    for part in ["<h1>Deleted</h1>", "is deleted. You can", "Leeks &lt;b", "Gone for good on 1 November 2096"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let button =
        format!("action=\"/fn/restore\"><input type=\"hidden\" name=\"conversation_id\" value=\"{leeks}\"");
    assert!(told.contains(&button), "{told}");
    // The notice is for those who sent the form.
    assert!(!page.get(DELETED).await.is(200).text().contains("You can restore it here"));
    hands.turn(1);
    page.post_form("/fn/delete", &format!("conversation_id={stars}")).await.is(302);
    let both = page.get(DELETED).await.is(200).text();
    assert!(both.find(">Stars<") < both.find(">Leeks"), "the last one is first: {both}");

    // Nobody else sees it or brings it back.
    assert!(!other.get(DELETED).await.is(200).text().contains("Leeks"));
    assert!(!other.get(gone.header("location")).await.is(200).text().contains("is deleted. You can"));
    other.post_form("/fn/restore", &body).await.is(404);
    let signed_out = app.client().browser().get(DELETED).await.is(303);
    assert_eq!(signed_out.header("location"), "/login?next=%2Fhistory%3Fdeleted%3Dtrue");

    let back = page.post_form("/fn/restore", &body).await.is(302);
    assert!(back.header("location").starts_with(&format!("{DELETED}&flash=")), "{}", back.header("location"));
    let told = page.get(back.header("location")).await.is(200).text();
    let status = told.split("role=\"status\"").nth(1).unwrap().split("</p>").next().unwrap();
    assert!(status.contains(&format!("href=\"/c/{leeks}\"")) && status.contains("is back"), "{status}");
    assert!(!told.contains(&button) && told.contains(">Stars<"), "{told}");
    page.get(&format!("/c/{leeks}")).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_comes_page_by_page() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let page = browser(&app, &lin);
    let mut all = Vec::new();
    for number in 0..45 {
        all.push(made(&lin, &format!("Number {number}")).await);
        let path = format!("/api/v1/conversations/{}", all[number]);
        lin.delete(&path).await.is(204);
    }
    let first = page.get(DELETED).await.is(200).text();
    let cursor = first.split("deleted=true&amp;cursor=").nth(1).unwrap().split('"').next().unwrap();
    let second = page.get(&format!("{DELETED}&cursor={cursor}")).await.is(200).text();
    let on = |page: &str| all.iter().filter(|id| page.contains(&format!("value=\"{id}\""))).count();
    assert_eq!((on(&first), on(&second)), (40, 5));
    assert!(!second.contains("cursor="), "{second}");
    for id in &all {
        assert_ne!(first.contains(id), second.contains(id), "{id}");
    }
    for odd in ["x", "_", "x_1", &"9".repeat(99)] {
        page.get(&format!("{DELETED}&cursor={odd}")).await.is(422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_archived_comes_back_from_its_page() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let page = browser(&app, &lin);
    let id = made(&lin, "Leeks").await;
    page.post_form("/fn/archive", &format!("conversation_id={id}&archived=true")).await.is(302);
    let archive = page.get("/history?archived=true").await.is(200).text();
    for part in ["<h1>Archived</h1>", "Unarchive “Leeks”", &format!("href=\"/c/{id}\"")] {
        assert!(archive.contains(part), "{part}: {archive}");
    }
    let form = format!("conversation_id={id}&archived=false&in_list=true");
    let back = page.post_form("/fn/archive", &form).await.is(302);
    let place = back.header("location");
    assert!(place.starts_with("/history?archived=true&flash="), "{place}");
    let told = page.get(place).await.is(200).text();
    assert!(told.contains("is back in the list") && told.contains("Nothing is archived"), "{told}");
    assert!(told.contains(&format!("href=\"/c/{id}\"")), "{told}");
    let odd = format!("conversation_id={id}&archived=false&in_list=perhaps");
    page.post_form("/fn/archive", &odd).await.is(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_too_long_is_cut() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let page = browser(&app, &lin);
    let title = "韭".repeat(200);
    made(&lin, &title).await;
    let long = format!("{title}more");
    let found = page.get(&format!("/history?q={}", percent(&long))).await.is(200).text();
    assert!(found.contains(&format!("value=\"{title}\"")) && found.contains("maxlength=\"200\""), "{found}");
    // In the sidebar and among what was found; the title is also the one that the pointer shows.
    assert_eq!(found.matches(&format!(">{title}<")).count(), 2, "{found}");
    let none = page.get(&format!("/history?archived=true&q={}", "x".repeat(300))).await.is(200).text();
    assert!(none.contains("No title has these words"), "{none}");
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
