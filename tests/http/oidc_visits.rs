//! Visits to providers: slow ones, wrong ones, and those that prove who somebody is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use inglenook::server::ops::clock::Clock;
use serde_json::json;

use super::{
    app::{App, PASSWORD},
    oidc::{leave, people, refusal, sign_in, start_at, start_with},
    tokens::claims_of,
};

const SLOW: (&str, &str) = ("INGLENOOK_TIMEOUTS_SIGN_IN_SECONDS", "4");

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_accepts_and_says_nothing_is_asked_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            open.push(socket);
        }
    });
    let tables = json!([{ "name": "acme", "label": "Acme", "issuer": issuer, "client_id": "inglenook" }]);
    let (tables, limit) = (tables.to_string(), ("INGLENOOK_TIMEOUTS_SIGN_IN_SECONDS", "1"));
    let app = App::with(&[("INGLENOOK_SIGN_IN", &tables), limit]).await.begun().await;
    let begun = Instant::now();
    let browser = app.client().browser();
    let all = (0..5).map(|_| browser.post_form("/login/with/acme", ""));
    for went in futures::future::join_all(all).await {
        let page = browser.get(went.is(303).header("location")).await.is(200).text();
        assert!(page.contains("Acme does not answer right now"), "{page}");
    }
    browser.post_form("/login/with/acme", "").await.is(303);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_provider_keeps_nobody_else_waiting_and_leaves_nothing() {
    let (app, provider) = start_with("open", &[SLOW], Clock::system()).await;
    app.person("kim").await;
    let (cookie, back) = leave(app.client().browser(), &provider, "acme", "").await;
    provider.says(|said| said.mode = "slow");
    let browser = app.client().browser().cookie(&cookie);
    let coming = tokio::spawn(async move { browser.get(&back).await });
    let form = json!({ "email": "kim@example.org", "password": PASSWORD });
    app.client().post("/api/v1/auth/login", &form).await.is(200);
    assert!(!coming.is_finished(), "somebody waits for the provider meanwhile");
    let page = refusal(&app, &coming.await.unwrap()).await;
    assert!(page.contains("Acme does not answer right now"), "{page}");
    assert_eq!(people(&app).await, 2);
    assert_eq!(app.state.store.identity("acme", "7").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_answers_are_counted_by_address() {
    let few = ("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "3");
    let (app, provider) = start_with("open", &[few], Clock::system()).await;
    provider.says(|said| said.mode = "");
    for _ in 0..5 {
        sign_in(&app, &provider, "acme").await.is(303);
    }
    provider.says(|said| said.mode = "nonce");
    for _ in 0..3 {
        let page = refusal(&app, &sign_in(&app, &provider, "acme").await).await;
        assert!(page.contains("an answer that cannot be trusted"), "{page}");
    }
    provider.says(|said| said.mode = "");
    let page = refusal(&app, &sign_in(&app, &provider, "acme").await).await;
    assert!(page.contains("Too many tries"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_new_sign_in_there_proves_who_somebody_is() {
    let (app, provider) = start_at("open", Clock::system()).await;
    let session = sign_in(&app, &provider, "acme").await.cookie();
    let id = claims_of(session.split_once('=').unwrap().1)["sid"].as_str().unwrap().to_owned();
    let proved_at = async || app.state.store.session(&id).await.unwrap().unwrap().0.proved_at;
    let first = proved_at().await;
    let lin = || app.client().browser().cookie(&session);
    for (signed_in, proves) in [(None, false), (Some(-600), false), (Some(0), true)] {
        provider.says(|said| said.signed_in = signed_in);
        let (cookie, back) = leave(lin(), &provider, "acme", "purpose=prove&next=/settings/data").await;
        let both = format!("{session}; {cookie}");
        let came = app.client().browser().cookie(&both).get(&back).await.is(303);
        let led = came.header("location").to_owned();
        if proves {
            assert_eq!(led, "/settings/data");
            assert!(proved_at().await > first);
        } else {
            let page = lin().get(&led).await.is(200).text();
            assert!(page.contains("Acme did not say that you proved just now who you are"), "{led} {page}");
            assert_eq!(proved_at().await, first);
        }
    }
    // OAuth has no word for it.
    let went = lin().post_form("/login/with/hub", "purpose=prove").await.is(303);
    assert!(went.header("location").starts_with("/settings/prove?flash="), "{}", went.header("location"));
}
