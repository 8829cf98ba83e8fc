//! The layer before every route: finds out who asks, and proves that a change comes from this site.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    login::Caller,
    session::{self, CurrentUser},
    state::AppState,
};
use crate::error::AppError;

#[derive(Clone)]
struct Found(Result<Option<CurrentUser>, AppError>);

/// What the gate found out.
pub fn found(extensions: &Extensions) -> Result<Option<CurrentUser>, AppError> {
    extensions.get::<Found>().map_or(Ok(None), |found| found.0.clone())
}

/// Who asks goes into the request's extensions; a prolonged session's cookie into the response.
pub async fn enter(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Err(error) = same_origin(&state, request.method(), request.headers()) {
        return error_for(&request, error);
    }
    let secure = state.config.is_https();
    let mut renewed = None;
    let found = match session::token_of(request.headers(), secure) {
        None => Ok(None),
        Some(token) => session::enter(&state, token).await.map(|entry| {
            entry.map(|entry| {
                renewed = entry.renewed;
                entry.current
            })
        }),
    };
    let caller = caller(&state, &request);
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(Found(found));
    let mut response = next.run(request).await;
    if let Some(token) = renewed
        && !response.headers().contains_key(header::SET_COOKIE)
        && let Ok(cookie) =
            HeaderValue::from_str(&session::set_cookie(secure, Some(&token), state.clock.now()))
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn caller(state: &AppState, request: &Request) -> Caller {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let address = match (peer, forwarded) {
        // The last entry is what our own proxy saw; those before it anybody may have written.
        (Some(peer), Some(list)) if state.config.trusts_proxy(peer) => {
            list.rsplit(',').next().map(|last| last.trim().to_owned()).unwrap_or_default()
        }
        (Some(peer), _) => peer.to_string(),
        (None, _) => String::new(),
    };
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Caller { address, user_agent: user_agent.unwrap_or_default().to_owned() }
}

/// A request that changes something and carries the cookie must come from our own pages. Browsers say
/// where it comes from; a program sends no cookie but `Authorization`, which no other site can make a
/// browser send.
fn same_origin(state: &AppState, method: &Method, headers: &HeaderMap) -> Result<(), AppError> {
    if method.is_safe() {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let proven = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && (host == text("host") || Some(origin) == state.config.public_origin())
        }
        (None, None) => {
            session::token_of(headers, state.config.is_https()).is_none()
                || headers.contains_key(header::AUTHORIZATION)
        }
    };
    if proven {
        return Ok(());
    }
    Err(AppError::Forbidden {
        message: "This request came from another site, so it was not carried out.".into(),
    })
}

/// An error before any route: JSON for programs and functions, otherwise a page.
pub fn error_for(request: &Request, error: AppError) -> Response {
    let path = request.uri().path();
    if path.starts_with("/fn/") && !super::context::accepts_html(request.headers()) {
        super::context::as_json(&error)
    } else if is_for_program(path, request.headers()) {
        error.into_response()
    } else {
        super::document::error_page(&error)
    }
}

pub fn is_for_program(path: &str, headers: &HeaderMap) -> bool {
    path.starts_with("/api/") || !super::context::accepts_html(headers)
}

/// A handler that takes a [`CurrentUser`] answers 401 to everybody else.
impl<S: Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        found(&parts.extensions)?.ok_or(AppError::SignedOut)
    }
}
