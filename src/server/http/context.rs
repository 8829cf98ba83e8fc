//! What a server function is given: who asks, the services, and how to set a cookie or redirect.

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
    cookie::{CLEAR_SITE_DATA, SessionCookie},
    errors::{self, Format},
    flash::{self, Flash, Told},
    forms::Form,
    gate, redirect,
    site::Site,
};
use crate::{
    domain::{CurrentUser, Reason},
    error::{AppError, Refusal},
    server::{
        accounts::{Caller, IssuedToken},
        words::Language,
    },
};

/// An error of a server function is a short JSON object.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// Hands the services to the server functions; made where all services are known.
#[derive(Clone)]
pub struct Provide(Arc<dyn Fn() + Send + Sync>);

impl Provide {
    /// `provide` calls leptos' `provide_context` with each service as an `Arc`.
    pub fn new(provide: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(provide))
    }
}

/// A service as it was provided; asked for inside a server function.
pub fn service<T: Send + Sync + 'static>() -> Result<Arc<T>, AppError> {
    use_context::<Arc<T>>().ok_or(AppError::Internal)
}

#[derive(Clone)]
pub struct Context {
    site: Arc<Site>,
    pub caller: Caller,
    gate: Result<Option<CurrentUser>, AppError>,
    /// `None` only where no request passed the gate.
    cookie: Option<SessionCookie>,
    /// Posted as a plain form: the answer is a redirect.
    is_form: bool,
}

impl Context {
    pub fn current() -> Result<Self, AppError> {
        use_context::<Self>().ok_or(AppError::Internal)
    }

    /// Who asks.
    pub fn user(&self) -> Result<&CurrentUser, AppError> {
        self.gate.as_ref().map_err(Clone::clone)?.as_ref().ok_or(AppError::SignedOut)
    }

    /// Hands the token to the browser; `None` takes it away, with all that the browser keeps of the site.
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

    /// Keeps the language that was chosen in the browser; `None` takes the choice back.
    pub fn set_language(&self, chosen: Option<Language>) {
        let Some(options) = use_context::<ResponseOptions>() else { return };
        let line = self.cookie.as_ref().map(|cookie| cookie.language(chosen));
        if let Some(Ok(line)) = line.as_deref().map(HeaderValue::from_str) {
            options.append_header(header::SET_COOKIE, line);
        }
    }

    /// Where a plain form leads. Only a path of this site: anything else leads home.
    pub fn redirect(&self, path: &str) {
        let path = redirect::local(path).unwrap_or("/");
        if self.is_form
            && let Some(options) = use_context::<ResponseOptions>()
            && let Ok(path) = HeaderValue::from_str(path)
        {
            options.insert_header(header::LOCATION, path);
        }
    }

    /// [`Self::redirect`] to a page that tells the person who asks what was done.
    pub fn tell(&self, page: &str, told: Told) -> Result<(), AppError> {
        let flash = Flash { told, typed: flash::Typed::default() };
        let sealed = self.site.flashes.seal(flash, page, Some(self.user()?.id()));
        match sealed {
            Some(sealed) => self.redirect(&format!("{page}?{}={sealed}", flash::PARAMETER)),
            None => self.redirect(page),
        }
        Ok(())
    }

    /// [`Self::redirect`] for a function that also answers the path: the page's own calls go there.
    pub fn lead(&self, path: String) -> String {
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
    // leptos would lead a form to wherever the `Referer` says, with an error in the open.
    request.headers_mut().remove(header::ACCEPT);
    request.headers_mut().remove(header::REFERER);
    let extensions = request.extensions();
    let context = Context {
        caller: extensions.get::<Caller>().cloned().unwrap_or_default(),
        gate: gate::found(extensions),
        cookie: extensions.get::<SessionCookie>().cloned(),
        is_form: form.is_some(),
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

/// Whether there is such a function, and whether it is called as one. All of them take forms.
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
    // A call without arguments may leave it out.
    if essence.is_none_or(|kind| kind.eq_ignore_ascii_case(FORM)) {
        return Ok(());
    }
    Err(AppError::UnsupportedMediaType { wanted: FORM.into() })
}

/// A form is text in UTF-8. The reader's own error for others would be that of a browser without a server.
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
