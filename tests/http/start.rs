//! The start page, and what a browser shows when the server cannot be reached.

use super::app::{App, Client};

fn browser(app: &App, person: &Client) -> Client {
    app.client().browser().cookie(&format!("inglenook={}", person.token()))
}

async fn ada_lovelace(app: &App) -> Client {
    let ada = app.person("ada").await;
    ada.patch("/api/v1/me", &serde_json::json!({ "name": "Ada Lovelace" })).await.is(200);
    ada
}

async fn start(browser: &Client, query: &str) -> String {
    browser.get(&format!("/{query}")).await.is(200).text()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_helps_to_begin() {
    let app = App::start().await;
    let ada = ada_lovelace(&app).await;
    let page = start(&browser(&app, &ada), "").await;
    assert!(page.contains("<span dir=\"auto\">Ada</span>"), "{page}");
    assert_eq!(page.matches("class=\"example\"").count(), 3);
    assert!(!page.contains("class=\"recent\""), "nothing is recent yet");
    for number in 0..6 {
        let id = ada.conversation().await;
        ada.patch(
            &format!("/api/v1/conversations/{id}"),
            &serde_json::json!({ "title": format!("n{number}") }),
        )
        .await
        .is(200);
    }
    let page = start(&browser(&app, &ada), "").await;
    let recent = page.split("class=\"recent\"").nth(1).unwrap().split("</ul>").next().unwrap();
    let shown: Vec<&str> =
        (0..6).map(|n| ["n0", "n1", "n2", "n3", "n4", "n5"][n]).filter(|n| recent.contains(n)).collect();
    assert_eq!(shown, ["n2", "n3", "n4", "n5"], "the four that changed last");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_example_is_in_the_composer_after_a_click_without_a_script() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let browser = browser(&app, &lin);
    let page = start(&browser, "").await;
    let link = page.split("href=\"/?text=").nth(1).unwrap().split('"').next().unwrap();
    let opened = start(&browser, &format!("?text={link}")).await;
    assert!(
        opened.contains("\nExplain how a heat pump works, first in one sentence, then in five</textarea>"),
        "{opened}"
    );
    let hostile = start(&browser, "?text=%3C/textarea%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(hostile.contains("&lt;/textarea&gt;&lt;script&gt;alert(1)"), "{hostile}");
    assert!(!hostile.contains("<script>alert"), "{hostile}");
    let long = start(&browser, &format!("?text={}", "x".repeat(5000))).await;
    assert!(!long.contains("xxxx"), "half a question is worse than none");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_administrator_is_told_how_to_add_a_model() {
    let app = App::start().await;
    let (ada, bea) = (app.person("ada").await, app.person("bea").await);
    let page = start(&browser(&app, &ada), "").await;
    assert!(page.contains("Only the demo model answers") && page.contains("[[provider]]"), "{page}");
    let page = start(&browser(&app, &bea), "").await;
    assert!(!page.contains("class=\"setup\"") && !page.contains("[[provider]]"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_offline_page_needs_nothing_and_says_nothing_of_anybody() {
    let app = App::start().await;
    let ada = ada_lovelace(&app).await;
    let page = browser(&app, &ada).get("/offline").await.is(200);
    assert_eq!(page.header("content-language"), "en");
    assert_eq!(page.header("cache-control"), "no-store");
    let (policy, html) = (page.header("content-security-policy").to_owned(), page.text());
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(html.matches(&format!(" nonce=\"{nonce}\"")).count(), 2, "{html}");
    assert!(html.contains("Inglenook cannot be reached"), "{html}");
    for outside in ["<link", " src=", "url(", "Ada", "/pkg/"] {
        assert!(!html.contains(outside), "{outside}: {html}");
    }
    let chinese = app.client().browser().header("accept-language", "zh-CN").get("/offline").await.is(200);
    assert!(chinese.text().contains("无法连接 Inglenook"), "{}", chinese.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_is_asked_for_anew_and_may_reach_this_site_only() {
    let app = App::start().await;
    let worker = app.client().get("/sw.js").await.is(200);
    assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(worker.header("cache-control"), "no-cache");
    assert_eq!(worker.header("content-security-policy"), "default-src 'none'; connect-src 'self'");
    let lin = app.person("lin").await;
    let page = browser(&app, &lin).get("/").await.is(200);
    assert!(page.header("content-security-policy").contains("worker-src 'self'"));
    assert!(page.text().contains("register('/sw.js')"));
    let signed_out = app.client().browser().get("/login").await.is(200);
    assert!(!signed_out.text().contains("sw.js"), "only pages of people who are signed in register it");
}
