//! The layer before every route: finds out who asks, and proves that a change comes from this site.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{client::Client, cookie::Cookie, language, origin};
use crate::{
    error::AppError,
    server::{
        accounts::{
            login::Caller,
            session::{self, CurrentUser},
        },
        app::AppState,
        store::Session,
    },
};

#[derive(Clone)]
struct Found(Result<Option<CurrentUser>, AppError>);

/// What the gate found out.
pub fn found(extensions: &Extensions) -> Result<Option<CurrentUser>, AppError> {
    extensions.get::<Found>().map_or(Ok(None), |found| found.0.clone())
}

/// Who asks goes into the request's extensions; a prolonged session's cookie into the response.
pub async fn enter(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let (config, headers) = (&state.config, request.headers());
    let client = Client::of(config, peer, request.uri(), headers);
    let cookie = Cookie::of(config, &state.cookie_name, &client, headers);
    let refused = origin::answers_to(config, &client, headers)
        .and_then(|()| origin::same_origin(config, &client, request.method(), headers, cookie.is_brought()));
    if let Err(error) = refused {
        return refusal(&state, &request, error);
    }
    let (found, anew) = who(&state, &cookie, headers).await;
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let caller =
        Caller { address: client.counted_as(), user_agent: user_agent.unwrap_or_default().to_owned() };
    if let Ok(Some(current)) = &found {
        language::is_of(&current.user);
    }
    let extensions = request.extensions_mut();
    extensions.insert(caller);
    extensions.insert(client);
    extensions.insert(cookie.clone());
    extensions.insert(Found(found));
    let mut response = next.run(request).await;
    set_cookies(&state, &cookie, anew.as_ref(), response.headers_mut());
    response
}

/// Who asks, and the session whose cookie is to be set anew.
async fn who(
    state: &AppState,
    cookie: &Cookie,
    headers: &HeaderMap,
) -> (Result<Option<CurrentUser>, AppError>, Option<Session>) {
    if let Some(token) = session::bearer(headers) {
        // A program keeps the token that it has: it is prolonged in its row.
        let Some(token) = token else { return (Ok(None), None) };
        return (session::enter(state, token).await.map(|entry| entry.map(|entry| entry.current)), None);
    }
    for token in cookie.tokens() {
        match session::enter(state, token).await {
            Ok(None) => {}
            Ok(Some(entry)) => {
                let anew = entry.prolonged || cookie.old() == Some(token);
                return (Ok(Some(entry.current)), anew.then_some(entry.session));
            }
            Err(error) => return (Err(error), None),
        }
    }
    (Ok(None), None)
}

/// A cookie that the route sets itself goes before a prolonged one.
fn set_cookies(state: &AppState, cookie: &Cookie, anew: Option<&Session>, headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let is_set = lines.any(|line| cookie.is_in(line));
    let token = anew.filter(|_| !is_set);
    let token = token.and_then(|session| state.tokens.issue(session).ok());
    let set = token.map(|token| cookie.set(Some(&token), state.clock.now()));
    // Another site on another port of this host may still use the old name.
    let remove = cookie.old().filter(|token| state.tokens.is_ours(token)).map(|_| cookie.remove_old());
    for line in set.into_iter().chain(remove) {
        if let Ok(line) = HeaderValue::from_str(&line) {
            headers.append(header::SET_COOKIE, line);
        }
    }
}

/// A person who came to the wrong address gets the right one to click on.
fn refusal(state: &AppState, request: &Request, error: AppError) -> Response {
    let is_page = !is_for_program(request.uri().path(), request.headers());
    match (&error, &state.config.server.public_url) {
        (AppError::Misdirected { .. }, Some(address)) if is_page => {
            super::document::address_page(&error, address)
        }
        _ => error_for(request, error),
    }
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
