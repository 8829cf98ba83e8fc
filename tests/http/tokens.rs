//! Every way to make a token that is not ours: nobody is signed in by one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use crate::app::{App, SECRET};

const ME: &str = "/api/v1/me";

fn encoded(part: &str) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

fn signed_with(key: &[u8], algorithm: Algorithm, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key), algorithm).unwrap();
    format!("{message}.{signature}")
}

/// Signed with the right key.
fn signed(header: &str, claims: &str) -> String {
    signed_with(SECRET, Algorithm::HS256, header, claims)
}

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

fn claims_of(token: &str) -> Value {
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

/// What the list of abuses calls for, as far as it is a token by itself.
fn abuses(token: &str, other_user: &str) -> Vec<(String, String)> {
    let claims = claims_of(token);
    let text = claims.to_string();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let now = claims["iat"].as_i64().unwrap();
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, token: String| all.push((name.to_owned(), token));
    for none in ["none", "None", "nOnE"] {
        let header = encoded(&format!(r#"{{"typ":"JWT","alg":"{none}"}}"#));
        add(none, format!("{header}.{}.", encoded(&text)));
        add("none, with our signature", format!("{header}.{}.{signature}", encoded(&text)));
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
        add(&format!("key {key:?}"), signed_with(key.as_bytes(), Algorithm::HS256, HEADER, &text));
    }
    for (name, algorithm) in [("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
        add(name, signed_with(SECRET, algorithm, &format!(r#"{{"typ":"JWT","alg":"{name}"}}"#), &text));
    }
    for name in ["RS256", "ES256", "HS257", ""] {
        add(name, signed(&format!(r#"{{"typ":"JWT","alg":"{name}"}}"#), &text));
    }
    add("stripped", format!("{message}."));
    add("no signature", message.to_owned());
    add("truncated", token[..token.len() - 1].to_owned());
    let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
    add("flipped", format!("{message}.{flipped}{}", &signature[1..]));
    let changed = with(&claims, "exp", json!(now + 999_999_999));
    add("payload changed", format!("{}.{}.{signature}", encoded(HEADER), encoded(&changed)));
    for (field, value) in [
        ("exp", json!(now - 3600)),
        ("exp", json!(now)),
        ("exp", json!("9999999999")),
        ("exp", json!(9e9 + 0.5)),
        ("exp", json!(-1)),
        ("exp", Value::Null),
        ("iat", json!(now + 1_000_000)),
        ("iat", json!("soon")),
        ("nbf", json!(now + 1_000_000)),
        ("nbf", json!("never")),
        ("iss", json!("another")),
        ("iss", json!(["another"])),
        ("aud", json!("another")),
        ("kind", json!("invite")),
        ("kind", json!("reset")),
        ("kind", json!(7)),
        ("sub", json!(other_user)),
        ("sub", json!("nobody")),
        ("sub", json!({ "$ne": "" })),
        ("sid", json!("' or 1=1 --")),
        ("sid", json!({ "$ne": "" })),
        ("sid", json!("\0")),
    ] {
        add(&format!("{field} {value}"), signed(HEADER, &with(&claims, field, value)));
    }
    for field in ["exp", "iss", "sub", "sid", "kind", "iat"] {
        add(&format!("{field} missing"), signed(HEADER, &without(&claims, field)));
    }
    let huge = text.replace(&claims["exp"].to_string(), "1e400");
    assert_ne!(huge, text);
    add("exp 1e400", signed(HEADER, &huge));
    let twice = format!(r#"{},"sub":"{other_user}"}}"#, text.trim_end_matches('}'));
    add("sub twice", signed(HEADER, &twice));
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
        add(extra, signed(&format!(r#"{{"typ":"JWT","alg":"HS256",{extra}}}"#), &text));
    }
    let mut parts = token.split('.');
    let mut part = || parts.next().unwrap();
    let json = json!({ "protected": part(), "payload": part(), "signature": part() });
    add("JSON form", json.to_string());
    add("a megabyte", format!("{token}{}", "A".repeat(1 << 20)));
    add("ten thousand segments", format!("{token}{}", ".A".repeat(10_000)));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    add("deep", signed(HEADER, &format!(r#"{},"x":{deep}}}"#, text.trim_end_matches('}'))));
    add(
        "deep and short",
        signed(
            HEADER,
            &format!(r#"{},"x":{}{}}}"#, text.trim_end_matches('}'), "[".repeat(130), "]".repeat(130)),
        ),
    );
    add("", String::new());
    add("a blank inside", token.replacen('.', ". ", 1));
    add("quoted", format!("\"{token}\""));
    all
}

#[tokio::test]
async fn no_made_token_signs_anybody_in() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let other = kim.get(ME).await.id();
    let abuses = abuses(lin.token(), &other);
    assert!(abuses.len() > 60, "{}", abuses.len());
    // The way they are made does make a good one.
    let good = signed(HEADER, &claims_of(lin.token()).to_string());
    app.client().bearer(&good).get(ME).await.is(200);
    let mut passed = Vec::new();
    for (name, token) in &abuses {
        let by_bearer = app.client().bearer(token).get(ME).await;
        let by_cookie = app.client().cookie(&format!("inglenook={token}")).get(ME).await;
        if (by_bearer.status, by_cookie.status) != (401, 401) {
            passed.push((name, by_bearer.status, by_cookie.status));
        }
    }
    assert!(passed.is_empty(), "{passed:?}");
}

#[tokio::test]
async fn a_token_counts_only_where_it_belongs() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let token = lin.token();
    app.client().cookie(&format!("inglenook={token}")).get(ME).await.is(200);
    for cookie in ["session", "token", "Inglenook", "__Host-inglenook", " inglenook2"] {
        app.client().cookie(&format!("{cookie}={token}")).get(ME).await.is(401);
    }
    for query in ["token", "access_token", "inglenook", "authorization"] {
        app.client().get(&format!("{ME}?{query}={token}")).await.is(401);
    }
    // Which of two cookies is ours cannot be known.
    app.client().cookie(&format!("inglenook={token}; inglenook=x")).get(ME).await.is(401);
    app.client().cookie(&format!("inglenook=x; inglenook={token}")).get(ME).await.is(401);
    // A header that is there decides, also when it is of no use.
    for value in
        [format!("Basic {token}"), format!("Bearer{token}"), token.to_owned(), "Bearer".into(), "é".into()]
    {
        let client = app.client().cookie(&format!("inglenook={token}")).header("authorization", &value);
        client.get(ME).await.is(401);
    }
}

#[tokio::test]
async fn every_case_of_the_list_has_its_test() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora");
    let folder = std::env::var("INGLENOOK_CORPORA").unwrap_or_else(|_| beside.to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/jwt/jwt-abuse.json")) else {
        println!("no test data at {folder}: set INGLENOOK_CORPORA to run this test");
        return;
    };
    let list: Vec<Value> = serde_json::from_str(&text).unwrap();
    // More cases than these want more tests here.
    assert_eq!(list.len(), 26);
}
