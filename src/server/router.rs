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
        probes,
        refusal::{method_not_allowed, not_found},
        request_id,
    },
    rest,
};
use crate::pages;

pub fn router(app: App) -> Router {
    let (api, described) = rest::routes();
    let behind_the_gate = Router::new()
        .merge(pages::routes())
        .nest(rest::BASE, api)
        .route("/fn/{name}", any(context::server_functions))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed);
    let open = Router::new()
        .merge(rest::documentation(described))
        .route("/pkg/{build}/{*name}", get(assets::hashed))
        .route("/favicon.ico", get(|headers: HeaderMap| assets::fixed("favicon.svg", headers)))
        .route("/robots.txt", get(|headers: HeaderMap| assets::fixed("robots.txt", headers)))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(probes::ready))
        .method_not_allowed_fallback(method_not_allowed);
    layers(behind_the_gate, &app.site, &app.accounts)
        .merge(open_to_all(open, &app.site))
        // Outside of all that may say something to a person.
        .layer(middleware::from_fn(language::find))
        .layer(middleware::from_fn(request_id::trace))
        .with_state(app)
}
