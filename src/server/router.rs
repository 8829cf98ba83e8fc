//! The router: every route.

use axum::{
    Router,
    http::HeaderMap,
    middleware,
    routing::{any, get},
};

use super::{
    app::App,
    http::{
        assets, context, language,
        layers::{layers, open_to_all},
        look, offline, probes, request_id,
    },
    rest,
};
use crate::{error::AppError, pages};

/// The whole site, for any listener.
pub fn router(app: App) -> Router {
    let (api, described) = rest::routes();
    let behind_the_gate = Router::new()
        .merge(pages::routes())
        .nest(rest::BASE, api)
        .merge(rest::socket::routes())
        .route("/fn/{name}", any(context::server_functions))
        .fallback(|| async { AppError::NotFound })
        .method_not_allowed_fallback(|| async { AppError::MethodNotAllowed });
    let open = Router::new()
        .merge(rest::documentation(described))
        .route("/pkg/{build}/{*name}", get(assets::hashed))
        .route("/favicon.ico", get(|headers: HeaderMap| assets::fixed("favicon.svg", headers)))
        .route("/robots.txt", get(|headers: HeaderMap| assets::fixed("robots.txt", headers)))
        .route("/sw.js", get(offline::worker))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(probes::ready))
        .method_not_allowed_fallback(|| async { AppError::MethodNotAllowed });
    let all = layers(behind_the_gate, &app.site, &app.accounts)
        .merge(open_to_all(open, &app.site))
        // Outside of all that may say something to a person.
        .layer(middleware::from_fn(language::find))
        .layer(middleware::from_fn(look::find));
    request_id::layers(all).with_state(app)
}
