//! Sign in and register: plain forms, no script at all.

use std::sync::Arc;

use axum::{
    extract::State,
    http::Extensions,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    pages::{Notice, PageError, Query},
    server::{
        accounts::Accounts,
        http::{document::Page, gate, redirect},
    },
    ui::parts::Brand,
};

#[derive(Default, Deserialize)]
pub struct SignIn {
    next: Option<String>,
}

pub async fn sign_in(
    State(accounts): State<Arc<Accounts>>,
    Query(query): Query<SignIn>,
    notice: Notice,
    extensions: Extensions,
) -> Result<Response, PageError> {
    if gate::found(&extensions)?.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    if !accounts.any_user().await? {
        return Ok(Redirect::to("/register").into_response());
    }
    let open = accounts.is_open();
    let next = query.next.filter(|next| redirect::local(next).is_some());
    let alert = notice.alert();
    let email = notice.typed().email.unwrap_or_default();
    let page = Page { class: "door", ..Page::new("Sign in") };
    Ok(page.render(move || {
        view! {
            <main class="card">
                <Brand />
                <h1>"Sign in"</h1>
                <Alert sentence=alert />
                <form method="post" action="/fn/login">
                    {next.map(|next| view! { <input type="hidden" name="next" value=next /> })}
                    <Field
                        label="E-mail"
                        kind="email"
                        name="email"
                        autocomplete="username"
                        focus=email.is_empty()
                        value=email.clone()
                    />
                    <Field
                        label="Password"
                        kind="password"
                        name="password"
                        autocomplete="current-password"
                        focus=!email.is_empty()
                    />
                    <button class="primary">"Sign in"</button>
                </form>
                {open
                    .then(|| {
                        view! {
                            <p class="quiet">"New here? " <a href="/register">"Create an account"</a></p>
                        }
                    })}
            </main>
        }
    }))
}

pub async fn register(
    State(accounts): State<Arc<Accounts>>,
    notice: Notice,
    extensions: Extensions,
) -> Result<Response, PageError> {
    if gate::found(&extensions)?.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let first = !accounts.any_user().await?;
    let alert = notice.alert();
    let typed = notice.typed();
    let open = first || accounts.is_open();
    let words = if first {
        "You are the first here: this account will be the administrator’s."
    } else if open {
        "Your conversations are yours alone."
    } else {
        "Registration is closed here. Ask the administrator to open it."
    };
    let page = Page { class: "door", ..Page::new("Create an account") };
    Ok(page.render(move || {
        view! {
            <main class="card">
                <Brand />
                <h1>"Create an account"</h1>
                <p class="quiet">{words}</p>
                <Alert sentence=alert />
                {open
                    .then(|| {
                        view! {
                            <form method="post" action="/fn/register">
                                <Field
                                    label="Name"
                                    kind="text"
                                    name="name"
                                    autocomplete="name"
                                    focus=true
                                    value=typed.name.unwrap_or_default()
                                />
                                <Field
                                    label="E-mail"
                                    kind="email"
                                    name="email"
                                    autocomplete="username"
                                    value=typed.email.unwrap_or_default()
                                />
                                <Field
                                    label="Password"
                                    kind="password"
                                    name="password"
                                    autocomplete="new-password"
                                    hint="At least 8 characters."
                                />
                                <button class="primary">"Create account"</button>
                            </form>
                        }
                    })}
                {(!first)
                    .then(|| {
                        view! {
                            <p class="quiet">"Have an account? " <a href="/login">"Sign in"</a></p>
                        }
                    })}
            </main>
        }
    }))
}

/// What went wrong with the form, if anything.
#[component]
pub fn Alert(sentence: Option<String>) -> impl IntoView {
    sentence.map(|sentence| {
        view! {
            <p class="alert" role="alert">
                {sentence}
            </p>
        }
    })
}

/// A labelled field. Only a person's name may be left empty.
#[component]
pub fn Field(
    label: &'static str,
    kind: &'static str,
    name: &'static str,
    autocomplete: &'static str,
    #[prop(optional)] focus: bool,
    #[prop(optional)] hint: &'static str,
    #[prop(optional, into)] value: String,
) -> impl IntoView {
    let least = (autocomplete == "new-password").then_some(8);
    view! {
        <label>
            {label}
            <input
                type=kind
                name=name
                autocomplete=autocomplete
                required=name != "name"
                autofocus=focus
                minlength=least
                value=value
            />
            {(!hint.is_empty()).then(|| view! { <small>{hint}</small> })}
        </label>
    }
}
