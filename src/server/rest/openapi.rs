//! The OpenAPI document: written by hand in `openapi.json`, with this build's version in it.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::Value;

/// The document as it is served. That it can be read is tested.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document: Value = serde_json::from_str(include_str!("openapi.json")).unwrap_or_default();
    document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    document
});

/// `GET /api/openapi.json`. Any site may read it: it holds nothing of anybody's.
pub async fn document() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());
    let fixed = [
        (header::CONTENT_TYPE, "application/json"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (fixed, TEXT.as_str()).into_response()
}

/// What a `$ref` within the document leads to; anything else is itself.
pub fn resolved(value: &Value) -> &Value {
    let Some(reference) = value["$ref"].as_str() else { return value };
    reference.strip_prefix('#').and_then(|pointer| DOCUMENT.pointer(pointer)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::{Router, body::Body, extract::Request, http::Method};
    use tower::ServiceExt;

    use super::*;
    use crate::server::{app::App, rest::table};

    fn documented() -> BTreeSet<(String, String)> {
        let paths = DOCUMENT["paths"].as_object().unwrap();
        let calls = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().filter(|key| *key != "parameters");
            methods.map(|method| (path.clone(), method.to_uppercase()))
        });
        calls.collect()
    }

    /// Asks each route for each method: what is not taken is answered by a fallback that says so.
    #[tokio::test]
    async fn every_route_is_documented_and_nothing_else() {
        let state_free = |methods: axum::routing::MethodRouter<_>| {
            let allow = methods.fallback(|| async { axum::http::StatusCode::IM_A_TEAPOT });
            Router::new().route("/", allow)
        };
        let state = crate::server::rest::tests::state().await;
        let mut routed = BTreeSet::new();
        for (path, methods) in table::<App>() {
            let router = state_free(methods).with_state(state.clone());
            for method in
                [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
            {
                let request = Request::builder().method(&method).uri("/").body(Body::empty()).unwrap();
                if router.clone().oneshot(request).await.unwrap().status() != 418 {
                    routed.insert((path.to_owned(), method.to_string()));
                }
            }
        }
        assert_eq!(routed, documented());
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_part_is_used() {
        fn references<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
            match value {
                Value::Object(fields) => {
                    into.extend(fields.get("$ref").and_then(Value::as_str));
                    fields.values().for_each(|value| references(value, into));
                }
                Value::Array(items) => items.iter().for_each(|value| references(value, into)),
                _ => {}
            }
        }
        let mut found = BTreeSet::new();
        references(&DOCUMENT, &mut found);
        for reference in &found {
            assert!(DOCUMENT.pointer(&reference[1..]).is_some(), "{reference}");
        }
        for kind in ["parameters", "responses", "schemas"] {
            for name in DOCUMENT["components"][kind].as_object().unwrap().keys() {
                assert!(found.contains(&*format!("#/components/{kind}/{name}")), "{kind}/{name} is not used");
            }
        }
    }

    #[test]
    fn it_has_what_every_document_needs() {
        assert_eq!(DOCUMENT["openapi"], "3.1.0");
        assert_eq!(DOCUMENT["info"]["version"], env!("CARGO_PKG_VERSION"));
        let mut ids = BTreeSet::new();
        for (path, method) in documented() {
            let call = &DOCUMENT["paths"][&path][method.to_lowercase()];
            assert!(call["summary"].is_string() && call["responses"].is_object(), "{method} {path}");
            assert!(ids.insert(call["operationId"].as_str().unwrap()), "{method} {path}");
            let signed_out = call["security"].as_array().is_some_and(Vec::is_empty);
            assert!(signed_out || call["responses"]["401"].is_object(), "{method} {path}");
            assert!(call["requestBody"].is_null() || call["responses"]["422"].is_object(), "{method} {path}");
        }
    }
}
