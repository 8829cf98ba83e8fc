//! The page of one's own account, in sections: profile, appearance, language, chat and password.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use crate::{
    domain::{
        Look, Preferences, Reason,
        params::TypedParams,
        preferences::{Palette, Theme},
    },
    pages::{
        Fresh, Notice, PageError, Visitor,
        chat_fields::{Instructions, ParamFields},
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

/// The sections: the `id` of each, and the key of its heading.
const SECTIONS: [(&str, &str); 5] = [
    ("profile", "profile"),
    ("appearance", "appearance"),
    ("language", "language"),
    ("chat", "chat-settings"),
    ("password", "field-password"),
];

/// `GET /settings`.
pub async fn settings(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let (alert, done, typed) = (notice.alert(), notice.done(), notice.typed());
    let user = current.user;
    let chosen = user.language.as_deref().and_then(Language::exactly);
    let name = typed.name.unwrap_or(user.name);
    let look = user.preferences.look();
    let instructions = typed.system_prompt.or(user.preferences.system_prompt.clone()).unwrap_or_default();
    let values = typed.params.or(TypedParams::of(&user.preferences.params));
    Ok(Page::new(words::current().say("settings")).render(move || {
        view! {
            <Frame sidebar current=None>
                <Bar title=t("settings")>""</Bar>
                <div class="thread">
                    <div class="column card flat settings">
                        <Alert sentence=alert />
                        {done.map(|done| view! { <p class="success" role="status">{done}</p> })}
                        <nav class="settings-contents" aria-label=t("settings-contents")>
                            <ul>
                                {SECTIONS
                                    .iter()
                                    .map(|(id, key)| view! { <li><a href=format!("#{id}")>{t(key)}</a></li> })
                                    .collect_view()}
                            </ul>
                        </nav>
                        <Profile email=user.login name />
                        <Appearance look />
                        <LanguageChoice chosen />
                        <ChatDefaults preferences=user.preferences instructions values />
                        <Password />
                    </div>
                </div>
            </Frame>
        }
    }))
}

#[component]
fn Profile(email: String, name: String) -> impl IntoView {
    let (before, after) = around("signed-in-as", "email");
    view! {
        <section class="settings-section" id="profile">
            <h2>{t("profile")}</h2>
            <p class="muted">{before} {email} {after}</p>
            <form method="post" action="/fn/set-name">
                <Field label=t("field-name") kind="text" name="name" autocomplete="name" value=name />
                <button class="button-small">{t("name-save")}</button>
            </form>
        </section>
    }
}

#[component]
fn Appearance(look: Look) -> impl IntoView {
    let themes = [
        (Theme::System, "swatch swatch-system", t("theme-system")),
        (Theme::Light, "swatch swatch-light", t("theme-light")),
        (Theme::Dark, "swatch swatch-dark", t("theme-dark")),
    ];
    let palettes = [
        (Palette::Ember, "swatch swatch-ember", t("palette-ember")),
        (Palette::Sea, "swatch swatch-sea", t("palette-sea")),
        (Palette::Plum, "swatch swatch-plum", t("palette-plum")),
    ];
    view! {
        <section class="settings-section" id="appearance">
            <h2>{t("appearance")}</h2>
            <form method="post" action="/fn/set-appearance">
                <fieldset class="choices">
                    <legend>{t("theme")}</legend>
                    {themes
                        .into_iter()
                        .map(|(theme, class, label)| {
                            let (value, checked) = (theme.into_str(), theme == look.theme);
                            view! { <Choice name="theme" value checked label swatch=class /> }
                        })
                        .collect_view()}
                </fieldset>
                <fieldset class="choices">
                    <legend>{t("palette")}</legend>
                    {palettes
                        .into_iter()
                        .map(|(palette, class, label)| {
                            let (value, checked) = (palette.into_str(), palette == look.palette);
                            view! { <Choice name="palette" value checked label swatch=class /> }
                        })
                        .collect_view()}
                </fieldset>
                <button class="button-small">{t("appearance-save")}</button>
            </form>
        </section>
    }
}

/// One of a few words, with a picture of what it looks like.
#[component]
fn Choice(
    name: &'static str,
    value: &'static str,
    checked: bool,
    label: String,
    #[prop(optional)] swatch: &'static str,
) -> impl IntoView {
    view! {
        <label class="choice">
            <input type="radio" name=name value=value checked=checked />
            {(!swatch.is_empty()).then(|| view! { <span class=swatch aria-hidden="true"></span> })}
            <span>{label}</span>
        </label>
    }
}

#[component]
fn LanguageChoice(chosen: Option<Language>) -> impl IntoView {
    view! {
        <section class="settings-section" id="language">
            <h2>{t("language")}</h2>
            <form method="post" action="/fn/set-language">
                <label>
                    {t("language-choose")} <select name="language">
                        <option value="" selected=chosen.is_none()>
                            {t("language-as-browser")}
                        </option>
                        {Language::all()
                            .map(|language| {
                                let (tag, name) = (language.tag(), Words::new(language).say("language-name"));
                                let selected = chosen == Some(language);
                                view! {
                                    <option value=tag lang=tag selected=selected>
                                        {name}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                </label>
                <button class="button-small">{t("language-save")}</button>
            </form>
        </section>
    }
}

/// What counts for all conversations. Each form changes only its own fields.
#[component]
fn ChatDefaults(preferences: Preferences, instructions: String, values: TypedParams) -> impl IntoView {
    let Preferences { last_model, single_keys, .. } = preferences;
    view! {
        <section class="settings-section" id="chat">
            <h2>{t("chat-settings")}</h2>
            <form method="post" action="/fn/set-chat-defaults">
                <Instructions
                    label=t("instructions-for-all")
                    hint=t("instructions-for-all-hint")
                    text=instructions
                />
                <button class="button-small">{t("instructions-save")}</button>
            </form>
            <h3>{t("params")}</h3>
            <p class="muted">{t("params-hint")}</p>
            <form method="post" action="/fn/set-chat-defaults">
                <ParamFields values inherited=TypedParams::default() />
                <button class="button-small">{t("params-save")}</button>
            </form>
            <h3>{t("model-next")}</h3>
            <LastModel model=last_model />
            <h3>{t("shortcuts")}</h3>
            <form method="post" action="/fn/set-chat-defaults">
                <fieldset class="choices">
                    <legend>{t("single-keys")}</legend>
                    <Choice name="single_keys" value="true" checked=single_keys label=t("switched-on") />
                    <Choice name="single_keys" value="false" checked=!single_keys label=t("switched-off") />
                </fieldset>
                <button class="button-small">{t("single-keys-save")}</button>
            </form>
        </section>
    }
}

/// The model with which the next conversation begins.
#[component]
fn LastModel(model: Option<String>) -> impl IntoView {
    match model {
        None => view! { <p class="muted">{t("model-next-default")}</p> }.into_any(),
        Some(model) => {
            let (before, after) = around("model-next-is", "model");
            view! {
                <form method="post" action="/fn/set-chat-defaults">
                    <p>{before} <strong>{model}</strong> {after}</p>
                    <input type="hidden" name="last_model" value="" />
                    <button class="button-small">{t("model-next-forget")}</button>
                </form>
            }
            .into_any()
        }
    }
}

#[component]
fn Password() -> impl IntoView {
    view! {
        <section class="settings-section" id="password">
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
    }
}
