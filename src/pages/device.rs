//! `/device`: the side of signing in on another device that wants to be signed in.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{Extensions, HeaderValue, StatusCode},
    response::Response,
};
use leptos::prelude::*;

use crate::{
    domain::Reason,
    pages::{Id, Notice, PageError, fields::Alert},
    server::{
        accounts::{Accounts, AskStep},
        http::{
            cookie::{Passing, SessionCookie},
            document::Page,
            gate,
        },
        words,
    },
    ui::{
        parts::Brand,
        words::{t, t_with},
    },
};

/// How soon a page that waits for the other device is loaded again, in seconds.
pub const LOOK_AGAIN: &str = "3";
/// How many characters of a code stand together.
const GROUP: usize = 4;

/// A code in groups, as it is easier to type.
pub fn grouped(code: &str) -> String {
    let groups = code.as_bytes().chunks(GROUP).filter_map(|group| str::from_utf8(group).ok());
    groups.collect::<Vec<_>>().join(" ")
}

/// `GET /device`: a code may be typed.
pub async fn enter(notice: Notice, extensions: Extensions) -> Result<Response, PageError> {
    let signed_in = gate::found(&extensions)?.is_some();
    Ok(card(StatusCode::OK, "device-enter-title", move || {
        if signed_in {
            return already().into_any();
        }
        view! {
            <p class="muted">{t("device-enter-about")}</p>
            <Alert sentence=notice.sentence() />
            <form method="post" action="/fn/device-ask">
                <label>
                    {t("field-device-code")}
                    <input
                        name="code"
                        autocomplete="off"
                        autocapitalize="characters"
                        spellcheck="false"
                        maxlength="64"
                        required
                        autofocus
                    />
                </label>
                <button class="button-primary">{t("device-ask")}</button>
            </form>
            <p class="muted">
                <a href="/login">{t("device-by-password")}</a>
            </p>
        }
        .into_any()
    }))
}

/// `GET /device/{code}`, which the QR code leads to. Opening it changes nothing, because programs open links to show what
/// is behind them. While the other device is waited for, the browser loads it again after some seconds.
pub async fn open(
    State(accounts): State<Arc<Accounts>>,
    Extension(cookie): Extension<SessionCookie>,
    Id(code): Id,
    extensions: Extensions,
) -> Result<Response, PageError> {
    if gate::found(&extensions)?.is_some() {
        return Ok(card(StatusCode::OK, "device-enter-title", already));
    }
    let step = accounts.device_asks(&code, cookie.passing(Passing::Device).unwrap_or_default()).await?;
    let waits = matches!(step, AskStep::Waiting { .. });
    let status = if step == AskStep::Gone { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let mut response = card(status, "device-enter-title", move || match step {
        AskStep::Free => form("/fn/device-ask", code, t("device-here-about"), t("device-ask")).into_any(),
        AskStep::Waiting { number } => view! {
            <p role="status">{t("device-waiting")}</p>
            <p class="device-number">{number.to_string()}</p>
            <p>
                <a class="button-primary" href=format!("/device/{code}")>
                    {t("device-look")}
                </a>
            </p>
        }
        .into_any(),
        AskStep::Confirmed { login } => {
            let about = t_with(Reason::new("device-continue-as").with("login", login));
            form("/fn/device-claim", code, about, t("device-continue")).into_any()
        }
        AskStep::Gone => view! {
            <p class="muted">{t("device-link-gone")}</p>
            <p class="muted">
                <a href="/login">{t("device-by-password")}</a>
            </p>
        }
        .into_any(),
    });
    if waits {
        response.headers_mut().insert("refresh", HeaderValue::from_static(LOOK_AGAIN));
    }
    Ok(response)
}

/// A form that sends the code along.
fn form(action: &'static str, code: String, about: String, button: String) -> impl IntoView {
    view! {
        <p role="status">{about}</p>
        <form method="post" action=action>
            <input type="hidden" name="code" value=code />
            <button class="button-primary" autofocus>
                {button}
            </button>
        </form>
    }
}

fn already() -> impl IntoView {
    view! {
        <p class="muted">{t("device-signed-in")}</p>
        <a class="button-primary" href="/">
            {t("device-continue")}
        </a>
    }
}

fn card<V: IntoView + 'static>(
    status: StatusCode,
    title: &'static str,
    body: impl FnOnce() -> V + Send + 'static,
) -> Response {
    let page = Page { status, class: "centered-page", ..Page::new(words::current().say(title)) };
    page.render(move || {
        view! {
            <main class="card">
                <Brand />
                <h1>{t(title)}</h1>
                {body()}
            </main>
        }
    })
}
