//! The checks that a request passes before any route (the host it names, the owner of its cookie, the time), and the
//! headers that every reply has.

use axum::http::Method;
use serde_json::json;

use super::{
    app::{App, Client, PASSWORD},
    time::{DAY, Hands},
};

const ME: &str = "/api/v1/me";
const LOGIN: &str = "/api/v1/auth/login";
const FORM: &str = "email=lin%40example.org&password=correct+horse";
const PUBLIC: (&str, &str) = ("INGLENOOK_PUBLIC_URL", "https://chat.example.org");

#[tokio::test(flavor = "multi_thread")]
async fn another_host_gets_the_right_address() {
    let app = App::with(&[PUBLIC]).await.begun().await;
    for host in ["evil.example", "192.168.1.5:3000", "chat.example.org.evil.example", "inglenook.test"] {
        let client = app.client().header("host", host);
        let page = client.clone().browser().get("/login").await.is(421);
        assert!(page.text().contains("href=\"https://chat.example.org\""), "{}", page.text());
        let refused = client.post("/api/v1/auth/register", &json!({})).await.problem(421, "");
        assert!(refused.json()["detail"].as_str().unwrap().contains(PUBLIC.1), "{}", refused.text());
        let call = client.clone().header("accept", "application/json");
        assert_eq!(call.post_form("/fn/login", FORM).await.is(421).json()["code"], "misdirected");
        // A probe may name any host.
        client.get("/healthz").await.is(200);
        client.get("/readyz").await.is(200);
    }
    app.client().header("host", "Chat.Example.Org:443").get(ME).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_that_a_stranger_points_at_this_machine_is_refused() {
    let app = App::start().await;
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let rebound =
        app.client().header("host", "evil.example:3000").header("origin", "http://evil.example:3000");
    let refused = rebound.post("/api/v1/auth/register", &form).await.problem(421, "");
    assert!(refused.text().contains("INGLENOOK_PUBLIC_URL"), "{}", refused.text());
    let own = app.client().header("host", "127.0.0.1:3000").header("origin", "http://127.0.0.1:3000");
    own.post("/api/v1/auth/register", &form).await.is(201);
}

/// A browser that posts a form without `Sec-Fetch-Site`, because browsers leave that out over plain HTTP.
fn page_at(app: &App, origin: &str) -> Client {
    let host = origin.split_once("://").unwrap().1;
    app.client().header("accept", "text/html").header("host", host).header("origin", origin)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_https_signing_in_works_or_says_why() {
    let app = App::with(&[PUBLIC]).await.begun().await;
    let person = json!({ "email": "lin@example.org", "password": PASSWORD });
    let own = app.client().header("host", "chat.example.org");
    own.post("/api/v1/auth/register", &person).await.is(201);
    // The request comes from another machine of the network, or has the right name but no HTTPS.
    for origin in [
        "http://192.168.1.5:3000",
        "http://nas:3000",
        "http://chat.example.org:3000",
        "http://chat.example.org",
    ] {
        let answer = page_at(&app, origin).post_form("/fn/login", FORM).await.is(421);
        assert!(answer.text().contains("href=\"https://chat.example.org\""), "{origin}: {}", answer.text());
        assert!(answer.cookies().is_empty());
    }
    // On the server's own machine signing in works without HTTPS.
    let answer = page_at(&app, "http://localhost:3000").post_form("/fn/login", FORM).await.is(302);
    assert!(!answer.header("set-cookie").contains("Secure"), "{}", answer.header("set-cookie"));
    let here = app.client().header("host", "localhost:3000").cookie(&answer.cookie());
    here.clone().browser().get("/").await.is(200);
    // The cookie of the local address signs nobody in at the public address.
    own.clone().cookie(&answer.cookie()).get(ME).await.is(401);
    let answer =
        page_at(&app, "http://localhost:3000").cookie(&answer.cookie()).post_form("/fn/logout", "").await;
    assert!(answer.is(302).header("set-cookie").contains("Max-Age=0"));
    here.get(ME).await.is(401);
    // The proxy does not pass the host on.
    let behind = app
        .client()
        .header("host", "127.0.0.1:3000")
        .header("origin", PUBLIC.1)
        .header("accept", "text/html");
    let answer = behind.post_form("/fn/login", FORM).await.is(302);
    assert!(answer.header("set-cookie").starts_with("__Host-"), "{}", answer.header("set-cookie"));
    app.client().header("host", "127.0.0.1:3000").cookie(&answer.cookie()).get(ME).await.is(200);
}

/// Whether the address is configured or not: a browser keeps the cookie, sends it with the next page, and signs out.
#[tokio::test(flavor = "multi_thread")]
async fn over_plain_http_an_address_of_the_network_signs_in() {
    let listen = ("INGLENOOK_LISTEN", "0.0.0.0:3000");
    let public = ("INGLENOOK_PUBLIC_URL", "http://192.168.1.5:3000");
    for settings in [&[listen][..], &[listen, public]] {
        let app = App::with(settings).await.begun().await;
        let person = json!({ "email": "lin@example.org", "password": PASSWORD });
        let host = app.client().header("host", "192.168.1.5:3000");
        host.post("/api/v1/auth/register", &person).await.is(201);
        let page = page_at(&app, "http://192.168.1.5:3000");
        let answer = page.clone().post_form("/fn/login", FORM).await.is(302);
        let set = answer.header("set-cookie").to_owned();
        assert!(!set.contains("Secure") && !set.starts_with("__Host-") && set.contains("HttpOnly"), "{set}");
        let signed_in = page.cookie(&answer.cookie());
        signed_in.get("/").await.is(200);
        signed_in.post_form("/fn/end-other-devices", "").await.is(302);
        host.cookie(&answer.cookie()).get(ME).await.is(200);
        assert!(
            signed_in.post_form("/fn/logout", "").await.is(302).header("set-cookie").contains("Max-Age=0")
        );
        assert!(signed_in.get("/").await.header("location").starts_with("/login"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_is_believed_and_no_other_client() {
    let app = App::with(&[("INGLENOOK_TRUSTED_PROXIES", "10.0.0.0/8"), ("INGLENOOK_LISTEN", "0.0.0.0:3000")])
        .await
        .begun()
        .await;
    let lin = app.person("lin").await;
    let page = app
        .client()
        .cookie(&format!("inglenook={}", lin.token()))
        .header("host", "inglenook:3000")
        .header("origin", "https://chat.example.org")
        .header("x-forwarded-host", "chat.example.org")
        .header("x-forwarded-proto", "https");
    let path = "/api/v1/conversations";
    page.clone().from(([10, 0, 0, 1], 4711).into()).post(path, &json!({})).await.is(201);
    let refused = page.from(([203, 0, 113, 9], 4711).into()).post(path, &json!({})).await.problem(403, "");
    assert!(
        refused.text().contains("INGLENOOK_PUBLIC_URL to https://chat.example.org"),
        "{}",
        refused.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_count_for_the_client_that_a_proxy_names() {
    let app = App::with(&[("INGLENOOK_TRUSTED_PROXIES", "10.0.0.0/8")]).await.begun().await;
    app.person("lin").await;
    let wrong = json!({ "email": "lin@example.org", "password": "wrong horse" });
    let from = |line: &str| app.client().from(([10, 0, 0, 1], 4711).into()).header("x-forwarded-for", line);
    for made_up in 0..10 {
        from(&format!("6.6.6.{made_up}, 203.0.113.7, 10.0.0.2")).post(LOGIN, &wrong).await.is(401);
    }
    from("6.6.6.6, 203.0.113.7").post(LOGIN, &wrong).await.is(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sites_on_one_host_have_a_cookie_each() {
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let mut cookies = Vec::new();
    let sites = [
        App::with_secret(b"the first secret of thirty-two b").await,
        App::with_secret(b"a second secret of thirty-two by").await,
    ];
    for site in &sites {
        cookies.push(site.client().post("/api/v1/auth/register", &form).await.is(201).cookie());
    }
    let names: Vec<&str> = cookies.iter().map(|cookie| cookie.split('=').next().unwrap()).collect();
    assert_ne!(names[0], names[1]);
    let both = cookies.join("; ");
    for site in &sites {
        site.client().cookie(&both).get(ME).await.is(200);
    }
    // Signing out of the first site leaves the person signed in at the second one.
    let out = sites[0].client().cookie(&both).browser().post_form("/fn/logout", "").await.is(302);
    assert_eq!(out.cookies().len(), 1);
    assert!(out.header("set-cookie").starts_with(names[0]), "{}", out.header("set-cookie"));
    sites[0].client().cookie(&both).get(ME).await.is(401);
    sites[1].client().cookie(&both).get(ME).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_of_the_old_name_is_moved_to_the_new_one() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let old = format!("inglenook={}", lin.token());
    let answer = app.client().cookie(&old).browser().get("/").await.is(200);
    let cookies = answer.cookies();
    assert!(
        cookies.len() == 2 && cookies[1].starts_with("inglenook=;") && cookies[1].contains("Max-Age=0"),
        "{cookies:?}"
    );
    app.client().cookie(&answer.cookie()).get(ME).await.is(200);
    assert!(app.client().cookie(&answer.cookie()).get(ME).await.cookies().is_empty(), "once is enough");
    // Signing out removes both cookies.
    let out = app.client().cookie(&old).browser().post_form("/fn/logout", "").await.is(302);
    assert!(out.cookies().len() == 2 && out.cookies().iter().all(|cookie| cookie.contains("Max-Age=0")));
    // The server leaves another site's cookie of that name alone.
    let others = App::with_secret(b"another secret of thirty-two byt").await.person("kim").await;
    let answer =
        app.client().cookie(&format!("inglenook={}", others.token())).browser().get("/login").await.is(200);
    assert!(answer.cookies().is_empty(), "{:?}", answer.cookies());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_signs_nobody_out() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    for days in [-400, -1, 1, 25, -3, 30] {
        hands.turn(days * DAY);
        lin.get(ME).await.is(200);
        hands.turn(-days * DAY);
    }
    hands.turn(-2 * 60 * 1000);
    lin.get(ME).await.is(200);
    app.person("kim").await.get(ME).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_from_visit_to_visit() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let program = app.person("lin").await;
    let mut cookie = format!("inglenook={}", app.person("kim").await.token());
    // The session is used every twenty days for a year.
    for _ in 0..18 {
        hands.turn(20 * DAY);
        let answer = program.get(ME).await.is(200);
        assert!(answer.cookies().is_empty(), "a program wants no cookie: {:?}", answer.cookies());
        let answer = app.client().cookie(&cookie).get(ME).await.is(200);
        assert!(answer.cookies()[0].contains("Max-Age=2592000"), "{:?}", answer.cookies());
        cookie = answer.cookie();
        // The server prolongs a session only once a day.
        assert!(app.client().cookie(&cookie).get(ME).await.is(200).cookies().is_empty());
    }
    hands.turn(31 * DAY);
    program.get(ME).await.is(401);
    app.client().cookie(&cookie).get(ME).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_for_one_person_is_never_cached() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    lin.ask(&id, "Hello").await;
    for path in [ME, "/api/v1/models", "/api/v1/conversations", "/healthz", "/"] {
        assert_eq!(lin.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    for path in ["", "/messages"] {
        let path = format!("/api/v1/conversations/{id}{path}");
        assert_eq!(lin.get(&path).await.is(200).header("cache-control"), "no-store", "{path}");
    }
    let history = lin.post_form("/fn/history", &format!("conversation_id={id}")).await;
    assert_eq!(history.header("cache-control"), "no-store");
    // A reply that is the same for everybody may be cached, and says so.
    assert_eq!(lin.get("/api/openapi.json").await.header("cache-control"), "no-cache");
    assert!(lin.get(ME).await.header("strict-transport-security").is_empty());
    let https = App::with(&[PUBLIC]).await.begun().await;
    for path in ["/login", ME, "/healthz", "/pkg/x/inglenook.css", "/api/docs"] {
        let answer = https.client().header("host", "chat.example.org").get(path).await;
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_do_not_buffer_streams() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    lin.ask(&id, "Hello").await;
    let streams = [
        (Method::GET, format!("/api/v1/conversations/{id}/events"), String::new()),
        (Method::GET, format!("/api/v1/conversations/{id}/events?format=html"), String::new()),
        (Method::POST, "/fn/follow".into(), format!("conversation_id={id}")),
    ];
    for (method, path, form) in streams {
        let (status, headers) =
            lin.clone().header("accept-encoding", "br, gzip").head(method, &path, &form).await;
        assert_eq!(status, 200, "{path}");
        assert_eq!(headers["x-accel-buffering"], "no", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert!(
            !headers.contains_key("content-encoding") && !headers.contains_key("content-length"),
            "{headers:?}"
        );
    }
    // Proxies may buffer a reply that is not a stream.
    for path in [ME, "/", "/api/docs"] {
        assert_eq!(lin.get(path).await.header("x-accel-buffering"), "", "{path}");
    }
}
