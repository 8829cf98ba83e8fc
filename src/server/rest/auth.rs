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
        login::{self, Caller},
        session::{self, CurrentUser, IssuedToken},
        state::AppState,
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
    Json(form): Json<Registration>,
) -> Result<Response, AppError> {
    let name = form.name.as_deref().unwrap_or_default();
    let registering = login::Registering { email: &form.email, password: &form.password, name };
    let (user, token) = login::register(&state, registering, &caller).await?;
    Ok(signed_in(&state, StatusCode::CREATED, user, token))
}

pub async fn log_in(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Json(form): Json<Credentials>,
) -> Result<Response, AppError> {
    let (user, token) = login::log_in(&state, &form.email, &form.password, &caller).await?;
    Ok(signed_in(&state, StatusCode::OK, user, token))
}

pub async fn log_out(State(state): State<AppState>, current: CurrentUser) -> Result<Response, AppError> {
    login::log_out(&state, &current).await?;
    Ok((StatusCode::NO_CONTENT, cookie(&state, None), [session::CLEAR_SITE_DATA]).into_response())
}

fn signed_in(state: &AppState, status: StatusCode, user: User, token: IssuedToken) -> Response {
    let cookie = cookie(state, Some(&token));
    let IssuedToken { token, expires_at } = token;
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (status, cookie, no_store, Answer(SignedIn { user, token, expires_at })).into_response()
}

fn cookie(state: &AppState, token: Option<&IssuedToken>) -> [(header::HeaderName, String); 1] {
    [(header::SET_COOKIE, session::set_cookie(state.config.is_https(), token, state.clock.now()))]
}
