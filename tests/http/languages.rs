//! Replies are in the language of the account, else of the choice on the sign-in page, else of the browser.

use axum::http::Method;
use inglenook::{domain::Reason, server::store::Need};
use serde_json::{Value, json};

use super::{
    app::{App, Client},
    client::Answer,
};

const ME: &str = "/api/v1/me";
const ENGLISH: &str = "en-US,en;q=0.9";
const CHINESE: &str = "zh-TW,zh;q=0.9,en;q=0.8";

fn reads(client: Client, languages: &str) -> Client {
    client.header("accept-language", languages)
}

#[track_caller]
fn is_in(answer: &Answer, tag: &str) {
    assert_eq!(answer.header("content-language"), tag);
    let vary: Vec<_> = answer.headers.get_all("vary").iter().filter_map(|line| line.to_str().ok()).collect();
    let vary = vary.join(", ").to_lowercase();
    assert!(vary.contains("accept-language") && vary.contains("cookie"), "{vary}");
    if answer.header("content-type").starts_with("text/html") {
        assert!(answer.text().contains(&format!("<html lang=\"{tag}\"")), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_speaks_the_language_of_the_browser() {
    let app = App::start().await;
    app.person("lin").await;
    let nobody = app.client().browser();
    let page = reads(nobody.clone(), CHINESE).get("/login").await.is(200);
    is_in(&page, "zh-CN");
    assert!(
        page.text().contains("<h1>登录</h1>") && page.text().contains("<title>登录 · "),
        "{}",
        page.text()
    );
    for other in [reads(nobody.clone(), ENGLISH), reads(nobody.clone(), "fr, tlh;q=0.5"), nobody] {
        let page = other.get("/login").await.is(200);
        is_in(&page, "en");
        assert!(page.text().contains("<h1>Sign in</h1>"));
    }
    assert_eq!(app.client().get("/healthz").await.is(200).header("vary"), "", "nothing is said there");
}

#[tokio::test(flavor = "multi_thread")]
async fn chinese_sentences_stand_beside_each_other_without_a_gap() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let without_marks = |page: &str| page.replace("<!>", "");
    let signed_in = reads(app.client().browser(), CHINESE).cookie(&format!("inglenook={}", lin.token()));
    let page = without_marks(&signed_in.get("/").await.is(200).text());
    assert!(page.contains("回答可能有误。<span class=\"keys-hint\">按 Enter 发送"), "{page}");
    let page = without_marks(&reads(app.client().browser(), CHINESE).get("/login").await.is(200).text());
    assert!(page.contains("还没有账号？<a href=\"/register\">注册账号</a>"), "{page}");
    let page = without_marks(&reads(app.client().browser(), ENGLISH).get("/login").await.is(200).text());
    assert!(page.contains("New here? <a href=\"/register\">Create an account</a>"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_brings_every_plural_form_that_the_browser_may_need() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let browser = reads(app.client().browser(), ENGLISH).cookie(&format!("inglenook={}", lin.token()));
    let page = browser.get("/").await.is(200).text();
    let forms = r#""answer-complete":{"one":"Answer complete, {count} word","other":"Answer complete, {count} words"}"#;
    assert!(page.contains(forms), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_before_signing_in_needs_no_script_and_leads_back() {
    let app = App::start().await;
    app.person("lin").await;
    let english = reads(app.client().browser(), ENGLISH);
    let page = english.get("/login").await.is(200).text();
    assert!(page.contains("action=\"/fn/set-language\"") && page.contains("简体中文"), "{page}");
    let at = english.clone().header("referer", "http://inglenook.test/login?next=%2fc%2fx");
    let answer = at.post_form("/fn/set-language", "language=zh-CN").await.is(302);
    assert_eq!(answer.header("location"), "/login?next=%2fc%2fx");
    assert!(
        answer.header("set-cookie").starts_with("inglenook_lang=zh-CN; ")
            && answer.header("set-cookie").contains("; Path=/; "),
        "{:?}",
        answer.cookies()
    );
    let chosen = english.clone().cookie(&answer.cookie());
    is_in(&chosen.get("/login").await.is(200), "zh-CN");
    is_in(&chosen.get("/no-such-page").await.is(404), "zh-CN");
    // When the person takes the choice back, the language is that of the browser again.
    let answer = chosen.post_form("/fn/set-language", "language=").await.is(302);
    assert!(
        answer.header("set-cookie").starts_with("inglenook_lang=; ")
            && answer.header("set-cookie").contains("Max-Age=0")
    );
    // Looking at a page changes nothing, whatever its address says.
    let looked = english.get("/login?language=zh-CN").await.is(200);
    is_in(&looked, "en");
    assert!(looked.cookies().is_empty());
    assert_eq!(english.head(Method::GET, "/fn/set-language?language=zh-CN", "").await.0, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_language_is_refused_with_the_known_ones() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let at = reads(app.client().browser(), CHINESE).header("referer", "http://inglenook.test/login");
    for odd in ["tlh", "zh", "../en", "zh-CN%0d%0aset-cookie:a=b"] {
        let answer = at.post_form("/fn/set-language", &format!("language={odd}")).await.is(302);
        assert!(answer.cookies().is_empty(), "{:?}", answer.cookies());
        let told = at.get(answer.header("location")).await.is(200).text();
        assert!(told.contains("本站支持的语言：en, zh-CN。"), "{told}");
    }
    let refused = lin.patch(ME, &json!({ "language": "tlh" })).await.problem(422, "language");
    assert_eq!(refused.json()["detail"], "This site speaks: en, zh-CN.");
    assert_eq!(lin.get(ME).await.json()["language"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_a_language_that_goes_with_it() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let browser = reads(app.client().browser(), ENGLISH).cookie(&format!("inglenook={}", lin.token()));
    is_in(&browser.get("/settings").await.is(200), "en");
    let saved = browser.post_form("/fn/set-language", "language=zh-CN").await.is(302);
    assert!(
        saved.header("location").starts_with("/settings/appearance?flash="),
        "{}",
        saved.header("location")
    );
    assert!(saved.cookies().iter().any(|line| line.starts_with("inglenook_lang=zh-CN")));
    assert_eq!(lin.get(ME).await.json()["language"], "zh-CN");
    // The language of the account counts on another machine, too, whatever choice the browser there has.
    let elsewhere = browser.clone().cookie(&format!("inglenook={}; inglenook_lang=en", lin.token()));
    is_in(&elsewhere.get("/settings").await.is(200), "zh-CN");
    is_in(&elsewhere.get("/c/nothing").await.is(404), "zh-CN");
    let refused = reads(lin.clone(), ENGLISH).get("/api/v1/conversations/nothing").await.problem(404, "");
    is_in(&refused, "zh-CN");
    // A program resets the language; a change of the name leaves it.
    assert_eq!(lin.patch(ME, &json!({ "name": "Lin" })).await.is(200).json()["language"], "zh-CN");
    assert_eq!(lin.patch(ME, &json!({ "language": null })).await.is(200).json()["language"], Value::Null);
    is_in(&browser.get("/settings").await.is(200), "en");
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_and_errors_of_functions_are_worded_for_their_caller() {
    let app =
        App::with(&[("INGLENOOK_LIMITS_BODY_BYTES", "100000"), ("INGLENOOK_LIMITS_MESSAGE_BYTES", "50000")])
            .await;
    let lin = app.person("lin").await;
    let chinese = reads(lin.clone(), CHINESE);
    for (client, title, detail) in [
        (&lin, "Not valid", "Choose a name of at most 100 characters, on one line."),
        (&chinese, "输入有误", "名字最多 100 个字符，且不能换行。"),
    ] {
        let problem = client.patch(ME, &json!({ "name": "x".repeat(101) })).await.problem(422, "name").json();
        assert_eq!((&problem["title"], &problem["detail"]), (&json!(title), &json!(detail)));
        assert_eq!(
            (&problem["code"], &problem["type"]),
            (&json!("invalid"), &json!("urn:inglenook:error:invalid"))
        );
    }
    // The server refuses this request before it knows who sends it.
    let nobody = reads(app.client(), CHINESE).header("content-length", "200011");
    let large = nobody.patch(ME, &json!({ "name": "x".repeat(200_000) })).await.problem(413, "");
    is_in(&large, "zh-CN");
    assert_eq!(large.json()["detail"], "内容过大，最多 97 KB。");
    let none = reads(app.client(), CHINESE).get(ME).await.problem(401, "");
    assert_eq!(none.json()["detail"], "登录已失效，请重新登录后继续。");
    // A page shows the sentences that its functions answer with.
    for (languages, said) in [(ENGLISH, "Your session has ended."), (CHINESE, "登录已失效")] {
        let answer = reads(app.client(), languages).post_form("/fn/stop", "message_id=x").await.is(401);
        assert_eq!(answer.json()["code"], "signed_out");
        assert!(answer.json()["message"].as_str().unwrap().starts_with(said), "{}", answer.text());
    }
    let answer = reads(app.client(), CHINESE).post_form("/fn/none", "").await.is(404);
    assert!(answer.json()["message"].as_str().unwrap().starts_with("这里什么都没有"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flash_is_in_the_language_of_its_reader() {
    let app = App::start().await;
    app.person("lin").await;
    let english = reads(app.client().browser(), ENGLISH).header("referer", "http://inglenook.test/login");
    let wrong = "email=lin%40example.org&password=not+this+one";
    let back = english.post_form("/fn/login", wrong).await.is(302).header("location").to_owned();
    assert!(english.get(&back).await.is(200).text().contains("That e-mail and password do not match."));
    let chinese = english.cookie("inglenook_lang=zh-CN").get(&back).await.is(200);
    is_in(&chinese, "zh-CN");
    assert!(chinese.text().contains("邮箱或密码不正确。"), "{}", chinese.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_listener_gets_the_reason_of_a_failure_in_their_language() {
    let app = App::with_upstream().await;
    let lin = app.person("lin").await;
    let path = format!("/api/v1/conversations/{}", lin.conversation().await);
    let (english, chinese) = (reads(lin.clone(), ENGLISH), reads(lin.clone(), CHINESE));
    let mut listeners = Vec::new();
    for client in [&english, &chinese] {
        listeners.push(client.events(&format!("{path}/events")).await);
    }
    let question = json!({ "content": "Why?", "model": "acme/401" });
    lin.post(&format!("{path}/messages"), &question).await.is(202);
    for ((listener, client), said) in
        listeners.iter_mut().zip([&english, &chinese]).zip(["acme refused the key.", "acme 拒绝了密钥。"])
    {
        let live = listener.until_end().await.pop().unwrap();
        let later = client.events(&format!("{path}/events")).await.until_end().await.pop().unwrap();
        let stored = client.get(&format!("{path}/messages")).await.json()["items"][1]["failure"].clone();
        for told in [&live.2, &later.2, &stored] {
            assert!(told["message"].as_str().unwrap().starts_with(said), "{told}");
            assert_eq!(told["code"], "refused");
        }
    }
    // The store has the reason and no sentence.
    let (me, messages) = (lin.get(ME).await.json(), lin.get(&format!("{path}/messages")).await.json());
    let (me, answer) = (me["id"].as_str().unwrap(), messages["items"][1]["id"].as_str().unwrap());
    let (_, answer) = app.state.store.message_access(me, answer, Need::Read).await.unwrap();
    assert_eq!(answer.failure.unwrap().reason, Reason::new("provider-bad-key").with("provider", "acme"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_about_the_api_is_in_english_and_says_so() {
    let app = App::start().await;
    is_in(&reads(app.client().browser(), CHINESE).get("/api/docs").await.is(200), "en");
}
