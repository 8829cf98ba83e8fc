//! Every way to use a token that is not valid for a session: none of them signs anybody in.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use inglenook::{domain::UserRole, server::store::UserPatch};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::app::{App, PASSWORD, SECRET};

const ME: &str = "/api/v1/me";

fn encoded(part: &str) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

fn signed_with(key: &[u8], algorithm: Algorithm, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key), algorithm).unwrap();
    format!("{message}.{signature}")
}

/// A token that is signed with the right key.
fn signed(header: &str, claims: &str) -> String {
    signed_with(SECRET, Algorithm::HS256, header, claims)
}

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

pub fn claims_of(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn with(claims: &Value, field: &str, value: Value) -> String {
    let mut claims = claims.clone();
    claims[field] = value;
    claims.to_string()
}

fn without(claims: &Value, field: &str) -> String {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().remove(field);
    claims.to_string()
}

/// The ways to use such a token. A test here tries each of them.
const CASES: [&str; 26] = [
    "no algorithm",
    "an empty key",
    "a well-known key",
    "another algorithm with the right key",
    "the name of another algorithm",
    "a broken signature",
    "another payload with an old signature",
    "expired",
    "no expiry",
    "an expiry that is no number of seconds",
    "from the future",
    "another user",
    "of a disabled account",
    "of before a new password",
    "of before signing out",
    "of before a lower role",
    "of another service",
    "of another kind",
    "a claim twice",
    "a key from elsewhere",
    "an unknown critical extension",
    "an unencoded payload",
    "another serialization",
    "too large or too deep",
    "odd bytes, or two of them",
    "in another place",
];

/// A token, the case of the list that it belongs to, and what it is.
struct Abuse {
    case: &'static str,
    name: String,
    token: String,
}

/// The cases that consist of a token alone.
fn abuses(token: &str, other_user: &str) -> Vec<Abuse> {
    let claims = claims_of(token);
    let text = claims.to_string();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let now = claims["iat"].as_i64().unwrap();
    let mut all = Vec::new();
    let mut add = |case, name: &str, token| all.push(Abuse { case, name: name.to_owned(), token });
    for none in ["none", "None", "nOnE"] {
        let header = encoded(&format!(r#"{{"typ":"JWT","alg":"{none}"}}"#));
        add("no algorithm", none, format!("{header}.{}.", encoded(&text)));
        add("no algorithm", "none, with our signature", format!("{header}.{}.{signature}", encoded(&text)));
    }
    for key in [
        "",
        "t0p-s3cr3t",
        "secret",
        "changeme",
        "your-256-bit-secret",
        "inglenook",
        "16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef",
    ] {
        let case = if key.is_empty() { "an empty key" } else { "a well-known key" };
        add(case, &format!("key {key:?}"), signed_with(key.as_bytes(), Algorithm::HS256, HEADER, &text));
    }
    for (name, algorithm) in [("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
        add(
            "another algorithm with the right key",
            name,
            signed_with(SECRET, algorithm, &format!(r#"{{"typ":"JWT","alg":"{name}"}}"#), &text),
        );
    }
    for name in ["RS256", "ES256", "HS257", ""] {
        add(
            "the name of another algorithm",
            name,
            signed(&format!(r#"{{"typ":"JWT","alg":"{name}"}}"#), &text),
        );
    }
    add("a broken signature", "stripped", format!("{message}."));
    add("a broken signature", "no signature", message.to_owned());
    add("a broken signature", "truncated", token[..token.len() - 1].to_owned());
    let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
    add("a broken signature", "flipped", format!("{message}.{flipped}{}", &signature[1..]));
    let changed = with(&claims, "exp", json!(now + 999_999_999));
    add(
        "another payload with an old signature",
        "payload changed",
        format!("{}.{}.{signature}", encoded(HEADER), encoded(&changed)),
    );
    for (case, field, value) in [
        ("expired", "exp", json!(now - 3600)),
        ("expired", "exp", json!(now)),
        ("an expiry that is no number of seconds", "exp", json!("9999999999")),
        ("an expiry that is no number of seconds", "exp", json!(9e9 + 0.5)),
        ("an expiry that is no number of seconds", "exp", json!(-1)),
        ("an expiry that is no number of seconds", "exp", Value::Null),
        ("from the future", "iat", json!(now + 1_000_000)),
        ("from the future", "iat", json!("soon")),
        ("from the future", "nbf", json!(now + 1_000_000)),
        ("from the future", "nbf", json!("never")),
        ("of another service", "iss", json!("another")),
        ("of another service", "iss", json!(["another"])),
        ("of another service", "aud", json!("another")),
        ("of another kind", "kind", json!("invite")),
        ("of another kind", "kind", json!("reset")),
        ("of another kind", "kind", json!(7)),
        ("another user", "sub", json!(other_user)),
        ("another user", "sub", json!("nobody")),
        ("another user", "sub", json!({ "$ne": "" })),
        ("another user", "sid", json!("' or 1=1 --")),
        ("another user", "sid", json!({ "$ne": "" })),
        ("another user", "sid", json!("\0")),
    ] {
        add(case, &format!("{field} {value}"), signed(HEADER, &with(&claims, field, value)));
    }
    for field in ["exp", "iss", "sub", "sid", "kind", "iat"] {
        let case = if field == "exp" { "no expiry" } else { "of another service" };
        add(case, &format!("{field} missing"), signed(HEADER, &without(&claims, field)));
    }
    let huge = text.replace(&claims["exp"].to_string(), "1e400");
    assert_ne!(huge, text);
    add("an expiry that is no number of seconds", "exp 1e400", signed(HEADER, &huge));
    let twice = format!(r#"{},"sub":"{other_user}"}}"#, text.trim_end_matches('}'));
    add("a claim twice", "sub twice", signed(HEADER, &twice));
    for extra in [
        r#""kid":"../../dev/null""#,
        r#""kid":"' or 1=1""#,
        r#""jku":"https://example.org/jwks""#,
        r#""x5u":"https://example.org/x""#,
        r#""crit":["unknown"],"unknown":1"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":false"#,
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
    ] {
        let case = match extra {
            extra if extra.contains("unknown") => "an unknown critical extension",
            extra if extra.contains("b64") => "an unencoded payload",
            _ => "a key from elsewhere",
        };
        add(case, extra, signed(&format!(r#"{{"typ":"JWT","alg":"HS256",{extra}}}"#), &text));
    }
    let mut parts = token.split('.');
    let mut part = || parts.next().unwrap();
    let json = json!({ "protected": part(), "payload": part(), "signature": part() });
    add("another serialization", "JSON form", json.to_string());
    add("too large or too deep", "a megabyte", format!("{token}{}", "A".repeat(1 << 20)));
    add("too large or too deep", "ten thousand segments", format!("{token}{}", ".A".repeat(10_000)));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    add(
        "too large or too deep",
        "deep",
        signed(HEADER, &format!(r#"{},"x":{deep}}}"#, text.trim_end_matches('}'))),
    );
    add(
        "too large or too deep",
        "deep and short",
        signed(
            HEADER,
            &format!(r#"{},"x":{}{}}}"#, text.trim_end_matches('}'), "[".repeat(130), "]".repeat(130)),
        ),
    );
    add("odd bytes, or two of them", "nothing", String::new());
    add("odd bytes, or two of them", "a blank inside", token.replacen('.', ". ", 1));
    add("odd bytes, or two of them", "quoted", format!("\"{token}\""));
    all
}

/// The ways in which the token signs somebody in.
async fn gets_in(app: &App, token: &str) -> Option<&'static str> {
    let by_bearer = app.client().bearer(token).get(ME).await.status;
    let by_cookie = app.client().cookie(&format!("inglenook={token}")).get(ME).await.status;
    match (by_bearer, by_cookie) {
        (401, 401) => None,
        (401, _) => Some("by its cookie"),
        _ => Some("as a bearer token"),
    }
}

async fn made_tokens(app: &App) -> Vec<&'static str> {
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let other = kim.get(ME).await.id();
    // The same code makes a valid token, so the server refuses the other tokens because of what is wrong with them.
    let good = signed(HEADER, &claims_of(lin.token()).to_string());
    app.client().bearer(&good).get(ME).await.is(200);
    let abuses = abuses(lin.token(), &other);
    let mut passed = Vec::new();
    for Abuse { name, token, .. } in &abuses {
        passed.extend(gets_in(app, token).await.map(|how| format!("{name} {how}")));
    }
    assert!(passed.is_empty(), "{passed:?}");
    abuses.into_iter().map(|abuse| abuse.case).collect()
}

/// Tokens that were valid once.
async fn former_tokens(app: &App) -> Vec<&'static str> {
    let disabled = app.person("ada").await;
    app.database.disable(claims_of(disabled.token())["sub"].as_str().unwrap()).await;
    let out = app.person("bea").await;
    out.post("/api/v1/auth/logout", &json!({})).await.is(204);
    let old = app.person("cid").await;
    let login = json!({ "email": "cid@example.org", "password": PASSWORD });
    let new = app.client().post("/api/v1/auth/login", &login).await.is(200).json();
    let new = app.client().bearer(new["token"].as_str().unwrap());
    let change = json!({ "password": PASSWORD, "new_password": "battery staple" });
    new.patch(ME, &change).await.is(200);
    new.get(ME).await.is(200);
    let cases = [
        ("of a disabled account", disabled),
        ("of before signing out", out),
        ("of before a new password", old),
    ];
    for (case, person) in &cases {
        assert_eq!(gets_in(app, person.token()).await, None, "{case}");
    }
    cases.into_iter().map(|(case, _)| case).collect()
}

/// The server reads a person's role from the account, not from the token.
async fn a_lower_role(app: &App) -> &'static str {
    let dan = app.person("dan").await;
    let id = dan.get(ME).await.id();
    for role in [UserRole::Admin, UserRole::Member] {
        let patch = UserPatch { role: Some(role), ..UserPatch::default() };
        app.state.store.update_user(&id, &patch, None).await.unwrap().done().unwrap();
        let shown = json!(if role == UserRole::Admin { "admin" } else { "member" });
        assert_eq!(dan.get(ME).await.is(200).json()["role"], shown);
    }
    "of before a lower role"
}

/// A token is accepted from anybody who has it, but only where tokens belong and in exactly its form.
async fn other_places(app: &App) -> [&'static str; 2] {
    let lin = app.person("eve").await;
    let token = lin.token();
    app.client().cookie(&format!("inglenook={token}")).get(ME).await.is(200);
    for cookie in ["session", "token", "Inglenook", "__Host-inglenook", " inglenook2"] {
        app.client().cookie(&format!("{cookie}={token}")).get(ME).await.is(401);
    }
    for query in ["token", "access_token", "inglenook", "authorization"] {
        app.client().get(&format!("{ME}?{query}={token}")).await.is(401);
    }
    // A cookie that occurs twice counts as absent.
    app.client().cookie(&format!("inglenook={token}; inglenook=x")).get(ME).await.is(401);
    app.client().cookie(&format!("inglenook=x; inglenook={token}")).get(ME).await.is(401);
    // With an `Authorization` header the cookie is ignored, even if the header holds no token.
    for value in
        [format!("Basic {token}"), format!("Bearer{token}"), token.to_owned(), "Bearer".into(), "é".into()]
    {
        let client = app.client().cookie(&format!("inglenook={token}")).header("authorization", &value);
        client.get(ME).await.is(401);
    }
    ["in another place", "odd bytes, or two of them"]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_of_the_list_is_tried_and_gets_nobody_in() {
    let app = App::start().await;
    let mut tried: BTreeSet<&str> = made_tokens(&app).await.into_iter().collect();
    tried.extend(former_tokens(&app).await);
    tried.insert(a_lower_role(&app).await);
    tried.extend(other_places(&app).await);
    assert_eq!(tried, BTreeSet::from(CASES));
}
