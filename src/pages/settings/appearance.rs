//! `/settings/appearance`: what the site looks like, and which language it speaks.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::{SettingsPage, page};
use crate::{
    domain::{
        Look,
        preferences::{Palette, Theme},
    },
    pages::{
        Fresh, Notice, PageError, Visitor,
        fields::{Choice, Choices, FieldError, invalid},
        layout::Sidebar,
        sections::Section,
    },
    server::{
        conversations::Conversations,
        words::{Language, Words},
    },
    ui::words::t,
};

const HERE: &str = "/settings/appearance";

/// `GET /settings/appearance`.
pub async fn appearance(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let user = current.user;
    let chosen = user.language.as_deref().and_then(Language::exactly);
    let look = user.preferences.look();
    Ok(page(HERE).render(move || {
        let (looks, language) = (notice.of("/fn/set-appearance"), notice.of("/fn/set-language"));
        view! {
            <SettingsPage here=HERE sidebar notice>
                <Section id="appearance" title=t("appearance")>
                    <Looks look notice=looks />
                </Section>
                <Section id="language" title=t("language")>
                    <LanguageChoice chosen refused=language.at("language") />
                </Section>
            </SettingsPage>
        }
    }))
}

#[component]
fn Looks(look: Look, notice: Notice) -> impl IntoView {
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
    let (theme, palette) = (notice.at("theme"), notice.at("palette"));
    let (at_theme, at_palette) = (theme.is_some(), palette.is_some());
    view! {
        <form method="post" action="/fn/set-appearance">
            <Choices legend=t("theme") name="theme" refused=theme>
                {themes
                    .into_iter()
                    .map(|(theme, swatch, label)| {
                        let (value, checked) = (theme.into_str(), theme == look.theme);
                        view! { <Choice name="theme" value checked label swatch focus=checked && at_theme /> }
                    })
                    .collect_view()}
            </Choices>
            <Choices legend=t("palette") name="palette" refused=palette>
                {palettes
                    .into_iter()
                    .map(|(palette, swatch, label)| {
                        let (value, checked) = (palette.into_str(), palette == look.palette);
                        view! { <Choice name="palette" value checked label swatch focus=checked && at_palette /> }
                    })
                    .collect_view()}
            </Choices>
            <button class="button-small">{t("appearance-save")}</button>
        </form>
    }
}

#[component]
fn LanguageChoice(chosen: Option<Language>, refused: Option<String>) -> impl IntoView {
    let (invalid, described) = invalid("language", refused.as_ref());
    let focus = invalid.is_some();
    view! {
        <form method="post" action="/fn/set-language">
            <label>
                {t("language-choose")}
                <select name="language" aria-invalid=invalid aria-describedby=described autofocus=focus>
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
            <FieldError of="language" sentence=refused />
            <button class="button-small">{t("language-save")}</button>
        </form>
    }
}
