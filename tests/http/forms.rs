//! Server functions as plain forms, without JavaScript; and the sites from which a change may come.

use base64::{
    Engine,
    engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::json;

use super::app::{App, Client};

const LOGIN: &str = "email=lin%40example.org&password=correct+horse";

/// A person who is signed in by cookie, as browsers are.
async fn browser(app: &App, name: &str) -> Client {
    let person = app.person(name).await;
    app.client().cookie(&format!("inglenook={}", person.token()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_signs_in_and_leads_on() {
    let app = App::start().await;
    app.person("lin").await;
    let browser = app.client().browser().header("referer", "http://inglenook.test/login?next=%2fc%2fx");
    let answer = browser.post_form("/fn/login", &format!("{LOGIN}&next=%2Fc%2Fx")).await.is(302);
    assert_eq!(answer.header("location"), "/c/x");
    assert!(answer.header("set-cookie").contains("HttpOnly"));
    app.client().cookie(&answer.cookie()).get("/").await.is(200);
}

/// Percent-encodes every byte, so that any address arrives as it is written here.
fn quoted(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_to_no_other_site() {
    let app = App::start().await;
    app.person("lin").await;
    let browser = app.client().browser();
    for elsewhere in [
        "//evil.example",
        "///evil.example",
        "/\t/evil.example",
        "/%09/evil.example",
        "/%5C/evil.example",
        "/%2f/evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/.//evil.example",
        "/a/..//evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "/\0",
        "/\u{1f}",
        "/\u{7f}",
        "/x\r\nset-cookie: inglenook=x",
        "/\u{2028}/evil.example",
        "/\u{ff0f}evil.example",
        "\t//evil.example",
        " //evil.example",
        "evil.example",
        "@evil.example",
        "",
        "/é",
        &format!("/?q={}", "x".repeat(5000)),
    ] {
        let form = format!("{LOGIN}&next={}", quoted(elsewhere));
        let answer = browser.post_form("/fn/login", &form).await.is(302);
        assert_eq!(answer.header("location"), "/", "{elsewhere:?}");
        // The session that was made is usable, because the answer sets its cookie.
        app.client().cookie(&answer.cookie()).get("/").await.is(200);
        // The sign-in page does not link there either.
        let page = browser.get(&format!("/login?next={}", quoted(elsewhere))).await.is(200).text();
        assert!(!page.contains("name=\"next\""), "{elsewhere:?}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_leads_back_with_a_sentence() {
    let app = App::start().await;
    app.person("lin").await;
    let browser = app.client().browser().header("referer", "http://inglenook.test/login?next=%2fc%2fx");
    let wrong = "email=lin%40example.org&password=wrong";
    let answer = browser.post_form("/fn/login", wrong).await.is(302);
    let back = answer.header("location");
    assert!(back.starts_with("/login?next=%2fc%2fx&flash="), "{back}");
    assert!(answer.header("set-cookie").is_empty() && answer.body.is_empty());
    let page = app.client().browser().get(back).await.is(200).text();
    assert!(alerts(&page) && page.contains("do not match"), "{page}");
    assert!(page.contains("value=\"lin@example.org\"") && page.contains("value=\"/c/x\""), "{page}");
    // A second error leads back to the same page, not to a longer address.
    let browser = app.client().browser().header("referer", &format!("http://inglenook.test{back}"));
    let second = browser.post_form("/fn/login", wrong).await.is(302);
    assert_eq!(second.header("location").matches("flash=").count(), 1);
    assert!(second.header("location").starts_with("/login?next=%2fc%2fx&flash="));
}

/// Whether a page shows an alert; that of the composer is hidden while it says nothing.
fn alerts(page: &str) -> bool {
    page.split('<').any(|tag| {
        let tag = tag.split('>').next().unwrap_or_default();
        tag.contains("role=\"alert\"") && !tag.contains(" hidden")
    })
}

/// A stranger who makes a link chooses every byte of its address.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_no_text_that_only_its_address_has() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let kim = app.person("kim").await;
    let id = lin.conversation().await;
    let lin = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    let kim = app.client().browser().cookie(&format!("inglenook={}", kim.token()));
    let nobody = app.client().browser();
    let said = "Your account is locked. Call 555-0100";
    let mut forged = Vec::new();
    for error in [
        json!({ "code": "forbidden", "message": said }),
        json!({ "code": "conflict", "message": said }),
        json!({ "code": "invalid", "field": "", "message": said }),
        json!({ "code": "internal" }),
        json!({ "told": { "Refused": { "code": "forbidden", "message": said } }, "typed": { "email": said } }),
        json!({ "flash": { "told": "PasswordChanged", "typed": {} }, "until": 99_999_999_999_999_i64 }),
    ] {
        let text = error.to_string();
        forged.extend([URL_SAFE.encode(&text), URL_SAFE_NO_PAD.encode(&text), quoted(&text)]);
        forged.push(URL_SAFE_NO_PAD.encode([&[0; 12][..], text.as_bytes(), &[0; 16]].concat()));
    }
    let pages = [(&nobody, "/login"), (&nobody, "/register"), (&lin, "/")];
    let (conversation, of_it) = (format!("/c/{id}"), format!("/c/{id}/settings"));
    let settings = ["/settings", "/settings/appearance", "/settings/chat", "/settings/sign-in"];
    let others = settings.into_iter().chain([conversation.as_str(), &of_it]);
    for (who, page) in pages.into_iter().chain(others.map(|page| (&lin, page))) {
        for value in &forged {
            for name in ["flash", "__err", "error", "saved", "message"] {
                let shown = who.get(&format!("{page}?{name}={value}")).await.is(200).text();
                assert!(!alerts(&shown) && !shown.contains("555-0100"), "{page}: {shown}");
                assert!(
                    !shown.contains("class=\"success\"") && !shown.contains("aria-invalid"),
                    "{page}: {shown}"
                );
            }
        }
    }
    for saved in ["name", "password"] {
        let shown = lin.get(&format!("/settings?saved={saved}")).await.is(200).text();
        assert!(!shown.contains("saved.") && !shown.contains("is changed"), "{shown}");
    }
    // A flash for one person is shown to nobody else, and on no other page.
    let done = lin.post_form("/fn/set-name", "name=Lin").await.is(302);
    let told = done.header("location");
    assert!(lin.get(told).await.text().contains("Your name is saved."));
    assert!(!kim.get(told).await.is(200).text().contains("Your name is saved."));
    let elsewhere = told.replace("/settings", "/");
    assert!(!alerts(&lin.get(&elsewhere).await.is(200).text()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_leads_to_a_page_of_this_site_whatever_the_referer_says() {
    let app = App::start().await;
    app.person("lin").await;
    let wrong = "email=lin%40example.org&password=wrong&next=%2Fhistory";
    for referer in [
        "",
        "http://evil.example/login",
        "https://evil.example/",
        "http://inglenook.test.evil.example/login",
        "http://inglenook.test@evil.example/login",
        "javascript:alert(1)",
        "javascript://inglenook.test/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//inglenook.test/login",
        "http://inglenook.test//evil.example",
        "http://inglenook.test/\\evil.example",
        "http://inglenook.test/history",
        "http://inglenook.test/fn/login",
        "http://inglenook.test/nothing",
        "about:blank",
        "nonsense",
    ] {
        let browser = app.client().browser();
        let browser = if referer.is_empty() { browser } else { browser.header("referer", referer) };
        let refused = browser.post_form("/fn/register", wrong).await.is(302);
        let back = refused.header("location").to_owned();
        assert!(back.starts_with("/register?flash="), "{referer}: {back}");
        let page = app.client().browser().get(&back).await.is(200).text();
        assert!(page.contains("at least 8 characters"), "{referer}: {page}");
    }
    let back = app.client().browser().post_form("/fn/login", wrong).await.is(302);
    let back = back.header("location");
    assert!(back.starts_with("/login?next=%2Fhistory&flash="), "{back}");
    let page = app.client().browser().get(back).await.is(200).text();
    assert!(page.contains("do not match") && page.contains("value=\"/history\""), "{page}");
    // A form that stands on many pages has no page to lead back to, so the error gets its own page, with its status.
    let lin = browser(&app, "kim").await.browser();
    for (action, form, status) in [
        ("/fn/rename", "conversation_id=x&title=y", 404),
        ("/fn/delete-message", "message_id=x", 404),
        ("/fn/nothing", "", 404),
        ("/fn/ask", "text=+", 422),
    ] {
        for referer in ["", "http://evil.example/c/x", "javascript:alert(1)"] {
            let lin = if referer.is_empty() { lin.clone() } else { lin.clone().header("referer", referer) };
            let page = lin.post_form(action, form).await.is(status);
            assert!(page.text().starts_with("<!doctype html>") && page.text().contains("href=\"/\""));
            assert_eq!(page.header("location"), "");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_text_stays_except_passwords() {
    let app = App::start().await;
    app.person("lin").await;
    let nobody = app.client().browser();
    let form = "name=Lin+%3CWu%3E&email=lin%40example.org&password=hearth+and+kettle";
    let refused = nobody.post_form("/fn/register", form).await.is(302);
    let page = nobody.get(refused.header("location")).await.is(200).text();
    assert!(page.contains("There is an account with this e-mail address"), "{page}");
    assert!(page.contains("value=\"Lin &lt;Wu>\"") || page.contains("value=\"Lin &lt;Wu&gt;\""), "{page}");
    assert!(page.contains("value=\"lin@example.org\"") && !page.contains("kettle"), "{page}");
    // Text that is too long for a name or an address is not shown again.
    let long = format!("name={0}&email={0}&password=hearth+and+kettle", "x".repeat(5000));
    let refused = nobody.post_form("/fn/register", &long).await.is(302);
    assert!(refused.header("location").len() < 2048);
    assert!(alerts(&nobody.get(refused.header("location")).await.is(200).text()));
    // On the settings page an error and a success are never told together.
    let lin = browser(&app, "kim").await.browser();
    let saved = lin.post_form("/fn/set-name", "name=Kim").await.is(302);
    let back = lin.clone().header("referer", &format!("http://inglenook.test{}", saved.header("location")));
    let refused = back.post_form("/fn/set-password", "password=wrong&new_password=hearth+and+kettle").await;
    let page = lin.get(refused.is(302).header("location")).await.is(200).text();
    assert!(page.contains("That is not your current password."), "{page}");
    assert!(!page.contains("Your name is saved.") && !page.contains("role=\"status\""), "{page}");
    let refused = lin.post_form("/fn/set-name", &format!("name={}", "y".repeat(150))).await.is(302);
    let page = lin.get(refused.header("location")).await.is(200).text();
    assert!(page.contains("at most 100 characters") && page.contains(&"y".repeat(150)), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_refused_comes_back_whole() {
    let app = App::start().await;
    let lin = browser(&app, "lin").await.browser();
    let text = format!("\n</textarea><b>{}", "x".repeat(300_000));
    let form = format!("conversation_id=&model=demo%2Fdemo&key=k&text={}", text.replace('\n', "%0a"));
    let page = lin.post_form("/fn/ask", &form).await.is(413).text();
    assert!(page.contains("(293 KB of at most 256 KB)") && alerts(&page));
    assert!(page.contains("action=\"/fn/ask\"") && page.contains("value=\"demo/demo\""));
    let shown = text.replace('<', "&lt;").replace('>', "&gt;");
    assert!(page.contains(&format!(">\n{shown}</textarea>")));
    // A question that is larger than any request may be names the same limit.
    let huge = format!("text={}", "x".repeat(2 << 20));
    let refused = lin.post_form("/fn/ask", &huge).await.is(413).text();
    assert!(refused.contains("at most 256 KB") && !refused.contains("1048576"), "{refused}");
    let call = browser(&app, "kim").await.header("sec-fetch-site", "same-origin");
    for (text, said) in [(300_000, "(293 KB of at most 256 KB)"), (2 << 20, "at most 256 KB")] {
        let form = format!("text={}", "x".repeat(text));
        let refused = call.post_form("/fn/ask", &form).await.is(413).json();
        assert_eq!((&refused["code"], &refused["limit"]), (&json!("too_long"), &json!(262_144)), "{refused}");
        let person = app.person(&format!("p{text}")).await;
        let path = format!("/api/v1/conversations/{}/messages", person.conversation().await);
        let problem = person.post(&path, &json!({ "content": "x".repeat(text) })).await.problem(413, "");
        let detail = problem.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(said) && detail.starts_with("Your message is too long"), "{detail}");
    }
    // Other requests have a limit of their own.
    let refused = call.post_form("/fn/rename", &format!("title={}", "x".repeat(2 << 20))).await.is(413);
    assert_eq!(refused.json()["code"], "too_large");
    let busy = lin.post_form("/fn/edit", "message_id=none&text=Better+words").await.is(404).text();
    assert!(busy.contains("Better words") && busy.contains("value=\"none\""), "{busy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_clears_what_the_browser_keeps() {
    let app = App::start().await;
    let lin = browser(&app, "lin").await;
    let out = lin.clone().browser().post_form("/fn/logout", "").await.is(302);
    assert_eq!((out.header("clear-site-data"), out.header("location")), ("\"storage\"", "/login"));
    let kim = app.person("kim").await;
    let out = kim.post("/api/v1/auth/logout", &json!({})).await.is(204);
    assert_eq!(out.header("clear-site-data"), "\"storage\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_asks_and_leads_to_the_conversation() {
    let app = App::start().await;
    let browser = browser(&app, "lin").await.browser();
    let answer = browser.post_form("/fn/ask", "text=Why%3F&conversation_id=&key=k1").await.is(302);
    let place = answer.header("location").to_owned();
    assert!(place.starts_with("/c/") && !place.contains('#'), "{place}");
    let again = browser.post_form("/fn/ask", "text=Why%3F&conversation_id=&key=k1").await.is(302);
    assert_eq!(again.header("location"), place);
    let path = place.split('#').next().unwrap();
    let page = browser.get(path).await.is(200).text();
    assert!(page.contains("Why?"), "{page}");
    let id = path.rsplit('/').next().unwrap();
    browser.post_form("/fn/rename", &format!("conversation_id={id}&title=A+plan")).await.is(302);
    assert!(browser.get("/").await.text().contains("A plan"));
    let gone = browser.post_form("/fn/delete", &format!("conversation_id={id}")).await.is(302);
    assert!(gone.header("location").starts_with("/history?deleted=true&flash="));
    browser.get(path).await.is(404);
    let out = browser.post_form("/fn/logout", "").await.is(302);
    assert_eq!(out.header("location"), "/login");
    browser.get("/").await.is(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_from_another_site_is_refused() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let browser = app.client().cookie(&format!("inglenook={}", lin.token()));
    let path = "/api/v1/conversations";
    let cross = [
        vec![],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "cross-site"), ("origin", "http://inglenook.test")],
        vec![("origin", "http://evil.example")],
        vec![("origin", "http://inglenook.test.evil.example")],
        vec![("origin", "http://inglenook.test:8080")],
        vec![("origin", "null")],
    ];
    for headers in cross {
        let client = headers.iter().fold(browser.clone(), |client, (name, value)| client.header(name, value));
        let refused = client.post(path, &json!({})).await.problem(403, "");
        assert_eq!(refused.json()["code"], "forbidden");
        client.post_form("/fn/logout", "").await.is(403);
        client.patch("/api/v1/me", &json!({ "name": "x" })).await.is(403);
        // Reading changes nothing, and the other site cannot read the answer.
        client.get("/api/v1/me").await.is(200);
    }
    for (name, value) in
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("origin", "http://inglenook.test")]
    {
        browser.clone().header(name, value).post(path, &json!({})).await.is(201);
    }
    // The server allows a request with a bearer token, because no other site can make a browser send one.
    lin.post(path, &json!({})).await.is(201);
    let page = app
        .client()
        .browser()
        .header("sec-fetch-site", "cross-site")
        .post_form("/fn/login", LOGIN)
        .await
        .is(403);
    assert!(page.text().contains("another site"), "{}", page.text());
}
