//! What a person chooses for the site and for all conversations: over the API, with forms, and on the pages.

use serde_json::json;

use super::app::{App, Client};

fn browser(app: &App, person: &Client) -> Client {
    app.client().cookie(&format!("inglenook={}", person.token())).browser()
}

/// The page to which a form without JavaScript leads.
async fn after(browser: &Client, action: &str, form: &str) -> String {
    let answer = browser.post_form(action, form).await.is(302);
    browser.get(answer.header("location")).await.is(200).text()
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_shown_and_changed_one_by_one() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let default = json!({
        "theme": "system", "palette": "ember", "picture_initial": null, "picture_colour": null, "single_keys": true, "favourites": [], "last_model": null,
        "system_prompt": null, "params": {}, "about": null, "listed": true, "wall": true,
    });
    assert_eq!(lin.get("/api/v1/me").await.is(200).json()["preferences"], default);
    let change = json!({ "preferences": {
        "theme": "dark", "palette": "sea", "picture_initial": " 林 ", "picture_colour": "teal", "single_keys": false,
        "favourites": ["demo", "demo/demo"],
        "last_model": "demo", "system_prompt": "Be brief.", "params": { "temperature": 0.7, "turns": 3 },
        "of_a_later_version": 1,
    } });
    let changed = lin.patch("/api/v1/me", &change).await.is(200).json();
    let all = json!({
        "theme": "dark", "palette": "sea", "picture_initial": "林", "picture_colour": "teal", "single_keys": false,
        "favourites": ["demo/demo"],
        "last_model": "demo/demo", "system_prompt": "Be brief.", "params": { "temperature": 0.7, "turns": 3 },
        "about": null, "listed": true, "wall": true,
    });
    assert_eq!((&changed["preferences"], &changed["name"]), (&all, &json!("lin")));
    let one = lin.patch("/api/v1/me", &json!({ "preferences": { "theme": null } })).await.is(200).json();
    assert_eq!(
        (&one["preferences"]["theme"], &one["preferences"]["palette"]),
        (&json!("system"), &json!("sea"))
    );
    for name in [json!({ "name": "Lin" }), json!({ "preferences": {} }), json!({ "preferences": null })] {
        let same = lin.patch("/api/v1/me", &name).await.is(200).json();
        assert_eq!(same["preferences"], one["preferences"]);
    }
    let long = "x".repeat(32 * 1024 + 1);
    let many: Vec<_> = (0..51).map(|_| "demo/demo").collect();
    for (field, value, refused) in [
        ("theme", json!("sepia"), "preferences.theme"),
        ("palette", json!(7), "preferences.palette"),
        ("picture_colour", json!("mauve"), "preferences.picture_colour"),
        ("picture_initial", json!("abc"), "preferences.picture_initial"),
        ("picture_initial", json!("a\0"), "preferences.picture_initial"),
        ("picture_initial", json!("\u{202e}a"), "preferences.picture_initial"),
        ("system_prompt", json!(long), "preferences.system_prompt"),
        ("last_model", json!("demo/none"), "model"),
        ("favourites", json!(["demo/none"]), "model"),
        // What comes after many of one model is looked up, too.
        ("favourites", json!([&many[..], &["demo/none"]].concat()), "model"),
        (
            "favourites",
            json!((0..51).map(|at| format!("demo/{at}")).collect::<Vec<_>>()),
            "preferences.favourites",
        ),
        ("params", json!({ "temperature": 2.5 }), "preferences.params.temperature"),
        ("params", json!({ "top_p": -1 }), "preferences.params.top_p"),
        ("params", json!({ "max_tokens": 0 }), "preferences.params.max_tokens"),
        ("params", json!({ "turns": 1001 }), "preferences.params.turns"),
        ("params", json!({ "reasoning_effort": "huge" }), "preferences.params.reasoning_effort"),
    ] {
        let change = json!({ "name": "Other", "preferences": { field: value } });
        lin.patch("/api/v1/me", &change).await.problem(422, refused);
    }
    // The same model many times is one favourite.
    let same = json!({ "preferences": { "favourites": many, "theme": null } });
    lin.patch("/api/v1/me", &same).await.is(200);
    let me = lin.get("/api/v1/me").await.is(200).json();
    assert_eq!((&me["name"], &me["preferences"]), (&json!("Lin"), &one["preferences"]));
    let kim = app.person("kim").await;
    assert_eq!(kim.get("/api/v1/me").await.is(200).json()["preferences"], default);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_painted_as_it_was_chosen() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let signed_in = browser(&app, &lin);
    let page = signed_in.get("/settings").await.is(200).text();
    assert!(!page.contains("data-theme") && !page.contains("data-palette"), "{page}");
    assert!(
        page.contains(r#"content="light dark""#) && page.contains("(prefers-color-scheme: dark)"),
        "{page}"
    );
    let answer = signed_in.post_form("/fn/set-appearance", "theme=dark&palette=plum").await.is(302);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("inglenook_look=dark.plum;") && cookie.contains("HttpOnly"), "{cookie}");
    let page = signed_in.get(answer.header("location")).await.is(200).text();
    assert!(page.contains("Your appearance is saved."), "{page}");
    let chosen = |page: &str| {
        page.contains(r#"data-theme="dark""#)
            && page.contains(r#"data-palette="plum""#)
            && page.contains(r#"<meta name="color-scheme" content="dark""#)
            && page.matches(r#"name="theme-color""#).count() == 1
    };
    assert!(chosen(&page), "{page}");
    // The account goes before the cookie, on each page and on errors.
    for path in ["/", "/history", "/c/none"] {
        let page = signed_in.clone().cookie(&format!("inglenook={}; inglenook_look=light.sea", lin.token()));
        assert!(chosen(&page.get(path).await.text()), "{path}");
    }
    let nobody = app.client().browser().cookie("inglenook_look=dark.plum");
    assert!(chosen(&nobody.get("/login").await.is(200).text()));
    for nonsense in ["dark", "dark.plum.x", "\"><script>", "sepia.plum"] {
        let page = app.client().browser().cookie(&format!("inglenook_look={nonsense}"));
        let page = page.get("/login").await.is(200).text();
        assert!(!page.contains("data-theme") && !page.contains("data-palette"), "{nonsense}");
    }
    // A field that is missing stays, and the default leaves no cookie.
    let one = signed_in.post_form("/fn/set-appearance", "theme=").await.is(302);
    assert!(one.header("set-cookie").starts_with("inglenook_look=system.plum;"));
    let none = signed_in.post_form("/fn/set-appearance", "palette=ember").await.is(302);
    assert!(none.header("set-cookie").contains("Max-Age=0"), "{}", none.header("set-cookie"));
    let refused = after(&signed_in, "/fn/set-appearance", "theme=sepia").await;
    assert!(refused.contains("id=\"theme-error\"") && refused.contains("system, light, dark"), "{refused}");
    // Somebody who is not signed in gets the cookie alone.
    let nobody = app.client().browser().post_form("/fn/set-appearance", "theme=light").await.is(302);
    assert!(nobody.header("set-cookie").starts_with("inglenook_look=light.ember;"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_keep_what_was_typed_and_say_what_was_saved() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let signed_in = browser(&app, &lin);
    let action = "/fn/set-chat-defaults";
    let saved =
        after(&signed_in, action, "temperature=0%2C5&top_p=&max_tokens=500&reasoning_effort=low&turns=4")
            .await;
    assert!(saved.contains("Your chat settings are saved.") && saved.contains(r#"value="0.5""#), "{saved}");
    let refused = after(&signed_in, action, "temperature=hot&max_tokens=77&reasoning_effort=high").await;
    assert!(refused.contains("The temperature is a number from 0 to 2."), "{refused}");
    assert!(refused.contains(r#"value="hot""#) && refused.contains(r#"value="77""#), "{refused}");
    assert!(!refused.contains("Your chat settings are saved."));
    after(&signed_in, action, "system_prompt=%0aFor+%3Cb%3E+me").await;
    after(&signed_in, action, "single_keys=false").await;
    let me = lin.get("/api/v1/me").await.is(200).json();
    let params = json!({ "temperature": 0.5, "max_tokens": 500, "reasoning_effort": "low", "turns": 4 });
    assert_eq!(me["preferences"]["params"], params);
    assert_eq!(me["preferences"]["system_prompt"], "\nFor <b> me");
    assert_eq!(me["preferences"]["single_keys"], false);
    let page = signed_in.get("/settings/chat").await.is(200).text();
    assert!(page.contains(">\n\nFor &lt;b&gt; me</textarea>"), "{page}");
    // Instructions that are too long for an address come back on a page of their own.
    let long = "é".repeat(17_000);
    let again = signed_in.post_form(action, &format!("system_prompt={long}")).await.is(422).text();
    assert!(
        again.contains("at most 32768 bytes") || again.contains("at most 32,768 bytes"),
        "{}",
        &again[..2000]
    );
    assert!(again.contains(&long) && again.contains(r#"name="system_prompt""#));
    after(&signed_in, action, "system_prompt=+&temperature=&max_tokens=&reasoning_effort=&turns=").await;
    let me = lin.get("/api/v1/me").await.is(200).json();
    assert!(me["preferences"]["system_prompt"].is_null() && me["preferences"]["params"] == json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_chosen_with_a_form_and_seen_where_its_person_is_named() {
    let app = App::start().await;
    let (admin, lin) = (app.person("ada").await, app.person("lin").await);
    let signed_in = browser(&app, &lin);
    // Nothing chosen: the first letter of the name.
    let page = signed_in.get("/settings").await.is(200).text();
    assert!(page.contains(r#"data-initial="L" aria-hidden="true""#), "{page}");
    let saved = after(&signed_in, "/fn/set-picture", "picture_initial=%E6%9E%97&picture_colour=teal").await;
    let chosen = r#"data-initial="林" aria-hidden="true" class="picture picture-teal""#;
    assert!(saved.contains("Your picture is saved.") && saved.contains(chosen), "{saved}");
    // What a script makes a question of has it, too, and so has a temporary conversation.
    for path in ["/", "/temporary"] {
        let page = signed_in.get(path).await.is(200).text();
        let template = page.split(r#"<template id="new-question">"#).nth(1).unwrap();
        assert!(template.split("</template>").next().unwrap().contains(chosen), "{path}");
    }
    let id = lin.conversation().await;
    let asked = json!({ "content": "Hello", "model": "demo" });
    lin.post(&format!("/api/v1/conversations/{id}/messages"), &asked).await;
    let page = signed_in.get(&format!("/c/{id}")).await.is(200).text();
    let question = page.split(r#"class="message user""#).nth(1).unwrap();
    assert!(question.split("</article>").next().unwrap().contains(chosen), "{question}");
    // An administrator sees the picture, and nothing else of what somebody prefers.
    let secret = json!({ "preferences": { "system_prompt": "I am ill.", "theme": "dark" } });
    lin.patch("/api/v1/me", &secret).await.is(200);
    let (lin_id, admins) = (lin.id().await, browser(&app, &admin));
    for path in ["/admin/people".to_owned(), format!("/admin/people/{lin_id}")] {
        let page = admins.get(&path).await.is(200).text();
        assert!(page.contains(chosen) && !page.contains("I am ill."), "{path}");
        let answer = admin.get(&format!("/api/v1{path}")).await.is(200).text();
        assert!(
            answer.contains("林") && !answer.contains("I am ill.") && !answer.contains("dark"),
            "{answer}"
        );
    }
    let person = format!("/api/v1/admin/people/{lin_id}");
    let changed = admin.patch(&person, &json!({ "state": "active" })).await.is(200).text();
    let given =
        admin.send_json("PUT", &format!("{person}/tier"), &json!({ "tier": null })).await.is(200).text();
    assert!(!changed.contains("I am ill.") && !given.contains("I am ill."));
    // What is refused stands at its field, with what was typed.
    let refused = after(&signed_in, "/fn/set-picture", "picture_initial=abc").await;
    let told = refused.contains("id=\"picture_initial-error\"") && refused.contains(r#"value="abc""#);
    assert!(told, "{refused}");
    let refused = after(&signed_in, "/fn/set-picture", "picture_colour=mauve").await;
    assert!(refused.contains("id=\"picture_colour-error\"") && refused.contains(chosen), "{refused}");
    let none = after(&signed_in, "/fn/set-picture", "picture_initial=").await;
    assert!(none.contains(r#"data-initial="L" aria-hidden="true" class="picture picture-teal""#), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_alone_choose_no_colour() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let signed_in = browser(&app, &lin);
    let stored = async || {
        let now = lin.get("/api/v1/me").await.is(200).json()["preferences"].clone();
        (now["picture_initial"].clone(), now["picture_colour"].clone())
    };
    // The value of the colour that is chosen in a page of the form.
    let checked = |page: &str| {
        let chosen = page
            .split("<input")
            .find(|input| input.contains("\"picture_colour\"") && input.contains(" checked"));
        let value = chosen.and_then(|input| input.split("value=\"").nth(1));
        value.and_then(|rest| rest.split('"').next()).map(str::to_owned)
    };
    let page = signed_in.get("/settings").await.is(200).text();
    assert_eq!(checked(&page).as_deref(), Some(""), "{page}");
    // The form as it is, with other letters.
    let saved = after(&signed_in, "/fn/set-picture", "picture_initial=li&picture_colour=").await;
    assert_eq!((stored().await, checked(&saved).as_deref()), ((json!("li"), json!(null)), Some("")));
    after(&signed_in, "/fn/set-picture", "picture_initial=li&picture_colour=pink").await;
    assert_eq!(stored().await.1, json!("pink"));
    // A refusal of the letters keeps the colour that was chosen with them.
    for (colour, kept) in [("blue", "blue"), ("", ""), ("mauve", "pink")] {
        let form = format!("picture_initial=abc&picture_colour={colour}");
        let refused = after(&signed_in, "/fn/set-picture", &form).await;
        assert_eq!(checked(&refused).as_deref(), Some(kept), "{refused}");
    }
    after(&signed_in, "/fn/set-picture", "picture_initial=li&picture_colour=").await;
    assert_eq!(stored().await, (json!("li"), json!(null)));
    let pink = json!({ "preferences": { "picture_colour": "pink" } });
    lin.patch("/api/v1/me", &pink).await.is(200);
    lin.patch("/api/v1/me", &json!({ "preferences": { "picture_colour": null } })).await.is(200);
    assert_eq!(stored().await, (json!("li"), json!(null)));
}

#[tokio::test(flavor = "multi_thread")]
async fn favourites_are_models_that_are_offered() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let favourites = async || lin.get("/api/v1/me").await.is(200).json()["preferences"]["favourites"].clone();
    lin.post_form("/fn/set-favourite", "model=demo&on=true").await.is(200);
    lin.post_form("/fn/set-favourite", "model=demo%2Fdemo&on=true").await.is(200);
    assert_eq!(favourites().await, json!(["demo/demo"]));
    lin.post_form("/fn/set-favourite", "model=demo%2Fnone&on=true").await.is(422);
    lin.post_form("/fn/set-favourite", "model=demo%2Fnone&on=false").await.is(200);
    assert_eq!(favourites().await, json!(["demo/demo"]));
    lin.post_form("/fn/set-favourite", "model=demo%2Fdemo&on=false").await.is(200);
    assert_eq!(favourites().await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_has_settings_of_its_own() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    let (path, page) = (format!("/api/v1/conversations/{id}"), format!("/c/{id}/settings"));
    let signed_in = browser(&app, &lin);
    after(&signed_in, "/fn/set-chat-defaults", "temperature=0.25&reasoning_effort=high").await;
    assert!(signed_in.get(&format!("/c/{id}")).await.is(200).text().contains(&page), "the menu leads there");
    let shown = signed_in.get(&page).await.is(200).text();
    assert!(shown.contains(r#"placeholder="0.25""#) && shown.contains("As for all: High"), "{shown}");
    let form = |rest: &str| format!("conversation_id={id}&{rest}");
    let saved = after(&signed_in, "/fn/set-conversation", &form("temperature=1.5&turns=2")).await;
    assert!(saved.contains("The settings of this conversation are saved."), "{saved}");
    let saved = after(&signed_in, "/fn/set-conversation", &form("system_prompt=Here.")).await;
    assert!(saved.contains("Here.</textarea>") && saved.contains(r#"value="1.5""#), "{saved}");
    let stored = lin.get(&path).await.is(200).json();
    assert_eq!(stored["params"], json!({ "temperature": 1.5, "turns": 2 }));
    assert_eq!(stored["system_prompt"], "Here.");
    let refused = after(&signed_in, "/fn/set-conversation", &form("turns=0&top_p=0.3")).await;
    assert!(refused.contains("The turns sent are a whole number") && refused.contains(r#"value="0.3""#));
    let changed = lin.patch(&path, &json!({ "params": { "top_p": 1 } })).await.is(200).json();
    assert_eq!(changed["params"], json!({ "top_p": 1.0 }));
    lin.patch(&path, &json!({ "params": { "top_p": 1.1 } })).await.problem(422, "params.top_p");
    let none = lin.patch(&path, &json!({ "params": null, "title": "T" })).await.is(200).json();
    assert_eq!(none["params"], json!({}));
    let kim = browser(&app, &app.person("kim").await);
    kim.get(&page).await.is(404);
    kim.post_form("/fn/set-conversation", &form("turns=3")).await.is(302);
    assert_eq!(lin.get(&path).await.is(200).json()["params"], json!({}));
}
