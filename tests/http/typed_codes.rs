//! Getting in with what somebody was handed: codes that are typed, links that do not count, and what the pages say then.

use serde_json::{Value, json};

use super::{
    app::{App, PASSWORD},
    client::Client,
};

const CODES: &str = "/api/v1/admin/codes";
const REGISTER: &str = "/api/v1/auth/register";
const REFUSED: &str = "This code is wrong, used up or expired.";
const INVITE: (&str, &str) = ("INGLENOOK_AUTH_REGISTRATION", "invite");

/// What is handed out of the one code that this makes.
async fn code(admin: &Client, wanted: Value) -> String {
    let made = admin.post(CODES, &wanted).await.is(201).json();
    made["items"][0]["secret"].as_str().unwrap().to_owned()
}

fn browser(app: &App, person: &Client) -> Client {
    app.client().browser().cookie(&format!("inglenook={}", person.token()))
}

/// The input with this name, with all that is said of it.
fn input<'a>(page: &'a str, name: &str) -> &'a str {
    let inputs = page.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap());
    let named = format!("name=\"{name}\"");
    inputs.into_iter().find(|input| input.contains(&named)).unwrap_or_else(|| panic!("{name}: {page}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_typed_as_it_stands_on_the_card() {
    let app = App::with(&[INVITE]).await;
    let admin = app.person("lin").await;
    let secret = code(&admin, json!({ "registers": true })).await;
    let path = format!("/join/{}", secret.replace('-', ""));
    let guest = app.client().browser();
    assert!(guest.get("/login").await.is(200).text().contains("href=\"/join\""));
    for page in ["/join", "/register"] {
        let text = guest.get(page).await.is(200).text();
        assert!(text.contains("action=\"/fn/open-code\"") && !text.contains("/fn/register\""), "{text}");
        let from = guest.clone().header("referer", &format!("http://inglenook.test{page}"));
        let spellings = [
            secret.clone(),
            secret.to_lowercase().replace('-', "+"),
            format!("http%3A%2F%2Finglenook.test{}", path.replace('/', "%2F")),
        ];
        for typed in spellings {
            let led = from.post_form("/fn/open-code", &format!("code={typed}")).await.is(302);
            assert!(led.header("location").eq_ignore_ascii_case(&path), "{typed}: {led:?}");
        }
        let opened = guest.get(&path).await.is(200).text();
        assert!(opened.contains("/fn/register"), "{opened}");
        let wrong = from.post_form("/fn/open-code", "code=7zzz0-no%22such").await.is(302);
        let back = wrong.header("location").to_owned();
        assert!(back.starts_with(&format!("{page}?flash=")) && !back.contains("7zzz0"), "{back}");
        let told = guest.get(&back).await.is(200).text();
        let field = input(&told, "code");
        assert!(field.contains("aria-invalid=\"true\"") && field.contains("aria-describedby=\"code-error\""));
        assert!(field.contains("value=\"7zzz0-no&quot;such\""), "{field}");
        assert_eq!((told.matches(REFUSED).count(), told.matches("role=\"alert\"").count()), (1, 0), "{told}");
    }
    // The page of a link that does not count takes the right code, and a browser that names no page comes to one, too.
    assert!(guest.get("/join/7ZZZ0").await.is(200).text().contains("/fn/open-code"));
    let back = guest.post_form("/fn/open-code", "code=x").await.is(302);
    assert!(back.header("location").starts_with("/join?flash="), "{back:?}");
    let chinese = app.client().browser().header("accept-language", "zh-CN");
    assert!(chinese.get("/join").await.is(200).text().contains("邀请码"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_register_decides_where_a_code_is_asked_for() {
    for (registration, login, form, link) in
        [("open", false, false, true), ("invite", true, true, false), ("closed", false, false, false)]
    {
        let app = App::with(&[("INGLENOOK_AUTH_REGISTRATION", registration)]).await;
        let admin = app.person("lin").await;
        let guest = app.client().browser();
        let text = guest.get("/login").await.is(200).text();
        assert_eq!(text.contains("href=\"/join\""), login, "{registration}: {text}");
        let text = guest.get("/register").await.is(200).text();
        assert_eq!(text.contains("/fn/open-code"), form, "{registration}: {text}");
        assert_eq!(text.contains("href=\"/join\""), link, "{registration}: {text}");
        // An invitation is not praised where nobody registers with it.
        let secret = code(&admin, json!({ "registers": true, "role": "admin" })).await.replace('-', "");
        let text = guest.get(&format!("/join/{secret}")).await.is(200).text();
        assert_eq!(text.contains("you can make an account here"), registration != "closed", "{text}");
        assert_eq!(text.contains("Registration is closed here"), registration == "closed", "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_limited_by_address_however_they_come() {
    let app = App::with(&[INVITE, ("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "3")]).await;
    let admin = app.person("lin").await;
    let secret = code(&admin, json!({ "registers": true })).await;
    let guest = app.client().browser();
    let good = format!("/join/{}", secret.replace('-', ""));
    // Right ones cost nothing.
    for _ in 0..5 {
        guest.get(&good).await.is(200);
        guest.post_form("/fn/open-code", &format!("code={secret}")).await.is(302);
    }
    guest.get("/join/7ZZZ0").await.is(200);
    guest.post_form("/fn/open-code", "code=7ZZZ0").await.is(302);
    let form = json!({ "email": "kim@example.org", "password": PASSWORD, "code": "7ZZZ0" });
    app.client().post(REGISTER, &form).await.problem(422, "code");
    assert_eq!(guest.get("/join/7ZZZ0").await.status, 429);
    assert_eq!(guest.get(&good).await.status, 429);
    app.client().post(REGISTER, &form).await.problem(429, "");
    let back = guest.post_form("/fn/open-code", &format!("code={secret}")).await.is(302);
    let told = guest.get(back.header("location")).await.is(200).text();
    assert!(told.contains("role=\"alert\"") && !told.contains(REFUSED), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_reads_at_the_field_that_an_address_is_taken() {
    let app = App::with(&[INVITE, ("INGLENOOK_AUTH_EMAIL", "optional")]).await;
    let admin = app.person("lin").await;
    let secret = code(&admin, json!({ "registers": true })).await.replace('-', "");
    let kim = json!({ "email": "kim", "password": PASSWORD, "code": secret });
    let two = code(&admin, json!({ "registers": true, "uses": 9 })).await.replace('-', "");
    app.client().post(REGISTER, &kim).await.is(201);
    let guest = app.client().browser();
    let from = guest.clone().header("referer", &format!("http://inglenook.test/join/{two}"));
    // A browser without JavaScript names the page, or nothing.
    for (guest, login, said) in [
        (&from, "lin@example.org", "There is an account with this e-mail address."),
        (&guest, "kim", "Somebody has this name already."),
    ] {
        let form = format!("email={login}&name=Ann+Other&password=correct+horse&code={two}&invited=true");
        let refused = guest.post_form("/fn/register", &form).await.is(302);
        let back = refused.header("location").to_owned();
        assert!(back.starts_with(&format!("/join/{two}?flash=")), "{back}");
        let told = guest.get(&back).await.is(200).text();
        let field = input(&told, "email");
        assert!(field.contains("aria-invalid=\"true\"") && field.contains(login), "{field}");
        assert!(input(&told, "name").contains("Ann Other") && !told.contains("correct horse"), "{told}");
        assert_eq!((told.matches(said).count(), told.matches("role=\"alert\"").count()), (1, 0), "{told}");
        assert!(told.contains("name=\"invited\""), "{told}");
    }
    // Programs are told as before.
    let taken = json!({ "email": "kim", "password": PASSWORD, "code": two });
    app.client().post(REGISTER, &taken).await.problem(409, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_the_first_account_that_does_not_count_says_so_at_once() {
    let settings = [("INGLENOOK_LISTEN", "0.0.0.0:3000"), ("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "5")];
    let app = App::with(&settings).await;
    let old = app.state.accounts.new_first_code().await.unwrap().unwrap();
    let code = app.state.accounts.new_first_code().await.unwrap().unwrap();
    let guest = app.client().browser();
    let shows_a_form = |page: &str| page.contains("action=\"/fn/register\"");
    for wrong in [old.as_str(), "7ZZZ0", "%E5%AF%86%E7%A0%81"] {
        let page = guest.get(&format!("/register?first={wrong}")).await.is(200).text();
        assert!(page.contains("The newest one stands in the terminal") && !shows_a_form(&page), "{page}");
        assert!(!page.contains(wrong) && !page.contains("href=\"/login\""), "{page}");
    }
    for _ in 0..6 {
        assert!(shows_a_form(&guest.get(&format!("/register?first={code}")).await.is(200).text()));
    }
    let form = format!("email=lin@example.org&password=correct+horse&code={code}");
    guest.post_form("/fn/register", &form).await.is(302);
    let page = guest.get(&format!("/register?first={code}")).await.is(200).text();
    assert!(page.contains("This link has been used.") && !shows_a_form(&page), "{page}");
    assert!(page.contains("href=\"/login\"") && page.contains("href=\"/register\""), "{page}");
    // The limit of wrong codes counts here, too.
    let app = App::with(&settings).await;
    app.state.accounts.new_first_code().await.unwrap().unwrap();
    let guest = app.client().browser();
    for _ in 0..5 {
        guest.get("/register?first=7ZZZ0").await.is(200);
    }
    assert_eq!(guest.get("/register?first=7ZZZ0").await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_code_that_many_used_the_newest_uses_are_listed() {
    let app = App::with(&[("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1000")]).await;
    let admin = app.person("lin").await;
    let secret = code(&admin, json!({ "registers": true, "uses": 100 })).await;
    for person in 0..22 {
        let form = json!({ "email": format!("p{person}@example.org"), "password": PASSWORD, "code": secret });
        app.client().post(REGISTER, &form).await.is(201);
    }
    let listed = admin.get(CODES).await.is(200).json();
    let used: Vec<_> = listed["items"][0]["used_by"].as_array().unwrap().iter().collect();
    assert_eq!((used.len(), &listed["items"][0]["code"]["used"]), (20, &json!(22)));
    assert_eq!(
        (&used[0]["login"], &used[19]["login"]),
        (&json!("p21@example.org"), &json!("p2@example.org"))
    );
    let page = browser(&app, &admin).get("/admin/codes").await.is(200).text();
    assert!(page.contains("p21@example.org") && !page.contains("p1@example.org"), "{page}");
    assert!(page.contains("and 2 more"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_says_which_code_it_was() {
    let app = App::start().await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let gold = admin.post("/api/v1/admin/tiers", &json!({ "name": "Gold" })).await.is(201).id();
    let activation = json!({ "registers": false, "tier": gold });
    let secret = code(&admin, activation).await;
    admin.post(CODES, &json!({ "registers": true, "count": 3 })).await.is(201);
    admin.post(CODES, &json!({ "registers": true, "label": "Class 7b" })).await.is(201);
    kim.post("/api/v1/me/redeem", &json!({ "code": secret })).await.is(200);
    let listed = admin.get(CODES).await.json();
    let ids: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|it| it["code"]["id"].as_str().unwrap()).collect();
    let end = |id: &str| id[id.len() - 6..].to_owned();
    admin.delete(&format!("{CODES}/{}", ids[0])).await.is(204);
    admin.delete(&format!("{CODES}/{}", ids[1])).await.is(204);
    let noted = async |kind: &str| {
        let entries = admin.get(&format!("/api/v1/admin/audit?kind={kind}")).await.is(200).json();
        let said = entries["items"].as_array().unwrap().iter().map(|entry| {
            let (name, kind) = (&entry["subject"]["name"], entry["detail"].to_string());
            (name.as_str().unwrap().to_owned(), kind.contains("code-invitation"))
        });
        said.collect::<Vec<_>>()
    };
    let (first, last, activated) = (end(ids[3]), end(ids[1]), format!("…{}", end(ids[4])));
    assert_eq!(
        noted("code_made").await,
        [("Class 7b".into(), true), (format!("…{first}–{last}"), true), (activated.clone(), false)]
    );
    assert_eq!(noted("code_ended").await, [(format!("…{last}"), true), ("Class 7b".into(), true)]);
    assert_eq!(noted("code_used").await, [(activated.clone(), false)]);
    let (page, list) = (
        browser(&app, &admin).get("/admin/audit").await.is(200).text(),
        browser(&app, &admin).get("/admin/codes").await.is(200).text(),
    );
    assert!(page.contains(&activated) && page.contains("Activation code"), "{page}");
    assert!(list.contains(&activated), "{list}");
    let bare = secret.replace('-', "");
    for text in [&page, &list, &admin.get("/api/v1/admin/audit.csv").await.text()] {
        assert!(!text.contains(&secret) && !text.contains(&bare), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_say_what_the_field_takes() {
    for (rule, button) in [("required", "Save e-mail<"), ("optional", "Save e-mail or name<")] {
        let app = App::with(&[("INGLENOOK_AUTH_EMAIL", rule)]).await;
        let lin = browser(&app, &app.person("lin").await);
        let page = lin.get("/settings").await.is(200).text();
        assert!(page.contains(button), "{rule}: {page}");
        let saved = if rule == "optional" { ("lin.w", "new name") } else { ("l@example.org", "new e-mail") };
        let led = lin.post_form("/fn/set-email", &format!("email={}", saved.0)).await.is(302);
        let told = lin.get(led.header("location")).await.is(200).text();
        assert!(told.contains(&format!("sign in with the {}", saved.1)), "{told}");
    }
}
