//! `/settings/chat`: what counts for all conversations.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::{SettingsPage, page};
use crate::{
    domain::{Preferences, params::TypedParams},
    pages::{
        Fresh, Notice, PageError, Visitor,
        chat_fields::{Instructions, ParamFields},
        fields::{Choice, Choices},
        layout::Sidebar,
        sections::Section,
    },
    server::conversations::Conversations,
    ui::words::{around, t},
};

const HERE: &str = "/settings/chat";

/// `GET /settings/chat`. Each form changes only its own fields.
pub async fn chat(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let Preferences { system_prompt, params, last_model, single_keys, .. } = current.user.preferences;
    Ok(page(HERE).render(move || {
        let form = notice.of("/fn/set-chat-defaults");
        let typed = form.typed();
        let text_refused = form.at("system_prompt");
        let text = typed.system_prompt.or(system_prompt).unwrap_or_default();
        let values = typed.params.or(TypedParams::of(&params));
        view! {
            <SettingsPage here=HERE sidebar notice>
                <Section id="instructions" title=t("instructions")>
                    <form method="post" action="/fn/set-chat-defaults">
                        <Instructions
                            label=t("instructions-for-all")
                            hint=t("instructions-for-all-hint")
                            text
                            refused=text_refused
                        />
                        <button class="button-small">{t("instructions-save")}</button>
                    </form>
                </Section>
                <Section id="parameters" title=t("params")>
                    <p class="muted">{t("params-hint")}</p>
                    <form method="post" action="/fn/set-chat-defaults">
                        <ParamFields values inherited=TypedParams::default() notice=form />
                        <button class="button-small">{t("params-save")}</button>
                    </form>
                </Section>
                <Section id="model" title=t("model-next")>
                    <LastModel model=last_model />
                </Section>
                <Section id="shortcuts" title=t("shortcuts")>
                    <SingleKeys on=single_keys />
                </Section>
            </SettingsPage>
        }
    }))
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
fn SingleKeys(on: bool) -> impl IntoView {
    view! {
        <form method="post" action="/fn/set-chat-defaults">
            <Choices legend=t("single-keys") name="single_keys">
                <Choice name="single_keys" value="true" checked=on label=t("switched-on") />
                <Choice name="single_keys" value="false" checked=!on label=t("switched-off") />
            </Choices>
            <button class="button-small">{t("single-keys-save")}</button>
        </form>
    }
}
