//! `/settings/data`: what the account has, and its end.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::{SettingsPage, export::ExportSection, page};
use crate::{
    domain::Reason,
    pages::{Fresh, Notice, PageError, Visitor, fields::Field, layout::Sidebar, sections::Section},
    server::{accounts::Accounts, conversations::Conversations, exports::Exporter},
    ui::words::{t, t_with},
};

const HERE: &str = "/settings/data";

/// `GET /settings/data`.
pub async fn data(
    State(conversations): State<Arc<Conversations>>,
    State(exports): State<Arc<Exporter>>,
    State(accounts): State<Arc<Accounts>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let export = exports.own(&current).await?;
    let has_password = accounts.has_password(&current).await?;
    let leaves = current.user.deletes_at.map(|at| days.date_in_words(at));
    Ok(page(HERE).render(move || {
        let (form, export_form) = (notice.of("/fn/delete-account"), notice.of("/fn/make-export"));
        view! {
            <SettingsPage here=HERE sidebar notice>
                <ExportSection export days form=export_form />
                <Section id="leave" title=t("account-delete")>
                    {match leaves {
                        Some(date) => view! { <Leaving date /> }.into_any(),
                        None => view! { <Leave form has_password /> }.into_any(),
                    }}
                </Section>
            </SettingsPage>
        }
    }))
}

#[component]
fn Leave(form: Notice, has_password: bool) -> impl IntoView {
    view! {
        <form method="post" action="/fn/delete-account">
            <p>{t("account-delete-hint")}</p>
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
                view! { <input type="hidden" name="password" value="" /> }.into_any()
            }}
            <button class="button-small danger">{t("account-delete-now")}</button>
        </form>
    }
}

/// The account is to be deleted: when, and the way back.
#[component]
fn Leaving(date: String) -> impl IntoView {
    view! {
        <form method="post" action="/fn/keep-account">
            <p>{t_with(Reason::new("account-leaves-on").with("date", date))}</p>
            <button class="button-small">{t("account-keep")}</button>
        </form>
    }
}
