//! What a person opens: pages are rendered on the server only and call the services directly.

pub mod chat;
mod days;
mod history;
mod layout;
mod login;
mod settings;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    extract::{FromRef, FromRequestParts, Path},
    http::{header, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::de::DeserializeOwned;

use self::days::Days;
use crate::{
    domain::CurrentUser,
    error::AppError,
    server::{
        accounts::Accounts,
        conversations::{Conversations, ModelList},
        http::{
            flash::{self, Flash, Told, Typed},
            gate, redirect,
            site::Site,
        },
        ops::clock::{Clock, Ids},
        words,
    },
};

/// Every page and its address.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Arc<Site>: FromRef<S>,
    Arc<Accounts>: FromRef<S>,
    Arc<Conversations>: FromRef<S>,
    Arc<ModelList>: FromRef<S>,
    Arc<Ids>: FromRef<S>,
    Clock: FromRef<S>,
{
    Router::new()
        .route("/", get(chat::new))
        .route("/c/{id}", get(chat::open))
        .route("/history", get(history::all))
        .route("/settings", get(settings::settings))
        .route("/login", get(login::sign_in))
        .route("/register", get(login::register))
}

/// A page that could not be made: the error page, or the way to sign in.
pub struct PageError {
    error: AppError,
    /// Where the person was going.
    next: Option<String>,
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> Self {
        Self { error, next: None }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if self.error != AppError::SignedOut {
            return self.error.into_response();
        }
        let next = self.next.as_deref().and_then(redirect::local).filter(|next| *next != "/");
        let next = next.map(|next| format!("?{}", redirect::next_parameter(next))).unwrap_or_default();
        let mut response = Redirect::to(&format!("/login{next}")).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
        response
    }
}

/// Who opens a page, and when their days begin. Everybody else is led to the sign-in page and back.
pub struct Visitor(pub CurrentUser, pub Days);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let found = gate::found(&parts.extensions)?;
        let next = || Some(parts.uri.path_and_query().map_or("/".to_owned(), ToString::to_string));
        let days = Days::of(&parts.headers);
        found
            .map(|current| Self(current, days))
            .ok_or_else(|| PageError { error: AppError::SignedOut, next: next() })
    }
}

/// What is new with each page: the time in UTC milliseconds, and an id that names what is sent from it.
pub struct Fresh {
    pub now: i64,
    pub key: String,
}

impl<S: Sync> FromRequestParts<S> for Fresh
where
    Clock: FromRef<S>,
    Arc<Ids>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self { now: Clock::from_ref(state).now(), key: Arc::<Ids>::from_ref(state).next() })
    }
}

/// The part of an address after `?`. What is not understood counts as not said: a page opens with an
/// address that somebody mangled too.
pub struct Query<T>(pub T);

impl<T: Default + DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        Ok(Self(query.map(|query| query.0).unwrap_or_default()))
    }
}

/// The id in a page's address. One of any shape that is not ours is simply not found.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| AppError::NotFound.into())
    }
}

/// What this page is told about the form that led here, if it was sealed for this page and whoever opens it.
/// Anything else in an address is no word of ours.
pub struct Notice(Option<Flash>);

impl<S: Sync> FromRequestParts<S> for Notice
where
    Arc<Site>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let pairs = parts.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let sealed = pairs.filter(|(name, _)| *name == flash::PARAMETER).map(|(_, value)| value).next();
        let found = gate::found(&parts.extensions).ok().flatten();
        let viewer = found.as_ref().map(CurrentUser::id);
        Ok(Self(
            sealed.and_then(|sealed| {
                Arc::<Site>::from_ref(state).flashes.open(sealed, parts.uri.path(), viewer)
            }),
        ))
    }
}

impl Notice {
    /// What went wrong, as a sentence.
    pub fn alert(&self) -> Option<String> {
        match &self.0.as_ref()?.told {
            Told::Refused(error) => Some(words::current().text(&error.reason())),
            Told::NameSaved | Told::LanguageSaved | Told::PasswordChanged => None,
        }
    }

    /// What was done, as a sentence.
    pub fn done(&self) -> Option<String> {
        let words = words::current();
        match &self.0.as_ref()?.told {
            Told::Refused(_) => None,
            Told::NameSaved => Some(words.say("name-saved")),
            Told::LanguageSaved => Some(words.say("language-saved")),
            Told::PasswordChanged => Some(words.say("password-changed")),
        }
    }

    /// What was typed into the form.
    pub fn typed(self) -> Typed {
        self.0.map(|flash| flash.typed).unwrap_or_default()
    }
}
