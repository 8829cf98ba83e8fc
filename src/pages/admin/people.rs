//! `/admin/people`: who has an account.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;
use strum::VariantArray;

use super::{AdminPage, Administrator, page};
use crate::{
    domain::{Reason, User, UserRole, UserState},
    pages::{
        Fresh, Notice, PageError, Query,
        days::Days,
        fields::{Choice, Choices},
        layout::Sidebar,
        sections::Section,
    },
    server::{
        accounts::{Accounts, EmailRule, Registration, picture, registration::RegistrationRules},
        conversations::Conversations,
        http::redirect,
    },
    ui::{
        parts::{Icon, PersonPicture},
        words::{around, t, t_with},
    },
};

const HERE: &str = "/admin/people";
/// Longer texts are in no name.
const MAX_SEARCH_CHARS: usize = 254;

/// The parameters of the list's address.
#[derive(Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

/// `GET /admin/people`.
pub async fn people(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    Query(search): Query<Search>,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let q: String = search.q.trim().chars().take(MAX_SEARCH_CHARS).collect();
    let found = accounts.people(&admin, &q, search.cursor.as_deref(), None).await?;
    let rules = accounts.registration().await?;
    let form = notice.of("/fn/set-registration");
    let own = admin.id().to_owned();
    Ok(page(HERE).render(move || {
        let count = t_with(Reason::new("people-count").with("count", found.total));
        let sought = if q.is_empty() { String::new() } else { format!("&q={}", redirect::quoted(&q)) };
        let more = found.page.next_cursor.map(|cursor| format!("{HERE}?cursor={cursor}{sought}"));
        let none = found.page.items.is_empty();
        view! {
            <AdminPage here=HERE sidebar notice>
                <Section id="people" title=t("people")>
                    <form class="search" action=HERE role="search">
                        <input
                            type="search"
                            name="q"
                            value=q
                            maxlength=MAX_SEARCH_CHARS
                            placeholder=t("people-search")
                            aria-label=t("people-search")
                        />
                        <button class="button-small" aria-label=t("search") title=t("search")>
                            <Icon name="search" />
                        </button>
                    </form>
                    <p class="muted" role="status">{count}</p>
                    {none.then(|| view! { <p>{t("people-none")}</p> })}
                    <ul class="people-list">
                        {found
                            .page
                            .items
                            .into_iter()
                            .map(|user| view! { <Row own=user.id == own user now days /> })
                            .collect_view()}
                    </ul>
                    {more
                        .map(|address| {
                            view! {
                                <p class="page-link">
                                    <a href=address>{t("people-more")}</a>
                                </p>
                            }
                        })}
                </Section>
                <Section id="registration" title=t("registration")>
                    <Registering rules form />
                </Section>
            </AdminPage>
        }
    }))
}

/// Who may register. What the configuration says is told and cannot be changed.
#[component]
fn Registering(rules: RegistrationRules, form: Notice) -> impl IntoView {
    let RegistrationRules { mode, mode_is_fixed, email, email_is_fixed } = rules;
    let fixed = |key: &'static str, name: &'static str| {
        let reason = Reason::new("registration-is-fixed").with("key", key).with("value", Reason::new(name));
        view! { <p class="muted">{t_with(reason)}</p> }.into_any()
    };
    let modes = move || {
        let modes = Registration::VARIANTS.iter().map(|it| {
            view! { <Choice name="registration" value=it.into_str() checked=*it == mode label=t(it.name()) /> }
        });
        let modes = modes.collect_view();
        view! {
            <Choices legend=t("registration-who") name="registration" refused=form.at("registration")>
                {modes}
            </Choices>
        }
        .into_any()
    };
    let emails = move || {
        let emails = EmailRule::VARIANTS.iter().map(|it| {
            view! { <Choice name="email" value=it.into_str() checked=*it == email label=t(it.name()) /> }
        });
        let emails = emails.collect_view();
        view! {
            <Choices legend=t("registration-email") name="email">
                {emails}
            </Choices>
        }
        .into_any()
    };
    let invited = (mode == Registration::Invite).then(|| {
        let (before, after) = around("registration-invitations", "link");
        view! { <p class="muted">{before} <a href="/admin/codes">{t("codes")}</a> {after}</p> }
    });
    view! {
        <form method="post" action="/fn/set-registration">
            {if mode_is_fixed { fixed("auth.registration", mode.name()) } else { modes() }}
            {if email_is_fixed { fixed("auth.email", email.name()) } else { emails() }}
            {invited}
            {(!mode_is_fixed || !email_is_fixed)
                .then(|| view! { <button class="button-small">{t("registration-save")}</button> })}
        </form>
    }
}

/// A person: their name, what they sign in with, and what is not as usual.
#[component]
fn Row(user: User, own: bool, now: i64, days: Days) -> impl IntoView {
    let seen = match user.seen_at {
        Some(at) => t_with(Reason::new("person-seen").with("day", days.day_in_words(now, at))),
        None => t_with(Reason::new("person-since").with("date", days.date_in_words(user.created_at))),
    };
    view! {
        <li>
            <PersonPicture picture=picture::of(&user) />
            <a href=format!("{HERE}/{}", user.id)>
                <span class="title" dir="auto">{user.name}</span>
                <small class="muted" dir="auto">{user.login}</small>
            </a>
            <span class="badges">
                {own.then(|| view! { <span class="badge">{t("person-you")}</span> })}
                {(user.role == UserRole::Admin)
                    .then(|| view! { <span class="badge">{t("role-administrator")}</span> })}
                {(user.state == UserState::Disabled)
                    .then(|| view! { <span class="badge badge-off">{t("person-disabled")}</span> })}
                {user.deletes_at.map(|_| view! { <span class="badge badge-off">{t("person-leaving")}</span> })}
            </span>
            <small class="muted">{seen}</small>
        </li>
    }
}
