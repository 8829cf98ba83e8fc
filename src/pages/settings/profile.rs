//! `/settings`: whose account it is.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::{SettingsPage, page, tier::TierSection};
use crate::{
    pages::{Fresh, Notice, PageError, Visitor, fields::Field, layout::Sidebar, sections::Section},
    server::{
        accounts::Accounts,
        conversations::{Conversations, allowance::Allowances},
    },
    ui::words::{around, t},
};

const HERE: &str = "/settings";

/// `GET /settings`.
pub async fn profile(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    State(allowances): State<Arc<Allowances>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let (own, budget) = (accounts.own_tier(&current).await?, allowances.budget(&current.user).await?);
    let user = current.user;
    Ok(page(HERE).render(move || {
        let (form, tier_notice) = (notice.of("/fn/set-name"), notice.clone());
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
                </Section>
                <TierSection own budget days notice=tier_notice />
            </SettingsPage>
        }
    }))
}
