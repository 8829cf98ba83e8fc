//! What a server function is given: the state, who asks, and how to set a cookie or redirect.

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
    cookie::Cookie,
    login::Caller,
    session::{CurrentUser, IssuedToken},
    state::AppState,
};
use crate::error::AppError;

/// An error of a server function is a short JSON object.
const MAX_ERROR_BYTES: usize = 64 * 1024;

#[derive(Clone)]
pub struct Context {
    pub state: AppState,
    pub caller: Caller,
    gate: Result<Option<CurrentUser>, AppError>,
    /// `None` only where no request passed the gate.
    cookie: Option<Cookie>,
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

    /// Hands the token to the browser; `None` takes it away.
    pub fn set_token(&self, token: Option<&IssuedToken>) {
        let Some(cookie) = &self.cookie else { return };
        let line = cookie.set(token, self.state.clock.now());
        if let (Some(options), Ok(line)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&line)) {
            options.append_header(header::SET_COOKIE, line);
        }
    }

    /// Where a plain form leads. Only a path of this site: anything else leads home.
    pub fn redirect(&self, path: &str) {
        if self.is_form {
            let local =
                path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']);
            leptos_axum::redirect(if local { path } else { "/" });
        }
    }

    /// [`Self::redirect`] for a function that also answers the path: the page's own calls go there.
    pub fn lead(&self, path: String) -> String {
        self.redirect(&path);
        path
    }
}

/// Runs the server function that the path names.
pub async fn server_functions(State(state): State<AppState>, request: Request) -> Response {
    let for_program = super::gate::is_for_program(request.uri().path(), request.headers());
    let (parts, body) = request.into_parts();
    let whole = match takes(&parts) {
        Ok(()) => {
            super::body::read(&state, Request::from_parts(parts.clone(), body)).await.and_then(readable)
        }
        Err(error) => Err(error),
    };
    let mut request = match whole {
        Ok(bytes) => Request::from_parts(parts, Body::from(bytes)),
        Err(error) if for_program => return as_json(&error),
        Err(error) => return super::document::error_page(&error),
    };
    forget_old_error(request.headers_mut());
    let extensions = request.extensions();
    let context = Context {
        caller: extensions.get::<Caller>().cloned().unwrap_or_default(),
        gate: super::gate::found(extensions),
        cookie: extensions.get::<Cookie>().cloned(),
        is_form: accepts_html(request.headers()),
        state,
    };
    let response =
        leptos_axum::handle_server_fns_with_context(move || provide_context(context.clone()), request).await;
    with_status(response.into_response()).await
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
    let refused = || AppError::invalid("", "The form is not text in UTF-8. Send it again as a browser does.");
    if std::str::from_utf8(&bytes).is_ok() { Ok(bytes) } else { Err(refused()) }
}

/// A form is led back to the page it came from with its error in the address; what the address says of
/// an earlier try is taken out first.
fn forget_old_error(headers: &mut http::HeaderMap) {
    let Some(referer) = headers.get(header::REFERER).and_then(|value| value.to_str().ok()) else { return };
    let Some((page, query)) = referer.split_once('?') else { return };
    let kept = query.split('&').filter(|pair| !pair.starts_with("__err=") && !pair.starts_with("__path="));
    let query = kept.collect::<Vec<_>>().join("&");
    let clean = if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") };
    if let Ok(clean) = HeaderValue::from_str(&clean) {
        headers.insert(header::REFERER, clean);
    }
}

/// An error in the form in which the page's own calls read it.
pub fn as_json(error: &AppError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(error)).into_response();
    if *error == AppError::MethodNotAllowed {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// Every error of a server function comes as status 500 with the error as JSON; it gets the status that
/// it says. A redirect of a plain form is left alone.
async fn with_status(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_ERROR_BYTES).await else { return AppError::Internal.into_response() };
    let Ok(error) = serde_json::from_slice::<AppError>(&bytes) else {
        return AppError::Internal.into_response();
    };
    parts.status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Response::from_parts(parts, Body::from(bytes))
}

pub fn accepts_html(headers: &http::HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
