//! The pages that a person opens. They are rendered on the server only, and call the services directly.

mod admin;
mod board;
mod bring_in;
pub mod chat;
mod chat_fields;
mod choice;
mod code;
mod conversation_settings;
mod copy_button;
mod days;
mod device;
mod dock;
mod fields;
mod history;
mod join;
mod layout;
mod login;
mod outline;
mod people;
mod presence;
mod qr;
mod reset;
mod room_bar;
mod room_menu;
mod room_window;
mod rooms;
mod sections;
mod settings;
mod sheets;
mod side_rooms;
mod start;
mod strength;
mod temporary;
mod tools;
mod typed_code;
mod unread;
mod window;
mod with;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    extract::{FromRef, FromRequestParts, Path},
    http::{header, request::Parts},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::de::DeserializeOwned;

use self::days::Days;
use crate::{
    domain::{CurrentUser, Scope},
    error::AppError,
    server::{
        accounts::{Accounts, audit::Audit},
        chat::Chat,
        conversations::{Conversations, ModelList, allowance::Allowances},
        exports::Exporter,
        http::{
            flash::{self, Flash, Made, Told, Typed},
            gate, offline, redirect,
            site::Site,
        },
        live::presence::Presences,
        ops::clock::{Clock, Ids},
        providers::ModelProviders,
        rooms::{Rooms, profiles::Profiles},
        words,
    },
};

/// Every page and its address.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Arc<Site>: FromRef<S>,
    Arc<Accounts>: FromRef<S>,
    Arc<Audit>: FromRef<S>,
    Arc<Exporter>: FromRef<S>,
    Arc<Conversations>: FromRef<S>,
    Arc<ModelProviders>: FromRef<S>,
    Arc<Chat>: FromRef<S>,
    Arc<Rooms>: FromRef<S>,
    Arc<Presences>: FromRef<S>,
    Arc<Profiles>: FromRef<S>,
    Arc<ModelList>: FromRef<S>,
    Arc<Allowances>: FromRef<S>,
    Arc<Ids>: FromRef<S>,
    Clock: FromRef<S>,
{
    Router::new()
        .route("/", get(chat::new))
        .route("/temporary", get(temporary::temporary))
        .route("/c/{id}", get(chat::open))
        .route("/fn/part", get(chat::part))
        .route("/fn/list", get(layout::list))
        .route("/fn/sheet/models", get(sheets::models))
        .route("/fn/sheet/keys", get(sheets::keys))
        .route("/fn/sheet/palette", get(sheets::palette))
        .route("/fn/sheet/outline", get(outline::sheet))
        .route("/c/{id}/outline", get(outline::page))
        .route("/fn/sheet/context", get(tools::context))
        .route("/fn/sheet/settings", get(tools::settings))
        .route("/c/{id}/settings", get(conversation_settings::settings))
        .route("/c/{id}/room", get(bring_in::bring_in))
        .route("/history", get(history::all))
        .route("/board", get(board::board))
        .merge(
            // A feed is read by programs, which sign in with a key.
            Router::new()
                .route(board::FEED, get(board::feed))
                .route_layer(middleware::from_fn_with_state(Scope::Read, gate::admit)),
        )
        .route("/rooms", get(rooms::list::rooms))
        .route("/rooms/new", get(rooms::new::new))
        .route("/rooms/{id}", get(rooms::room))
        .route("/rooms/{id}/members", get(rooms::members::members))
        .route("/rooms/{id}/pins", get(rooms::pins::pins))
        .route("/rooms/{id}/reports", get(rooms::reports::reports))
        .route("/c/{id}/read/{message_id}", get(rooms::pins::read))
        .route("/c/{id}/message/{message_id}", get(rooms::message::message))
        .route("/fn/mentions", get(rooms::mentions::mentions))
        .route("/rooms/{id}/invite", get(rooms::invite::invite))
        .route("/rooms/{id}/settings", get(rooms::settings::settings))
        .route("/messages/{id}/versions", get(rooms::versions::versions))
        .route("/people", get(people::list::people))
        .route("/people/{id}", get(people::profile::profile))
        .route("/settings", get(settings::profile::profile))
        .route("/settings/appearance", get(settings::appearance::appearance))
        .route("/settings/chat", get(settings::chat::chat))
        .route("/settings/sign-in", get(settings::sign_in::sign_in))
        .route("/settings/devices", get(settings::devices::devices).post(settings::devices::make_key))
        .route("/settings/data", get(settings::data::data))
        .route("/admin", get(admin::first))
        .route("/admin/people", get(admin::people::people))
        .route("/admin/people/{id}", get(admin::person::person))
        .route("/reset/{code}", get(reset::reset))
        .route("/admin/audit", get(admin::audit::entries))
        .route("/settings/sign-in/app", get(settings::second_factor::app))
        .route("/settings/sign-in/recovery", get(settings::second_factor::recovery))
        .route("/settings/sign-in/device", get(settings::device::device))
        .route("/device", get(device::enter))
        .route("/device/{code}", get(device::open))
        .route("/settings/prove", get(settings::prove::prove))
        .route("/offline", get(offline::page))
        .route("/admin/codes", get(admin::codes::codes))
        .route("/admin/codes/made", get(admin::made::made))
        .route("/admin/usage", get(admin::usage::usage))
        .route("/admin/tiers", get(admin::tiers::tiers))
        .route("/admin/tiers/{id}", get(admin::tiers::tier))
        .route("/admin/board", get(admin::board::board))
        .route("/admin/models", get(admin::models::models))
        .route("/admin/models/{id}", get(admin::models::provider))
        .route("/join", get(join::enter))
        .route("/join/{code}", get(join::join))
        .route("/login", get(login::sign_in))
        .route("/login/code", get(code::code))
        .route("/login/with/{name}", post(with::leave))
        .route("/login/with/{name}/back", get(with::back))
        .route("/register", get(login::register))
}

