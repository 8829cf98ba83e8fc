//! `/auth`: register, sign in and sign out; the token goes into the answer and the cookie alike.

use axum::{
    Extension, Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::extract::Json;
use crate::{
    domain::User,
    error::AppError,
    server::{
        accounts::{
            login::{self, Caller},
            session::{self, CurrentUser, IssuedToken},
        },
        app::AppState,
        http::cookie::Cookie,
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
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(cookie): Extension<Cookie>,
    Json(form): Json<Registration>,
) -> Result<Response, AppError> {
    let name = form.name.as_deref().unwrap_or_default();
    let registering = login::Registering { email: &form.email, password: &form.password, name };
    let (user, token) = login::register(&state, registering, &caller).await?;
    Ok(signed_in(&state, &cookie, StatusCode::CREATED, user, token))
}

pub async fn log_in(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(cookie): Extension<Cookie>,
    Json(form): Json<Credentials>,
) -> Result<Response, AppError> {
    let (user, token) = login::log_in(&state, &form.email, &form.password, &caller).await?;
    Ok(signed_in(&state, &cookie, StatusCode::OK, user, token))
}

pub async fn log_out(
    State(state): State<AppState>,
    Extension(cookie): Extension<Cookie>,
    current: CurrentUser,
) -> Result<Response, AppError> {
    login::log_out(&state, &current).await?;
    Ok((StatusCode::NO_CONTENT, set(&state, &cookie, None), [session::CLEAR_SITE_DATA]).into_response())
}

fn signed_in(
    state: &AppState,
    cookie: &Cookie,
    status: StatusCode,
    user: User,
    token: IssuedToken,
) -> Response {
    let set = set(state, cookie, Some(&token));
    let IssuedToken { token, expires_at } = token;
    (status, set, Answer(SignedIn { user, token, expires_at })).into_response()
}

fn set(state: &AppState, cookie: &Cookie, token: Option<&IssuedToken>) -> [(header::HeaderName, String); 1] {
    [(header::SET_COOKIE, cookie.set(token, state.clock.now()))]
}
