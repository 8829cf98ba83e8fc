//! `/auth`: register, sign in and sign out; the token goes into the answer and the cookie alike.

use std::sync::Arc;

use axum::{
    Extension, Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::Json,
    problems::{Conflict, Forbidden, InvalidBody, Overloaded, SignedOut, TooMany, WrongCredentials},
};
use crate::{
    domain::{CurrentUser, User},
    error::AppError,
    server::{
        accounts::{self, Accounts, Caller, Entered, IssuedToken, Registering},
        http::{
            cookie::{CLEAR_SITE_DATA, SessionCookie},
            site::Site,
        },
    },
};

#[derive(Deserialize, ToSchema)]
pub struct Registration {
    /// At most 254 bytes. Upper and lower case are the same, and blanks around the address are left out; so here and
    /// in /auth/login.
    email: String,
    /// Characters of any kind, blanks included, and none of the passwords that somebody would guess first. A character
    /// that Unicode writes in two ways counts once.
    #[schema(min_length = 8, max_length = 256)]
    password: String,
    /// Blanks around it are left out. Without one the first part of the e-mail address is the name.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// The code of a link that was handed to you: /register?first=CODE. Small letters and hyphens do not matter.
    #[schema(max_length = 64)]
    code: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct Credentials {
    email: String,
    password: String,
    /// Six digits of the app, or a recovery code, where the account has a second factor.
    code: Option<String>,
}

/// Who is signed in now, and with which token.
#[derive(Serialize, ToSchema)]
struct SignedIn {
    user: User,
    /// For `Authorization: Bearer`.
    token: String,
    /// UTC milliseconds since 1970.
    expires_at: i64,
    /// How many recovery codes are left, when you signed in with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recovery_codes_left: Option<u32>,
}

/// Make an account and sign in
///
/// The first account is the administrator's; where others than the people at the server's machine reach it, that one needs
/// the `code` of the link that the server prints when it starts (403 without it). That an address has an account is told (409); one address of the network
/// can make only so many calls an hour.
#[utoipa::path(
    post,
    path = "/auth/register",
    operation_id = "register",
    tag = "Sign in",
    security(()),
    request_body = Registration,
    responses(
        (
            status = 201,
            description = "The account was made.",
            body = SignedIn,
            headers(("Set-Cookie" = String, description = "The same token as a cookie, for browsers."))
        ),
        Forbidden,
        Conflict,
        InvalidBody,
        TooMany,
        Overloaded,
    )
)]
pub async fn register(
    State(site): State<Arc<Site>>,
    State(accounts): State<Arc<Accounts>>,
    Extension(caller): Extension<Caller>,
    Extension(cookie): Extension<SessionCookie>,
    Json(form): Json<Registration>,
) -> Result<Response, AppError> {
    let name = form.name.as_deref().unwrap_or_default();
    let code = form.code.as_deref().unwrap_or_default();
    let registering = Registering { email: &form.email, password: &form.password, name, code };
    let (user, token) = accounts.register(registering, &caller).await?;
    let entered = accounts::SignedIn { user, token, recovery_left: None };
    Ok(signed_in(&site, &cookie, StatusCode::CREATED, entered))
}

/// Sign in
///
/// After ten wrong passwords within a minute, from one address of the network or for one account, there is a wait.
/// Right ones do not count. Where the account has a second factor, a call without `code` is refused with
/// `second_factor_required`; after five wrong codes there is a wait of up to five minutes.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "login",
    tag = "Sign in",
    security(()),
    request_body = Credentials,
    responses(
        (
            status = 200,
            description = "Signed in.",
            body = SignedIn,
            headers(("Set-Cookie" = String, description = "The same token as a cookie, for browsers."))
        ),
        WrongCredentials,
        InvalidBody,
        TooMany,
        Overloaded,
    )
)]
pub async fn log_in(
    State(site): State<Arc<Site>>,
    State(accounts): State<Arc<Accounts>>,
    Extension(caller): Extension<Caller>,
    Extension(cookie): Extension<SessionCookie>,
    Json(form): Json<Credentials>,
) -> Result<Response, AppError> {
    let entered = match (accounts.sign_in(&form.email, &form.password, &caller).await?, form.code) {
        (Entered::In(entered), _) => entered,
        (Entered::CodeWanted(_), None) => return Err(AppError::SecondFactorRequired),
        (Entered::CodeWanted(ticket), Some(code)) => accounts.enter_code(&ticket, &code, &caller).await?,
    };
    Ok(signed_in(&site, &cookie, StatusCode::OK, entered))
}

/// End this session
///
/// Its token is worth nothing afterwards, and its open streams end.
#[utoipa::path(
    post,
    path = "/auth/logout",
    operation_id = "logout",
    tag = "Sign in",
    responses((status = 204, description = "Signed out."), SignedOut)
)]
pub async fn log_out(
    State(site): State<Arc<Site>>,
    State(accounts): State<Arc<Accounts>>,
    Extension(cookie): Extension<SessionCookie>,
    current: CurrentUser,
) -> Result<Response, AppError> {
    accounts.sign_out(&current).await?;
    Ok((StatusCode::NO_CONTENT, set(&site, &cookie, None), [CLEAR_SITE_DATA]).into_response())
}

fn signed_in(
    site: &Site,
    cookie: &SessionCookie,
    status: StatusCode,
    entered: accounts::SignedIn,
) -> Response {
    let accounts::SignedIn { user, token, recovery_left } = entered;
    let set = set(site, cookie, Some(&token));
    let IssuedToken { token, expires_at } = token;
    let body = SignedIn { user, token, expires_at, recovery_codes_left: recovery_left };
    (status, set, Answer(body)).into_response()
}

fn set(
    site: &Site,
    cookie: &SessionCookie,
    token: Option<&IssuedToken>,
) -> [(header::HeaderName, String); 1] {
    [(header::SET_COOKIE, cookie.set(token, site.clock.now()))]
}
