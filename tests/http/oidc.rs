//! Sign-in through a provider: a real server on a socket, which also misbehaves.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use inglenook::server::{
    ops::clock::Clock,
    store::{PeopleQuery, UserPatch},
};
use reqwest::Url;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use super::{
    app::App,
    client::{Answer, Client},
};

/// What the provider says next.
#[derive(Clone)]
pub struct Said {
    pub mode: &'static str,
    nonce: String,
    subject: String,
    email: Option<&'static str>,
    verified: bool,
    /// When the person signed in there, in seconds after now.
    pub signed_in: Option<i64>,
}

#[derive(Clone)]
pub struct Provider {
    address: String,
    said: Arc<Mutex<Said>>,
    key: Arc<EcdsaKeyPair>,
    other: Arc<EcdsaKeyPair>,
}

fn key() -> Arc<EcdsaKeyPair> {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap().into()
}

impl Provider {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let said = Said {
            mode: "",
            nonce: String::new(),
            subject: "7".to_owned(),
            email: Some("lin@example.org"),
            verified: true,
            signed_in: None,
        };
        let provider = Self { address, said: Arc::new(Mutex::new(said)), key: key(), other: key() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/user", get(user))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    pub fn says(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.said.lock().unwrap());
    }

    fn said(&self) -> Said {
        self.said.lock().unwrap().clone()
    }

    fn id_token(&self) -> String {
        let said = self.said();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let or = |mode, wrong: &str, right: &str| {
            if said.mode == mode { wrong.to_owned() } else { right.to_owned() }
        };
        let claims = json!({
            "iss": or("issuer", "https://evil.example", &self.address),
            "aud": or("audience", "another", "inglenook"),
            "nonce": or("nonce", "another", &said.nonce),
            "sub": said.subject,
            "iat": now,
            "auth_time": said.signed_in.map(|at| at + i64::try_from(now).unwrap()),
            "exp": if said.mode == "expired" { now - 3600 } else { now + 60 },
        });
        let algorithm = or("none", "none", "ES256");
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(json!({ "alg": algorithm, "kid": "k" })), part(claims));
        let key = if said.mode == "signature" { &self.other } else { &self.key };
        let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        let signature = if said.mode == "none" { String::new() } else { URL_SAFE_NO_PAD.encode(signature) };
        format!("{text}.{signature}")
    }
}

async fn description(State(it): State<Provider>) -> Response {
    let at = |path: &str| format!("{}{path}", it.address);
    match it.said().mode {
        "down" => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        "garbage" => return "<html>".into_response(),
        "elsewhere" => return (StatusCode::FOUND, [("location", "https://evil.example")]).into_response(),
        _ => {}
    }
    let issuer = if it.said().mode == "described" { "https://evil.example" } else { &it.address };
    Json(json!({
        "issuer": issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"), "userinfo_endpoint": at("/user"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
    }))
    .into_response()
}

async fn keys(State(it): State<Provider>) -> Json<Value> {
    let public = it.key.public_key().as_ref();
    let [x, y] = [&public[1..33], &public[33..]].map(|part| URL_SAFE_NO_PAD.encode(part));
    Json(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "kid": "k", "x": x, "y": y }] }))
}

async fn token(State(it): State<Provider>, form: String) -> Response {
    assert!(form.contains("code=abc") && form.contains("code_verifier="), "{form}");
    let refusal = json!({ "error": "invalid_grant", "error_description": "<b>their words</b>" });
    match it.said().mode {
        "refused" => (StatusCode::BAD_REQUEST, Json(refusal)).into_response(),
        "words" => "their words".into_response(),
        "slow" => std::future::pending().await,
        _ => Json(json!({ "access_token": "t", "token_type": "bearer", "id_token": it.id_token() }))
            .into_response(),
    }
}

async fn user(State(it): State<Provider>) -> Json<Value> {
    let said = it.said();
    Json(json!({
        "sub": said.subject, "id": 42, "email": said.email, "email_verified": said.verified, "name": "Lin",
    }))
}

async fn start(registration: &'static str) -> (App, Provider) {
    start_at(registration, Clock::system()).await
}

pub async fn start_at(registration: &'static str, clock: Clock) -> (App, Provider) {
    start_with(registration, &[], clock).await
}

pub async fn start_with(registration: &'static str, more: &[(&str, &str)], clock: Clock) -> (App, Provider) {
    let provider = Provider::start().await;
    let at = &provider.address;
    let tables = json!([
        {
            "name": "acme", "label": "Acme", "issuer": at, "client_id": "inglenook",
            "client_secret_env": "ACME_SECRET",
        },
        {
            "name": "hub", "label": "Hub", "authorize_url": format!("{at}/authorize"),
            "token_url": format!("{at}/token"), "user_info_url": format!("{at}/user"), "client_id": "inglenook",
        },
    ]);
    let tables = tables.to_string();
    let settings = [
        ("INGLENOOK_SIGN_IN", tables.as_str()),
        ("ACME_SECRET", "hush"),
        ("INGLENOOK_AUTH_REGISTRATION", registration),
    ];
    let settings: Vec<_> = settings.into_iter().chain(more.iter().copied()).collect();
    (App::at(&settings, clock).await.begun().await, provider)
}

