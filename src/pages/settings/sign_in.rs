//! `/settings/sign-in`: how one proves who one is.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::{SettingsPage, device::AnotherDevice, identities::Identities, page, second_factor::SecondFactor};
use crate::{
    domain::Reason,
    pages::{
        Fresh, Notice, PageError, Visitor, fields::Field, layout::Sidebar, sections::Section,
        strength::Strength,
    },
    server::{
        accounts::{Accounts, valid::MIN_PASSWORD_CHARS},
        conversations::Conversations,
    },
    ui::words::{t, t_with},
};

const HERE: &str = "/settings/sign-in";

/// `GET /settings/sign-in`.
pub async fn sign_in(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let known = accounts.known_words(&current.user.login, &current.user.name);
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let (connected, ways) = (accounts.connected(&current).await?, accounts.ways());
    let has_password = accounts.has_password(&current).await?;
    let factor = accounts.second_factor(&current).await?;
    Ok(page(HERE).render(move || {
        let form = notice.of("/fn/set-password");
        view! {
            <SettingsPage here=HERE sidebar notice>
                <Section id="password" title=t("field-password")>
                    <form method="post" action="/fn/set-password">
                        {if has_password {
                            view! {
                                <Field
                                    label=t("password-current")
                                    kind="password"
                                    name="password"
                                    autocomplete="current-password"
                                    refused=form.at("password")
                                />
                            }
                                .into_any()
                        } else {
                            view! {
                                <p class="muted">{t("password-none")}</p>
                                <input type="hidden" name="password" value="" />
                            }
                                .into_any()
                        }}
                        <Field
                            label=t("password-new")
                            kind="password"
                            name="new_password"
                            autocomplete="new-password"
                            hint=t_with(Reason::new("password-change-hint").with("least", MIN_PASSWORD_CHARS))
                            refused=form.at("new_password")
                        />
                        <Strength known />
                        <button class="button-small">{t("password-change")}</button>
                    </form>
                </Section>
                <Identities connected ways />
                <SecondFactor state=factor />
                <AnotherDevice />
            </SettingsPage>
        }
    }))
}
