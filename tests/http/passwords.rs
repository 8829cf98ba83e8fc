//! How long a password may be, and that signing in tells nothing of an account by its time.

use inglenook::server::{
    accounts::passwords::{Lane, Passwords},
    store::{Admission, NewUser},
};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::app::{App, PASSWORD};

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const ME: &str = "/api/v1/me";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_has_8_to_256_characters_and_older_ones_still_sign_in() {
    let app = App::with(&[("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "100")]).await;
    let long: String = ["각", "é", "갑", "x", "값"].into_iter().cycle().take(256).collect();
    let form = |email: &str, password: &str| json!({ "email": email, "password": password });
    app.client().post(REGISTER, &form("lin@example.org", &format!("{long}!"))).await.problem(422, "password");
    app.client().post(REGISTER, &form("lin@example.org", &long)).await.is(201);
    // As another keyboard writes it, which is three times as long.
    let apart: String = long.nfd().collect();
    assert!(apart.len() > 1024, "{}", apart.len());
    let lin = app.client().post(LOGIN, &form("lin@example.org", &apart)).await.is(200);
    let lin = app.client().bearer(lin.json()["token"].as_str().unwrap());
    let change = json!({ "password": apart, "new_password": "x".repeat(257) });
    lin.patch(ME, &change).await.problem(422, "new_password");
    let change = json!({ "password": apart, "new_password": PASSWORD });
    lin.patch(ME, &change).await.is(200);
    // Earlier versions took 1024 bytes.
    let earlier: String = "x y".chars().cycle().take(1024).collect();
    let old = NewUser {
        email_verified: false,
        identity: None,
        id: app.state.ids.next(),
        login: "old@example.org".into(),
        name: "Old".into(),
        password_hash: Passwords::default().hash(Lane::Known, &earlier).await.unwrap(),
        created_at: 0,
    };
    app.state.store.create_user(&old, Admission::ANYBODY).await.unwrap();
    app.client().post(LOGIN, &form("old@example.org", &earlier)).await.is(200);
    app.client().post(LOGIN, &form("old@example.org", &earlier[1..])).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_account_takes_the_time_of_a_known_one() {
    let app = App::with(&[("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000")]).await;
    app.person("lin").await;
    let mut took = [Vec::new(), Vec::new()];
    // One after the other, so that whatever else this machine does slows both down.
    for _ in 0..15 {
        for (at, name) in ["lin", "kim"].into_iter().enumerate() {
            let wrong = json!({ "email": format!("{name}@example.org"), "password": "wrong horse" });
            let begun = std::time::Instant::now();
            app.client().post(LOGIN, &wrong).await.is(401);
            took[at].push(begun.elapsed());
        }
    }
    let [known, unknown] = took.map(|mut took| {
        took.sort();
        took[took.len() / 2]
    });
    assert!(unknown * 2 > known && known * 2 > unknown, "known {known:?}, unknown {unknown:?}");
}
