//! Registering, signing in and out, and changing one's own account.

use futures::future::join_all;
use inglenook::{
    domain::UserState,
    server::{
        accounts::passwords::{Lane, Passwords},
        store::{Admission, NewUser, UserPatch},
    },
};
use serde_json::json;

use super::{
    app::{App, PASSWORD},
    client::Answer,
};

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const LOGOUT: &str = "/api/v1/auth/logout";
const ME: &str = "/api/v1/me";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_is_the_administrator_and_the_next_are_not() {
    let app = App::start().await;
    let form = json!({ "email": " Lin@Example.org", "password": PASSWORD, "more": 1 });
    let first = app.client().post(REGISTER, &form).await.is(201);
    assert_eq!(first.json()["user"]["role"], "admin");
    assert_eq!(first.json()["user"]["email"], "lin@example.org");
    assert_eq!(first.json()["user"]["name"], "lin");
    assert!(first.json()["expires_at"].as_i64().unwrap() > app.state.clock.now());
    assert_eq!(first.header("cache-control"), "no-store");
    assert!(!first.text().contains("argon2"));
    let second = app.person("kim").await;
    assert_eq!(second.get(ME).await.is(200).json()["role"], "member");
    app.client().post(REGISTER, &form).await.problem(409, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_registration_lets_only_the_first_in() {
    let app = App::with(&[("INGLENOOK_AUTH_REGISTRATION", "closed")]).await;
    app.person("lin").await;
    let form = json!({ "email": "kim@example.org", "password": PASSWORD });
    app.client().post(REGISTER, &form).await.problem(403, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_registration_is_refused() {
    let app = App::start().await;
    let long = "x".repeat(2000);
    for (form, field) in [
        (json!({ "password": PASSWORD }), "email"),
        (json!({ "email": "lin@example.org" }), "password"),
        (json!({ "email": 7, "password": PASSWORD }), "email"),
        (json!({ "email": "lin", "password": PASSWORD }), "email"),
        (json!({ "email": "l\0n@example.org", "password": PASSWORD }), "email"),
        (json!({ "email": "lin@example.org", "password": "short" }), "password"),
        (json!({ "email": "lin@example.org", "password": long }), "password"),
        (json!({ "email": "lin@example.org", "password": PASSWORD, "name": "a\0b" }), "name"),
        (json!(["lin@example.org", PASSWORD, "lin"]), ""),
    ] {
        app.client().post(REGISTER, &form).await.problem(422, field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out() {
    let app = App::start().await;
    app.person("lin").await;
    let form = json!({ "email": "LIN@example.org", "password": PASSWORD });
    let answer = app.client().post(LOGIN, &form).await.is(200);
    let by_cookie = app.client().cookie(&answer.cookie());
    let by_token = app.client().bearer(answer.json()["token"].as_str().unwrap());
    assert_eq!(by_cookie.get(ME).await.is(200).json(), by_token.get(ME).await.is(200).json());
    let out = by_token.post(LOGOUT, &json!({})).await.is(204);
    assert!(out.body.is_empty() && out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
    for client in [by_cookie, by_token, app.client()] {
        let refused = client.get(ME).await.problem(401, "");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_account_look_the_same() {
    let app = App::start().await;
    app.person("lin").await;
    let wrong =
        app.client().post(LOGIN, &json!({ "email": "lin@example.org", "password": "wrong horse" })).await;
    let unknown =
        app.client().post(LOGIN, &json!({ "email": "kim@example.org", "password": PASSWORD })).await;
    let (wrong, unknown) = (wrong.problem(401, ""), unknown.problem(401, ""));
    assert_eq!(wrong.without_request_id(), unknown.without_request_id());
    assert_eq!(wrong.without_request_id()["code"], "wrong_credentials");
    assert!(wrong.header("set-cookie").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_failures_there_is_a_wait() {
    let app = App::start().await;
    app.person("lin").await;
    let wrong = json!({ "email": "lin@example.org", "password": "wrong horse" });
    for _ in 0..10 {
        app.client().post(LOGIN, &wrong).await.is(401);
    }
    let right = json!({ "email": "lin@example.org", "password": PASSWORD });
    let refused = app.client().post(LOGIN, &right).await.problem(429, "");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    // The failures of a network address count, whatever account it tries next.
    app.client().post(LOGIN, &json!({ "email": "kim@example.org", "password": PASSWORD })).await.is(429);
    let page = app.client().post_form("/fn/login", "email=lin%40example.org&password=wrong").await.is(429);
    assert!(!page.header("retry-after").is_empty());
}

/// The number of replies with this status.
fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_wrong_passwords_at_once_ten_are_tried() {
    let app = App::start().await;
    app.person("lin").await;
    let wrong = json!({ "email": "lin@example.org", "password": "wrong horse" });
    let answers = join_all((0..100).map(|_| app.client().post_owned(LOGIN, wrong.clone()))).await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (10, 90));
    assert!(answers.iter().all(|answer| answer.status == 401 || !answer.header("retry-after").is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_tries_no_forty_accounts() {
    let app = App::start().await;
    for at in 0..20 {
        app.person(&format!("p{at}")).await;
    }
    let wrong = |at| json!({ "email": format!("p{at}@example.org"), "password": "wrong horse" });
    let answers = join_all((0..40).map(|at| app.client().post_owned(LOGIN, wrong(at)))).await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (10, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_signs_in_at_once() {
    let app = App::start().await;
    for at in 0..40 {
        app.person(&format!("p{at}")).await;
    }
    let right = |at| json!({ "email": format!("p{at}@example.org"), "password": PASSWORD });
    let answers = join_all((0..40).map(|at| app.client().post_owned(LOGIN, right(at)))).await;
    assert_eq!(
        count(&answers, 200),
        40,
        "{:?}",
        answers.iter().map(|answer| answer.status).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_the_old_password_are_limited() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let wrong = json!({ "password": "wrong horse", "new_password": "battery staple" });
    let answers = join_all((0..40).map(|_| lin.patch(ME, &wrong))).await;
    assert_eq!((count(&answers, 422), count(&answers, 429)), (10, 30));
    assert!(answers.iter().all(|answer| answer.status == 422 || !answer.header("retry-after").is_empty()));
    // The tries of one person do not count for another person.
    let right = json!({ "password": PASSWORD, "new_password": "battery staple" });
    app.person("kim").await.patch(ME, &right).await.is(200);
    lin.patch(ME, &right).await.is(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_registers_a_limited_number_of_accounts() {
    let app = App::with(&[("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "3")]).await;
    let form = |at| json!({ "email": format!("p{at}@example.org"), "password": PASSWORD });
    for at in 0..3 {
        app.client().post(REGISTER, &form(at)).await.is(201);
    }
    let refused = app.client().post(REGISTER, &form(3)).await.problem(429, "");
    assert!(refused.json()["detail"].as_str().unwrap().contains("minutes"), "{}", refused.text());
    // The limit holds for a known address, too, because the reply would tell that it has an account. A registration
    // that is refused as invalid does not count.
    app.client().post(REGISTER, &form(0)).await.problem(429, "");
    app.client().post(REGISTER, &json!({ "email": "x", "password": PASSWORD })).await.problem(422, "email");
    app.client().post(LOGIN, &form(0)).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_guesses_are_no_passwords() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    for guess in [
        "password",
        "Password1",
        "12345678",
        "        ",
        "aaaaaaaa",
        "qwertyuiop",
        "p@ssw0rd",
        "iloveyou",
        "kim@example.org",
        "Kim Sunflower",
        "kimsunflower1",
        "inglenook1",
        "19900101",
    ] {
        let form = json!({ "email": "kim@example.org", "password": guess, "name": "Kim Sunflower" });
        let refused = app.client().post(REGISTER, &form).await.problem(422, "password");
        assert!(refused.json()["detail"].as_str().unwrap().contains("guess"), "{}", refused.text());
    }
    for guess in ["password", "lin@example.org", "12345678"] {
        let change = json!({ "password": PASSWORD, "new_password": guess });
        lin.patch(ME, &change).await.problem(422, "new_password");
    }
    app.client().post(LOGIN, &json!({ "email": "lin@example.org", "password": PASSWORD })).await.is(200);
}

/// One keyboard writes `é` as one character, another keyboard as two.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_and_an_address_are_the_same_on_any_keyboard() {
    let app = App::start().await;
    let one = ("ren\u{e9}@example.org", "cr\u{e8}me br\u{fb}l\u{e9}e");
    let two = ("Rene\u{301}@example.org", "cre\u{300}me bru\u{302}le\u{301}e");
    let form = |(email, password): (&str, &str)| json!({ "email": email, "password": password });
    app.client().post(REGISTER, &form(two)).await.is(201);
    for email in [one.0, two.0] {
        for password in [one.1, two.1] {
            app.client().post(LOGIN, &form((email, password))).await.is(200);
        }
        app.client().post(REGISTER, &form((email, PASSWORD))).await.problem(409, "");
    }
    app.client().post(LOGIN, &form((one.0, "creme brulee"))).await.is(401);
    // An account of an earlier version has its address in the other form.
    let old = NewUser {
        email_verified: false,
        identity: None,
        id: app.state.ids.next(),
        login: "zoe\u{308}@example.org".into(),
        name: "Zoe".into(),
        password_hash: Passwords::default().hash(Lane::Known, PASSWORD).await.unwrap(),
        created_at: 0,
    };
    app.state.store.create_user(&old, Admission::ANYBODY).await.unwrap();
    for email in ["zo\u{eb}@example.org", "zoe\u{308}@example.org", "ZOE\u{308}@example.org"] {
        app.client().post(LOGIN, &form((email, PASSWORD))).await.is(200);
        app.client().post(REGISTER, &form((email, PASSWORD))).await.problem(409, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_long_values_are_refused_before_anything_is_done() {
    let app = App::start().await;
    app.person("lin").await;
    let long = "x".repeat(450_000);
    let email = format!("{long}@example.org");
    for _ in 0..20 {
        app.client().post(LOGIN, &json!({ "email": email, "password": long })).await.is(401);
        app.client().post(LOGIN, &json!({ "email": "lin@example.org", "password": long })).await.is(401);
    }
    app.client().post(REGISTER, &json!({ "email": email, "password": PASSWORD })).await.problem(422, "email");
    let named = json!({ "email": "kim@example.org", "password": PASSWORD, "name": long });
    app.client().post(REGISTER, &named).await.problem(422, "name");
    // None of the tries counted as a wrong password.
    app.client().post(LOGIN, &json!({ "email": "lin@example.org", "password": PASSWORD })).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn blanks_around_names_titles_and_addresses_are_left_out_everywhere() {
    let app = App::start().await;
    let form = json!({ "email": "\u{a0} lin@example.org\t", "password": PASSWORD, "name": " Lin\u{3000}" });
    let user = app.client().post(REGISTER, &form).await.is(201).json();
    assert_eq!((&user["user"]["email"], &user["user"]["name"]), (&json!("lin@example.org"), &json!("Lin")));
    let login = json!({ "email": " Lin@example.org\u{3000}", "password": PASSWORD });
    let token = app.client().post(LOGIN, &login).await.is(200).json()["token"].clone();
    let lin = app.client().bearer(token.as_str().unwrap());
    assert_eq!(lin.patch(ME, &json!({ "name": "\u{3000}Wu " })).await.is(200).json()["name"], "Wu");
    let made = lin.post("/api/v1/conversations", &json!({ "title": " A plan\u{a0}" })).await.is(201);
    assert_eq!(made.json()["title"], "A plan");
    let path = format!("/api/v1/conversations/{}", made.id());
    assert_eq!(
        lin.patch(&path, &json!({ "title": "\u{a0}Better " })).await.is(200).json()["title"],
        "Better"
    );
    // A password is not trimmed.
    let padded = json!({ "email": "lin@example.org", "password": format!(" {PASSWORD}") });
    app.client().post(LOGIN, &padded).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_follows_the_address_of_the_site() {
    let plain = App::start().await;
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let answer = plain.client().post(REGISTER, &form).await.is(201);
    let cookie = answer.header("set-cookie");
    for part in ["inglenook_", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age="] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.starts_with("__Host-"), "{cookie}");
    let https = App::with(&[("INGLENOOK_PUBLIC_URL", "https://chat.example.org")]).await.begun().await;
    let browser = https.client().header("host", "chat.example.org");
    let answer = browser.post(REGISTER, &form).await.is(201);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-inglenook_") && cookie.contains("; Secure; "), "{cookie}");
    assert!(cookie.contains("; Path=/") && !cookie.contains("Domain"), "{cookie}");
    browser.clone().cookie(&answer.cookie()).get(ME).await.is(200);
    let bare = answer.cookie().replace("__Host-", "");
    browser.cookie(&bare).get(ME).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_other_sessions() {
    let app = App::start().await;
    let here = app.person("lin").await;
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let there = app.client().post(LOGIN, &form).await.is(200);
    let there = app.client().bearer(there.json()["token"].as_str().unwrap());
    here.patch(ME, &json!({ "new_password": "battery staple" })).await.problem(422, "password");
    here.patch(ME, &json!({ "password": PASSWORD })).await.problem(422, "new_password");
    here.patch(ME, &json!({ "password": "wrong", "new_password": "battery staple" }))
        .await
        .problem(422, "password");
    here.patch(ME, &json!({ "password": PASSWORD, "new_password": "short" }))
        .await
        .problem(422, "new_password");
    there.get(ME).await.is(200);
    here.patch(ME, &json!({ "password": PASSWORD, "new_password": "battery staple" })).await.is(200);
    there.get(ME).await.is(401);
    here.get(ME).await.is(200);
    app.client().post(LOGIN, &form).await.is(401);
    app.client()
        .post(LOGIN, &json!({ "email": "lin@example.org", "password": "battery staple" }))
        .await
        .is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_can_be_changed() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    assert_eq!(lin.patch(ME, &json!({ "name": " 林 😀 " })).await.is(200).json()["name"], "林 😀");
    assert_eq!(lin.get(ME).await.json()["name"], "林 😀");
    lin.patch(ME, &json!({ "name": "x".repeat(101) })).await.problem(422, "name");
    assert_eq!(lin.patch(ME, &json!({})).await.is(200).json()["name"], "林 😀");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_out_at_once() {
    let app = App::start().await;
    app.person("admin").await;
    let lin = app.person("lin").await;
    let id = lin.get(ME).await.id();
    let patch = UserPatch { state: Some(UserState::Disabled), ..Default::default() };
    app.state.store.update_user(&id, &patch, None).await.unwrap().done().unwrap();
    lin.get(ME).await.is(401);
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    assert_eq!(app.client().post(LOGIN, &form).await.is(401).json()["code"], "wrong_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_for_those_who_are_signed_in() {
    let app = App::start().await;
    app.client().get("/api/v1/models").await.problem(401, "");
    let models = app.person("lin").await.get("/api/v1/models").await.is(200).json();
    assert_eq!(
        models["items"],
        json!([{
            "id": "demo/demo",
            "name": "demo",
            "provider": "demo",
            "label": "Demo",
            "provider_label": "Demo",
        }])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_seen_with_the_first_request() {
    let app = App::start().await;
    let admin = app.person("lin").await;
    let kim = app.person("kim").await;
    kim.get("/api/v1/me").await.is(200);
    let people = admin.get("/api/v1/admin/people").await.is(200).json();
    let all = people["items"].as_array().unwrap();
    assert!(all.len() == 2 && all.iter().all(|person| person["seen_at"].is_i64()), "{people}");
}
