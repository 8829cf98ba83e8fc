//! The page of one conversation's settings: its place in the list, instructions for the model, and its parameters.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use crate::{
    domain::{Conversation, conversation::MAX_TITLE_CHARS, params::TypedParams},
    pages::{
        Fresh, Id, Notice, PageError, Visitor,
        chat_fields::{Instructions, ParamFields},
        layout::{Bar, Frame, Sidebar, title_of},
        login::Alert,
        tools::ContextLines,
    },
    server::{chat::Chat, conversations::Conversations, http::document::Page, words},
    ui::{parts::Icon, words::t},
};

/// `GET /c/{id}/settings`.
pub async fn settings(
    State(conversations): State<Arc<Conversations>>,
    State(chat): State<Arc<Chat>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let grant = conversations.open(&current, &id).await?;
    let context = chat.context_use(&current, &grant).await?;
    let conversation = grant.into_conversation();
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let (alert, done, typed) = (notice.alert(), notice.done(), notice.typed());
    let values = typed.params.or(TypedParams::of(&conversation.params));
    let instructions = typed.system_prompt.or(conversation.system_prompt.clone()).unwrap_or_default();
    let inherited = TypedParams::of(&current.user.preferences.params);
    Ok(Page::new(words::current().say("conversation-settings")).render(move || {
        let (back, title) = (format!("/c/{id}"), title_of(&conversation));
        view! {
            <Frame sidebar current=Some(id.clone())>
                <Bar title=t("conversation-settings")>""</Bar>
                <div class="thread">
                    <div class="column card flat settings">
                        <Alert sentence=alert />
                        {done.map(|done| view! { <p class="success" role="status">{done}</p> })}
                        <p>
                            <a href=back dir="auto">
                                {title}
                            </a>
                        </p>
                        <Place conversation />
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
                        {context
                            .map(|context| {
                                view! {
                                    <section class="settings-section" id="context">
                                        <h2>{t("context")}</h2>
                                        <ContextLines context />
                                    </section>
                                }
                            })}
                    </div>
                </div>
            </Frame>
        }
    }))
}

/// What the menu of the conversation's row has, as forms: rename, pin, archive, delete.
#[component]
fn Place(conversation: Conversation) -> impl IntoView {
    let Conversation { id, title, pinned, archived, .. } = conversation;
    let switch =
        |action: &'static str, name: &'static str, on: bool, key: &'static str, icon: &'static str| {
            view! {
                <form method="post" action=action>
                    <input type="hidden" name="conversation_id" value=id.clone() />
                    <input type="hidden" name=name value=if on { "false" } else { "true" } />
                    <button class="button-small">
                        <Icon name=icon />
                        {t(key)}
                    </button>
                </form>
            }
        };
    view! {
        <section class="settings-section" id="place">
            <h2>{t("conversation")}</h2>
            <form method="post" action="/fn/rename">
                <input type="hidden" name="conversation_id" value=id.clone() />
                <label>
                    {t("field-title")}
                    <input name="title" value=title maxlength=MAX_TITLE_CHARS required dir="auto" />
                </label>
                <button class="button-small">
                    <Icon name="edit" />
                    {t("rename")}
                </button>
            </form>
            <div class="row">
                {switch("/fn/pin", "pinned", pinned, if pinned { "unpin" } else { "pin" }, "pin")}
                {switch(
                    "/fn/archive",
                    "archived",
                    archived,
                    if archived { "unarchive" } else { "archive" },
                    "archive",
                )}
                <form method="post" action="/fn/delete">
                    <input type="hidden" name="conversation_id" value=id.clone() />
                    <button class="button-small danger">
                        <Icon name="bin" />
                        {t("delete-for-good")}
                    </button>
                </form>
            </div>
            <p class="muted">{t("delete-conversation-hint")}</p>
        </section>
    }
}
