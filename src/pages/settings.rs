//! One's own account: name, language and password.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use crate::{
    pages::{
        Fresh, Notice, PageError, Visitor,
        layout::{Bar, Frame, Sidebar},
        login::{Alert, Field},
    },
    server::{
        conversations::Conversations,
        http::document::Page,
        words::{Language, Words},
    },
    ui::words::t,
};

pub async fn settings(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let (alert, done) = (notice.alert(), notice.done());
    let typed = notice.typed().name;
    let user = current.user;
    let chosen = user.language.as_deref().and_then(Language::exactly);
    let name = typed.unwrap_or(user.name);
    Ok(Page::new("Settings").render(move || {
        view! {
            <Frame sidebar current=None>
                <Bar title="Settings".to_owned()>""</Bar>
                <div class="thread">
                    <section class="column card flat">
                        <Alert sentence=alert />
                        {done.map(|done| view! { <p class="done" role="status">{done}</p> })}
                        <p class="quiet">"Signed in as " {user.email}</p>
                        <form method="post" action="/fn/set-name">
                            <Field label="Name" kind="text" name="name" autocomplete="name" value=name />
                            <button class="small">"Save name"</button>
                        </form>
                        <h2>{t("language")}</h2>
                        <form method="post" action="/fn/set-language">
                            <label>
                                {t("language-choose")}
                                <select name="language">
                                    <option value="" selected=chosen.is_none()>{t("language-as-browser")}</option>
                                    {Language::all()
                                        .map(|language| {
                                            let (tag, name) = (language.tag(), Words::new(language).say("language-name"));
                                            let selected = chosen == Some(language);
                                            view! { <option value=tag lang=tag selected=selected>{name}</option> }
                                        })
                                        .collect_view()}
                                </select>
                            </label>
                            <button class="small">{t("language-save")}</button>
                        </form>
                        <h2>"Password"</h2>
                        <form method="post" action="/fn/set-password">
                            <Field
                                label="Current password"
                                kind="password"
                                name="password"
                                autocomplete="current-password"
                            />
                            <Field
                                label="New password"
                                kind="password"
                                name="new_password"
                                autocomplete="new-password"
                                hint="At least 8 characters. Other devices are signed out."
                            />
                            <button class="small">"Change password"</button>
                        </form>
                    </section>
                </div>
            </Frame>
        }
    }))
}