/// Goes to a provider. Answers the cookie and the address that leads back.
pub async fn leave(client: Client, provider: &Provider, name: &str, form: &str) -> (String, String) {
    let sent = client.post_form(&format!("/login/with/{name}"), form).await.is(200);
    let address = Url::parse(sent.header("refresh").strip_prefix("0; url=").unwrap()).unwrap();
    let value =
        |key: &str| address.query_pairs().find(|(name, _)| name == key).map(|(_, it)| it.into_owned());
    assert_eq!(value("code_challenge_method").as_deref(), Some("S256"));
    provider.says(|said| said.nonce = value("nonce").unwrap_or_default());
    let cookie = sent.cookies().into_iter().find(|cookie| cookie.contains("_away=")).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let state = value("state").unwrap();
    (sent.cookie(), format!("/login/with/{name}/back?code=abc&state={state}"))
}

pub async fn sign_in(app: &App, provider: &Provider, name: &str) -> Answer {
    let (cookie, back) = leave(app.client().browser(), provider, name, "next=/settings").await;
    app.client().browser().cookie(&cookie).get(&back).await
}

/// The account of somebody who came back.
async fn account(app: &App, came: &Answer) -> Value {
    assert_eq!(came.header("location"), "/settings", "{}", came.text());
    app.client().browser().cookie(&came.cookie()).get("/api/v1/me").await.is(200).json()
}

/// What the page says to which somebody is led who is not let in.
pub async fn refusal(app: &App, came: &Answer) -> String {
    let address = came.header("location").to_owned();
    assert!(address.starts_with("/login?flash="), "{address}");
    assert!(came.cookies().iter().all(|cookie| cookie.contains("Max-Age=0")), "{:?}", came.cookies());
    app.client().browser().get(&address).await.is(200).text()
}

