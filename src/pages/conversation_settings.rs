//! The page of one conversation's settings: its place in the list, instructions for the model, and its parameters.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use crate::{
    domain::{Conversation, ConversationKind, conversation::MAX_TITLE_CHARS, params::TypedParams},
    pages::{
        Fresh, Id, Notice, PageError, Visitor,
        chat_fields::{Instructions, ParamFields},
        fields::{Alert, FieldError, invalid},
        layout::{Bar, Frame, Sidebar, title_of},
        sections::Section,
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
    let grant = conversations.open_private(&current, &id).await?;
    let context = chat.context_use(&current, &grant).await?;
    let conversation = grant.into_conversation();
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let inherited = TypedParams::of(&current.user.preferences.params);
    Ok(Page::new(words::current().say("conversation-settings")).render(move || {
        let (back, title) = (format!("/c/{id}"), title_of(&conversation));
        // The forms are made first, because the alert is about what none of them has told.
        let forms = view! {
            <Place conversation=conversation.clone() refused=notice.of("/fn/rename").at("title") />
            <Answering conversation inherited notice=notice.of("/fn/set-conversation") />
        };
        let (alert, done) = (notice.alert(), notice.done());
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
                        {forms}
                        {context
                            .map(|context| {
                                view! {
                                    <Section id="context" title=t("context")>
                                        <ContextLines context />
                                    </Section>
                                }
                            })}
                    </div>
                </div>
            </Frame>
        }
    }))
}

/// How a model answers here. `inherited` are the parameters that count where the conversation decides nothing.
#[component]
fn Answering(conversation: Conversation, inherited: TypedParams, notice: Notice) -> impl IntoView {
    let Conversation { id, params, system_prompt, .. } = conversation;
    let typed = notice.typed();
    let values = typed.params.or(TypedParams::of(&params));
    let text = typed.system_prompt.or(system_prompt).unwrap_or_default();
    let text_refused = notice.at("system_prompt");
    let again = id.clone();
    view! {
        <Section id="instructions" title=t("instructions")>
            <form method="post" action="/fn/set-conversation">
                <input type="hidden" name="conversation_id" value=id />
                <Instructions
                    label=t("instructions-here")
                    hint=t("instructions-here-hint")
                    text
                    refused=text_refused
                />
                <button class="button-small">{t("instructions-save")}</button>
            </form>
        </Section>
        <Section id="parameters" title=t("params")>
            <p class="muted">{t("params-here-hint")}</p>
            <form method="post" action="/fn/set-conversation">
                <input type="hidden" name="conversation_id" value=again />
                <ParamFields values inherited notice />
                <button class="button-small">{t("params-save")}</button>
            </form>
        </Section>
    }
}

/// What the menu of the conversation's row has, as forms: rename, pin, archive, delete.
#[component]
fn Place(conversation: Conversation, refused: Option<String>) -> impl IntoView {
    let (invalid, described) = invalid("title", refused.as_ref());
    let Conversation { id, title, pinned, archived, kind, .. } = conversation;
    let named = id.clone();
    let switch =
        move |action: &'static str, name: &'static str, on: bool, key: &'static str, icon: &'static str| {
            view! {
                <form method="post" action=action>
                    <input type="hidden" name="conversation_id" value=named.clone() />
                    <input type="hidden" name=name value=if on { "false" } else { "true" } />
                    <button class="button-small">
                        <Icon name=icon />
                        {t(key)}
                    </button>
                </form>
            }
        };
    view! {
        <Section id="place" title=t("conversation")>
            <form method="post" action="/fn/rename">
                <input type="hidden" name="conversation_id" value=id.clone() />
                <label>
                    {t("field-title")}
                    <input
                        name="title"
                        value=title
                        maxlength=MAX_TITLE_CHARS
                        required
                        dir="auto"
                        autofocus=invalid.is_some()
                        aria-invalid=invalid
                        aria-describedby=described
                    />
                </label>
                <FieldError of="title" sentence=refused />
                <button class="button-small">
                    <Icon name="edit" />
                    {t("rename")}
                </button>
            </form>
            <div class="row">
                {(kind == ConversationKind::Private)
                    .then(|| {
                        view! {
                            <a class="button-small" href=format!("/c/{id}/room")>
                                <Icon name="people" />
                                {t("bring-in")}
                            </a>
                        }
                    })}
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
        </Section>
    }
}
