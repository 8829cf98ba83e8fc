//! The pages of one's own account as plain forms: where a form leads, and where it says what is wrong with it.

use serde_json::json;

use super::{
    app::{App, Client, PASSWORD},
    time::{DAY, Hands},
};

const PAGES: [&str; 6] = [
    "/settings",
    "/settings/appearance",
    "/settings/chat",
    "/settings/sign-in",
    "/settings/devices",
    "/settings/data",
];

async fn browser(app: &App, name: &str) -> Client {
    let person = app.person(name).await;
    app.client().cookie(&format!("inglenook={}", person.token())).browser()
}

/// The tags of a page, each without its brackets.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap())
}

/// The sentences below fields: the name of each field, and what is said of it. Each is named by one field, or by a group of
/// them, which is invalid.
fn at_fields(page: &str) -> Vec<(&str, &str)> {
    let errors = page.split("<p id=\"").skip(1).filter_map(|rest| {
        let (id, rest) = rest.split_once('"').unwrap();
        let (tag, rest) = rest.split_once('>').unwrap();
        tag.contains("class=\"field-error\"").then(|| (id, rest.split('<').next().unwrap().trim()))
    });
    let errors = errors.map(|(id, sentence)| {
        let names_it = |tag: &&str| {
            let described = tag.split("aria-describedby=\"").nth(1).and_then(|rest| rest.split('"').next());
            described.is_some_and(|ids| ids.split(' ').any(|one| one == id))
        };
        let described: Vec<_> = tags(page).filter(names_it).collect();
        let name = id.strip_suffix("-error").unwrap();
        assert_eq!(described.len(), 1, "{id}: {described:?}");
        let field = described[0];
        assert!(field.contains("aria-invalid=\"true\""), "{field}");
        assert!(field.contains(&format!("name=\"{name}\"")) || field.starts_with("fieldset"), "{field}");
        (name, sentence)
    });
    errors.collect()
}

/// How many alerts are in sight.
fn alerts(page: &str) -> usize {
    tags(page).filter(|tag| tag.contains("role=\"alert\"") && !tag.contains(" hidden")).count()
}

