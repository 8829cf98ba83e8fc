//! [`Context`]: what a server function is given: who asks, and how to set a cookie or redirect.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use leptos::{
    prelude::{provide_context, use_context},
    server_fn::axum::server_fn_paths,
};
use leptos_axum::ResponseOptions;

use super::{
    body,
    cookie::{CLEAR_SITE_DATA, Passing, SessionCookie},
    errors::{self, Format},
    flash::{self, Flash, Told},
    forms::Form,
    gate, redirect,
    site::Site,
    zone::Zone,
};
use crate::{
    domain::{Admin, CurrentUser, Look, QuestionQueue, Reason},
    error::{AppError, Refusal},
    server::{
        accounts::{Caller, IssuedToken, SignedIn},
        words::{self, Language},
    },
};

/// The longest error that is read back from a server function's answer, which is a short JSON object.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// Hands the services to the server functions. It is made in `app`, where all services are known.
#[derive(Clone)]
pub struct Provide(Arc<dyn Fn() + Send + Sync>);

impl Provide {
    /// `provide` calls leptos' `provide_context` with each service as an `Arc`.
    pub fn new(provide: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(provide))
    }
}

/// A service that [`Provide`] provides. To be called inside a server function.
///
/// # Errors
///
/// [`AppError::Internal`]: the service is not provided.
pub fn service<T: Send + Sync + 'static>() -> Result<Arc<T>, AppError> {
    use_context::<Arc<T>>().ok_or(AppError::Internal)
}

/// The request that a server function answers.
#[derive(Clone)]
pub struct Context {
    site: Arc<Site>,
    pub caller: Caller,
    /// Who asks, as the gate found out.
    gate: Result<Option<CurrentUser>, AppError>,
    /// `None` only for a request that did not pass the gate, as in tests.
    cookie: Option<SessionCookie>,
    /// The function was called by a plain form, so the answer is a redirect.
    is_form: bool,
    zone: Zone,
}

impl Context {
    /// The context of the server function that runs.
    ///
    /// # Errors
    ///
    /// [`AppError::Internal`]: no server function runs.
    pub fn current() -> Result<Self, AppError> {
        use_context::<Self>().ok_or(AppError::Internal)
    }

    /// Who asks.
    ///
    /// # Errors
    ///
    /// [`AppError::SignedOut`] for nobody; what the store answered when the gate asked it.
    pub fn user(&self) -> Result<&CurrentUser, AppError> {
        self.gate.as_ref().map_err(Clone::clone)?.as_ref().ok_or(AppError::SignedOut)
    }

    /// The questions that wait, in the words and by the clock of whoever asks.
    pub fn worded(&self, queue: QuestionQueue) -> QuestionQueue {
        let words = words::current();
        queue.worded(|reason| words.text(reason), |at| self.zone.named_clock(at))
    }

    /// The administrator who asks.
    ///
    /// # Errors
    ///
    /// As [`Self::user`]; [`AppError::NotFound`] for everybody else, as for what does not exist.
    pub fn admin(&self) -> Result<Admin, AppError> {
        self.user()?.admin().ok_or(AppError::NotFound)
    }

    /// Sets the session cookie; `None` removes it, with all that the browser stores for the site.
    pub fn set_token(&self, token: Option<&IssuedToken>) {
        let Some(options) = use_context::<ResponseOptions>() else { return };
        let line = self.cookie.as_ref().map(|cookie| cookie.set(token, self.site.clock.now()));
        if let Some(Ok(line)) = line.as_deref().map(HeaderValue::from_str) {
            options.append_header(header::SET_COOKIE, line);
        }
        if token.is_none() {
            let (name, value) = CLEAR_SITE_DATA;
            options.insert_header(name, HeaderValue::from_static(value));
        }
    }

    /// What the request sends in a cookie of this kind; empty for none.
    pub fn passing(&self, kind: Passing) -> &str {
        self.cookie.as_ref().and_then(|cookie| cookie.passing(kind)).unwrap_or_default()
    }

    /// Sets a cookie of this kind for so many seconds; `None` removes it.
    pub fn set_passing(&self, kind: Passing, value: Option<&str>, seconds: i64) {
        let Some(options) = use_context::<ResponseOptions>() else { return };
        let line = self.cookie.as_ref().map(|cookie| cookie.set_passing(kind, value, seconds));
        if let Some(Ok(line)) = line.as_deref().map(HeaderValue::from_str) {
            options.append_header(header::SET_COOKIE, line);
        }
    }

    /// Stores the language that was chosen in a cookie; `None` removes the choice.
    pub fn set_language(&self, chosen: Option<Language>) {
        let Some(options) = use_context::<ResponseOptions>() else { return };
        let line = self.cookie.as_ref().map(|cookie| cookie.language(chosen));
        if let Some(Ok(line)) = line.as_deref().map(HeaderValue::from_str) {
            options.append_header(header::SET_COOKIE, line);
        }
    }

    /// Stores the look that was chosen in a cookie, for the pages before signing in.
    pub fn set_look(&self, chosen: Look) {
        let Some(options) = use_context::<ResponseOptions>() else { return };
        let line = self.cookie.as_ref().map(|cookie| cookie.look(chosen));
        if let Some(Ok(line)) = line.as_deref().map(HeaderValue::from_str) {
            options.append_header(header::SET_COOKIE, line);
        }
    }

