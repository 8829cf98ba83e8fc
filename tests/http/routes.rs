//! Every address of the router, called signed out, by another person and by the owner. The list of addresses is the
//! router's own, so that a new address cannot be forgotten here.

use std::collections::BTreeSet;

use axum::{body::Body, http::Method};
use inglenook::{
    domain::{Reason, Tier, UserRole},
    server::{
        accounts::invitations::{NewCodes, make},
        store::{Need, NewQueued, QueueChange},
    },
};
use leptos::server_fn::axum::server_fn_paths;
use serde_json::json;

use super::{
    app::{App, Client, PASSWORD},
    client::Answer,
    route_table::{
        FORMS,
        For::{Admins, Anybody, Owner},
        JSON,
    },
    tokens::claims_of,
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
            let path = ["{c}", "{m}", "{q}", "{p}", "{s}", "{a}", "{t}", "{d}"]
                .iter()
                .fold((*path).to_owned(), |path, id| path.replace(id, "{id}"));
            let path = path.replace("{k}", "{qid}");
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
        methods.map(move |method| (method.to_uppercase(), format!("/api/v1{path}")))
    });
    let of_the_api = there.into_iter().filter(|(_, path)| path.starts_with("/api/v1"));
    assert_eq!(of_the_api.collect::<BTreeSet<_>>(), documented.collect());
    let functions: BTreeSet<(&str, Method)> = server_fn_paths().collect();
    assert_eq!(functions, FORMS.iter().map(|(path, ..)| (*path, Method::POST)).collect());
}

/// The objects that a call names: an owner, and the owner's conversation and messages.
struct Things {
    owner: Client,
    conversation: String,
    question: String,
    answer: String,
    /// A question that waits.
    queued: String,
    /// Somebody else's account, and what they sign in with.
    person: String,
    login: String,
    /// Another browser in which the owner is signed in.
    session: String,
    /// An API key.
    key: String,
    /// A tier that nobody has, and a code that gives another one: its id, and what is handed out.
    tier: String,
    code: String,
    secret: String,
}

impl Things {
    async fn of(app: &App, name: &str) -> Self {
        let owner = app.person(name).await;
        let conversation = owner.conversation().await;
        let asked = owner.ask(&conversation, "Mine alone").await;
        let id = |which: &str| asked[which]["id"].as_str().unwrap().to_owned();
        // Behind a question that was refused, it waits although the answer before it is complete.
        let owner_id = owner.id().await;
        let grant = app.state.store.access(&owner_id, &conversation, Need::Write).await.unwrap();
        for text in ["Refused", "Later"] {
            let id = format!("{conversation}{text}");
            let new = NewQueued { id: &id, text, model: None, key: None, most: 9, now: 0 };
            app.state.store.add_queued(&grant, &new).await.unwrap();
            let refused = QueueChange::Refuse(&Reason::new("error-internal"));
            if text == "Refused" {
                app.state.store.change_queued(&grant, new.id, refused).await.unwrap();
            }
        }
        let queued = format!("{conversation}Later");
        let (tier, code, secret) = Self::tier_and_code(app, name).await;
        let login = format!("other-{name}@example.org");
        let person = app.person(&format!("other-{name}")).await.id().await;
        let form = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        let other = app.client().post("/api/v1/auth/login", &form).await.is(200).json();
        let session = claims_of(other["token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned();
        let new = json!({ "name": "Bot", "scope": "read" });
        let key = owner.post("/api/v1/me/keys", &new).await.is(201).id();
        Self {
            person,
            login,
            session,
            key,
            tier,
            code,
            secret,
            question: id("user_message"),
            answer: id("assistant_message"),
            queued,
            owner,
            conversation,
        }
    }

    async fn tier_and_code(app: &App, name: &str) -> (String, String, String) {
        let [tier, given] = ["a tier", "another tier"].map(|kind| Tier {
            id: app.state.ids.next(),
            name: format!("{kind} of {name}"),
            ..Tier::default()
        });
        for tier in [&tier, &given] {
            app.state.store.create_tier(tier).await.unwrap();
        }
        let new = NewCodes {
            count: 1,
            registers: false,
            role: UserRole::Member,
            tier: Some(&given.id),
            tier_days: None,
            uses: 1,
            days: None,
            label: name,
        };
        let made =
            make((&*app.state.store, &*app.state.store), &app.state.ids, new, (None, 0)).await.unwrap();
        let made = made.codes.into_iter().next().unwrap();
        (tier.id, made.code.id, made.secret)
    }

    fn fill(&self, text: &str, name: &str) -> String {
        text.replace("{c}", &self.conversation)
            .replace("{m}", &self.answer)
            .replace("{q}", &self.question)
            .replace("{k}", &self.queued)
            .replace("{p}", &self.person)
            .replace("{l}", &self.login)
            .replace("{s}", &self.session)
            .replace("{a}", &self.key)
            .replace("{t}", &self.tier)
            .replace("{d}", &self.code)
            .replace("{r}", &self.secret)
            .replace("{n}", name)
    }
}

const NOTHING: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

fn nothing(text: &str) -> String {
    ["{c}", "{m}", "{q}", "{k}", "{p}", "{l}", "{s}", "{a}", "{t}", "{d}", "{r}"]
        .iter()
        .fold(text.to_owned(), |text, id| text.replace(id, NOTHING))
        .replace("{n}", "x")
}

/// Sends a call with a body of JSON or of a form. The body of a reply that streams is not waited for.
async fn call(client: &Client, method: &str, path: &str, body: &str, kind: &str) -> Answer {
    let method: Method = method.parse().unwrap();
    let kind = (!body.is_empty() || path.starts_with("/fn/")).then_some(kind);
    client.send_head_first(method, path, body.to_owned().into(), kind).await
}

fn keeps_out(answer: &Answer) -> bool {
    answer.status == 401 || answer.header("location").starts_with("/login")
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
    for (at, (method, path, whom, body, kind)) in json.chain(forms).enumerate() {
        let things = Things::of(&app, &format!("owner{at}")).await;
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