/// The tags of what has the focus when the page opens.
fn focused(page: &str) -> Vec<&str> {
    tags(page).filter(|tag| tag.contains(" autofocus")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_is_one_of_the_list_and_marked_there() {
    let app = App::start().await;
    let lin = browser(&app, "lin").await;
    let mut titles = Vec::new();
    for here in PAGES {
        let page = lin.get(here).await.is(200).text();
        let list = page.split("class=\"sections\"").nth(1).unwrap().split("</nav>").next().unwrap();
        let links: Vec<_> = tags(list).filter(|tag| tag.starts_with("a ")).collect();
        assert_eq!(links.len(), PAGES.len(), "{list}");
        for (link, path) in links.iter().zip(PAGES) {
            assert!(link.contains(&format!("href=\"{path}\"")), "{link}");
            assert_eq!(link.contains("aria-current=\"page\""), path == here, "{here}: {link}");
        }
        assert!(at_fields(&page).is_empty() && alerts(&page) == 0 && focused(&page).is_empty(), "{page}");
        titles.push(page.split("<title>").nth(1).unwrap().split('<').next().unwrap().to_owned());
    }
    assert_eq!(titles[1], "Appearance · Settings · Inglenook");
    titles.dedup();
    assert_eq!(titles.len(), PAGES.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_leads_to_its_page_and_says_at_the_field_what_is_wrong() {
    let app = App::start().await;
    let lin = browser(&app, "lin").await;
    let long = format!("name={}", "y".repeat(150));
    let good = "a kettle on the hob";
    let [wrong, short] = [("wrong", good), ("correct horse", "short")]
        .map(|(old, new)| format!("password={old}&new_password={new}").replace(' ', "+"));
    let changed = format!("password=correct+horse&new_password={}", good.replace(' ', "+"));
    for (page, action, bad, field, said, done) in [
        ("/settings", "/fn/set-name", &*long, "name", "at most 100", "name=Lin"),
        ("/settings/appearance", "/fn/set-appearance", "theme=sepia", "theme", "system, light", "theme=dark"),
        ("/settings/appearance", "/fn/set-appearance", "palette=x", "palette", "ember, sea", "palette=sea"),
        ("/settings/appearance", "/fn/set-language", "language=xx", "language", "zh-CN", "language=en"),
        (
            "/settings/chat",
            "/fn/set-chat-defaults",
            "temperature=hot&turns=7",
            "temperature",
            "0 to 2",
            "turns=3",
        ),
        ("/settings/chat", "/fn/set-chat-defaults", "top_p=2", "top_p", "0 to 1", "top_p=1"),
        ("/settings/chat", "/fn/set-chat-defaults", "max_tokens=0", "max_tokens", "from 1", "max_tokens=9"),
        ("/settings/chat", "/fn/set-chat-defaults", "turns=0", "turns", "from 1", "turns="),
        (
            "/settings/chat",
            "/fn/set-chat-defaults",
            "reasoning_effort=huge",
            "reasoning_effort",
            "minimal",
            "reasoning_effort=low",
        ),
        ("/settings/sign-in", "/fn/set-password", &wrong, "password", "not your current", &changed),
        ("/settings/sign-in", "/fn/set-password", &short, "new_password", "at least", ""),
    ] {
        // Where the browser says that it stood makes no difference: no other page has the form.
        for from in ["", "/", "/settings", "/settings/chat"] {
            let from = format!("http://inglenook.test{from}");
            let lin = if from.ends_with("test") { lin.clone() } else { lin.clone().header("referer", &from) };
            let back = lin.post_form(action, bad).await.is(302).header("location").to_owned();
            assert!(back.starts_with(&format!("{page}?flash=")), "{action} from {from}: {back}");
            let shown = lin.get(&back).await.is(200).text();
            assert!(shown.contains(&format!("action=\"{action}\"")), "{action} stands on {page}");
            let told = at_fields(&shown);
            assert!(
                matches!(&*told, [(name, sentence)] if *name == field && sentence.contains(said)),
                "{told:?}"
            );
            assert_eq!(alerts(&shown), 0, "{field}: {shown}");
            let focused = focused(&shown);
            assert!(focused.len() == 1 && focused[0].contains(&format!("name=\"{field}\"")), "{focused:?}");
        }
        if !done.is_empty() {
            let led = lin.post_form(action, done).await.is(302).header("location").to_owned();
            assert!(led.starts_with(&format!("{page}?flash=")), "{action}: {led}");
            let shown = lin.get(&led).await.is(200).text();
            assert!(at_fields(&shown).is_empty() && shown.contains("class=\"success\""), "{shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_field_shows_is_an_alert_above_the_forms() {
    let app = App::start().await;
    let lin = browser(&app, "lin").await;
    let refused = async |who: &Client, action: &str, form: &str| {
        let back = who.post_form(action, form).await.is(302).header("location").to_owned();
        who.get(&back).await.is(200).text()
    };
    let wrong = "password=wrong&new_password=a+kettle+on+the+hob";
    let mut shown = refused(&lin, "/fn/set-password", wrong).await;
    for _ in 0..30 {
        if alerts(&shown) > 0 {
            break;
        }
        shown = refused(&lin, "/fn/set-password", wrong).await;
    }
    assert!(shown.contains("Too many") && alerts(&shown) == 1 && at_fields(&shown).is_empty(), "{shown}");
    // A field that the page does not have.
    let shown = refused(&lin, "/fn/set-chat-defaults", "last_model=demo%2Fnone").await;
    assert!(alerts(&shown) == 1 && at_fields(&shown).is_empty() && shown.contains("demo/none"), "{shown}");

    let nobody = app.client().browser();
    let shown = refused(&nobody, "/fn/login", "email=lin%40example.org&password=wrong").await;
    assert!(alerts(&shown) == 1 && at_fields(&shown).is_empty(), "{shown}");
    assert!(matches!(&*focused(&shown), [field] if field.contains("name=\"password\"")), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_and_a_conversation_say_it_at_the_field_too() {
    let app = App::start().await;
    let nobody = app.client().browser();
    for (form, field) in [
        ("email=nonsense&password=a+kettle+on+the+hob", "email"),
        ("email=kim%40example.org&password=x", "password"),
        (&*format!("name={}&email=kim%40example.org&password=a+kettle+on+the+hob", "y".repeat(150)), "name"),
    ] {
        let back = nobody.post_form("/fn/register", form).await.is(302).header("location").to_owned();
        let shown = nobody.get(&back).await.is(200).text();
        assert!(matches!(&*at_fields(&shown), [(name, _)] if *name == field), "{field}: {shown}");
        assert_eq!((alerts(&shown), focused(&shown).len()), (0, 1), "{shown}");
    }
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    let lin = app.client().cookie(&format!("inglenook={}", lin.token())).browser();
    let page = format!("/c/{id}/settings");
    let lin = lin.header("referer", &format!("http://inglenook.test{page}"));
    for (action, form, field) in
        [("/fn/set-conversation", "top_p=2", "top_p"), ("/fn/rename", "title=+", "title")]
    {
        let back = lin.post_form(action, &format!("conversation_id={id}&{form}")).await.is(302);
        let back = back.header("location").to_owned();
        assert!(back.starts_with(&format!("{page}?flash=")), "{back}");
        let shown = lin.get(&back).await.is(200).text();
        assert!(matches!(&*at_fields(&shown), [(name, _)] if *name == field), "{field}: {shown}");
        assert_eq!(alerts(&shown), 0, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_deleted_two_weeks_after_its_owner_asked_for_it() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let deletion = "/api/v1/me/deletion";
    let form = |password: &str| json!({ "password": password });
    kim.post(deletion, &form("wrong horse")).await.problem(422, "password");
    kim.post(deletion, &json!({ "password": ["x"] })).await.problem(422, "password");
    admin.post(deletion, &form(PASSWORD)).await.problem(409, "");
    let leaving = kim.post(deletion, &form(PASSWORD)).await.is(200).json();
    assert_eq!(leaving["deletes_at"].as_i64().unwrap() - app.state.clock.now(), 14 * DAY);
    let page = app.client().browser().cookie(&format!("inglenook={}", kim.token()));
    for path in ["/", "/settings/data"] {
        assert!(page.get(path).await.is(200).text().contains("will be deleted on"), "{path}");
    }
    // A change of mind.
    assert!(kim.delete(deletion).await.is(200).json()["deletes_at"].is_null());
    hands.turn(15 * DAY);
    app.state.accounts.delete_due_accounts().await.unwrap();
    kim.get("/api/v1/me").await.is(200);
    assert!(!page.get("/").await.is(200).text().contains("will be deleted on"));
    // And none.
    let gone = page.post_form("/fn/delete-account", "password=correct+horse").await.is(302);
    assert!(page.get(gone.header("location")).await.is(200).text().contains("Keep my account"));
    hands.turn(14 * DAY - 1000);
    app.state.accounts.delete_due_accounts().await.unwrap();
    let id = kim.id().await;
    hands.turn(1000);
    app.state.accounts.delete_due_accounts().await.unwrap();
    kim.get("/api/v1/me").await.is(401);
    assert!(app.state.store.user(&id).await.unwrap().is_none());
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let admin = app.client().post("/api/v1/auth/login", &form).await.is(200).json();
    let admin = app.client().bearer(admin["token"].as_str().unwrap());
    for (kind, count) in [("leave_asked", 2), ("stayed", 1), ("deleted", 1)] {
        let noted = admin.get(&format!("/api/v1/admin/audit?kind={kind}")).await.is(200).json();
        assert_eq!(noted["items"].as_array().unwrap().len(), count, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_one_stays() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let (lin_id, kim_id) = (lin.id().await, kim.id().await);
    lin.patch(&format!("/api/v1/admin/people/{kim_id}"), &json!({ "role": "admin" })).await.is(200);
    let (deletion, form) = ("/api/v1/me/deletion", json!({ "password": PASSWORD }));
    lin.post(deletion, &form).await.is(200);
    kim.post(deletion, &form).await.problem(409, "");
    // Kim is no administrator any more when the time comes, so Lin is the last one.
    let member = json!({ "role": "member" });
    kim.patch(&format!("/api/v1/admin/people/{kim_id}"), &member).await.is(200);
    hands.turn(14 * DAY);
    app.state.accounts.delete_due_accounts().await.unwrap();
    let stays = app.state.store.user(&lin_id).await.unwrap().unwrap();
    assert_eq!(stays.deletes_at, None);
    assert!(app.state.store.credentials("lin@example.org").await.unwrap().is_some());
}
