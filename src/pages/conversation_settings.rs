//! The page of one conversation's settings: instructions for the model, and its parameters.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use crate::{
    domain::params::TypedParams,
    pages::{
        Fresh, Id, Notice, PageError, Visitor,
        chat_fields::{Instructions, ParamFields},
        layout::{Bar, Frame, Sidebar, title_of},
        login::Alert,
    },
    server::{conversations::Conversations, http::document::Page, words},
    ui::words::t,
};

/// `GET /c/{id}/settings`.
pub async fn settings(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let conversation = conversations.open(&current, &id).await?.into_conversation();
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let (alert, done, typed) = (notice.alert(), notice.done(), notice.typed());
    let values = typed.params.or(TypedParams::of(&conversation.params));
    let instructions = typed.system_prompt.or(conversation.system_prompt.clone()).unwrap_or_default();
    let inherited = TypedParams::of(&current.user.preferences.params);
    Ok(Page::new(words::current().say("conversation-settings")).render(move || {
        let back = format!("/c/{id}");
        view! {
            <Frame sidebar current=Some(id.clone())>
                <Bar title=t("conversation-settings")>""</Bar>
                <div class="thread">
                    <div class="column card flat settings">
                        <Alert sentence=alert />
                        {done.map(|done| view! { <p class="success" role="status">{done}</p> })}
                        <p>
                            <a href=back dir="auto">
                                {title_of(&conversation)}
                            </a>
                        </p>
                        <section class="settings-section" id="instructions">
                            <h2>{t("instructions")}</h2>
                            <form method="post" action="/fn/set-conversation">
                                <input type="hidden" name="conversation_id" value=id.clone() />
                                <Instructions
                                    label=t("instructions-here")
                                    hint=t("instructions-here-hint")
                                    text=instructions
                                />
                                <button class="button-small">{t("instructions-save")}</button>
                            </form>
                        </section>
                        <section class="settings-section" id="parameters">
                            <h2>{t("params")}</h2>
                            <p class="muted">{t("params-here-hint")}</p>
                            <form method="post" action="/fn/set-conversation">
                                <input type="hidden" name="conversation_id" value=id.clone() />
                                <ParamFields values inherited />
                                <button class="button-small">{t("params-save")}</button>
                            </form>
                        </section>
                    </div>
                </div>
            </Frame>
        }
    }))
}
