//! `/admin/codes`: invitations and activation codes.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use super::{AdminPage, Administrator, page};
use crate::{
    domain::{Code, CodeState, CodeUse, Reason, Tier, UserRole},
    pages::{
        Fresh, Notice, PageError, Query,
        days::Days,
        fields::{Choice, Choices, FieldError, NumberField},
        layout::Sidebar,
        sections::Section,
    },
    server::{
        accounts::{
            Accounts,
            invitations::{ListedCode, MAX_CODES, MAX_LABEL_CHARS, MAX_USES},
            tiers::name_of,
            valid::MAX_DAYS,
        },
        conversations::Conversations,
    },
    ui::words::{t, t_with},
};

const HERE: &str = "/admin/codes";
/// How many days a code counts unless somebody says otherwise.
const USUAL_DAYS: u64 = 14;

/// The parameters of the list's address.
#[derive(Default, Deserialize)]
pub struct Before {
    /// The id of the last code of the page before.
    before: Option<String>,
}

/// `GET /admin/codes`.
pub async fn codes(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    Query(Before { before }): Query<Before>,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let tiers = accounts.tiers(&admin).await?;
    let (items, next) = accounts.codes(&admin, before.as_deref()).await?;
    Ok(page(HERE).render(move || {
        let form = notice.of("/fn/make-codes");
        let none = items.is_empty();
        let older = next.map(|id| format!("{HERE}?before={id}"));
        view! {
            <AdminPage here=HERE sidebar notice>
                <Section id="make" title=t("codes-make")>
                    <Make form tiers />
                </Section>
                <Section id="codes" title=t("codes")>
                    {none.then(|| view! { <p class="muted">{t("codes-none")}</p> })}
                    <ul class="code-list">
                        {items.into_iter().map(|item| view! { <Row item days /> }).collect_view()}
                    </ul>
                    {older
                        .map(|address| {
                            view! {
                                <p class="page-link">
                                    <a href=address>{t("codes-older")}</a>
                                </p>
                            }
                        })}
                </Section>
            </AdminPage>
        }
    }))
}

/// The form for new codes. Without an own tier somewhere, only invitations can be made.
#[component]
fn Make(form: Notice, tiers: Vec<Tier>) -> impl IntoView {
    let roles = [(UserRole::Member, "role-member"), (UserRole::Admin, "role-administrator")];
    let typed = form.typed();
    let (tier, role) = (typed.other("tier").unwrap_or_default().to_owned(), typed.clone());
    let tiers = tiers.into_iter().filter(|tier| !tier.is_default()).map(|of| {
        let (name, selected) = (t_with(name_of(&of)), of.id == tier);
        view! {
            <option value=of.id selected=selected>
                {name}
            </option>
        }
    });
    let tiers = tiers.collect_view();
    let registers = typed.chose("registers", "true", true);
    view! {
        <form method="post" action="/fn/make-codes">
            <Choices legend=t("code-kind") name="registers">
                <Choice name="registers" value="true" checked=registers label=t("code-invitation") />
                <Choice name="registers" value="false" checked=!registers label=t("code-activation") />
            </Choices>
            <p class="muted">{t("code-kind-hint")}</p>
            <div class="param-fields">
                <NumberField
                    label=t("codes-count")
                    name="count"
                    value=typed.number("count", Some(1))
                    least=1
                    most=u64::from(MAX_CODES)
                    required=true
                    refused=form.at("count")
                />
                <NumberField
                    label=t("code-uses")
                    name="uses"
                    value=typed.number("uses", Some(1))
                    least=1
                    most=u64::from(MAX_USES)
                    required=true
                    refused=form.at("uses")
                />
                <NumberField
                    label=t("code-days")
                    name="days"
                    value=typed.number("days", Some(USUAL_DAYS))
                    least=1
                    most=u64::from(MAX_DAYS)
                    hint=t("code-days-hint")
                    refused=form.at("days")
                />
                <div>
                    <label>
                        {t("code-tier")} <select name="tier">
                            <option value="">{t("code-tier-none")}</option>
                            {tiers}
                        </select>
                    </label>
                    <FieldError of="tier" sentence=form.at("tier") />
                </div>
                <NumberField
                    label=t("code-tier-days")
                    name="tier_days"
                    value=typed.number("tier_days", None)
                    least=1
                    most=u64::from(MAX_DAYS)
                    hint=t("code-tier-days-hint")
                    refused=form.at("tier_days")
                />
            </div>
            <Choices legend=t("code-role") name="role">
                {roles
                    .into_iter()
                    .map(|(one, key)| {
                        let value = one.into_str();
                        let checked = role.chose("role", value, one == UserRole::Member);
                        view! { <Choice name="role" value checked label=t(key) /> }
                    })
                    .collect_view()}
            </Choices>
            <label>
                {t("code-label")}
                <input
                    type="text"
                    name="label"
                    value=typed.label.clone()
                    maxlength=MAX_LABEL_CHARS
                    autocomplete="off"
                />
            </label>
            <FieldError of="label" sentence=form.at("label") />
            <button class="button-small">{t("codes-make-now")}</button>
        </form>
    }
}

