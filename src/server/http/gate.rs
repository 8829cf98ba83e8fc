//! The layer before every route: finds out who asks, and refuses changes that do not come from this site.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    client::Client,
    cookie::{SessionCookie, bearer},
    language, look, origin,
    site::Site,
};
use crate::{
    domain::{Admin, CurrentUser, Reason, Scope, SessionKind},
    error::AppError,
    server::{
        accounts::{Accounts, Caller, keys::is_key},
        store::Session,
    },
};

#[derive(Clone)]
struct Found(Result<Option<CurrentUser>, AppError>);

/// Who asks with an API key. It counts nowhere until [`admit`] lets it in, so that a route is closed for keys unless
/// somebody opened it.
#[derive(Clone)]
struct Held(CurrentUser);

/// Who asks, as the gate found out; `Ok(None)`: nobody is signed in.
pub fn found(extensions: &Extensions) -> Result<Option<CurrentUser>, AppError> {
    extensions.get::<Found>().map_or(Ok(None), |found| found.0.clone())
}

/// The services that the gate uses.
#[derive(Clone)]
pub struct Gate {
    pub site: Arc<Site>,
    pub accounts: Arc<Accounts>,
}

/// The middleware. It puts who asks into the request's extensions, and the cookie of a session that was prolonged into
/// the response.
pub async fn authenticate(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let (config, headers) = (&gate.site.config, request.headers());
    let client = Client::of(config, peer, request.uri(), headers);
    let cookie = SessionCookie::of(config, &gate.site.cookie_name, &client, headers);
    let refused = origin::answers_to(config, &client, headers)
        .and_then(|()| origin::same_origin(config, &client, request.method(), headers, cookie.is_sent()));
    if let Err(error) = refused {
        return error.into_response();
    }
    let address = client.counted_as();
    let (found, anew) = who(&gate.accounts, &cookie, headers, &address).await;
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let caller = Caller { address, user_agent: user_agent.unwrap_or_default().to_owned() };
    if let Ok(Some(current)) = &found {
        language::use_that_of(&current.user);
        look::use_that_of(&current.user);
    }
    let extensions = request.extensions_mut();
    extensions.insert(caller);
    extensions.insert(client);
    extensions.insert(cookie.clone());
    match found {
        Ok(Some(current)) if current.kind == SessionKind::Key => {
            extensions.insert(Held(current));
        }
        found => {
            extensions.insert(Found(found));
        }
    }
    let mut response = next.run(request).await;
    set_cookies(&gate, &cookie, anew.as_ref(), response.headers_mut());
    response
}

/// Who asks, and the session whose cookie is to be set again.
async fn who(
    accounts: &Accounts,
    cookie: &SessionCookie,
    headers: &HeaderMap,
    address: &str,
) -> (Result<Option<CurrentUser>, AppError>, Option<Session>) {
    if let Some(token) = bearer(headers) {
        // A program keeps its token, because only the session's row says how long it lives.
        let Some(token) = token else { return (Ok(None), None) };
        if is_key(token.token()) {
            return (accounts.resume_key(token.token(), address).await, None);
        }
        let resumed = accounts.resume(token.token(), address).await;
        return (resumed.map(|resumed| resumed.map(|resumed| resumed.current)), None);
    }
    for token in cookie.tokens() {
        match accounts.resume(token, address).await {
            Ok(None) => {}
            Ok(Some(resumed)) => {
                let anew = resumed.prolonged || cookie.old() == Some(token);
                return (Ok(Some(resumed.current)), anew.then_some(resumed.session));
            }
            Err(error) => return (Err(error), None),
        }
    }
    (Ok(None), None)
}

/// Sets the cookie of a prolonged session, unless the route has set the session cookie itself.
fn set_cookies(gate: &Gate, cookie: &SessionCookie, anew: Option<&Session>, headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    let is_set = lines.any(|line| cookie.is_in(line));
    let token = anew.filter(|_| !is_set);
    let token = token.and_then(|session| gate.accounts.issue_again(session).ok());
    let set = token.map(|token| cookie.set(Some(&token), gate.site.clock.now()));
    // Only if the token in it is ours: another site on another port of this host may still use the old name.
    let remove = cookie.old().filter(|token| gate.accounts.is_ours(token)).map(|_| cookie.remove_old());
    for line in set.into_iter().chain(remove) {
        if let Ok(line) = HeaderValue::from_str(&line) {
            headers.append(header::SET_COOKIE, line);
        }
    }
}

/// The layer of routes that keys with this scope may call, and with larger ones.
pub async fn admit(State(needed): State<Scope>, mut request: Request, next: Next) -> Response {
    if let Some(Held(current)) = request.extensions_mut().remove::<Held>() {
        if current.scope < needed {
            let reason = Reason::new("error-scope-too-small").with("needed", needed.into_str());
            return AppError::ScopeTooSmall { reason }.into_response();
        }
        request.extensions_mut().insert(Found(Ok(Some(current))));
    }
    next.run(request).await
}

/// Who asks.
///
/// # Errors
///
/// [`AppError::SignedOut`] for nobody; [`AppError::Forbidden`] for a key where keys are nothing.
fn somebody(extensions: &Extensions) -> Result<CurrentUser, AppError> {
    match found(extensions)? {
        Some(current) => Ok(current),
        None if extensions.get::<Held>().is_some() => {
            Err(AppError::Forbidden { reason: Reason::new("key-not-here") })
        }
        None => Err(AppError::SignedOut),
    }
}

/// A handler that takes a [`CurrentUser`] answers 401 to everybody else.
impl<S: Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        somebody(&parts.extensions)
    }
}

/// A handler that takes an [`Admin`] answers 404 to everybody else who is signed in, because what is only for
/// administrators does not exist for others.
impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let current = somebody(&parts.extensions)?;
        current.admin().ok_or(AppError::NotFound)
    }
}
