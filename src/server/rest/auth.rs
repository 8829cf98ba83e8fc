//! `/auth`: register, sign in and sign out; the token goes into the answer and the cookie alike.

use std::sync::Arc;

use axum::{
    Extension, Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::extract::Json;
use crate::{
    domain::{CurrentUser, User},
    error::AppError,
    server::{
        accounts::{Accounts, Caller, IssuedToken, Registering},
        http::{
            cookie::{CLEAR_SITE_DATA, SessionCookie},
            site::Site,
        },
    },
};

#[derive(Deserialize)]
pub struct Registration {
    email: String,
    password: String,
    name: Option<String>,
}

#[derive(Deserialize)]
pub struct Credentials {
    email: String,
    password: String,
}

/// Who is signed in now, and with which token.
#[derive(Serialize)]
struct SignedIn {
    user: User,
    token: String,
    /// UTC milliseconds.
    expires_at: i64,
}

pub async fn register(
    State(site): State<Arc<Site>>,
    State(accounts): State<Arc<Accounts>>,
    Extension(caller): Extension<Caller>,
    Extension(cookie): Extension<SessionCookie>,
    Json(form): Json<Registration>,
) -> Result<Response, AppError> {
    let name = form.name.as_deref().unwrap_or_default();
    let registering = Registering { email: &form.email, password: &form.password, name };
    let (user, token) = accounts.register(registering, &caller).await?;
    Ok(signed_in(&site, &cookie, StatusCode::CREATED, user, token))
}

pub async fn log_in(
    State(site): State<Arc<Site>>,
    State(accounts): State<Arc<Accounts>>,
    Extension(caller): Extension<Caller>,
    Extension(cookie): Extension<SessionCookie>,
    Json(form): Json<Credentials>,
) -> Result<Response, AppError> {
    let (user, token) = accounts.sign_in(&form.email, &form.password, &caller).await?;
    Ok(signed_in(&site, &cookie, StatusCode::OK, user, token))
}

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
    user: User,
    token: IssuedToken,
) -> Response {
    let set = set(site, cookie, Some(&token));
    let IssuedToken { token, expires_at } = token;
    (status, set, Answer(SignedIn { user, token, expires_at })).into_response()
}

fn set(
    site: &Site,
    cookie: &SessionCookie,
    token: Option<&IssuedToken>,
) -> [(header::HeaderName, String); 1] {
    [(header::SET_COOKIE, cookie.set(token, site.clock.now()))]
}
