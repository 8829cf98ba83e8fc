//! Who may register and with what, as administrators choose in the browser; and what they give one person.

use serde_json::json;

use super::{
    app::{App, Client, PASSWORD},
    second_factor::Factor,
};

const RULES: &str = "/api/v1/admin/registration";
const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";

fn browser(app: &App, person: &Client) -> Client {
    app.client().browser().cookie(&format!("inglenook={}", person.token()))
}

fn new(login: &str) -> serde_json::Value {
    json!({ "email": login, "password": PASSWORD })
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_choose_who_may_register() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let rules = lin.get(RULES).await.is(200).json();
    let open = json!({
        "registration": "open", "registration_is_fixed": false, "email": "required", "email_is_fixed": false,
    });
    assert_eq!(rules, open);
    for (body, field) in [
        (json!({ "registration": "everybody" }), "registration"),
        (json!({ "registration": { "$gt": "" } }), "registration"),
        (json!({ "email": ["optional"] }), "email"),
        (json!({ "email": "optional\0" }), "email"),
    ] {
        lin.patch(RULES, &body).await.problem(422, field);
    }
    kim.patch(RULES, &json!({ "registration": "closed" })).await.problem(404, "");
    assert_eq!(lin.get(RULES).await.json(), open);

    assert_eq!(
        lin.patch(RULES, &json!({ "registration": "closed" })).await.is(200).json()["registration"],
        "closed"
    );
    app.client().post(REGISTER, &new("zoe@example.org")).await.problem(403, "");
    let page = app.client().browser().get("/register").await.is(200).text();
    assert!(!page.contains("/fn/register"), "{page}");
    lin.patch(RULES, &json!({ "registration": "invite" })).await.is(200);
    let code = lin.post("/api/v1/admin/codes", &json!({ "registers": true })).await.is(201).json();
    let code = code["items"][0]["secret"].as_str().unwrap();
    let invited = json!({ "email": "zoe@example.org", "password": PASSWORD, "code": code });
    app.client().post(REGISTER, &invited).await.is(201);
    let noted = lin.get("/api/v1/admin/audit?kind=registration_changed").await.is(200).json();
    assert_eq!(noted["items"].as_array().unwrap().len(), 2);

    let page = browser(&app, &lin);
    let form = Some("application/x-www-form-urlencoded");
    let post = async |body: &str| {
        page.send(axum::http::Method::POST, "/fn/set-registration", body.to_owned().into(), form).await
    };
    post("registration=open&email=optional").await.is(302);
    assert_eq!(lin.get(RULES).await.json()["email"], "optional");
    let back = post("registration=nobody").await.is(302).header("location").to_owned();
    let told = page.get(&back).await.is(200).text();
    assert!(told.contains("aria-invalid=\"true\"") && told.contains("open, invite, closed"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_configuration_says_is_not_changed() {
    let app =
        App::with(&[("INGLENOOK_AUTH_REGISTRATION", "closed"), ("INGLENOOK_AUTH_EMAIL", "optional")]).await;
    let lin = app.client();
    let first = lin.post(REGISTER, &new("Lin.王")).await.is(201).json();
    let lin = lin.bearer(first["token"].as_str().unwrap());
    assert_eq!(first["user"]["login"], "lin.王");
    let rules = lin.get(RULES).await.is(200).json();
    assert_eq!((&rules["registration_is_fixed"], &rules["email_is_fixed"]), (&json!(true), &json!(true)));
    lin.patch(RULES, &json!({ "registration": "open" })).await.problem(409, "");
    lin.patch(RULES, &json!({ "email": "required" })).await.problem(409, "");
    // The same again is no change.
    lin.patch(RULES, &json!({ "registration": "closed", "email": "optional" })).await.is(200);
    let page = browser(&app, &lin).get("/admin/people").await.is(200).text();
    assert!(page.contains("auth.registration") && !page.contains("name=\"registration\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_enough_where_an_address_is_optional() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    app.client().post(REGISTER, &new("kim")).await.problem(422, "email");
    lin.patch(RULES, &json!({ "email": "optional" })).await.is(200);
    let page = app.client().browser().get("/register").await.is(200).text();
    assert!(page.contains("E-mail or name") && !page.contains("type=\"email\""), "{page}");
    let long = "x".repeat(41);
    for bad in ["", "k", "-kim", "kim lee", "kim/", "k\0m", &long, "kim@", "$gt", "长"] {
        app.client().post(REGISTER, &new(bad)).await.problem(422, "email");
    }
    let made = app.client().post(REGISTER, &new(" Kim_1 ")).await.is(201).json();
    assert_eq!((&made["user"]["login"], &made["user"]["email"]), (&json!("kim_1"), &json!(null)));
    assert_eq!(made["user"]["name"], "kim_1");
    app.client().post(REGISTER, &new("KIM_1")).await.problem(409, "");
    app.client().post(REGISTER, &new("kim@example.org")).await.is(201);
    // They sign in also when new accounts need an address again.
    lin.patch(RULES, &json!({ "email": "required" })).await.is(200);
    app.client().post(LOGIN, &new("KIM_1")).await.is(200);
    let page = app.client().browser().get("/login").await.is(200).text();
    assert!(!page.contains("type=\"email\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_give_a_tier_and_end_a_second_factor() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let address = format!("/api/v1/admin/people/{}", kim.id().await);
    let gold = lin.post("/api/v1/admin/tiers", &json!({ "name": "Gold" })).await.is(201).id();
    for (body, field) in [
        (json!({ "tier": "none" }), "tier"),
        (json!({ "tier": ["x"] }), "tier"),
        (json!({}), "tier"),
        (json!({ "teir": gold }), "tier"),
        (json!({ "tier": null, "days": 30 }), "days"),
        (json!({ "tier": gold, "days": 0 }), "days"),
        (json!({ "tier": gold, "days": 36_501 }), "days"),
        (json!({ "tier": gold, "days": -1 }), "days"),
    ] {
        lin.send_json("PUT", &format!("{address}/tier"), &body).await.problem(422, field);
    }
    kim.send_json("PUT", &format!("{address}/tier"), &json!({ "tier": gold })).await.problem(404, "");
    let given = lin
        .send_json("PUT", &format!("{address}/tier"), &json!({ "tier": gold, "days": 3 }))
        .await
        .is(200)
        .json();
    let days = given["tier_until"].as_i64().unwrap() - app.state.clock.now();
    assert!((2 * 86_400_000..=3 * 86_400_000).contains(&days), "{days}");
    let page = browser(&app, &lin).get(&format!("/admin/people/{}", kim.id().await)).await.is(200).text();
    assert!(page.contains("Gold, until"), "{page}");
    let taken =
        lin.send_json("PUT", &format!("{address}/tier"), &json!({ "tier": null })).await.is(200).json();
    assert!(taken["tier"].is_null() && taken["tier_until"].is_null(), "{taken}");
    let noted = lin.get("/api/v1/admin/audit?kind=tier_changed").await.is(200).json();
    assert_eq!(noted["items"][0]["subject"]["name"], "kim");

    let factor = format!("{address}/second-factor");
    assert_eq!(lin.get(&factor).await.is(200).json(), json!({ "on": false }));
    lin.delete(&factor).await.problem(409, "");
    Factor::of(&app, &kim).await;
    assert_eq!(lin.get(&factor).await.is(200).json(), json!({ "on": true }));
    let page = browser(&app, &lin).get(&format!("/admin/people/{}", kim.id().await)).await.is(200).text();
    assert!(page.contains("/fn/end-second-factor"), "{page}");
    lin.delete(&factor).await.is(204);
    app.client().post(LOGIN, &new("kim@example.org")).await.is(200);
}
