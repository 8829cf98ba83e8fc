//! Every address of the router, called signed out, by another person and by the owner. The list of addresses is the
//! router's own, so that a new address cannot be forgotten here.

use std::collections::BTreeSet;

use axum::{body::Body, http::Method};
use leptos::server_fn::axum::server_fn_paths;

use super::{
    app::{App, Client},
    client::Answer,
    route_table::{
        FORMS,
        For::{Admins, Anybody, Owner},
        IDS, JSON,
    },
    things::{Things, call, keeps_out, nothing},
};

/// The addresses of the router, read from its debug output.
fn addresses(app: &App) -> BTreeSet<String> {
    let shown = format!("{:?}", app.router);
    let address = |part: &str| {
        let (_, rest) = part.split_once("): \"")?;
        rest.starts_with('/').then(|| rest.split('"').next().unwrap_or_default().to_owned())
    };
    let addresses: BTreeSet<String> = shown.split("RouteId(").filter_map(address).collect();
    assert!(addresses.len() > 20, "axum shows its routes otherwise now: {shown}");
    addresses
}

/// The methods that an address takes, by its reply to a method that it refuses.
async fn methods(app: &App, address: &str) -> BTreeSet<String> {
    let method = Method::from_bytes(b"PROPFIND").unwrap();
    let answer =
        app.client().send(method, &address.replace(['{', '}', '*'], ""), Body::empty(), None).await.is(405);
    answer.header("allow").split(',').map(str::to_owned).filter(|method| method != "HEAD").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_of_the_router_is_in_the_lists() {
    let app = App::start().await;
    let listed: BTreeSet<(String, String)> = JSON
        .iter()
        .map(|(method, path, ..)| {
            let path = path.replace("{k}", "{qid}").replace("codes/{w}", "codes/{code_id}");
            let path =
                path.replace("wall/{j}", "wall/{note_id}").replace("reports/{f}", "reports/{report_id}");
            let path =
                path.replace("read/{u}", "read/{message_id}").replace("message/{u}", "message/{message_id}");
            let path =
                path.replace("members/{p}", "members/{user_id}").replace("members/{b}", "members/{user_id}");
            let path = IDS.iter().fold(path, |path, id| path.replace(id, "{id}"));
            ((*method).to_owned(), path)
        })
        .collect();
    let mut there = BTreeSet::new();
    for address in addresses(&app) {
        // The functions have a list of their own, and the last address is the fallback for all others.
        if address == "/fn/{name}" || address.contains("__private__axum") {
            continue;
        }
        there.extend(methods(&app, &address).await.into_iter().map(|method| (method, address.clone())));
    }
    assert_eq!(there, listed);
    let document = app.client().get("/api/openapi.json").await.is(200).json();
    let documented = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        // The WebSocket has an address of its own.
        let base = if path == "/ws" { "" } else { "/api/v1" };
        methods.map(move |method| (method.to_uppercase(), format!("{base}{path}")))
    });
    let of_the_api = there.into_iter().filter(|(_, path)| path.starts_with("/api/v1") || path == "/ws");
    assert_eq!(of_the_api.collect::<BTreeSet<_>>(), documented.collect());
    let functions: BTreeSet<(&str, Method)> = server_fn_paths().collect();
    assert_eq!(functions, FORMS.iter().map(|(path, ..)| (*path, Method::POST)).collect());
}

/// A reply without the parts that differ from request to request.
fn said(answer: &Answer, is_page: bool) -> String {
    if is_page {
        return answer.status.to_string();
    }
    format!("{} {}", answer.status, answer.text().replace(answer.header("x-request-id"), ""))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_address_answers_only_its_people() {
    let many =
        [("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1000"), ("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000")];
    let app = App::with(&many).await;
    let admin = app.person("lin").await;
    let kim = app.person("kim").await;
    let json =
        JSON.iter().map(|(method, path, whom, body)| (*method, *path, *whom, *body, "application/json"));
    let forms = FORMS
        .iter()
        .map(|(path, whom, body)| ("POST", *path, *whom, *body, "application/x-www-form-urlencoded"));
    let shown = Things::of(&app, "reader").await;
    for (at, (method, path, whom, body, kind)) in json.chain(forms).enumerate() {
        // What is only read is there for the next address, too.
        let new = match method {
            "GET" if !path.contains("/admin") => None,
            _ => Some(Things::of(&app, &format!("owner{at}")).await),
        };
        let things = new.as_ref().unwrap_or(&shown);
        let is_page = !path.starts_with("/api/") && !path.starts_with("/fn/");
        let kind = if is_page { "application/x-www-form-urlencoded" } else { kind };
        let path = path.replace("{build}/{*name}", "x/y");
        let shape = |client: Client| if is_page { client.browser() } else { client };
        let as_cookie = |client: &Client| {
            let cookie = format!("inglenook={}", client.token());
            if is_page { app.client().cookie(&cookie).browser() } else { client.clone() }
        };
        let place = format!("{method} {path}");
        let (filled, sent) = (things.fill(&path, "x"), things.fill(body, &format!("nobody{at}")));
        let nobody = call(&shape(app.client()), method, &filled, &sent, kind).await;
        assert_eq!(keeps_out(&nobody), whom != Anybody, "{place}: nobody is answered {}", nobody.status);
        assert!(nobody.status < 500, "{place}: {}", nobody.status);
        if whom == Owner || whom == Admins {
            let foreign = call(&as_cookie(&kim), method, &filled, &sent, kind).await;
            let missing = call(&as_cookie(&kim), method, &nothing(&path), &nothing(body), kind).await;
            assert_eq!(foreign.status, 404, "{place}: somebody else is answered {}", foreign.text());
            assert_eq!(said(&foreign, is_page), said(&missing, is_page), "{place}");
        }
        let sent = things.fill(body, &format!("owner-{at}"));
        let entitled = if whom == Admins { &admin } else { &things.owner };
        let own = call(&as_cookie(entitled), method, &filled, &sent, kind).await;
        // The assets may not be built here, and addresses for anybody were called above.
        let refused = whom != Anybody && [401, 403, 404, 405, 422].contains(&own.status);
        assert!(!refused && own.status < 500, "{place}: the owner is answered {} {}", own.status, own.text());
    }
}