    /// Gives the browser its session, and leads to the page `next` of this site.
    pub fn let_in(&self, signed_in: &SignedIn, next: Option<&str>) {
        self.set_token(Some(&signed_in.token));
        for kind in [Passing::Code, Passing::Device] {
            if !self.passing(kind).is_empty() {
                self.set_passing(kind, None, 0);
            }
        }
        // For the sign-in page of the next time. Whoever never chose a look leaves that of the browser alone.
        let look = signed_in.user.preferences.look();
        if look != Look::default() {
            self.set_look(look);
        }
        match signed_in.recovery_left {
            Some(left) => {
                let told = Told::Done(Reason::new("recovery-code-used").with("left", left));
                self.tell_to(&signed_in.user.id, "/settings/sign-in", told);
            }
            None => self.redirect(next.unwrap_or("/")),
        }
    }

    /// Redirects a plain form to a path of this site; any other address becomes `/`.
    pub fn redirect(&self, path: &str) {
        let path = redirect::local(path).unwrap_or("/");
        if self.is_form
            && let Some(options) = use_context::<ResponseOptions>()
            && let Ok(path) = HeaderValue::from_str(path)
        {
            options.insert_header(header::LOCATION, path);
        }
    }

    /// [`Self::redirect`] to a page, which may have a query, that tells the person what was done.
    pub fn tell(&self, page: &str, told: Told) -> Result<(), AppError> {
        self.tell_to(self.user()?.id(), page, told);
        Ok(())
    }

    /// [`Self::tell`] for a person whom this request signs in.
    pub fn tell_to(&self, user_id: &str, page: &str, told: Told) {
        let flash = Flash { told, typed: flash::Typed::default() };
        let path = page.split('?').next().unwrap_or_default();
        let sealed = self.site.flashes.seal(flash, path, Some(user_id));
        let sign = if path.len() < page.len() { '&' } else { '?' };
        match sealed {
            Some(sealed) => self.redirect(&format!("{page}{sign}{}={sealed}", flash::PARAMETER)),
            None => self.redirect(page),
        }
    }

    /// [`Self::redirect`] for a function that also returns the path, because a call from a script goes there itself.
    pub fn redirect_and_return(&self, path: String) -> String {
        self.redirect(&path);
        path
    }
}

/// Runs the server function that the path names.
pub async fn server_functions(
    State(site): State<Arc<Site>>,
    State(provide): State<Provide>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let whole = match takes(&parts) {
        Ok(()) => {
            body::read(&site.config.limits, Request::from_parts(parts.clone(), body)).await.and_then(readable)
        }
        Err(error) => Err(error),
    };
    let bytes = match whole {
        Ok(bytes) => bytes,
        Err(error @ AppError::MethodNotAllowed) => return ([(header::ALLOW, "POST")], error).into_response(),
        Err(error) => return error.into_response(),
    };
    let form = match Format::of(parts.uri.path(), &parts.headers) {
        Format::Page => Some(Form::read(&site, &parts, bytes.clone()).await),
        Format::Call | Format::Problem => None,
    };
    let mut request = Request::from_parts(parts, Body::from(bytes));
    // Otherwise leptos redirects a form to wherever the `Referer` says, with the error readable in the address.
    request.headers_mut().remove(header::ACCEPT);
    request.headers_mut().remove(header::REFERER);
    let extensions = request.extensions();
    let context = Context {
        caller: extensions.get::<Caller>().cloned().unwrap_or_default(),
        gate: gate::found(extensions),
        cookie: extensions.get::<SessionCookie>().cloned(),
        is_form: form.is_some(),
        zone: Zone::of(request.headers()),
        site: site.clone(),
    };
    let answer = leptos_axum::handle_server_fns_with_context(
        move || {
            (provide.0)();
            provide_context(context.clone());
        },
        request,
    )
    .await;
    let (answer, error) = with_error(answer.into_response()).await;
    match (form, error) {
        (None, _) => answer,
        (Some(form), None) => form.done(answer),
        (Some(form), Some(error)) => form.refused(&site, error),
    }
}

/// The paths of all functions.
pub fn function_paths() -> Vec<&'static str> {
    server_fn_paths().map(|(path, _)| path).collect()
}

/// Whether the path names a function that is called as functions are: by its method, with a form.
fn takes(parts: &Parts) -> Result<(), AppError> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let mut methods =
        server_fn_paths().filter(|(path, _)| *path == parts.uri.path()).map(|(_, method)| method);
    let method = methods.next().ok_or(AppError::NotFound)?;
    if method != parts.method {
        return Err(AppError::MethodNotAllowed);
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
    let essence = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    // A call without arguments may leave the type out.
    if essence.is_none_or(|kind| kind.eq_ignore_ascii_case(FORM)) {
        return Ok(());
    }
    Err(AppError::UnsupportedMediaType { wanted: FORM.into() })
}

/// Refuses a body that is not UTF-8, because leptos' own error for it would say that the server cannot be reached.
fn readable(bytes: Bytes) -> Result<Bytes, AppError> {
    let refused = || AppError::invalid("", Reason::new("form-not-text"));
    if std::str::from_utf8(&bytes).is_ok() { Ok(bytes) } else { Err(refused()) }
}

/// leptos answers every error of a server function with status 500 and the error as JSON. Here the error is read back
/// from it and answered as every other one, with the headers that the function set; it is also returned.
async fn with_error(response: Response) -> (Response, Option<AppError>) {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_ERROR_BYTES).await.unwrap_or_default();
    let error = serde_json::from_slice(&bytes).map_or(AppError::Internal, |Refusal { error, .. }| error);
    let mut answer = error.clone().into_response();
    errors::keep_headers(&mut answer, parts.headers);
    (answer, Some(error))
}
