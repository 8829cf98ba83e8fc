//! The pages for signing in and registering: plain forms without a script.

use std::sync::Arc;

use axum::{
    extract::State,
    http::Extensions,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::Reason,
    error::AppError,
    pages::{
        Notice, PageError, Query,
        board::places::HERE as BOARD,
        fields::{Alert, Field},
        strength::Strength,
        typed_code::{ToTypedCode, TypedCode},
        with::Ways,
    },
    server::{
        accounts::{Accounts, Caller, EmailRule, Registration, valid::MIN_PASSWORD_CHARS},
        http::{document::Page, gate, redirect},
        rooms::Rooms,
        words::{self, Language, Words},
    },
    ui::{
        parts::Brand,
        words::{around, t, t_with},
    },
};

/// The parameters of the sign-in page's address.
#[derive(Default, Deserialize)]
pub struct SignIn {
    /// The page to open after signing in.
    pub next: Option<String>,
}

/// `GET /login`. The first visitor of a new site registers instead.
pub async fn sign_in(
    State(accounts): State<Arc<Accounts>>,
    State(rooms): State<Arc<Rooms>>,
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
    let board = match rooms.readable_board(None).await {
        Ok(board) => Some(board.name),
        Err(AppError::NotFound | AppError::SignedOut) => None,
        Err(error) => return Err(error.into()),
    };
    let rules = accounts.registration().await?;
    let (open, ways) = (rules.is_open(), accounts.ways());
    let invites = rules.mode == Registration::Invite;
    let next = query.next.filter(|next| redirect::local(next).is_some());
    let others = next.clone();
    let (email_refused, password_refused) = (notice.at("email"), notice.at("password"));
    let (alert, calm) = (notice.alert(), notice.field().is_none());
    let email = notice.typed().email.unwrap_or_default();
    let page = Page { class: "centered-page", ..Page::new(words::current().say("sign-in")) };
    Ok(page.render(move || {
        view! {
            <main class="card">
                <Brand />
                <h1>{t("sign-in")}</h1>
                <Alert sentence=alert />
                <form method="post" action="/fn/login">
                    {next.map(|next| view! { <input type="hidden" name="next" value=next /> })}
                    // Accounts with a name are there also where new ones need an address.
                    <LoginField
                        rule=rules.email
                        names=true
                        focus=calm && email.is_empty()
                        value=email.clone()
                        refused=email_refused
                    />
                    <Field
                        label=t("field-password")
                        kind="password"
                        name="password"
                        autocomplete="current-password"
                        focus=calm && !email.is_empty()
                        refused=password_refused
                    />
                    <button class="button-primary">{t("sign-in")}</button>
                </form>
                <Ways ways next=others code=String::new() />
                <p class="muted">
                    <a href="/device">{t("device-enter-title")}</a>
                </p>
                {open
                    .then(|| {
                        let (before, after) = around("sign-in-new-here", "link");
                        view! {
                            <p class="muted">{before} <a href="/register">{t("register")}</a> {after}</p>
                        }
                    })}
                {invites.then(|| view! { <ToTypedCode /> })}
                {board
                    .map(|name| {
                        let (before, after) = around("sign-in-board", "link");
                        view! {
                            <p class="muted">{before} <a href=BOARD dir="auto">{name}</a> {after}</p>
                        }
                    })}
                <LanguageSwitch />
            </main>
        }
    }))
}

/// The parameters of the page for registering.
#[derive(Default, Deserialize)]
pub struct Register {
    /// The code of the link for the first account.
    first: Option<String>,
}

