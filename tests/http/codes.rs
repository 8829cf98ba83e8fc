//! Invitations and activation codes: who makes them, what they give, and that each counts as often as it says.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use futures::future::join_all;
use inglenook::server::ops::clock::Clock;
use serde_json::{Value, json};

use super::{
    app::{App, PASSWORD},
    client::{Answer, Client},
};

const CODES: &str = "/api/v1/admin/codes";
const TIERS: &str = "/api/v1/admin/tiers";
const REDEEM: &str = "/api/v1/me/redeem";
const REGISTER: &str = "/api/v1/auth/register";
const DAY: i64 = 24 * 60 * 60 * 1000;
const NOW: i64 = 1_790_000_000_000;
const MANY: (&str, &str) = ("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1000");

/// A server whose time the test moves, and its administrator.
async fn begin(settings: &[(&str, &str)]) -> (App, Client, Arc<AtomicI64>) {
    let time = Arc::new(AtomicI64::new(NOW));
    let shown = time.clone();
    let app = App::at(settings, Clock::from_fn(move || shown.load(Ordering::Relaxed))).await;
    let admin = app.person("lin").await;
    (app, admin, time)
}

async fn tier(admin: &Client, name: &str) -> String {
    admin.post(TIERS, &json!({ "name": name })).await.is(201).id()
}

/// What is handed out of the one code that this makes.
async fn code(admin: &Client, wanted: Value) -> String {
    let made = admin.post(CODES, &wanted).await.is(201).json();
    made["items"][0]["secret"].as_str().unwrap().to_owned()
}

