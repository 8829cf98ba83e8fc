//! Proof of identity: what is sensitive asks again who one is.

use inglenook::{
    domain::{CurrentUser, Scope, SessionKind},
    error::AppError,
    server::{accounts::Proof, store::Session},
};
use serde_json::json;

use super::{
    app::{App, PASSWORD},
    second_factor::{FACTOR, Factor},
    time::Hands,
    tokens::claims_of,
};

const PROOF: &str = "/api/v1/me/proof";
const MINUTE: i64 = 60 * 1000;

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_counts_for_ten_minutes_in_its_session() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let other = app.client().post("/api/v1/auth/login", &form).await.is(200).json();
    let other = app.client().bearer(other["token"].as_str().unwrap());
    hands.turn(10 * MINUTE);
    lin.post(FACTOR, &json!({})).await.is(201);
    hands.turn(1);
    let refused = lin.post(FACTOR, &json!({})).await.problem(403, "");
    assert_eq!(refused.json()["code"], "proof_required");
    let wrong = lin.post(PROOF, &json!({ "password": "wrong horse" })).await.problem(422, "password");
    assert_eq!(wrong.json()["code"], "invalid");
    lin.post(PROOF, &json!({})).await.problem(422, "password");
    lin.post(FACTOR, &json!({})).await.is(403);
    lin.post(PROOF, &json!({ "password": PASSWORD })).await.is(204);
    lin.post(FACTOR, &json!({})).await.is(201);
    other.post(FACTOR, &json!({})).await.is(403);
    app.client().post(PROOF, &json!({ "password": PASSWORD })).await.is(401);
    // A clock that was set back makes it last no longer.
    hands.turn(-11 * MINUTE);
    lin.post(FACTOR, &json!({})).await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_part_of_the_proof() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    let factor = Factor::of(&app, &lin).await;
    hands.turn(11 * MINUTE);
    for call in ["confirm", "recovery-codes"] {
        let refused = lin.post(&format!("{FACTOR}/{call}"), &json!({ "code": factor.code(0) })).await;
        assert_eq!(refused.is(403).json()["code"], "proof_required", "{call}");
    }
    assert_eq!(lin.delete(FACTOR).await.is(403).json()["code"], "proof_required");
    let new = json!({ "password": PASSWORD, "new_password": "another horse here" });
    assert_eq!(lin.patch("/api/v1/me", &new).await.is(403).json()["code"], "proof_required");
    let leaves = lin.post("/api/v1/me/deletion", &json!({ "password": PASSWORD })).await;
    assert_eq!(leaves.is(403).json()["code"], "proof_required");
    let prove =
        async |code: Option<&str>| lin.post(PROOF, &json!({ "password": PASSWORD, "code": code })).await;
    prove(None).await.problem(422, "code");
    prove(Some(" ")).await.problem(422, "code");
    prove(Some("000000")).await.problem(422, "code");
    lin.patch("/api/v1/me", &new).await.is(403);
    prove(Some(&factor.code(0))).await.is(204);
    prove(Some(&factor.code(0))).await.problem(422, "code");
    lin.patch("/api/v1/me", &new).await.is(200);
    let prove = json!({ "password": "another horse here", "code": factor.recovery[0] });
    lin.post(PROOF, &prove).await.is(204);
    lin.post(PROOF, &prove).await.problem(422, "code");
    lin.delete(FACTOR).await.is(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_proofs_are_limited() {
    let (clock, _) = Hands::new();
    let app = App::at(&[("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "3")], clock).await;
    let lin = app.person("lin").await;
    let factor = Factor::of(&app, &lin).await;
    let prove = async |password: &str, code: &str| {
        lin.post(PROOF, &json!({ "password": password, "code": code })).await.status
    };
    for _ in 0..5 {
        assert_eq!(prove(PASSWORD, "000000").await, 422);
    }
    assert_eq!(prove(PASSWORD, &factor.code(0)).await, 429);
    for _ in 0..3 {
        assert_eq!(prove("wrong horse", "").await, 422);
    }
    assert_eq!(prove(PASSWORD, "").await, 429);
}

/// An API key is never proved, whatever it knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_proves_nothing() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let session = claims_of(lin.token())["sid"].as_str().unwrap().to_owned();
    let (browser, user) = app.state.store.session(&session).await.unwrap().unwrap();
    let key = Session { id: "key".into(), kind: SessionKind::Key, proved_at: 0, ..browser };
    assert!(app.state.store.create_session(&key, None).await.unwrap());
    let current = CurrentUser::found(user, (key.id, SessionKind::Key), (Scope::All, 0), "");
    assert_eq!(app.state.accounts.proved(&current), Err(AppError::ProofRequired));
    let proof = Proof { password: PASSWORD, code: "" };
    assert_eq!(app.state.accounts.prove(&current, proof).await, Err(AppError::ProofRequired));
    let (key, _) = app.state.store.session("key").await.unwrap().unwrap();
    assert_eq!(key.proved_at, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_leads_to_the_proof_and_back() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    let browser = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    hands.turn(11 * MINUTE);
    let refused = browser.post_form("/fn/second-factor-begin", "").await.is(302);
    let asked = refused.header("location").to_owned();
    assert!(asked.starts_with("/settings/prove?next=%2Fsettings%2Fsign%2Din%3Fflash%3D"), "{asked}");
    let page = browser.get(&asked).await.is(200).text();
    assert!(page.contains("Is it you?") && !page.contains("one-time-code"), "{page}");
    let next = asked.split_once("next=").unwrap().1;
    let wrong = browser.post_form("/fn/prove", &format!("password=wrong&next={next}")).await.is(302);
    let again = wrong.header("location").to_owned();
    assert!(again.starts_with("/settings/prove?next=") && again.contains("&flash="), "{again}");
    assert!(browser.get(&again).await.is(200).text().contains("That is not your current password."));
    let proved = browser.post_form("/fn/prove", &format!("password=correct+horse&next={next}")).await.is(302);
    let back = proved.header("location");
    assert!(back.starts_with("/settings/sign-in?flash="), "{back}");
    assert!(browser.get(back).await.is(200).text().contains("Now do it once more."));
    let begun = browser.post_form("/fn/second-factor-begin", "").await.is(302);
    assert_eq!(begun.header("location"), "/settings/sign-in/app");
    // A page that shows something secret asks, too.
    hands.turn(11 * MINUTE);
    let asked = browser.get("/settings/sign-in/app").await.is(303);
    assert_eq!(asked.header("location"), "/settings/prove?next=%2Fsettings%2Fsign%2Din%2Fapp");
    // The proof leads to no other site.
    let away = browser.post_form("/fn/prove", "password=correct+horse&next=https%3A%2F%2Fevil.example").await;
    assert_eq!(away.is(302).header("location"), "/");
    let page = browser.get("/settings/prove?next=https%3A%2F%2Fevil.example").await.is(200).text();
    assert!(!page.contains("evil.example"), "{page}");
    // With a second factor the page asks for a code as well.
    Factor::of(&app, &lin).await;
    assert!(browser.get("/settings/prove").await.is(200).text().contains("one-time-code"));
}

/// What makes administrators or lets more people in asks an administrator for a proof, of a key always.
#[tokio::test(flavor = "multi_thread")]
async fn acts_that_give_rights_ask_for_a_proof() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let of_kim = format!("/api/v1/admin/people/{}", kim.id().await);
    lin.patch(&of_kim, &json!({ "role": "admin" })).await.is(200);
    lin.patch(&of_kim, &json!({ "state": "disabled" })).await.is(200);
    let key = lin.post("/api/v1/me/keys", &json!({ "name": "x", "scope": "all" })).await.is(201).json();
    let key = app.client().bearer(key["key"].as_str().unwrap());
    let (codes, rules) = ("/api/v1/admin/codes", "/api/v1/admin/registration");
    let invites = json!({ "registers": true, "role": "admin" });
    let acts = async |client: &super::client::Client| {
        let refused = [
            client.post(codes, &invites).await,
            client.patch(rules, &json!({ "registration": "closed" })).await,
            client.patch(rules, &json!({ "email": "optional" })).await,
            client.patch(&of_kim, &json!({ "role": "member" })).await,
            client.patch(&of_kim, &json!({ "state": "active" })).await,
        ];
        for answer in refused {
            assert_eq!(answer.problem(403, "").json()["code"], "proof_required");
        }
        client.post(codes, &json!({ "registers": true })).await.is(201);
        client.patch(rules, &json!({ "registration": "open" })).await.is(200);
    };
    acts(&key).await;
    hands.turn(11 * MINUTE);
    acts(&lin).await;
    let browser = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    let form = "registers=true&count=1&uses=1&role=admin&label=Deputies";
    let asked = browser.post_form("/fn/make-codes", form).await.is(302).header("location").to_owned();
    assert!(asked.starts_with("/settings/prove?next=%2Fadmin%2Fcodes%3Fflash%3D"), "{asked}");
    assert_eq!(lin.get(codes).await.json()["items"].as_array().unwrap().len(), 2);
    lin.post(PROOF, &json!({ "password": PASSWORD })).await.is(204);
    let made = browser.post_form("/fn/make-codes", form).await.is(302).header("location").to_owned();
    assert!(made.starts_with("/admin/codes/made?flash="), "{made}");
    lin.patch(rules, &json!({ "registration": "closed" })).await.is(200);
    lin.patch(&of_kim, &json!({ "state": "active" })).await.is(200);
}
