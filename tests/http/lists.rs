//! The list of conversations and the outline of one, as pages and forms.

use serde_json::{Value, json};

use super::{
    app::{App, Client},
    time::{DAY, Hands},
};

fn browser(app: &App, person: &Client) -> Client {
    app.client().browser().cookie(&format!("inglenook={}", person.token()))
}

/// The HTML of a dialog or a list.
async fn html(page: &Client, path: &str) -> String {
    let json: Value = page.clone().header("accept", "application/json").get(path).await.is(200).json();
    json.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_pinned_archived_and_found_again_by_plain_forms() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let page = browser(&app, &lin);
    let mut ids = Vec::new();
    for title in ["Old", "Middle", "New"] {
        let made = lin.post("/api/v1/conversations", &json!({ "title": title })).await.is(201).json();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let old = &ids[0];
    let form = async |path: &str, body: String| page.post_form(path, &body).await;
    let order = |html: &str| -> Vec<&str> {
        let mut at: Vec<(usize, &str)> = ["Old", "Middle", "New"]
            .iter()
            .filter_map(|t| Some((html.find(&format!(">{t}<"))?, *t)))
            .collect();
        at.sort_unstable();
        at.into_iter().map(|(_, title)| title).collect()
    };
    assert_eq!(order(&html(&page, "/fn/list").await), ["New", "Middle", "Old"]);
    let pinned = form("/fn/pin", format!("conversation_id={old}&pinned=true")).await.is(302);
    let back = pinned.header("location");
    assert!(back.starts_with(&format!("/c/{old}/settings?")), "{back}");
    let settings = page.get(back).await.is(200).text();
    assert!(settings.contains("Unpin") && settings.contains("role=\"status\""), "{settings}");
    let list = html(&page, "/fn/list").await;
    assert_eq!(order(&list), ["Old", "New", "Middle"]);
    assert!(list.contains("data-day=\"day-pinned\""), "{list}");

    form("/fn/archive", format!("conversation_id={old}&archived=true")).await.is(302);
    assert_eq!(order(&html(&page, "/fn/list").await), ["New", "Middle"]);
    assert!(!page.get("/history").await.is(200).text().contains(">Old<"));
    let archived = page.get("/history?archived=true").await.is(200).text();
    // The sidebar of the page has the others.
    assert_eq!((archived.matches(">Old<").count(), archived.matches(">New<").count()), (1, 1));
    assert!(page.get("/history?archived=true&q=none").await.is(200).text().contains("No title"));
    assert!(!page.get("/history?archived=nonsense").await.is(200).text().contains(">Old<"));

    form("/fn/archive", format!("conversation_id={old}&archived=false")).await.is(302);
    form("/fn/pin", format!("conversation_id={old}&pinned=false")).await.is(302);
    assert_eq!(order(&html(&page, "/fn/list").await), ["New", "Middle", "Old"]);
    // What is neither yes nor no changes nothing.
    let odd = form("/fn/pin", format!("conversation_id={old}&pinned=perhaps")).await;
    assert!(odd.status < 500 && odd.status != 200, "{}", odd.status);
    assert_eq!(order(&html(&page, "/fn/list").await), ["New", "Middle", "Old"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_conversation_is_in_the_list_however_old_it_is() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    lin.post("/api/v1/conversations", &json!({ "title": "Dear", "pinned": true })).await.is(201);
    for number in 0..45 {
        lin.post("/api/v1/conversations", &json!({ "title": format!("Other {number}") })).await.is(201);
    }
    let list = html(&browser(&app, &lin), "/fn/list").await;
    let (dear, first) = (list.find(">Dear<").unwrap(), list.find(">Other 44<").unwrap());
    assert!(dear < first);
    assert_eq!(list.matches("class=\"title\"").count(), 41);
    assert!(list.contains("href=\"/history\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outline_has_the_questions_of_the_branch_and_leads_to_their_windows() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let page = browser(&app, &lin);
    let id = lin.conversation().await;
    let mut questions = Vec::new();
    for number in 0..60 {
        let asked = lin.ask(&id, &format!("<Question> {number}\nand more")).await;
        questions.push(asked["user_message"]["id"].as_str().unwrap().to_owned());
    }
    let shown = |html: &str, id: &str| html.contains(&format!("id=\"{id}\""));
    // The newest question has another version, so that the first one is on no branch on screen.
    let edit = json!({ "content": "Another" });
    lin.post(&format!("/api/v1/messages/{}/edit", questions[59]), &edit).await.is(202);
    for outline in [
        html(&page, &format!("/fn/sheet/outline?conversation={id}")).await,
        page.get(&format!("/c/{id}/outline")).await.is(200).text(),
    ] {
        assert_eq!(outline.matches("data-message=").count(), 60);
        assert!(
            outline.contains("&lt;Question> 0 and more") || outline.contains("&lt;Question&gt; 0 and more")
        );
        assert!(outline.contains("Another") && !outline.contains("Question> 59"));
        let first = &questions[0];
        assert!(outline.contains(&format!("href=\"/c/{id}?at={first}#{first}\"")));
    }
    // The windows, as a page and as a part of one.
    for (number, newest) in [(0, false), (20, false), (58, true)] {
        let question = &questions[number];
        let window = page.get(&format!("/c/{id}?at={question}")).await.is(200).text();
        assert!(shown(&window, question), "{number}");
        assert_eq!(shown(&window, &questions[58]), newest, "{number}");
        let json = page.clone().header("accept", "application/json");
        let part: Value = json.get(&format!("/fn/part?conversation={id}&at={question}")).await.is(200).json();
        assert!(shown(part["thread"].as_str().unwrap(), question), "{number}");
        assert_eq!(part["shown"]["after"].is_u64(), newest, "{number}");
    }
    // What is not on the branch leads to its end.
    for odd in [&*questions[59], "nobody", "", "%00", "zzzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
        let window = page.get(&format!("/c/{id}?at={odd}")).await.is(200).text();
        assert!(shown(&window, &questions[58]), "{odd}");
    }
    page.get(&format!("/c/{id}/outline?before=nobody")).await.is(422);
    let earlier = page.get(&format!("/c/{id}/outline?before={}", questions[2])).await.is(200).text();
    assert_eq!(earlier.matches("data-message=").count(), 2);

    let kim = browser(&app, &app.person("kim").await);
    for path in [format!("/fn/sheet/outline?conversation={id}"), format!("/c/{id}/outline")] {
        let answer = kim.get(&path).await;
        assert!(answer.status == 404 && !answer.text().contains("Question"), "{path}: {}", answer.status);
    }
    assert!(html(&page, "/fn/sheet/outline").await.contains("Nothing has been asked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_and_times_are_those_of_the_reader() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    lin.ask(&id, "one").await;
    hands.turn(DAY);
    lin.ask(&id, "two").await;
    lin.ask(&id, "three").await;
    // The clock of the tests began at 2096-10-02T07:06:40Z.
    let token = format!("inglenook={}", lin.token());
    let seen = async |zone: &str| {
        let page = app.client().browser().cookie(&format!("{token}; tz={zone}"));
        page.get(&format!("/c/{id}")).await.is(200).text()
    };
    let page = seen("0").await;
    assert!(page.contains("aria-label=\"You, 07:06\""), "{page}");
    assert!(page.contains("datetime=\"2096-10-02T07:06:40Z\" title=\"2 October 2096, 07:06\""), "{page}");
    assert_eq!(page.matches("class=\"day\"").count(), 2, "{page}");
    assert!(page.contains("datetime=\"2096-10-02\">Yesterday<") && page.contains(">Today<"), "{page}");
    // Eight hours behind, both were in the night before.
    let page = seen("480").await;
    assert!(
        page.contains("aria-label=\"Answer, 23:06\"") && page.contains("datetime=\"2096-10-01\""),
        "{page}"
    );
    // In the window that begins with the question of the second day, the day before is known, too.
    let asked: Value = lin.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).json();
    let [second, third] = [2, 4].map(|at| asked["items"][at]["id"].as_str().unwrap().to_owned());
    let json = page_of(&app, &token);
    let part = |from: String| {
        let path = format!("/fn/part?conversation={id}&from={from}&leaf={from}&since=0");
        let json = json.clone();
        async move { json.get(&path).await.is(200).json()["thread"].as_str().unwrap().to_owned() }
    };
    assert_eq!(part(second).await.matches("class=\"day\"").count(), 1);
    assert_eq!(part(third).await.matches("class=\"day\"").count(), 0);
    hands.turn(5 * DAY);
    lin.ask(&id, "four").await;
    assert!(seen("0").await.contains(">3 October 2096<"));
}

fn page_of(app: &App, cookie: &str) -> Client {
    app.client().browser().cookie(cookie).header("accept", "application/json")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_with_room_for_only_some_of_what_is_pinned_leads_to_all() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let page = browser(&app, &lin);
    for number in 0..101 {
        let id = lin.conversation().await;
        lin.patch(&format!("/api/v1/conversations/{id}"), &json!({ "pinned": true })).await.is(200);
        if number == 99 {
            assert!(!html(&page, "/fn/list").await.contains("href=\"/history\""));
        }
    }
    let list = html(&page, "/fn/list").await;
    assert!(list.contains("href=\"/history\""));
    // Without a script it is a plain link.
    assert!(list.contains("class=\"row-more\"") && !list.contains("role=\"button\""), "{list}");
}