/// What a code gives, in words.
pub(super) fn gives(code: &Code, tier: Option<Reason>) -> String {
    let role = match (code.registers, code.role) {
        _ if code.room_id.is_some() => Some(t("code-into-room")),
        (false, _) => None,
        (true, UserRole::Admin) => Some(t("code-invites-admin")),
        (true, UserRole::Member) => Some(t("code-invites")),
    };
    let tier = tier.map(|tier| match code.tier_days {
        Some(days) => {
            let days = Reason::new("duration-days").with("count", days);
            t_with(Reason::new("code-tier-for").with("tier", tier).with("days", days))
        }
        None => t_with(Reason::new("code-tier-for-good").with("tier", tier)),
    });
    role.into_iter().chain(tier).collect::<Vec<_>>().join(" · ")
}

#[component]
fn Row(item: ListedCode, days: Days) -> impl IntoView {
    let more = item.more_uses();
    let ListedCode { code, state, tier, uses } = item;
    let gives = gives(&code, tier);
    // Without a label they are told apart by what the audit log calls them, too.
    let label = if code.label.is_empty() { format!("{gives} {}", code.called()) } else { code.called() };
    let details = (!code.label.is_empty()).then_some(gives);
    let used = t_with(Reason::new("code-used-of").with("used", code.used).with("uses", code.uses));
    let made = t_with(Reason::new("code-made-on").with("date", days.date_in_words(code.created_at)));
    let until =
        code.expires_at.map(|at| t_with(Reason::new("code-expires-on").with("date", days.date_in_words(at))));
    let off = if state == CodeState::Live { "badge" } else { "badge badge-off" };
    view! {
        <li>
            <div class="code-row">
                <span dir="auto">{label}</span>
                <span class=off>{t(state_key(state))}</span>
                {(state == CodeState::Live)
                    .then(|| {
                        view! {
                            <form method="post" action="/fn/end-codes">
                                <input type="hidden" name="id" value=code.id.clone() />
                                <button class="button-small">{t("code-end")}</button>
                            </form>
                        }
                    })}
            </div>
            {details.map(|details| view! { <small class="muted">{details}</small> })}
            <small class="muted">{used} " · " {made} {until.map(|until| format!(" · {until}"))}</small>
            {(!uses.is_empty()).then(|| view! { <Uses uses more days /> })}
        </li>
    }
}

/// Who used the code last, and how many others did.
#[component]
fn Uses(uses: Vec<CodeUse>, more: u64, days: Days) -> impl IntoView {
    view! {
        <details>
            <summary>{t("code-used-by")}</summary>
            <ul>
                {uses
                    .into_iter()
                    .map(|used| {
                        let date = days.date_in_words(used.at);
                        let who = used.login.unwrap_or_else(|| t("person-gone"));
                        view! {
                            <li>
                                <span dir="auto">{who}</span>
                                <small class="muted">{date}</small>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
            {(more > 0)
                .then(|| {
                    let more = t_with(Reason::new("code-used-by-more").with("count", more));
                    view! { <p class="muted">{more}</p> }
                })}
        </details>
    }
}

fn state_key(state: CodeState) -> &'static str {
    match state {
        CodeState::Live => "code-live",
        CodeState::UsedUp => "code-used-up",
        CodeState::Expired => "code-expired",
        CodeState::Ended => "code-was-ended",
    }
}
