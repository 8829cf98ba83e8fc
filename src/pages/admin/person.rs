//! `/admin/people/{id}`: one account: what an administrator may do with it.

use std::sync::Arc;

use axum::{Extension, extract::State, response::Response};
use leptos::prelude::*;

use super::{AdminPage, Administrator, page, usage::Models};
use crate::{
    domain::{Reason, Tier, User, UserRole, UserState},
    pages::{
        Fresh, Id, Notice, PageError,
        copy_button::CopyButton,
        days::Days,
        fields::{Choice, Choices, Field, FieldError, NumberField, invalid},
        layout::Sidebar,
        sections::Section,
    },
    server::{
        accounts::{Accounts, picture, tiers::name_of, valid::MAX_DAYS},
        conversations::{Conversations, allowance::Allowances},
        http::{client::Client, origin, site::Site},
    },
    ui::{
        parts::PersonPicture,
        words::{around, t, t_with},
    },
};

const HERE: &str = "/admin/people";
/// Of how many days a person's page says what the person used.
const USAGE_DAYS: u32 = 30;

/// `GET /admin/people/{id}`.
#[expect(clippy::too_many_arguments, reason = "each is a part of the request or a service")]
pub async fn person(
    State(site): State<Arc<Site>>,
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    State(allowances): State<Arc<Allowances>>,
    Extension(client): Extension<Client>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let user = accounts.person(&admin, &id).await?;
    let own = user.id == admin.id();
    let tiers = accounts.tiers(&admin).await?;
    let has_factor = accounts.has_second_factor(&admin, &id).await?;
    let usage = allowances.report(&admin, USAGE_DAYS, Some(&user)).await?;
    let form = notice.of("/fn/give-tier");
    let link = notice.reset_link().map(|path| format!("{}{path}", origin::address(&site.config, &client)));
    Ok(page(HERE).render(move || {
        let (facts, role, had, told) = (user.clone(), user.clone(), user.clone(), notice.clone());
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
                <Section id="usage" title=t("person-usage")>
                    <Models report=usage />
                </Section>
                <Section id="tier" title=t("person-tier")>
                    <GiveTier user=had tiers form now days />
                </Section>
                {(!own).then(|| view! { <Foreign user has_factor notice /> })}
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
        <PersonPicture picture=picture::of(&user) />
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
            <input readonly value=link.clone() aria-label=t("reset-link") />
            <CopyButton text=link />
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

/// The tier that counts for the person, and another one in its place.
#[component]
fn GiveTier(user: User, tiers: Vec<Tier>, form: Notice, now: i64, days: Days) -> impl IntoView {
    let has = user.tier_at(now).and_then(|id| tiers.iter().find(|tier| tier.id == id));
    let until = user.tier_until.map(|at| days.date_in_words(at));
    let has = match (has, until) {
        (None, _) => t("person-tier-none"),
        (Some(tier), None) => t_with(Reason::new("person-tier-for-good").with("tier", name_of(tier))),
        (Some(tier), Some(date)) => {
            t_with(Reason::new("person-tier-until").with("tier", name_of(tier)).with("date", date))
        }
    };
    let typed = form.typed();
    let chosen = typed.other("tier").map(str::to_owned).or(user.tier.clone()).unwrap_or_default();
    let others = tiers.len() > 1;
    let options = tiers
        .into_iter()
        .map(|tier| {
            let name = t_with(name_of(&tier));
            let selected = if tier.is_default() { chosen.is_empty() } else { tier.id == chosen };
            view! { <option value=tier.id selected=selected>{name}</option> }
        })
        .collect_view();
    let refused = form.at("tier");
    let (invalid, described) = invalid("tier", refused.as_ref());
    view! {
        <p>{has}</p>
        {if others {
            view! {
                <form method="post" action="/fn/give-tier">
                    <input type="hidden" name="id" value=user.id />
                    <label>
                        {t("person-tier-choose")}
                        <select name="tier" aria-invalid=invalid aria-describedby=described>
                            {options}
                        </select>
                    </label>
                    <FieldError of="tier" sentence=refused />
                    <NumberField
                        label=t("code-tier-days")
                        name="days"
                        value=typed.number("days", None)
                        least=1
                        most=u64::from(MAX_DAYS)
                        hint=t("code-tier-days-hint")
                        refused=form.at("days")
                    />
                    <button class="button-small">{t("person-tier-give")}</button>
                </form>
            }
            .into_any()
        } else {
            let (before, after) = around("person-tier-no-others", "link");
            view! { <p class="muted">{before} <a href="/admin/tiers">{t("tiers")}</a> {after}</p> }.into_any()
        }}
    }
}

/// What an administrator may do with the account of somebody else.
#[component]
fn Foreign(user: User, has_factor: bool, notice: Notice) -> impl IntoView {
    let active = user.state == UserState::Active;
    let (state, act, hint) = match active {
        true => (UserState::Disabled, "person-disable", "person-disable-hint"),
        false => (UserState::Active, "person-enable", "person-enable-hint"),
    };
    let (id, reset, factor) = (user.id.clone(), user.id.clone(), user.id.clone());
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
            {has_factor
                .then(|| {
                    view! {
                        <form method="post" action="/fn/end-second-factor">
                            <input type="hidden" name="id" value=factor />
                            <p class="muted">{t("person-second-factor-hint")}</p>
                            <button class="button-small">{t("person-second-factor-end")}</button>
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
