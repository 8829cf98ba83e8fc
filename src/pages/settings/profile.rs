//! `/settings`: whose account it is.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::{
    SettingsPage,
    others::{BlockedSection, OthersSection},
    page,
    picture::ChoosePicture,
    presence::PresenceSection,
    tier::TierSection,
};
use crate::{
    pages::{Fresh, Notice, PageError, Visitor, fields::Field, layout::Sidebar, sections::Section},
    server::{
        accounts::{Accounts, EmailRule},
        conversations::{Conversations, allowance::Allowances},
        live::presence::Presences,
        rooms::profiles::Profiles,
    },
    ui::words::{around, t},
};

const HERE: &str = "/settings";

/// `GET /settings`.
pub async fn profile(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    State(allowances): State<Arc<Allowances>>,
    (State(presences), State(profiles)): (State<Arc<Presences>>, State<Arc<Profiles>>),
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let (own, budget) = (accounts.own_tier(&current).await?, allowances.budget(&current.user).await?);
    let shown = presences.shows(&current).await?;
    let (blocked, has_list) = (profiles.blocked(&current).await?, profiles.has_list());
    let rule = accounts.registration().await?.email;
    let user = current.user;
    // A browser that asks for an e-mail address would refuse a name.
    let names = rule == EmailRule::Optional || user.email.is_none();
    let (label, kind, save) = if names {
        ("field-email-or-name", "text", "email-or-name-save")
    } else {
        ("field-email", "email", "email-save")
    };
    Ok(page(HERE).render(move || {
        let email_form = notice.of("/fn/set-email");
        let email = email_form.typed().email.unwrap_or_else(|| user.login.clone());
        let (pictured, seen, seen_form) = (user.clone(), user.clone(), notice.clone());
        let (picture_form, tier_notice) = (notice.of("/fn/set-picture"), notice.clone());
        let form = notice.of("/fn/set-name");
        let name = form.typed().name.unwrap_or(user.name);
        let (before, after) = around("signed-in-as", "email");
        view! {
            <SettingsPage here=HERE sidebar notice>
                <Section id="profile" title=t("profile")>
                    <p class="muted">{before} {user.login} {after}</p>
                    <form method="post" action="/fn/set-name">
                        <Field
                            label=t("field-name")
                            kind="text"
                            name="name"
                            autocomplete="name"
                            value=name
                            refused=form.at("name")
                        />
                        <button class="button-small">{t("name-save")}</button>
                    </form>
                    <form method="post" action="/fn/set-email">
                        <Field
                            label=t(label)
                            kind
                            name="email"
                            autocomplete="email"
                            value=email
                            hint=t("email-change-hint")
                            refused=email_form.at("email")
                        />
                        <button class="button-small">{t(save)}</button>
                    </form>
                </Section>
                <Section id="picture" title=t("picture")>
                    <ChoosePicture user=pictured notice=picture_form />
                </Section>
                <PresenceSection shown />
                <OthersSection user=seen has_list notice=seen_form />
                <BlockedSection people=blocked />
                <TierSection own budget days notice=tier_notice />
            </SettingsPage>
        }
    }))
}