async fn register(app: &App, name: &str, code: &str) -> Answer {
    let form = json!({ "email": format!("{name}@example.org"), "password": PASSWORD, "code": code });
    app.client().post(REGISTER, &form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_gives_its_role_and_tier_and_says_who_used_it() {
    let (app, admin, _) = begin(&[]).await;
    let gold = tier(&admin, "Gold").await;
    let wanted = json!({
        "registers": true, "role": "admin", "tier": gold, "tier_days": 30, "uses": 2, "days": 7, "label": "Class 7b",
    });
    let made = admin.post(CODES, &wanted).await.is(201).json();
    let item = &made["items"][0];
    let (secret, path) = (item["secret"].as_str().unwrap(), item["path"].as_str().unwrap());
    assert_eq!(secret.len(), 30);
    assert_eq!(path, format!("/join/{}", secret.replace('-', "")));
    assert_eq!(item["code"]["expires_at"], NOW + 7 * DAY);

    // Typed in small letters and without groups it is the same.
    let kim = register(&app, "kim", &secret.to_lowercase().replace('-', " ")).await.is(201).json();
    assert_eq!((&kim["user"]["role"], &kim["user"]["tier"]), (&json!("admin"), &json!(gold)));
    assert_eq!(kim["user"]["tier_until"], NOW + 30 * DAY);
    register(&app, "ann", secret).await.is(201);
    register(&app, "bob", secret).await.problem(422, "code");

    let listed = admin.get(CODES).await.is(200);
    assert!(!listed.text().contains(secret) && !listed.text().contains(&secret.replace('-', "")));
    let listed = listed.json();
    assert_eq!(listed["items"][0]["state"], "used_up");
    let used: Vec<_> =
        listed["items"][0]["used_by"].as_array().unwrap().iter().map(|used| used["login"].clone()).collect();
    assert_eq!(used, [json!("ann@example.org"), json!("kim@example.org")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_do_not_count_all_get_the_same_answer() {
    let (app, admin, time) = begin(&[("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000")]).await;
    let kim = app.person("kim").await;
    let gold = tier(&admin, "Gold").await;
    let (used_up, ended, expired) = (
        code(&admin, json!({ "registers": true, "tier": gold })).await,
        code(&admin, json!({ "registers": true, "tier": gold })).await,
        code(&admin, json!({ "registers": true, "tier": gold, "days": 1 })).await,
    );
    register(&app, "ann", &used_up).await.is(201);
    let id = admin.get(CODES).await.json()["items"][1]["code"]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("{CODES}/{id}")).await.is(204);
    admin.delete(&format!("{CODES}/{id}")).await.problem(404, "");
    time.fetch_add(DAY, Ordering::Relaxed);
    let unknown = "7ZZZ0-12345-6789A-BCDEF-GHJKMN";
    let mut said = Vec::new();
    for code in [used_up.as_str(), &ended, &expired, unknown, "no code", "密码"] {
        let registering = register(&app, "bob", code).await.problem(422, "code");
        let redeeming = kim.post(REDEEM, &json!({ "code": code })).await.problem(422, "code");
        said.extend([registering, redeeming].map(|answer| answer.without_request_id()["detail"].clone()));
        let page = app.client().browser().get(&format!("/join/{}", code.replace(' ', "%20"))).await;
        if page.status == 200 {
            assert!(
                page.text().contains("wrong, used up or expired") && !page.text().contains("/fn/register")
            );
        }
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:?}");
    assert_eq!(
        said[0],
        "This code is wrong, used up or expired. Ask whoever gave it to you for another one."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_one_registers_and_one_redeems() {
    let (app, admin, _) = begin(&[MANY]).await;
    let gold = tier(&admin, "Gold").await;
    let invitation = code(&admin, json!({ "registers": true })).await;
    let names: Vec<String> = (0..20).map(|number| format!("p{number}")).collect();
    let made = join_all(names.iter().map(|name| register(&app, name, &invitation))).await;
    let count = |status: u16| made.iter().filter(|answer| answer.status == status).count();
    // Some may have to wait too long for their password to be hashed.
    assert_eq!((count(201), count(422) + count(503)), (1, 19), "{made:?}");
    let activation = code(&admin, json!({ "registers": false, "tier": gold, "tier_days": 3 })).await;
    let kim = app.person("kim").await;
    let redeem = || kim.clone().post_owned(REDEEM, json!({ "code": activation }));
    let redeemed = join_all((0..50).map(|_| redeem())).await;
    assert_eq!(redeemed.iter().filter(|answer| answer.status == 200).count(), 1, "{redeemed:?}");
    assert_eq!(kim.get("/api/v1/me").await.json()["tier_until"], NOW + 3 * DAY);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_registration_is_by_invitation_a_code_is_needed_and_where_it_is_closed_none_helps() {
    for (registration, without, with) in [("open", 201, 201), ("invite", 403, 201), ("closed", 403, 403)] {
        let (app, admin, _) = begin(&[("INGLENOOK_AUTH_REGISTRATION", registration)]).await;
        let code = code(&admin, json!({ "registers": true, "uses": 9 })).await;
        register(&app, "kim", "").await.is(without);
        register(&app, "ann", &code).await.is(with);
        let page = app.client().browser().get(&format!("/join/{}", code.replace('-', ""))).await.is(200);
        assert_eq!(page.text().contains("/fn/register"), with == 201, "{registration}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redeeming_extends_a_tier_and_replaces_another_only_when_that_is_wanted() {
    let (app, admin, _) = begin(&[]).await;
    let kim = app.person("kim").await;
    let (silver, gold) = (tier(&admin, "Silver").await, tier(&admin, "Gold").await);
    let of = async |tier: &str, days: i64| {
        code(&admin, json!({ "registers": false, "tier": tier, "tier_days": days })).await
    };
    let redeem = async |code: &str, replace: bool| {
        kim.post(REDEEM, &json!({ "code": code, "replace": replace })).await
    };
    let first = of(&silver, 10).await;
    let told = redeem(&first, false).await.is(200).json();
    assert_eq!(told["user"]["tier_until"], NOW + 10 * DAY);
    assert_eq!(told["message"], "You have the tier Silver until 1 October 2026.");
    redeem(&first, false).await.problem(422, "code");
    redeem(&of(&silver, 5).await, false).await.is(200);
    assert_eq!(kim.get("/api/v1/me").await.json()["tier_until"], NOW + 15 * DAY);
    let other = of(&gold, 3).await;
    let asked = redeem(&other, false).await.problem(409, "").json();
    assert_eq!(
        asked["detail"],
        "You have the tier Silver until 6 October 2026. This code gives you the tier Gold until 24 September 2026 in \
         its place."
    );
    assert_eq!(kim.get("/api/v1/me").await.json()["tier"], silver);
    let told = redeem(&other, true).await.is(200).json();
    assert_eq!((&told["user"]["tier"], &told["user"]["tier_until"]), (&json!(gold), &json!(NOW + 3 * DAY)));
    // An invitation that gives nothing else is not used up by somebody who has an account.
    let invitation = code(&admin, json!({ "registers": true })).await;
    redeem(&invitation, true).await.problem(409, "");
    register(&app, "ann", &invitation).await.is(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_or_redeemed_is_named() {
    let (app, admin, _) = begin(&[]).await;
    let kim = app.person("kim").await;
    for (body, field) in [
        (json!({}), "registers"),
        (json!({ "registers": "yes" }), "registers"),
        (json!({ "registers": true, "count": 0 }), "count"),
        (json!({ "registers": true, "count": 501 }), "count"),
        (json!({ "registers": true, "count": -1 }), "count"),
        (json!({ "registers": true, "uses": { "$gt": "" } }), "uses"),
        (json!({ "registers": true, "uses": 100_001 }), "uses"),
        (json!({ "registers": true, "days": 1.5 }), "days"),
        (json!({ "registers": true, "days": 0 }), "days"),
        (json!({ "registers": true, "tier_days": 99_999 }), "tier_days"),
        (json!({ "registers": true, "role": "owner" }), "role"),
        (json!({ "registers": true, "tier": "none" }), "tier"),
        (json!({ "registers": true, "tier": ["x"] }), "tier"),
        (json!({ "registers": false }), "tier"),
        (json!({ "registers": true, "label": "a\u{0}b" }), "label"),
        (json!({ "registers": true, "label": "长".repeat(101) }), "label"),
    ] {
        admin.post(CODES, &body).await.problem(422, field);
    }
    assert_eq!(admin.get(CODES).await.json()["items"], json!([]), "nothing was stored");
    for (body, field) in [
        (json!({}), "code"),
        (json!({ "code": { "$gt": "" } }), "code"),
        (json!({ "code": ["x"] }), "code"),
        (json!({ "code": "x", "replace": "maybe" }), "replace"),
    ] {
        kim.post(REDEEM, &body).await.problem(422, field);
    }
    kim.post(CODES, &json!({ "registers": true })).await.problem(404, "");
    kim.get(CODES).await.problem(404, "");
}

/// A client with the cookie of somebody, as a browser.
fn browser(app: &App, client: &Client) -> Client {
    app.client().cookie(&format!("inglenook={}", client.token())).browser()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_makes_codes_that_its_page_shows_to_whoever_made_them() {
    let (app, admin, time) = begin(&[]).await;
    let kim = app.person("kim").await;
    let gold = tier(&admin, "Gold").await;
    let form =
        format!("registers=true&count=3&uses=1&days=14&tier={gold}&tier_days=30&role=member&label=Class+7b");
    let lin = browser(&app, &admin);
    let made = lin.post_form("/fn/make-codes", &form).await.is(302);
    let address = made.header("location").to_owned();
    assert!(address.starts_with("/admin/codes/made?flash="), "{address}");
    let page = lin.get(&address).await.is(200);
    let links: Vec<String> = page
        .text()
        .split("href=\"http://inglenook.test/join/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(links.len(), 3, "{}", page.text());
    assert_eq!(page.text().matches("class=\"qr\"").count(), 3);
    assert!(page.text().contains("Class 7b") && page.text().contains("Gold"));
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "same-origin"));
    // Nobody else opens it, and after a while nobody at all.
    browser(&app, &kim).get(&address).await.is(404);
    assert_eq!(lin.get(&address).await.is(200).text().matches("class=\"qr\"").count(), 3);
    time.fetch_add(10 * 60 * 1000, Ordering::Relaxed);
    assert_eq!(lin.get(&address).await.is(200).text().matches("class=\"qr\"").count(), 0);

    let guest = app.client().browser();
    let page = guest.get(&format!("/join/{}", links[0])).await.is(200);
    assert!(page.text().contains("You are invited") && page.text().contains("Gold"), "{}", page.text());
    assert!(page.text().contains(&format!("name=\"code\" value=\"{}\"", links[0])));
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "same-origin"));
    // A refused form leads back to the page of the code.
    let back = guest.clone().header("referer", &format!("http://inglenook.test/join/{}", links[0]));
    let refused = back.post_form("/fn/register", &format!("email=x&password=short&code={}", links[0])).await;
    assert!(refused.header("location").starts_with(&format!("/join/{}?flash=", links[0])), "{refused:?}");
    let form = format!("email=ann@example.org&password=correct+horse&code={}", links[0]);
    assert_eq!(guest.post_form("/fn/register", &form).await.is(302).header("location"), "/");
    // Somebody who is signed in redeems the next one on the same page.
    let kim = browser(&app, &kim);
    let page = kim.get(&format!("/join/{}", links[1])).await.is(200);
    assert!(page.text().contains("/fn/redeem") && !page.text().contains("/fn/register"));
    let redeemed = kim.post_form("/fn/redeem", &format!("code={}&replace=false", links[1])).await.is(302);
    let settings = kim.get(redeemed.header("location")).await.is(200).text();
    assert!(settings.contains("You have the tier Gold until"), "{settings}");
    // The list says who used which, and ends what is left.
    let list = lin.get("/admin/codes").await.is(200).text();
    assert!(list.contains("ann@example.org") && list.contains("kim@example.org"), "{list}");
    assert!(!links.iter().any(|link| list.contains(link)));
    let id = list.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    lin.post_form("/fn/end-codes", &format!("id={id}")).await.is(302);
    register(&app, "bob", &links[2]).await.problem(422, "code");
}
