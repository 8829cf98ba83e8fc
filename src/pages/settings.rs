//! The page of one's own account: name, language and password.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use crate::{
    domain::Reason,
    pages::{
        Fresh, Notice, PageError, Visitor,
        layout::{Bar, Frame, Sidebar},
        login::{Alert, Field},
    },
    server::{
        accounts::valid::MIN_PASSWORD_CHARS,
        conversations::Conversations,
        http::document::Page,
        words::{self, Language, Words},
    },
    ui::words::{around, t, t_with},
};

/// `GET /settings`.
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
    Ok(Page::new(words::current().say("settings")).render(move || {
        let (before, after) = around("signed-in-as", "email");
        view! {
            <Frame sidebar current=None>
                <Bar title=t("settings")>""</Bar>
                <div class="thread">
                    <section class="column card flat">
                        <Alert sentence=alert />
                        {done.map(|done| view! { <p class="success" role="status">{done}</p> })}
                        <p class="muted">{before} {user.email} {after}</p>
                        <form method="post" action="/fn/set-name">
                            <Field label=t("field-name") kind="text" name="name" autocomplete="name" value=name />
                            <button class="button-small">{t("name-save")}</button>
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
                            <button class="button-small">{t("language-save")}</button>
                        </form>
                        <h2>{t("field-password")}</h2>
                        <form method="post" action="/fn/set-password">
                            <Field
                                label=t("password-current")
                                kind="password"
                                name="password"
                                autocomplete="current-password"
                            />
                            <Field
                                label=t("password-new")
                                kind="password"
                                name="new_password"
                                autocomplete="new-password"
                                hint=t_with(Reason::new("password-change-hint").with("least", MIN_PASSWORD_CHARS))
                            />
                            <button class="button-small">{t("password-change")}</button>
                        </form>
                    </section>
                </div>
            </Frame>
        }
    }))
}
