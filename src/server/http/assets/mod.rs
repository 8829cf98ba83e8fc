//! The site's scripts, styles and pictures: inside the binary in release builds, from the disk in debug
//! builds, where `cargo leptos watch` changes them.
//!
//! Pages name them under `/pkg/<build>/`. The build's hash changes with any of them, so browsers may keep them for ever.

use std::{borrow::Cow, path::Path};

use axum::{
    body::{Body, Bytes},
    extract::Path as UrlPath,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::error::AppError;

struct Embedded {
    /// The path below the site root.
    name: &'static str,
    raw: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");

/// The folder that pages name, without a slash at either end.
pub fn folder() -> String {
    format!("pkg/{BUILD}")
}

/// The address of an asset, by its name below `public` or that of a generated file.
pub fn url(name: &str) -> String {
    format!("/pkg/{BUILD}/{name}")
}

/// `GET /pkg/{build}/{name}`. A page of an older build asks under that build's hash; it gets the present file, which it
/// must not cache.
pub async fn hashed(UrlPath((build, name)): UrlPath<(String, String)>, headers: HeaderMap) -> Response {
    let kept = if build == BUILD && !cfg!(debug_assertions) { FOR_EVER } else { NOT_KEPT };
    serve(&name, &headers, kept).await
}

/// Assets at a fixed address.
pub async fn fixed(name: &'static str, headers: HeaderMap) -> Response {
    serve(name, &headers, FOR_A_DAY).await
}

async fn serve(name: &str, headers: &HeaderMap, cache_control: HeaderValue) -> Response {
    // Pages of a server that plain cargo built name the module as wasm-bindgen does.
    let name = name.replace("_bg.wasm", ".wasm");
    let Some((body, encoding)) = find(&name, headers).await else {
        return AppError::NotFound.into_response();
    };
    let mut response = Response::new(body);
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(&name)));
    out.insert(header::CACHE_CONTROL, cache_control);
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// The asset and its content coding. Generated assets are in `pkg`, the others beside it.
async fn find(name: &str, headers: &HeaderMap) -> Option<(Body, Option<&'static str>)> {
    let generated = format!("pkg/{name}");
    if cfg!(debug_assertions) {
        return from_disk(&[&generated, name]).await.map(|bytes| (Body::from(bytes), None));
    }
    let asset = EMBEDDED.iter().find(|asset| asset.name == generated || asset.name == name)?;
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |coding: &str| {
        accepted.split(',').any(|one| one.split(';').next().is_some_and(|one| one.trim() == coding))
    };
    let (bytes, encoding) = match (asset.brotli, asset.gzip) {
        (Some(bytes), _) if takes("br") => (bytes, Some("br")),
        (_, Some(bytes)) if takes("gzip") => (bytes, Some("gzip")),
        _ => (asset.raw, None),
    };
    Some((Body::from(Bytes::from_static(bytes)), encoding))
}

async fn from_disk(names: &[&str]) -> Option<Vec<u8>> {
    let root: Cow<str> = std::env::var("LEPTOS_SITE_ROOT").map_or("target/site".into(), Cow::Owned);
    for name in names {
        // Only names without `..` or a root, so that nothing outside of the folder is read.
        let plain = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if plain && let Ok(bytes) = tokio::fs::read(Path::new(&*root).join(name)).await {
            return Some(bytes);
        }
    }
    None
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