pub async fn people(app: &App) -> usize {
    let query = PeopleQuery { search: String::new(), after: None, limit: 100 };
    app.state.store.people(&query).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_gets_an_account_and_finds_it_again() {
    let (app, provider) = start("open").await;
    let first = account(&app, &sign_in(&app, &provider, "acme").await).await;
    assert_eq!((&first["login"], &first["email_verified"]), (&json!("lin@example.org"), &json!(true)));
    assert_eq!(first["role"], "member");
    // The provider's name for the person counts, not the address.
    provider.says(|said| said.email = Some("other@example.org"));
    assert_eq!(account(&app, &sign_in(&app, &provider, "acme").await).await["id"], first["id"]);
    assert_eq!(people(&app).await, 2);
    let update = UserPatch { state: Some(inglenook::domain::UserState::Disabled), ..UserPatch::default() };
    app.state.store.update_user(first["id"].as_str().unwrap(), &update, None).await.unwrap();
    refusal(&app, &sign_in(&app, &provider, "acme").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_of_oauth_alone_signs_people_in() {
    let (app, provider) = start("open").await;
    let first = account(&app, &sign_in(&app, &provider, "hub").await).await;
    assert_eq!((&first["login"], &first["email_verified"]), (&json!("lin@example.org"), &json!(false)));
    assert_eq!(account(&app, &sign_in(&app, &provider, "hub").await).await["id"], first["id"]);
    provider.says(|said| said.mode = "words");
    assert!(refusal(&app, &sign_in(&app, &provider, "hub").await).await.contains("cannot be trusted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_provider_does_wrong_leaves_nothing_behind() {
    let (app, provider) = start("open").await;
    let wrong = ["audience", "issuer", "nonce", "signature", "expired", "none", "refused", "words"];
    for mode in wrong {
        provider.says(|said| said.mode = mode);
        let page = refusal(&app, &sign_in(&app, &provider, "acme").await).await;
        assert!(page.contains("Acme gave an answer that cannot be trusted"), "{mode}: {page}");
        assert!(!page.contains("their words"), "{mode}");
        assert_eq!(people(&app).await, 1, "{mode}");
        assert_eq!(app.state.store.identity("acme", "7").await.unwrap(), None, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_describe_itself_is_tried_again() {
    let ahead = Arc::new(AtomicI64::new(0));
    let shown = ahead.clone();
    let real = Clock::system();
    let clock = Clock::from_fn(move || real.now() + shown.load(Ordering::Relaxed));
    let (app, provider) = start_at("open", clock).await;
    for mode in ["down", "garbage", "elsewhere", "described"] {
        provider.says(|said| said.mode = mode);
        let went = app.client().browser().post_form("/login/with/acme", "").await.is(303);
        let page = app.client().browser().get(went.header("location")).await.is(200).text();
        assert!(page.contains("Acme gave") || page.contains("Acme does not answer"), "{mode}: {page}");
        // For some seconds it is not asked again.
        provider.says(|said| said.mode = "");
        app.client().browser().post_form("/login/with/acme", "").await.is(303);
        ahead.fetch_add(11_000, Ordering::Relaxed);
    }
    account(&app, &sign_in(&app, &provider, "acme").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_left_comes_back_and_once() {
    let (app, provider) = start("open").await;
    let (cookie, back) = leave(app.client().browser(), &provider, "acme", "").await;
    let (state, _) = (back.clone(), ());
    refusal(&app, &app.client().browser().get(&state).await).await;
    let came = app.client().browser().cookie(&cookie).get(&format!("{back}x")).await;
    refusal(&app, &came).await;
    let elsewhere = back.replace("/acme/", "/hub/");
    refusal(&app, &app.client().browser().cookie(&cookie).get(&elsewhere).await).await;
    let cancelled = back.replace("code=abc", "error=access_denied&error_description=their+words");
    let page = refusal(&app, &app.client().browser().cookie(&cookie).get(&cancelled).await).await;
    assert!(page.contains("You did not sign in there") && !page.contains("their words"), "{page}");
    assert_eq!(people(&app).await, 1);
    // Whoever copied the cookie and the address comes second.
    let came = app.client().browser().cookie(&cookie).get(&back).await;
    assert_eq!((came.header("location"), people(&app).await), ("/", 2));
    refusal(&app, &app.client().browser().cookie(&cookie).get(&back).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_connected_only_when_both_sides_verified_its_address() {
    let (app, provider) = start("open").await;
    let lin = app.person("lin").await;
    let page = refusal(&app, &sign_in(&app, &provider, "acme").await).await;
    assert!(page.contains("There is an account with this e-mail address"), "{page}");
    assert_eq!(people(&app).await, 2);
    let id = lin.get("/api/v1/me").await.is(200).json()["id"].as_str().unwrap().to_owned();
    let update = UserPatch { email_verified: Some(true), ..UserPatch::default() };
    app.state.store.update_user(&id, &update, None).await.unwrap();
    provider.says(|said| said.verified = false);
    refusal(&app, &sign_in(&app, &provider, "acme").await).await;
    provider.says(|said| said.verified = true);
    assert_eq!(account(&app, &sign_in(&app, &provider, "acme").await).await["id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_registration_is_closed_here_too() {
    let (app, provider) = start("closed").await;
    refusal(&app, &sign_in(&app, &provider, "acme").await).await;
    assert_eq!(people(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_connects_and_disconnects_but_not_the_last_way_in() {
    let (app, provider) = start("open").await;
    provider.says(|said| said.email = Some("kim@example.org"));
    let token = app.person("lin").await.token().to_owned();
    let session = format!("inglenook={token}");
    let lin = || app.client().browser().cookie(&session);
    let (cookie, back) = leave(lin(), &provider, "acme", "purpose=connect").await;
    let both = format!("{session}; {cookie}");
    let came = app.client().browser().cookie(&both).get(&back).await;
    assert!(came.header("location").starts_with("/settings/sign-in?flash="), "{}", came.header("location"));
    let identity = app.state.store.identity("acme", "7").await.unwrap().unwrap();
    assert!(lin().get("/settings/sign-in").await.is(200).text().contains("Disconnect Acme"));
    lin().post_form("/fn/disconnect", &format!("id={}", identity.id)).await.is(302);
    assert_eq!(app.state.store.identity("acme", "7").await.unwrap(), None);
    // Kim has no password.
    let kim = sign_in(&app, &provider, "acme").await.cookie();
    let kim = app.client().browser().cookie(&kim);
    let identity = app.state.store.identity("acme", "7").await.unwrap().unwrap();
    let form = format!("id={}", identity.id);
    kim.post_form("/fn/disconnect", &form).await.is(302);
    assert!(app.state.store.identity("acme", "7").await.unwrap().is_some());
    let data = kim.get("/settings/data").await.is(200).text();
    assert!(data.contains("Delete my account in 14 days") && !data.contains("type=\"password\""), "{data}");
    kim.post_form("/fn/delete-account", "password=").await.is(302);
    assert!(kim.get("/settings/data").await.is(200).text().contains("Keep my account"));
    kim.post_form("/fn/keep-account", "").await.is(302);
    kim.post_form("/fn/set-password", "password=&new_password=battery+staple").await.is(302);
    kim.post_form("/fn/disconnect", &form).await.is(302);
    assert_eq!(app.state.store.identity("acme", "7").await.unwrap(), None);
}
