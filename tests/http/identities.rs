//! One's own identities at providers, for programs.

use inglenook::domain::Identity;
use serde_json::json;

use super::{
    app::{App, PASSWORD},
    oidc::{sign_in, start_at},
    openapi::Document,
    time::Hands,
};

const IDENTITIES: &str = "/api/v1/me/identities";
const MINUTE: i64 = 60 * 1000;

async fn connect(app: &App, user_id: &str, provider: &str, made_at: i64) -> String {
    let identity = Identity {
        id: app.state.ids.next(),
        user_id: user_id.to_owned(),
        provider: provider.to_owned(),
        subject: user_id.to_owned(),
        made_at,
        used_at: made_at + 1,
    };
    assert!(app.state.store.connect_identity(&identity).await.unwrap());
    identity.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_lists_and_disconnects_their_own() {
    let (clock, hands) = Hands::new();
    let (app, _) = start_at("open", clock).await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    assert_eq!(lin.get(IDENTITIES).await.is(200).json(), json!({ "items": [] }));
    let acme = connect(&app, &lin.id().await, "acme", 1000).await;
    // A provider that is not configured any more has no other name.
    let gone = connect(&app, &lin.id().await, "gone", 2000).await;
    let listed = lin.get(IDENTITIES).await.is(200);
    Document::of(&app).await.check_answer("get", "/me/identities", &listed);
    let expected = json!({ "items": [
        { "id": acme, "provider": "acme", "label": "Acme", "made_at": 1000, "used_at": 1001 },
        { "id": gone, "provider": "gone", "label": "gone", "made_at": 2000, "used_at": 2001 },
    ] });
    assert_eq!(listed.json(), expected);
    assert_eq!(kim.get(IDENTITIES).await.is(200).json(), json!({ "items": [] }));
    let path = format!("{IDENTITIES}/{acme}");
    kim.delete(&path).await.problem(404, "");
    hands.turn(11 * MINUTE);
    assert_eq!(lin.delete(&path).await.is(403).json()["code"], "proof_required");
    lin.post("/api/v1/me/proof", &json!({ "password": PASSWORD })).await.is(204);
    lin.delete(&path).await.is(204);
    lin.delete(&path).await.problem(404, "");
    assert_eq!(lin.get(IDENTITIES).await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_in_stays() {
    let (app, provider) = start_at("open", inglenook::server::ops::clock::Clock::system()).await;
    let came = sign_in(&app, &provider, "acme").await.is(303);
    let lin = app.client().cookie(&came.cookie()).browser();
    let items = lin.get(IDENTITIES).await.is(200).json();
    let path = format!("{IDENTITIES}/{}", items["items"][0]["id"].as_str().unwrap());
    assert_eq!(lin.delete(&path).await.is(409).json()["code"], "conflict");
    assert_eq!(lin.get(IDENTITIES).await.json(), items);
    lin.post_form("/fn/set-password", "password=&new_password=battery+staple").await.is(302);
    lin.delete(&path).await.is(204);
}
