//! `/login/code`: the second half of signing in, for accounts with a second factor.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::Extensions,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    pages::{
        Notice, PageError, Query,
        fields::{Alert, CodeField},
        login::SignIn,
    },
    server::{
        accounts::Accounts,
        http::{
            cookie::{Passing, SessionCookie},
            document::Page,
            gate, redirect,
        },
        words,
    },
    ui::{parts::Brand, words::t},
};

/// Which kind of code is typed. The form takes both.
#[derive(Default, Deserialize)]
pub struct Kind {
    #[serde(default)]
    recovery: bool,
}

/// `GET /login/code`. Whoever has not given the password a moment ago begins with that.
pub async fn code(
    State(accounts): State<Arc<Accounts>>,
    Extension(cookie): Extension<SessionCookie>,
    Query(query): Query<SignIn>,
    Query(Kind { recovery }): Query<Kind>,
    notice: Notice,
    extensions: Extensions,
) -> Result<Response, PageError> {
    if gate::found(&extensions)?.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let next = query.next.filter(|next| redirect::local(next).is_some());
    if !accounts.is_ticket(cookie.passing(Passing::Code).unwrap_or_default()).await? {
        return Ok(Redirect::to(&redirect::leading_on("/login", next.as_deref())).into_response());
    }
    let again = redirect::leading_on("/login", next.as_deref());
    let sign = if next.is_some() { '&' } else { '?' };
    let other = format!("{}{sign}recovery=true", redirect::leading_on("/login/code", next.as_deref()));
    let page = Page { class: "centered-page", ..Page::new(words::current().say("sign-in")) };
    Ok(page.render(move || {
        let refused = notice.sentence();
        view! {
            <main class="card">
                <Brand />
                <h1>{t("code-title")}</h1>
                <p class="muted">{t("code-about")}</p>
                <form method="post" action="/fn/login-code">
                    {next.map(|next| view! { <input type="hidden" name="next" value=next /> })}
                    <Alert sentence=refused />
                    <CodeField digits=!recovery />
                    <button class="button-primary">{t("sign-in")}</button>
                </form>
                {(!recovery).then(|| view! { <p class="muted"><a href=other>{t("code-use-recovery")}</a></p> })}
                <p class="muted">
                    <a href=again>{t("sign-in-as-another")}</a>
                </p>
            </main>
        }
    }))
}
