//! The people of a room on its pages: the ways to them, and what only its moderators know.

use serde_json::json;

use super::app::{App, Client};

const API: &str = "/api/v1";

fn browser(app: &App, client: &Client) -> Client {
    app.client().cookie(&format!("inglenook={}", client.token())).browser()
}

/// A room with an owner and a member.
async fn room(owner: &Client, member: &Client) -> String {
    let made = json!({ "name": "Garden", "listed": true, "system_prompt": "Answer in rhymes." });
    let id = owner.post(&format!("{API}/rooms"), &made).await.is(201).id();
    member.post(&format!("{API}/rooms/{id}/join"), &json!({})).await.is(200);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn members_find_each_other_and_block_each_other_from_a_room() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let lin_id = lin.id().await;
    let id = room(&lin, &kim).await;
    let members = format!("/rooms/{id}/members");
    let sees = browser(&app, &kim);
    let page = sees.get(&members).await.is(200).text();
    // The member does not change the owner, and has the ways to them; to oneself there are none.
    assert!(!page.contains("/fn/change-member") && page.contains("What to do with lin"), "{page}");
    assert!(!page.contains("What to do with kim"), "{page}");
    for part in ["/fn/open-direct", "/fn/block", &format!("href=\"/people/{lin_id}\"")] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let direct = sees.post_form("/fn/open-direct", &format!("id={lin_id}")).await.is(302);
    assert!(sees.get(direct.header("location")).await.is(200).text().contains("<h1>lin</h1>"));
    sees.post_form("/fn/block", &format!("id={lin_id}")).await.is(302);
    let page = sees.get(&members).await.is(200).text();
    assert!(page.contains("/fn/unblock") && !page.contains("/fn/block\""), "{page}");
    // The owner has both: the ways to the member, and what is done with one.
    let page = browser(&app, &lin).get(&members).await.is(200).text();
    assert!(page.contains("/fn/change-member") && page.contains("/fn/open-direct"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_an_author_leads_to_their_profile_while_they_have_one() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let kim_id = kim.id().await;
    let id = room(&lin, &kim).await;
    kim.post(&format!("{API}/conversations/{id}/messages"), &json!({ "content": "Beans" })).await.is(201);
    let thread = async || browser(&app, &lin).get(&format!("/c/{id}")).await.is(200).text();
    let link = format!("<a href=\"/people/{kim_id}\" aria-label=\"Profile of kim\"");
    let page = thread().await;
    assert!(page.contains(&link), "{page}");
    // Whoever may not sign in has none.
    let off = json!({ "state": "disabled" });
    lin.patch(&format!("{API}/admin/people/{kim_id}"), &off).await.is(200);
    let page = thread().await;
    assert!(!page.contains(&link) && page.contains("<strong dir=\"auto\">kim</strong>"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_model_is_told_in_a_room_only_its_moderators_know() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let id = room(&lin, &kim).await;
    let member = format!("{API}/rooms/{id}/members/{}", kim.id().await);
    let paths = [format!("{API}/rooms/{id}"), format!("{API}/conversations/{id}")];
    let pages = [format!("/c/{id}/settings"), format!("/fn/sheet/settings?conversation={id}")];
    for (role, knows) in [("member", false), ("reader", false), ("moderator", true)] {
        lin.patch(&member, &json!({ "role": role })).await.is(200);
        for path in &paths {
            let shown = kim.get(path).await.is(200).json();
            let told = if knows { json!("Answer in rhymes.") } else { json!(null) };
            assert_eq!(shown["system_prompt"], told, "{role} {path}");
        }
        // They are forms of a private conversation, and a room has its own.
        for page in &pages {
            browser(&app, &kim).get(page).await.is(404);
        }
    }
    lin.patch(&member, &json!({ "role": "member" })).await.is(200);
    for path in &paths {
        assert_eq!(lin.get(path).await.is(200).json()["system_prompt"], "Answer in rhymes.");
    }
}
