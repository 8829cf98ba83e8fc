//! `/settings/prove`: proving again who one is, before a sensitive change.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use crate::{
    pages::{
        Notice, PageError, Query, Visitor,
        fields::{Alert, CodeField, Field},
        login::SignIn,
        with::Ways,
    },
    server::{
        accounts::Accounts,
        http::{document::Page, redirect},
        words,
    },
    ui::{
        parts::Brand,
        words::{around, t},
    },
};

/// `GET /settings/prove`. It leads to `next` then.
pub async fn prove(
    State(accounts): State<Arc<Accounts>>,
    Query(query): Query<SignIn>,
    Visitor(current, _): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let factor = accounts.second_factor(&current).await?;
    let ways = if factor.on { Vec::new() } else { accounts.ways_of(&current).await? };
    let password_known = accounts.has_password(&current).await?;
    let next = query.next.filter(|next| redirect::local(next).is_some());
    let back = next.clone().unwrap_or_else(|| "/settings/sign-in".to_owned());
    let page = Page { class: "centered-page", ..Page::new(words::current().say("proof-title")) };
    let others = next.clone();
    let anew = !password_known && !factor.on && ways.is_empty();
    Ok(page.render(move || {
        let (password, code) = (notice.at("password"), notice.at("code"));
        let login = current.user.login;
        let focus = code.is_none();
        let alert = notice.alert();
        let (before, after) = around("signed-in-as", "email");
        view! {
            <main class="card">
                <Brand />
                <h1>{t("proof-title")}</h1>
                <p class="muted">{t("proof-about")}</p>
                <Alert sentence=alert />
                {(!password_known && factor.on).then(|| view! { <p>{t("proof-sign-in-again")}</p> })}
                {anew.then(|| view! { <p>{t("proof-sign-in-anew")}</p> })}
                {password_known.then(|| view! {
                <form method="post" action="/fn/prove">
                    <p class="muted">{before} {login.clone()} {after}</p>
                    // Password managers look for the name beside the password.
                    <input type="hidden" autocomplete="username" value=login />
                    {next.map(|next| view! { <input type="hidden" name="next" value=next /> })}
                    <Field
                        label=t("field-password")
                        kind="password"
                        name="password"
                        autocomplete="current-password"
                        focus=focus
                        refused=password
                    />
                    {factor.on.then(|| view! { <CodeField digits=false focus=false refused=code /> })}
                    <button class="button-primary">{t("proof-give")}</button>
                </form>
                })}
                <Ways ways next=others code=String::new() purpose="prove" />
                <p class="muted">
                    <a href=back>{t("proof-not-now")}</a>
                </p>
            </main>
        }
    }))
}
