//! The page that a browser shows when the server cannot be reached. The service worker (`offline.js`) keeps it, so it needs
//! nothing from the site: its style, its picture and its few lines of script are in it.

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use leptos::nonce::Nonce;

use super::language;
use crate::server::words;

const WORKER: &str = include_str!("offline.js");
const STYLE: &str = include_str!("../../../style/offline.css");
const PICTURE: &str = include_str!("../../../public/favicon.svg");
/// Opens the page that was wanted as soon as the server answers again. It does nothing at this page's own address.
const SCRIPT: &str = "if(location.pathname!=='/offline'){let again=()=>fetch('/healthz').then(a=>a.ok&&location.reload())\
    .catch(()=>{});addEventListener('online',again);setInterval(again,5000)}";

/// `GET /sw.js`: the service worker. It may ask this site and nothing else, and a browser asks each time whether there is a
/// newer one.
pub async fn worker() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; connect-src 'self'"),
    ];
    (headers, WORKER).into_response()
}

/// `GET /offline`, in the caller's language. It says nothing of the person who asks.
pub async fn page() -> Response {
    let words = words::current();
    let (tag, say) = (words.language.tag(), |key| html_escape::encode_text(&words.say(key)).into_owned());
    let nonce = Nonce::new();
    let (title, sentence, kept, again) =
        (say("offline-title"), say("offline-sentence"), say("offline-kept"), say("offline-again"));
    let html = format!(
        "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1,viewport-fit=cover\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · Inglenook</title>\
         <style nonce=\"{nonce}\">{STYLE}</style></head><body><main>{PICTURE}<h1>{title}</h1><p>{sentence}</p><p>{kept}</p>\
         <a href=\"\">{again}</a></main><script nonce=\"{nonce}\">{SCRIPT}</script></body></html>"
    );
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = ([language::content_language()], Html(html)).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
