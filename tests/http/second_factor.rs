//! The second factor: codes of an app and recovery codes, and signing in with them.

use std::net::SocketAddr;

use futures::future::join_all;
use inglenook::server::ops::clock::Clock;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{
    app::{App, PASSWORD},
    client::{Answer, Client},
    time::Hands,
};

const LOGIN: &str = "/api/v1/auth/login";
pub const FACTOR: &str = "/api/v1/me/second-factor";
const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;

/// What a person's app and paper hold.
pub struct Factor {
    key: String,
    clock: Clock,
    pub recovery: Vec<String>,
}

impl Factor {
    /// Switches the second factor of a person on.
    pub async fn of(app: &App, person: &Client) -> Self {
        let seed = person.post(FACTOR, &json!({})).await.is(201).json();
        let key = seed["key"].as_str().unwrap().to_owned();
        let mut factor = Self { key, clock: app.state.clock.clone(), recovery: Vec::new() };
        // The code of the step before, so that the present one is left to be used.
        let form = json!({ "code": factor.code(-30) });
        let codes = person.post(&format!("{FACTOR}/confirm"), &form).await.is(200).json();
        factor.recovery = serde_json::from_value(codes["recovery_codes"].clone()).unwrap();
        factor
    }

    /// What the app shows so many seconds from now.
    pub fn code(&self, later: i64) -> String {
        let secret = Secret::try_from_base32(&self.key).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        totp.generate((self.clock.now() / 1000 + later).unsigned_abs()).to_string()
    }
}

async fn start() -> (App, Hands, Client, Factor) {
    let (clock, hands) = Hands::new();
    let app = App::at(&[("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000")], clock).await;
    let lin = app.person("lin").await;
    let factor = Factor::of(&app, &lin).await;
    (app, hands, lin, factor)
}

fn form(code: Option<&str>) -> Value {
    json!({ "email": "lin@example.org", "password": PASSWORD, "code": code })
}

async fn sign_in(app: &App, code: &str) -> Answer {
    app.client().post(LOGIN, &form(Some(code))).await
}