/// Why a page could not be made. It is answered by the error page, or by a redirect to the page for signing in, or for
/// proving again who one is.
pub struct PageError {
    error: AppError,
    /// The page to open after that, as path and query.
    next: Option<String>,
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> Self {
        Self { error, next: None }
    }
}

impl PageError {
    /// What the page `here` answers.
    fn at(error: AppError, here: &str) -> Self {
        Self { error, next: Some(here.to_owned()) }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let page = match self.error {
            AppError::SignedOut => "/login",
            AppError::ProofRequired => "/settings/prove",
            error => return error.into_response(),
        };
        let mut response = Redirect::to(&redirect::leading_on(page, self.next.as_deref())).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
        response
    }
}

/// The person who opens a page, and the days of their time zone. Whoever is not signed in is sent to the sign-in page, which
/// leads back.
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

/// What each rendering of a page gets anew: the time in UTC milliseconds, and the idempotency key of the page's forms.
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

/// The parameters in an address. Those that cannot be read are as if they were not there, so that a page opens with a
/// damaged address, too.
pub struct Query<T>(pub T);

impl<T: Default + DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        Ok(Self(query.map(|query| query.0).unwrap_or_default()))
    }
}

/// The id in a page's address. Text that can be no id is looked up and not found, like an unknown id.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| AppError::NotFound.into())
    }
}

/// What became of the form that led to this page. It counts only when the server sealed it for this page and for the person
/// who opens it, because anybody can write an address.
#[derive(Clone, Default)]
pub struct Notice {
    flash: Option<Arc<Flash>>,
    /// Whether a field says why the form was refused.
    at_field: Arc<AtomicBool>,
}

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
        let flashes = &Arc::<Site>::from_ref(state).flashes;
        let flash = sealed.and_then(|sealed| flashes.open(sealed, parts.uri.path(), viewer));
        Ok(Self { flash: flash.map(Arc::new), at_field: Arc::default() })
    }
}

impl Notice {
    /// That the form was refused which this page itself takes.
    pub fn of_refused(form: &str, error: AppError) -> Self {
        let told = Told::Refused { form: form.to_owned(), error };
        let flash = Flash { told, typed: Typed::default() };
        Self { flash: Some(Arc::new(flash)), at_field: Arc::default() }
    }

