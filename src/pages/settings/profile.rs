//! `/settings`: whose account it is.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::{SettingsPage, page};
use crate::{
    pages::{Fresh, Notice, PageError, Visitor, fields::Field, layout::Sidebar, sections::Section},
    server::conversations::Conversations,
    ui::words::{around, t},
};

const HERE: &str = "/settings";

/// `GET /settings`.
pub async fn profile(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let user = current.user;
    Ok(page(HERE).render(move || {
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
                </Section>
            </SettingsPage>
        }
    }))
}