fn code_of(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_asks_for_a_code_which_counts_once() {
    let (app, hands, lin, factor) = start().await;
    assert_eq!(lin.get(FACTOR).await.is(200).json(), json!({ "on": true, "recovery_codes_left": 10 }));
    let refused = app.client().post(LOGIN, &form(None)).await.problem(401, "");
    assert_eq!((&*code_of(&refused), refused.header("set-cookie")), ("second_factor_required", ""));
    let wrong = sign_in(&app, "000000").await.problem(401, "");
    assert_eq!((&*code_of(&wrong), wrong.header("set-cookie")), ("wrong_code", ""));
    // A wrong password says nothing about codes.
    let guess = json!({ "email": "lin@example.org", "password": "wrong horse", "code": factor.code(0) });
    assert_eq!(code_of(&app.client().post(LOGIN, &guess).await.is(401)), "wrong_credentials");
    let code = factor.code(0);
    let entered = sign_in(&app, &format!(" {} {}", &code[..3], &code[3..])).await.is(200).json();
    assert!(entered.get("recovery_codes_left").is_none(), "{entered}");
    app.client().bearer(entered["token"].as_str().unwrap()).get("/api/v1/me").await.is(200);
    sign_in(&app, &factor.code(0)).await.is(401);
    sign_in(&app, &factor.code(-30)).await.is(401);
    hands.turn(30 * SECOND);
    sign_in(&app, &factor.code(0)).await.is(200);
    sign_in(&app, &factor.code(60)).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_signs_in_once_and_says_how_many_are_left() {
    let (app, _, lin, factor) = start().await;
    assert_eq!(factor.recovery.len(), 10);
    let entered = sign_in(&app, &factor.recovery[3].to_lowercase()).await.is(200).json();
    assert_eq!(entered["recovery_codes_left"], 9);
    assert_eq!(code_of(&sign_in(&app, &factor.recovery[3]).await.is(401)), "wrong_code");
    assert_eq!(lin.get(FACTOR).await.is(200).json()["recovery_codes_left"], 9);
    let new = lin.post(&format!("{FACTOR}/recovery-codes"), &json!({})).await.is(200).json();
    let new: Vec<String> = serde_json::from_value(new["recovery_codes"].clone()).unwrap();
    sign_in(&app, &factor.recovery[4]).await.is(401);
    assert_eq!(sign_in(&app, &new[0]).await.is(200).json()["recovery_codes_left"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_that_use_a_code_at_once_one_is_signed_in() {
    let (app, hands, _, factor) = start().await;
    for code in [factor.code(0), factor.recovery[0].clone()] {
        // The tries of the round before are forgotten then.
        hands.turn(6 * MINUTE);
        let code = if code.len() == 6 { factor.code(0) } else { code };
        let all = join_all((0..20).map(|_| sign_in(&app, &code))).await;
        let statuses: Vec<u16> = all.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 401, 429, 503].contains(status)), "{statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_wrong_codes_there_is_a_wait_but_not_at_a_familiar_address() {
    let (app, hands, _, factor) = start().await;
    let at = |address: &str| app.client().from(SocketAddr::new(address.parse().unwrap(), 1));
    let try_at = async |address: &str, code: &str| at(address).post(LOGIN, &form(Some(code))).await.status;
    assert_eq!(try_at("192.0.2.1", &factor.code(0)).await, 200);
    // From many addresses somebody who knows the password tries codes.
    for number in 0..5 {
        assert_eq!(try_at(&format!("203.0.113.{number}"), "000000").await, 401);
    }
    hands.turn(30 * SECOND);
    assert_eq!(try_at("203.0.113.9", &factor.code(0)).await, 429, "also with the right one");
    assert_eq!(try_at("192.0.2.1", &factor.code(0)).await, 200);
    // There, too, wrong ones are counted.
    for _ in 0..5 {
        assert_eq!(try_at("192.0.2.1", "000000").await, 401);
    }
    assert_eq!(try_at("192.0.2.1", "000000").await, 429);
    hands.turn(5 * MINUTE);
    assert_eq!(try_at("203.0.113.9", &factor.code(0)).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_is_stored_sealed_and_recovery_codes_as_hashes() {
    let (app, _, lin, factor) = start().await;
    let stored = app.state.store.second_factor(&lin.id().await).await.unwrap().unwrap();
    let raw = Secret::try_from_base32(&factor.key).unwrap();
    for readable in [factor.key.as_bytes(), raw.as_ref()] {
        assert!(!stored.seed.as_bytes().windows(8).any(|part| readable.windows(8).any(|own| own == part)));
    }
    // Moved to somebody else's account it makes no codes.
    let kim = app.person("kim").await;
    assert!(app.state.store.begin_second_factor(&kim.id().await, &stored.seed).await.unwrap());
    let refused = kim.post(&format!("{FACTOR}/confirm"), &json!({ "code": factor.code(0) })).await;
    refused.problem(409, "");
    for code in &factor.recovery {
        assert_eq!(app.state.store.use_recovery_code(&lin.id().await, code).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_switched_on_by_a_right_code_and_off_again() {
    let (clock, _) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    let confirm = format!("{FACTOR}/confirm");
    assert_eq!(lin.get(FACTOR).await.is(200).json(), json!({ "on": false, "recovery_codes_left": 0 }));
    for call in [&confirm, &format!("{FACTOR}/recovery-codes")] {
        lin.post(call, &json!({ "code": "000000" })).await.problem(409, "");
    }
    lin.delete(FACTOR).await.problem(409, "");
    let seed = lin.post(FACTOR, &json!({})).await.is(201).json();
    let (key, address) = (seed["key"].as_str().unwrap(), seed["address"].as_str().unwrap());
    assert!(address.starts_with("otpauth://totp/Inglenook") && address.contains(key), "{address}");
    for wrong in ["", "12345", "abcdef", "1234567"] {
        lin.post(&confirm, &json!({ "code": wrong })).await.problem(422, "code");
    }
    lin.post(&confirm, &json!({ "code": 123_456 })).await.problem(422, "code");
    // Signing in asks for no code before that, and another seed may take its place.
    app.client().post(LOGIN, &form(None)).await.is(200);
    assert_ne!(lin.post(FACTOR, &json!({})).await.is(201).json()["key"], *key);
    let factor = Factor::of(&app, &lin).await;
    lin.post(FACTOR, &json!({})).await.problem(409, "");
    lin.post(&confirm, &json!({ "code": factor.code(0) })).await.problem(409, "");
    app.client().post(LOGIN, &form(None)).await.is(401);
    lin.delete(FACTOR).await.is(204);
    app.client().post(LOGIN, &form(None)).await.is(200);
    // Guesses at the confirmation are limited like others.
    lin.post(FACTOR, &json!({})).await.is(201);
    lin.post(&confirm, &json!({ "code": "000000" })).await.is(422);
    lin.post(&confirm, &json!({ "code": "000000" })).await.is(429);
}

/// The path and query that an answer leads to.
fn leads_to(answer: Answer) -> String {
    answer.is(302).header("location").to_owned()
}

const FORM: &str = "email=lin%40example.org&password=correct+horse&next=%2Fhistory";

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_ask_for_a_code_after_the_password() {
    let (app, hands, _, factor) = start().await;
    let browser = app.client().browser();
    let asked = browser.post_form("/fn/login", FORM).await.is(302);
    assert_eq!(asked.header("location"), "/login/code?next=%2Fhistory");
    let cookie = asked.cookies()[0].to_owned();
    assert!(
        asked.cookies().len() == 1 && cookie.contains("HttpOnly") && cookie.contains("Max-Age=300"),
        "{cookie}"
    );
    let half = app.client().browser().cookie(&asked.cookie());
    // The ticket alone opens nothing.
    assert_eq!(half.get("/history").await.is(303).header("location"), "/login?next=%2Fhistory");
    let page = half.get("/login/code?next=%2Fhistory").await.is(200).text();
    for part in
        ["autocomplete=\"one-time-code\"", "inputmode=\"numeric\"", "value=\"/history\"", "recovery=true"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let typing = half.get("/login/code?next=%2Fhistory&recovery=true").await.is(200).text();
    assert!(!typing.contains("inputmode"), "phones show letters: {typing}");
    let back = leads_to(half.post_form("/fn/login-code", "code=000000&next=%2Fhistory").await);
    assert!(back.starts_with("/login/code?next=%2Fhistory&flash="), "{back}");
    assert!(half.get(&back).await.is(200).text().contains("That code is not right"));
    let entered = half.post_form("/fn/login-code", &format!("code={}&next=%2Fhistory", factor.code(0))).await;
    let entered = entered.is(302);
    assert_eq!(entered.header("location"), "/history");
    let session = entered.cookies().iter().find(|line| !line.contains("_code=")).unwrap().split(';').next();
    app.client().browser().cookie(session.unwrap()).get("/history").await.is(200);
    assert!(entered.cookies().iter().any(|line| line.contains("_code=;") && line.contains("Max-Age=0")));
    // With a recovery code the next page says how many are left.
    let recovery = &factor.recovery[0];
    let entered = half.post_form("/fn/login-code", &format!("code={recovery}")).await.is(302);
    let session = entered.cookies().iter().find(|line| !line.contains("_code=")).unwrap().split(';').next();
    let told = app.client().browser().cookie(session.unwrap()).get(entered.header("location")).await.is(200);
    assert!(told.text().contains("You signed in with a recovery code. 9 are left."), "{}", told.text());
    // After five minutes the password is asked for again.
    hands.turn(5 * MINUTE + 1);
    assert_eq!(
        half.get("/login/code?next=%2Fhistory").await.is(303).header("location"),
        "/login?next=%2Fhistory"
    );
    let late = leads_to(half.post_form("/fn/login-code", &format!("code={}", factor.code(0))).await);
    assert!(late.starts_with("/login?flash="), "{late}");
    assert!(app.client().browser().get(&late).await.is(200).text().contains("Sign in again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_ends_with_a_new_password_and_belongs_to_one_site() {
    let (app, _, lin, factor) = start().await;
    let asked = app.client().browser().post_form("/fn/login", FORM).await.is(302).cookie();
    let (name, ticket) = asked.split_once('=').unwrap();
    let with = async |ticket: &str| {
        let half = app.client().browser().cookie(&format!("{name}={ticket}"));
        leads_to(half.post_form("/fn/login-code", &format!("code={}", factor.code(0))).await)
    };
    let other = App::with_secret(b"another secret, as long as this one").await;
    let kim = other.person("lin").await;
    let store = &other.state.store;
    assert!(store.begin_second_factor(&kim.id().await, "seed").await.unwrap());
    assert!(store.confirm_second_factor(&kim.id().await, "seed", 1, &[]).await.unwrap());
    let foreign = other.client().browser().post_form("/fn/login", FORM).await.is(302).cookie();
    let flash = &factor.recovery[0];
    for forged in ["", "x", foreign.split_once('=').unwrap().1, &ticket[1..], flash, &"A".repeat(3000)] {
        assert!(with(forged).await.starts_with("/login?flash="), "{forged}");
    }
    let new = json!({ "password": PASSWORD, "new_password": "another horse here" });
    lin.patch("/api/v1/me", &new).await.is(200);
    assert!(with(ticket).await.starts_with("/login?flash="));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_switch_it_on_and_show_the_recovery_codes() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    let lin = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    assert!(lin.get("/settings/sign-in").await.is(200).text().contains("Set up a second factor"));
    assert_eq!(lin.get("/settings/sign-in/app").await.is(303).header("location"), "/settings/sign-in");
    assert_eq!(lin.get("/settings/sign-in/recovery").await.is(303).header("location"), "/settings/sign-in");
    assert_eq!(leads_to(lin.post_form("/fn/second-factor-begin", "").await), "/settings/sign-in/app");
    let page = lin.get("/settings/sign-in/app").await.is(200).text();
    assert!(page.contains("class=\"qr\""), "{page}");
    let (_, key) = page.split_once("<code class=\"key\">").unwrap();
    let key = key.split('<').next().unwrap().replace(' ', "");
    let factor = Factor { key, clock: app.state.clock.clone(), recovery: Vec::new() };
    let back = leads_to(lin.post_form("/fn/second-factor-confirm", "code=1").await);
    assert!(back.starts_with("/settings/sign-in/app?flash="), "{back}");
    let refused = lin.get(&back).await.is(200).text();
    assert!(refused.contains("id=\"code-error\"") && refused.contains("aria-invalid=\"true\""), "{refused}");
    let shown =
        leads_to(lin.post_form("/fn/second-factor-confirm", &format!("code={}", factor.code(0))).await);
    let page = lin.get(&shown).await.is(200).text();
    assert_eq!(page.matches("<li><code>").count(), 10, "{page}");
    let (_, first) = page.split_once("<li><code>").unwrap();
    let first = first.split('<').next().unwrap();
    assert!(!shown.contains(first), "the address holds them sealed");
    // They are shown to nobody else, and not for long.
    let kim = app.person("kim").await;
    let kim = app.client().browser().cookie(&format!("inglenook={}", kim.token()));
    kim.get(&shown).await.is(303);
    hands.turn(5 * MINUTE + 1);
    lin.get(&shown).await.is(303);
    let page = lin.get("/settings/sign-in").await.is(200).text();
    assert!(page.contains("10 recovery codes are left") && !page.contains(first), "{page}");
    let off = leads_to(lin.post_form("/fn/second-factor-off", "").await);
    assert!(lin.get(&off).await.is(200).text().contains("Your second factor is off."));
}
