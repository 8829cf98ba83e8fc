//! The audit log: what is noted, who may read it, and its export.

use axum::http::Method;
use inglenook::{
    domain::{AuditEntry, AuditKind, audit::Named},
    server::ops::clock::Clock,
};
use serde_json::{Value, json};

use super::app::{App, Client, PASSWORD};

const AUDIT: &str = "/api/v1/admin/audit";
const LOGIN: &str = "/api/v1/auth/login";

/// The entries, newest first.
async fn entries(admin: &Client, query: &str) -> Vec<Value> {
    let page = admin.get(&format!("{AUDIT}{query}")).await.is(200).json();
    assert!(page["next_cursor"].is_null(), "{page}");
    page["items"].as_array().unwrap().clone()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

/// A server on which no time passes.
async fn within_a_minute() -> App {
    let many = [("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000")];
    App::at(&many, Clock::from_fn(|| 4_000_000_000_000)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_do_to_get_in_and_out_is_noted() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let kim = app.person("kim").await;
    let form = json!({ "email": "kim@example.org", "password": PASSWORD });
    let other = app.client().from("203.0.113.9:5".parse().unwrap());
    let token = other.post(LOGIN, &form).await.is(200).json()["token"].as_str().unwrap().to_owned();
    app.client().bearer(&token).post("/api/v1/auth/logout", &json!({})).await.is(204);
    let change = json!({ "password": PASSWORD, "new_password": "another horse" });
    kim.patch("/api/v1/me", &change).await.is(200);
    let all = entries(&lin, "").await;
    let expected = ["password_changed", "signed_out", "signed_in", "registered", "registered"];
    assert_eq!(kinds(&all), expected, "{all:?}");
    let kim_id = kim.id().await;
    assert!(all[..4].iter().all(|entry| entry["actor"] == json!({ "id": kim_id, "name": "kim" })));
    assert_eq!((&all[2]["address"], &all[2]["subject"]), (&json!("203.0.113.9"), &Value::Null));
    let of_kim = entries(&lin, "?person=Kim@Example.org&kind=signed_in").await;
    assert_eq!(of_kim, [all[2].clone()]);
    assert_eq!(entries(&lin, &format!("?person={kim_id}")).await, all[..4]);
    assert!(entries(&lin, "?person=nobody@example.org").await.is_empty());
    lin.get(&format!("{AUDIT}?kind=everything")).await.problem(422, "kind");
    lin.get(&format!("{AUDIT}?cursor={}", "x".repeat(99))).await.problem(422, "cursor");
    for path in [AUDIT, "/api/v1/admin/audit.csv"] {
        kim.get(path).await.problem(404, "");
        app.client().get(path).await.problem(401, "");
    }
}

/// A password in the field of the address must not be found in the log, however the sign-in is refused.
#[tokio::test(flavor = "multi_thread")]
async fn refused_sign_ins_are_counted_and_what_was_typed_is_not_kept() {
    let app = within_a_minute().await;
    let lin = app.person("lin").await;
    let from = |address: &str| app.client().from(address.parse().unwrap());
    for _ in 0..3 {
        let wrong = json!({ "email": "lin@example.org", "password": "wrong horse" });
        from("203.0.113.9:1").post(LOGIN, &wrong).await.is(401);
        let swapped = json!({ "email": "secret-horse-battery", "password": "lin@example.org" });
        from("203.0.113.9:1").post(LOGIN, &swapped).await.is(401);
    }
    let other = json!({ "email": "lin@example.org", "password": "wrong horse" });
    from("[2001:db8:1:2:3::4]:1").post(LOGIN, &other).await.is(401);
    let refused = entries(&lin, "?kind=sign_in_refused").await;
    let sum = |is: &dyn Fn(&Value) -> bool| -> u64 {
        refused.iter().filter(|entry| is(entry)).map(|entry| entry["count"].as_u64().unwrap()).sum()
    };
    let lin_id = lin.id().await;
    assert_eq!(sum(&|entry| entry["subject"]["id"] == json!(lin_id) && entry["address"] == "203.0.113.9"), 3);
    assert_eq!(sum(&|entry| entry["subject"].is_null() && entry["address"] == "203.0.113.9"), 3);
    assert_eq!(sum(&|entry| entry["address"] == "2001:db8:1:2::/64"), 1);
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused.iter().all(|entry| entry["actor"].is_null()), "{refused:?}");
    let text = lin.get(AUDIT).await.is(200).text() + &lin.get("/api/v1/admin/audit.csv").await.is(200).text();
    for typed in ["secret-horse", "wrong horse", "lin@example.org"] {
        assert!(!text.contains(typed), "{typed}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_refusals_has_a_few_entries() {
    let app = within_a_minute().await;
    let lin = app.person("lin").await;
    let wrong = json!({ "email": "lin@example.org", "password": "wrong horse" });
    for at in 0..40 {
        let client = app.client().from(format!("203.0.113.{at}:1").parse().unwrap());
        client.post(LOGIN, &wrong).await.is(401);
    }
    let refused = entries(&lin, "?kind=sign_in_refused").await;
    let others = json!({ "subject": null, "address": "", "count": 10 });
    assert_eq!(refused.len(), 31, "{refused:?}");
    let count_others = refused
        .iter()
        .filter(|entry| others.as_object().unwrap().iter().all(|(name, value)| entry[name] == *value));
    assert_eq!(count_others.count(), 1, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_page_by_page_and_exported_whole() {
    let app = App::with(&[("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1000")]).await;
    let lin = app.person("lin").await;
    let form = json!({ "email": "eve@example.org", "password": PASSWORD, "name": "=1+\"王伟\",x" });
    app.client().post("/api/v1/auth/register", &form).await.is(201);
    let store = &app.state.store;
    let ada = Named { id: "ada".into(), name: "Ada".into() };
    for _ in 0..600 {
        let entry = AuditEntry {
            id: app.state.ids.next(),
            at: app.state.clock.now(),
            kind: AuditKind::CodeMade,
            actor: Some(ada.clone()),
            subject: None,
            address: String::new(),
            count: 1,
            detail: None,
        };
        store.add_audit(&entry, None).await.unwrap();
    }
    let (mut ids, mut path) = (Vec::new(), AUDIT.to_owned());
    loop {
        let page = lin.get(&path).await.is(200).json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 50);
        ids.extend(items.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{AUDIT}?cursor={cursor}");
    }
    assert_eq!(ids.len(), 602);
    let csv = lin.get("/api/v1/admin/audit.csv").await.is(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").starts_with("attachment;"));
    let text = csv.text();
    let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap().split("\r\n").collect();
    assert!(lines[0].starts_with("time,kind,"), "{}", lines[0]);
    let found: Vec<&str> = lines[1..603].iter().map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(found, ids);
    assert_eq!(lines[603..], [""]);
    assert!(lines[601].contains(",\"'=1+\"\"王伟\"\",x\","), "{}", lines[601]);
    let few = lin.get("/api/v1/admin/audit.csv?kind=registered").await.is(200).text();
    assert_eq!(few.lines().count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_the_log_to_administrators_only() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let kim = app.person("kim").await;
    let as_page = |client: &Client| app.client().cookie(&format!("inglenook={}", client.token())).browser();
    let page = as_page(&lin).get("/admin/audit").await.is(200).text();
    assert!(page.contains("Registered") && page.contains(">kim<"), "{page}");
    let link = format!("/admin/audit?person={}", kim.id().await);
    assert!(page.contains(&link), "{page}");
    assert!(as_page(&lin).get(&link).await.is(200).text().contains(">kim<"));
    let none = as_page(&lin).get("/admin/audit?kind=code_used&person=%3Cb%3E").await.is(200).text();
    assert!(none.contains("Nothing is noted") && none.contains("&lt;b&gt;") && !none.contains("<b>"));
    as_page(&lin).get("/admin/audit?kind=nonsense").await.is(200);
    as_page(&kim).get("/admin/audit").await.is(404);
    let signed_out = app.client().browser().send(Method::GET, "/admin/audit", "".into(), None).await;
    assert!(signed_out.header("location").starts_with("/login"));
}
