//! `/admin/people/{id}`: one account: what an administrator may do with it.

use std::sync::Arc;

use axum::{Extension, extract::State, response::Response};
use leptos::prelude::*;

use super::{AdminPage, Administrator, page};
use crate::{
    domain::{Reason, User, UserRole, UserState},
    pages::{
        Fresh, Id, Notice, PageError,
        days::Days,
        fields::{Choice, Choices, Field},
        layout::Sidebar,
        sections::Section,
    },
    server::{
        accounts::Accounts,
        conversations::Conversations,
        http::{client::Client, origin, site::Site},
    },
    ui::words::{around, t, t_with},
};

const HERE: &str = "/admin/people";

/// `GET /admin/people/{id}`.
#[expect(clippy::too_many_arguments, reason = "each is a part of the request or a service")]
pub async fn person(
    State(site): State<Arc<Site>>,
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    Extension(client): Extension<Client>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let user = accounts.person(&admin, &id).await?;
    let own = user.id == admin.id();
    let link = notice.reset_link().map(|path| format!("{}{path}", origin::address(&site.config, &client)));
    Ok(page(HERE).render(move || {
        let (facts, role, told) = (user.clone(), user.clone(), notice.clone());
        view! {
            <AdminPage here=HERE sidebar notice=told>
                <Section id="person" title=user.name.clone()>
                    <Facts user=facts now days />
                    {own.then(|| view! { <p class="muted">{t("person-own")}</p> })}
                    {link.map(|link| view! { <Link link /> })}
                </Section>
                <Section id="role" title=t("person-role")>
                    <Role user=role />
                </Section>
                {(!own).then(|| view! { <Foreign user notice /> })}
            </AdminPage>
        }
    }))
}

#[component]
fn Facts(user: User, now: i64, days: Days) -> impl IntoView {
    let since = days.date_in_words(user.created_at);
    let seen = user.seen_at.map_or_else(|| t("person-never"), |at| days.day_in_words(now, at));
    let leaves = user.deletes_at.map(|at| days.date_in_words(at));
    view! {
        <p class="page-link">
            <a href=HERE>{t("people-all")}</a>
        </p>
        <dl class="facts">
            <dt>{t("person-login")}</dt>
            <dd dir="auto">{user.login}</dd>
            <dt>{t("person-registered")}</dt>
            <dd>{since}</dd>
            <dt>{t("person-last-seen")}</dt>
            <dd>{seen}</dd>
            {leaves
                .map(|date| {
                    view! {
                        <dt>{t("person-leaves")}</dt>
                        <dd>{date}</dd>
                    }
                })}
        </dl>
    }
}

/// The link that was just made, which is shown once.
#[component]
fn Link(link: String) -> impl IntoView {
    view! {
        <div class="secret" role="status">
            <p>{t("reset-link-made")}</p>
            <input readonly value=link aria-label=t("reset-link") />
        </div>
    }
}

#[component]
fn Role(user: User) -> impl IntoView {
    let roles = [(UserRole::Member, "role-member"), (UserRole::Admin, "role-administrator")];
    view! {
        <form method="post" action="/fn/change-person">
            <input type="hidden" name="id" value=user.id />
            <Choices legend=t("person-role") name="role">
                {roles
                    .into_iter()
                    .map(|(role, key)| {
                        let (value, checked) = (role.into_str(), role == user.role);
                        view! { <Choice name="role" value checked label=t(key) /> }
                    })
                    .collect_view()}
            </Choices>
            <p class="muted">{t("person-role-hint")}</p>
            <button class="button-small">{t("person-role-save")}</button>
        </form>
    }
}

/// What an administrator may do with the account of somebody else.
#[component]
fn Foreign(user: User, notice: Notice) -> impl IntoView {
    let active = user.state == UserState::Active;
    let (state, act, hint) = match active {
        true => (UserState::Disabled, "person-disable", "person-disable-hint"),
        false => (UserState::Active, "person-enable", "person-enable-hint"),
    };
    let (id, reset) = (user.id.clone(), user.id.clone());
    view! {
        <Section id="access" title=t("person-access")>
            <form method="post" action="/fn/change-person">
                <input type="hidden" name="id" value=id />
                <input type="hidden" name="state" value=state.into_str() />
                <p class="muted">{t(hint)}</p>
                <button class="button-small">{t(act)}</button>
            </form>
            {active
                .then(|| {
                    view! {
                        <form method="post" action="/fn/make-reset-link">
                            <input type="hidden" name="id" value=reset />
                            <p class="muted">{t("reset-link-hint")}</p>
                            <button class="button-small">{t("reset-link-make")}</button>
                        </form>
                    }
                })}
        </Section>
        <Section id="delete" title=t("person-delete")>
            <Delete user notice />
        </Section>
    }
}

/// Deleting needs the login typed once more, because it cannot be undone.
#[component]
fn Delete(user: User, notice: Notice) -> impl IntoView {
    let form = notice.of("/fn/delete-person");
    let (before, after) = around("person-delete-confirm", "login");
    let hint = t_with(Reason::new("person-delete-hint").with("name", user.name));
    view! {
        <form method="post" action="/fn/delete-person">
            <input type="hidden" name="id" value=user.id />
            <p>{hint}</p>
            <Choices legend=t("person-data") name="erase">
                <Choice name="erase" value="true" checked=true label=t("person-data-erase") />
                <Choice name="erase" value="false" checked=false label=t("person-data-keep") />
            </Choices>
            <p>{before} <strong dir="auto">{user.login}</strong> {after}</p>
            <Field
                label=t("person-login")
                kind="text"
                name="confirm"
                autocomplete="off"
                refused=form.at("confirm")
            />
            <button class="button-small danger">{t("person-delete-now")}</button>
        </form>
    }
}
