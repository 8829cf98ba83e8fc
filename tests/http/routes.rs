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
    tokens::claims_of,
};

/// The people whom an address answers.
#[derive(Clone, Copy, PartialEq)]
enum For {
    Anybody,
    /// Everybody who is signed in, with their own data.
    People,
    /// The owner of what the address names; for all others it does not exist.
    Owner,
    /// Administrators; for all others it does not exist.
    Admins,
}
use For::{Admins, Anybody, Owner, People};

/// The calls with JSON. `{c}` and `{m}` stand for a conversation and an answer in it, `{n}` for a name that nobody has.
const JSON: &[(&str, &str, For, &str)] = &[
    ("POST", "/api/v1/auth/register", Anybody, r#"{"email":"{n}@example.org","password":"correct horse"}"#),
    ("POST", "/api/v1/auth/login", Anybody, r#"{"email":"lin@example.org","password":"correct horse"}"#),
    ("POST", "/api/v1/auth/logout", People, "{}"),
    ("GET", "/api/v1/me", People, ""),
    ("PATCH", "/api/v1/me", People, r#"{"name":"{n}"}"#),
    ("POST", "/api/v1/me/deletion", People, r#"{"password":"correct horse"}"#),
    ("DELETE", "/api/v1/me/deletion", People, ""),
    ("GET", "/api/v1/me/sessions", People, ""),
    ("DELETE", "/api/v1/me/sessions", People, ""),
    ("DELETE", "/api/v1/me/sessions/{s}", Owner, ""),
    ("GET", "/api/v1/me/keys", People, ""),
    ("POST", "/api/v1/me/keys", People, r#"{"name":"{n}","scope":"read"}"#),
    ("DELETE", "/api/v1/me/keys/{a}", Owner, ""),
    ("POST", "/api/v1/me/proof", People, r#"{"password":"correct horse"}"#),
    ("GET", "/api/v1/me/second-factor", People, ""),
    ("POST", "/api/v1/me/second-factor", People, "{}"),
    // Without a second factor these are refused with 409: see second_factor.rs.
    ("DELETE", "/api/v1/me/second-factor", People, ""),
    ("POST", "/api/v1/me/second-factor/confirm", People, r#"{"code":"000000"}"#),
    ("POST", "/api/v1/me/second-factor/recovery-codes", People, "{}"),
    ("GET", "/api/v1/models", People, ""),
    ("GET", "/api/v1/conversations", People, ""),
    ("POST", "/api/v1/conversations", People, "{}"),
    ("GET", "/api/v1/conversations/{c}", Owner, ""),
    ("PATCH", "/api/v1/conversations/{c}", Owner, r#"{"title":"{n}"}"#),
    ("DELETE", "/api/v1/conversations/{c}", Owner, ""),
    ("POST", "/api/v1/conversations/{c}/restore", Owner, "{}"),
    ("POST", "/api/v1/conversations/{c}/seen", Owner, "{}"),
    ("GET", "/api/v1/bin", People, ""),
    ("POST", "/api/v1/messages/{m}/fork", Owner, "{}"),
    ("GET", "/api/v1/conversations/{c}/queue", Owner, ""),
    ("POST", "/api/v1/conversations/{c}/queue", Owner, r#"{"content":"{n}"}"#),
    ("PATCH", "/api/v1/conversations/{c}/queue/{k}", Owner, r#"{"content":"{n}","position":0}"#),
    ("DELETE", "/api/v1/conversations/{c}/queue/{k}", Owner, ""),
    ("POST", "/api/v1/conversations/{c}/queue/{k}/send", Owner, "{}"),
    ("GET", "/api/v1/conversations/{c}/messages", Owner, ""),
    ("POST", "/api/v1/conversations/{c}/messages", Owner, r#"{"content":"{n}"}"#),
    ("GET", "/api/v1/conversations/{c}/events", Owner, ""),
    ("DELETE", "/api/v1/messages/{m}", Owner, ""),
    ("POST", "/api/v1/messages/{m}/restore", Owner, "{}"),
    ("POST", "/api/v1/messages/{m}/stop", Owner, "{}"),
    ("POST", "/api/v1/messages/{m}/regenerate", Owner, "{}"),
    ("POST", "/api/v1/messages/{m}/continue", Owner, "{}"),
    ("POST", "/api/v1/messages/{q}/edit", Owner, r#"{"content":"{n}"}"#),
    ("POST", "/api/v1/messages/{m}/select", Owner, "{}"),
    ("GET", "/api/v1/admin/people", Admins, ""),
    ("GET", "/api/v1/admin/people/{p}", Admins, ""),
    ("PATCH", "/api/v1/admin/people/{p}", Admins, r#"{"role":"member"}"#),
    ("POST", "/api/v1/admin/people/{p}/reset", Admins, "{}"),
    ("DELETE", "/api/v1/admin/people/{p}", Admins, ""),
    ("GET", "/api/v1/admin/audit", Admins, ""),
    ("GET", "/api/v1/admin/audit.csv", Admins, ""),
    ("GET", "/api/v1/me/budget", People, ""),
    ("POST", "/api/v1/me/redeem", People, r#"{"code":"{r}"}"#),
    ("GET", "/api/v1/admin/tiers", Admins, ""),
    ("POST", "/api/v1/admin/tiers", Admins, r#"{"name":"{n}"}"#),
    ("PUT", "/api/v1/admin/tiers/{t}", Admins, r#"{"name":"{n}"}"#),
    ("DELETE", "/api/v1/admin/tiers/{t}", Admins, ""),
    ("GET", "/api/v1/admin/codes", Admins, ""),
    ("POST", "/api/v1/admin/codes", Admins, r#"{"registers":true}"#),
    ("DELETE", "/api/v1/admin/codes/{d}", Admins, ""),
    ("GET", "/", People, ""),
    ("GET", "/temporary", People, ""),
    ("GET", "/c/{c}", Owner, ""),
    // Its conversation is a parameter: see parts.rs.
    ("GET", "/fn/part", People, ""),
    ("GET", "/fn/list", People, ""),
    ("GET", "/fn/sheet/models", People, ""),
    ("GET", "/fn/sheet/keys", People, ""),
    ("GET", "/fn/sheet/palette", People, ""),
    // As with that of a part.
    ("GET", "/fn/sheet/outline", People, ""),
    // Their conversation is a parameter: see tools.rs.
    ("GET", "/fn/sheet/context", People, ""),
    ("GET", "/fn/sheet/settings", People, ""),
    ("GET", "/c/{c}/settings", Owner, ""),
    ("GET", "/c/{c}/outline", Owner, ""),
    ("GET", "/history", People, ""),
    ("GET", "/settings", People, ""),
    ("GET", "/settings/appearance", People, ""),
    ("GET", "/settings/chat", People, ""),
    ("GET", "/settings/sign-in", People, ""),
    ("GET", "/settings/data", People, ""),
    ("GET", "/admin", Admins, ""),
    ("GET", "/admin/people", Admins, ""),
    ("GET", "/admin/people/{p}", Admins, ""),
    ("GET", "/reset/{code}", Anybody, ""),
    ("GET", "/settings/devices", People, ""),
    ("POST", "/settings/devices", People, "name={n}&scope=read"),
    ("GET", "/admin/audit", Admins, ""),
    ("GET", "/admin/codes", Admins, ""),
    ("GET", "/admin/codes/made", Admins, ""),
    ("GET", "/admin/tiers", Admins, ""),
    ("GET", "/admin/tiers/{t}", Admins, ""),
    ("GET", "/join/{code}", Anybody, ""),
    ("GET", "/settings/sign-in/app", People, ""),
    ("GET", "/settings/sign-in/recovery", People, ""),
    ("GET", "/settings/sign-in/device", People, ""),
    ("GET", "/device", Anybody, ""),
    ("GET", "/device/{code}", Anybody, ""),
    ("GET", "/settings/prove", People, ""),
    ("GET", "/offline", Anybody, ""),
    ("GET", "/sw.js", Anybody, ""),
    ("GET", "/login", Anybody, ""),
    // Whoever has not given a password a moment ago is led to /login.
    ("GET", "/login/code", People, ""),
    ("GET", "/register", Anybody, ""),
    ("GET", "/api/openapi.json", Anybody, ""),
    ("GET", "/api/docs", Anybody, ""),
    ("GET", "/pkg/{build}/{*name}", Anybody, ""),
    ("GET", "/favicon.ico", Anybody, ""),
    ("GET", "/robots.txt", Anybody, ""),
    ("GET", "/healthz", Anybody, ""),
    ("GET", "/readyz", Anybody, ""),
];

const FORMS: &[(&str, For, &str)] = &[
    ("/fn/register", Anybody, "email={n}@example.org&password=correct+horse"),
    ("/fn/login", Anybody, "email=lin@example.org&password=correct+horse"),
    ("/fn/login-code", Anybody, "code=000000"),
    ("/fn/logout", Anybody, ""),
    ("/fn/reset-password", Anybody, "code=x&password=correct+horse"),
    ("/fn/change-person", Admins, "id={p}&role=member"),
    ("/fn/make-reset-link", Admins, "id={p}"),
    ("/fn/delete-person", Admins, "id={p}&erase=true&confirm={l}"),
    ("/fn/delete-account", People, "password=correct+horse"),
    ("/fn/keep-account", People, ""),
    ("/fn/make-codes", Admins, "registers=true&count=1&uses=1"),
    ("/fn/end-codes", Admins, "id={d}"),
    ("/fn/save-tier", Admins, "id={t}&name={n}"),
    ("/fn/delete-tier", Admins, "id={t}"),
    ("/fn/redeem", People, "code={r}"),
    ("/fn/device-link", People, ""),
    ("/fn/device-confirm", People, "number=100"),
    ("/fn/device-refuse", People, ""),
    ("/fn/device-ask", Anybody, "code=x"),
    ("/fn/device-claim", Anybody, "code=x"),
    ("/fn/prove", People, "password=correct+horse"),
    ("/fn/second-factor-begin", People, ""),
    ("/fn/second-factor-confirm", People, "code=000000"),
    ("/fn/recovery-codes", People, ""),
    ("/fn/second-factor-off", People, ""),
    ("/fn/set-name", People, "name={n}"),
    ("/fn/set-password", People, "password=correct+horse&new_password=battery+staple"),
    ("/fn/end-device", Owner, "id={s}"),
    ("/fn/end-other-devices", People, ""),
    ("/fn/end-key", Owner, "id={a}"),
    ("/fn/set-language", Anybody, "language=en"),
    ("/fn/set-appearance", Anybody, "theme=dark&palette=sea"),
    ("/fn/set-chat-defaults", People, "temperature=1&turns=3&single_keys=false"),
    ("/fn/set-favourite", People, "model=demo%2Fdemo&on=true"),
    ("/fn/set-conversation", Owner, "conversation_id={c}&system_prompt={n}&turns=3"),
    ("/fn/history", People, ""),
    ("/fn/ask", Owner, "text={n}&conversation_id={c}"),
    ("/fn/ask-temporary", People, "messages[0][role]=user&messages[0][text]={n}"),
    ("/fn/keep-temporary", People, "messages[0][role]=user&messages[0][text]={n}"),
    ("/fn/follow", Owner, "conversation_id={c}&hidden=true"),
    ("/fn/rename", Owner, "conversation_id={c}&title={n}"),
    ("/fn/pin", Owner, "conversation_id={c}&pinned=true"),
    ("/fn/archive", Owner, "conversation_id={c}&archived=true"),
    ("/fn/delete", Owner, "conversation_id={c}"),
    ("/fn/restore", Owner, "conversation_id={c}"),
    ("/fn/bin", People, ""),
    ("/fn/seen", Owner, "conversation_id={c}"),
    ("/fn/fork", Owner, "message_id={m}"),
    ("/fn/queue", Owner, "conversation_id={c}"),
    ("/fn/queue-add", Owner, "conversation_id={c}&text={n}"),
    ("/fn/queue-edit", Owner, "conversation_id={c}&id={k}&text={n}"),
    ("/fn/queue-move", Owner, "conversation_id={c}&id={k}&position=0"),
    ("/fn/queue-remove", Owner, "conversation_id={c}&id={k}"),
    ("/fn/queue-send", Owner, "conversation_id={c}&id={k}"),
    ("/fn/source", Owner, "message_id={m}"),
    ("/fn/stop", Owner, "message_id={m}"),
    ("/fn/retry", Owner, "message_id={m}"),
    ("/fn/continue", Owner, "message_id={m}"),
    ("/fn/edit", Owner, "message_id={q}&text={n}"),
    ("/fn/select", Owner, "message_id={m}"),
    ("/fn/delete-message", Owner, "message_id={m}"),
    ("/fn/restore-message", Owner, "message_id={m}"),
];

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
