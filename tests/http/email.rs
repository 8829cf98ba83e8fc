//! Changing one's own e-mail address, with which one signs in.

use serde_json::{Value, json};

use super::{
    app::{App, PASSWORD},
    time::Hands,
};

const ME: &str = "/api/v1/me";
const LOGIN: &str = "/api/v1/auth/login";

#[tokio::test(flavor = "multi_thread")]
async fn the_new_address_signs_in_and_the_old_one_is_free() {
    let app = App::start().await;
    let (lin, _kim) = (app.person("lin").await, app.person("kim").await);
    let changed = lin.patch(ME, &json!({ "email": " New.Lin@Example.ORG " })).await.is(200).json();
    assert_eq!(
        (&changed["email"], &changed["login"], &changed["email_verified"]),
        (&json!("new.lin@example.org"), &json!("new.lin@example.org"), &json!(false))
    );
    let form = |email: &str| json!({ "email": email, "password": PASSWORD });
    app.client().post(LOGIN, &form("lin@example.org")).await.is(401);
    app.client().post(LOGIN, &form("new.lin@example.org")).await.is(200);
    assert_eq!(lin.get(ME).await.is(200).json()["email"], "new.lin@example.org", "the session goes on");
    app.person("lin").await;
    // The same once more is no change.
    lin.patch(ME, &json!({ "email": "new.lin@example.org" })).await.is(200);
    let noted = lin.get("/api/v1/admin/audit?kind=login_changed").await.is(200).json();
    assert_eq!(noted["items"].as_array().unwrap().len(), 1);
    assert!(!noted.to_string().contains("example.org"), "{noted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_one_or_not_free_is_refused() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    for email in ["", " ", "kim", "a@b@c", "a\0@example.org", "@example.org", &"x".repeat(1 << 16)] {
        kim.patch(ME, &json!({ "email": email })).await.problem(422, "email");
    }
    for email in [json!(["a@example.org"]), json!({ "$gt": "" }), json!(7)] {
        kim.patch(ME, &json!({ "email": email })).await.problem(422, "email");
    }
    let taken = kim.patch(ME, &json!({ "email": "LIN@example.org" })).await.problem(409, "").json();
    assert_eq!(taken["detail"], "Another account has this e-mail address. Enter a different one.");
    let more =
        json!({ "email": "kim2@example.org", "role": "admin", "email_verified": true, "id": lin.id().await });
    let changed = kim.patch(ME, &more).await.is(200).json();
    assert_eq!((&changed["role"], &changed["email_verified"]), (&json!("member"), &Value::Bool(false)));
    // On the page the sentence stands at the field, with what was typed.
    let cookie = format!("inglenook={}", kim.token());
    let browser = app.client().cookie(&cookie).browser();
    let back = browser.post_form("/fn/set-email", "email=lin%40example.org").await.is(302);
    let page = browser.get(back.header("location")).await.is(200).text();
    assert!(page.contains("id=\"email-error\"") && page.contains("value=\"lin@example.org\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_needs_a_proof() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    hands.turn(10 * 60 * 1000 + 1);
    let change = json!({ "email": "other@example.org" });
    assert_eq!(lin.patch(ME, &change).await.problem(403, "").json()["code"], "proof_required");
    lin.patch(ME, &json!({ "name": "Lin" })).await.is(200);
    lin.post("/api/v1/me/proof", &json!({ "password": PASSWORD })).await.is(204);
    lin.patch(ME, &change).await.is(200);
}