    /// The same for one form of the page, by the path that it is posted to: it says nothing when another form was refused.
    pub fn of(&self, form: &str) -> Self {
        let refused = self.flash.as_ref().is_some_and(|flash| match &flash.told {
            Told::Refused { form: refused, .. } | Told::SendAgain { form: refused } => refused == form,
            _ => false,
        });
        Self { flash: self.flash.clone().filter(|_| refused), at_field: self.at_field.clone() }
    }

    /// The field that was refused, as its form calls it; `None` when it was the form as a whole.
    pub fn field(&self) -> Option<&str> {
        match self.refused()? {
            // What is within another value is named with it, as "params.turns"; forms know no such values.
            (_, AppError::Invalid { field, .. }) => field.rsplit('.').next().filter(|name| !name.is_empty()),
            _ => None,
        }
    }

    /// Why this field was refused, as a sentence to stand below it. [`Self::alert`] does not say it again.
    pub fn at(&self, field: &str) -> Option<String> {
        let sentence = self.sentence().filter(|_| self.field() == Some(field))?;
        self.at_field.store(true, Ordering::Relaxed);
        Some(sentence)
    }

    /// Why the form was refused, as a sentence to stand above it, unless a field says it. So the fields come first.
    pub fn alert(&self) -> Option<String> {
        self.sentence().filter(|_| !self.at_field.load(Ordering::Relaxed))
    }

    /// Why the form was refused, as a sentence, wherever it stands.
    pub fn sentence(&self) -> Option<String> {
        self.refused().map(|(_, error)| words::current().text(&error.reason()))
    }

    /// The path that the refused form was posted to, and why it was refused.
    fn refused(&self) -> Option<(&str, &AppError)> {
        match &self.flash.as_ref()?.told {
            Told::Refused { form, error } => Some((form, error)),
            _ => None,
        }
    }

    /// What the form changed, as a sentence.
    pub fn done(&self) -> Option<String> {
        let words = words::current();
        match &self.flash.as_ref()?.told {
            Told::Refused { .. }
            | Told::ResetLink(_)
            | Told::Codes(_)
            | Told::Restored(_)
            | Told::Unarchived(_)
            | Told::RecoveryCodes(_) => None,
            Told::SendAgain { .. } => Some(words.say("proof-done")),
            Told::Done(done) => Some(words.text(done)),
        }
    }

    /// The path of the link for a new password that was just made.
    pub fn reset_link(&self) -> Option<String> {
        match &self.flash.as_ref()?.told {
            Told::ResetLink(path) => Some(path.clone()),
            _ => None,
        }
    }

    /// The codes that were just made.
    pub fn codes(&self) -> Option<Made> {
        match &self.flash.as_ref()?.told {
            Told::Codes(made) => Some(made.clone()),
            _ => None,
        }
    }

    /// The conversation that the form brought back: the key of the sentence that says so, its id, and its title.
    pub fn back(&self) -> Option<(&'static str, String, String)> {
        let (key, back) = match &self.flash.as_ref()?.told {
            Told::Restored(back) => ("conversation-restored", back),
            Told::Unarchived(back) => ("conversation-unarchived", back),
            _ => return None,
        };
        let untitled = || words::current().say("conversation-new");
        let title = Some(back.title.clone()).filter(|title| !title.is_empty());
        Some((key, back.conversation_id.clone(), title.unwrap_or_else(untitled)))
    }

    /// New recovery codes, to be shown this once.
    pub fn recovery_codes(&self) -> Option<Vec<String>> {
        match &self.flash.as_ref()?.told {
            Told::RecoveryCodes(codes) => Some(codes.clone()),
            _ => None,
        }
    }

    /// What was typed into the form that was refused, but for passwords.
    pub fn typed(&self) -> Typed {
        self.flash.as_ref().map(|flash| flash.typed.clone()).unwrap_or_default()
    }
}