/// `GET /register`.
pub async fn register(
    State(accounts): State<Arc<Accounts>>,
    Query(query): Query<Register>,
    notice: Notice,
    extensions: Extensions,
) -> Result<Response, PageError> {
    if gate::found(&extensions)?.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let first = !accounts.any_user().await?;
    let alert = if matches!(notice.field(), Some("name" | "email" | "password" | "code")) {
        None
    } else {
        notice.alert()
    };
    let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
    let code = query.first.filter(|code| !code.is_empty());
    let rules = accounts.registration().await?;
    let wrong = match &code {
        Some(_) if !first => Some("register-link-used"),
        Some(code) if accounts.is_first_by_link() && !accounts.is_first_link(&caller, code).await? => {
            Some("register-first-link-wrong")
        }
        _ => None,
    };
    if let Some(sentence) = wrong {
        return Ok(wrong_link(sentence, !first && rules.mode != Registration::Closed));
    }
    let (open, sentence) = match rules.mode {
        _ if first && accounts.is_first_by_link() && code.is_none() => (false, "register-first-link"),
        _ if first => (true, "register-first"),
        Registration::Open => (true, "register-private"),
        Registration::Invite => (false, "register-invite"),
        Registration::Closed => (false, "register-closed"),
    };
    let takes_codes = !first && rules.mode == Registration::Invite;
    let page = Page { class: "centered-page", ..Page::new(words::current().say("register")) };
    Ok(page.render(move || {
        let typed_code = takes_codes.then(|| view! { <TypedCode notice=notice.clone() /> });
        view! {
            <main class="card">
                <Brand />
                <h1>{t("register")}</h1>
                <p class="muted">{t(sentence)}</p>
                <Alert sentence=alert />
                {typed_code}
                {open
                    .then(|| {
                        let (ways, typed) = (accounts.ways(), code.clone().unwrap_or_default());
                        view! {
                            <RegisterForm code notice rule=rules.email known=accounts.known_words("", "") />
                            <Ways ways next=None code=typed />
                        }
                    })}
                {(open && !first).then(|| view! { <ToTypedCode /> })}
                {(!first).then(|| view! { <HaveAccount /> })}
                <LanguageSwitch />
            </main>
        }
    }))
}

/// The page of a link for the first account that does not count: no form, which would only be refused. `register`: the
/// person may be able to register without it.
fn wrong_link(sentence: &'static str, register: bool) -> Response {
    let page = Page { class: "centered-page", ..Page::new(words::current().say("register")) };
    let used = sentence == "register-link-used";
    page.render(move || {
        view! {
            <main class="card">
                <Brand />
                <h1>{t("register")}</h1>
                <Alert sentence=Some(t(sentence)) />
                {register.then(|| view! { <p><a href="/register">{t("register-without-link")}</a></p> })}
                {used.then(|| view! { <HaveAccount /> })}
                <LanguageSwitch />
            </main>
        }
    })
}

#[component]
fn HaveAccount() -> impl IntoView {
    let (before, after) = around("sign-in-have-account", "link");
    view! {
        <p class="muted">{before} <a href="/login">{t("sign-in")}</a> {after}</p>
    }
}

/// The form of somebody new. `code` is that of a link, or with `invited` of an invitation.
#[component]
pub fn RegisterForm(
    code: Option<String>,
    #[prop(optional)] invited: bool,
    notice: Notice,
    rule: EmailRule,
    known: String,
) -> impl IntoView {
    let typed = notice.typed();
    let [name_refused, email_refused, password_refused] =
        ["name", "email", "password"].map(|field| notice.at(field));
    view! {
        <form method="post" action="/fn/register">
            {code.map(|code| view! { <input type="hidden" name="code" value=code /> })}
            {invited.then(|| view! { <input type="hidden" name="invited" value="true" /> })}
            <Field
                label=t("field-name")
                kind="text"
                name="name"
                autocomplete="name"
                focus=notice.field().is_none()
                value=typed.name.unwrap_or_default()
                refused=name_refused
            />
            <LoginField
                rule
                names=rule == EmailRule::Optional
                value=typed.email.unwrap_or_default()
                refused=email_refused
            />
            <Field
                label=t("field-password")
                kind="password"
                name="password"
                autocomplete="new-password"
                hint=t_with(Reason::new("password-hint").with("least", MIN_PASSWORD_CHARS))
                refused=password_refused
            />
            <Strength known />
            <button class="button-primary">{t("register-now")}</button>
        </form>
    }
}

/// The field for what somebody signs in with. `names`: it takes names, too, which a browser that asks for an e-mail address
/// would refuse.
#[component]
fn LoginField(
    rule: EmailRule,
    names: bool,
    #[prop(optional)] focus: bool,
    #[prop(into)] value: String,
    #[prop(optional_no_strip)] refused: Option<String>,
) -> impl IntoView {
    let label = match rule {
        EmailRule::Required => "field-email",
        EmailRule::Optional => "field-email-or-name",
    };
    let kind = if names { "text" } else { "email" };
    view! { <Field label=t(label) kind name="email" autocomplete="username" focus value refused /> }
}

/// A button for each language of the site, called by its own name. The choice is kept in a cookie.
#[component]
pub fn LanguageSwitch() -> impl IntoView {
    let now = words::current().language;
    view! {
        <form class="languages" method="post" action="/fn/set-language" aria-label=t("language-choose")>
            {Language::all()
                .map(|language| {
                    let name = Words::new(language).say("language-name");
                    let (tag, chosen) = (language.tag(), (language == now).then_some("true"));
                    view! {
                        <button class="button-bare" name="language" value=tag lang=tag aria-current=chosen>
                            {name}
                        </button>
                    }
                })
                .collect_view()}
        </form>
    }
}
