//! One message of a room or of a conversation of two: who reacted to it, any other emoji, and how it is reported.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use leptos::prelude::*;

use super::{
    RoomPage,
    lines::{Line, MessageLine},
    manages, title,
};
use crate::{
    domain::{DirectState, Partner, Reason, report::MAX_REASON_CHARS},
    error::AppError,
    pages::{
        Fresh, Notice, PageError, Visitor,
        fields::{FieldError, invalid},
        layout::Sidebar,
        sections::Section,
    },
    server::{
        chat::{Chat, NamedReaction},
        conversations::Conversations,
        http::document::Page,
        rooms::{AccessLevel, Rooms},
    },
    ui::words::{t, t_with},
};

/// `GET /c/{id}/message/{message_id}`.
pub async fn message(
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    State(chat): State<Arc<Chat>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    ids: Option<Path<(String, String)>>,
    notice: Notice,
) -> Result<Response, PageError> {
    let Path((id, message_id)) = ids.ok_or(AppError::NotFound)?;
    let open = rooms.open_shared(&current, &id).await?;
    let found = rooms.beginnings(&open.grant, std::slice::from_ref(&message_id)).await?;
    let deleted = found.first().ok_or(AppError::NotFound)?.talk.deleted_at.is_some();
    let own = found.iter().any(|message| message.author_id == current.id());
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let reactions = chat.reactions(&current, &message_id).await?;
    let lines = Line::of(&rooms, &open.grant, &found, days).await?;
    Ok(Page::new(title("message", &open.room)).render(move || {
        let writes = open.grant.level() >= AccessLevel::Member && !deleted;
        let (react, report) = (notice.of("/fn/react"), notice.of("/fn/report-message"));
        let manages = manages(&open);
        let (reacted, reported) = (message_id.clone(), message_id.clone());
        let lines = lines.into_iter().map(|line| view! { <MessageLine room_id=id.clone() line /> });
        let lines = lines.collect_view();
        // Nobody moderates a conversation of two, so what one does about a message is to block its author.
        let instead = match open.partner.clone() {
            _ if own || deleted => None,
            None => Some(
                view! { <Report conversation_id=id.clone() message_id=reported notice=report /> }.into_any(),
            ),
            Some((partner, _)) => {
                (partner.state != DirectState::Closed).then(|| view! { <Block partner /> }.into_any())
            }
        };
        view! {
            <RoomPage room=open.room manages here=None sidebar notice partner=open.partner>
                <ul class="message-lines">{lines}</ul>
                <Section id="reactions" title=t("reactions")>
                    <Reacted reactions />
                    {writes.then(|| view! { <React message_id=reacted notice=react /> })}
                </Section>
                {instead}
            </RoomPage>
        }
    }))
}

#[component]
fn Reacted(reactions: Vec<NamedReaction>) -> impl IntoView {
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    for NamedReaction { reacted, name } in reactions {
        let name = name.unwrap_or_else(|| t("somebody"));
        match kinds.iter_mut().find(|(emoji, _)| *emoji == reacted.emoji) {
            Some((_, names)) => names.push(name),
            None => kinds.push((reacted.emoji, vec![name])),
        }
    }
    if kinds.is_empty() {
        return view! { <p class="muted">{t("reactions-none")}</p> }.into_any();
    }
    let rows = kinds.into_iter().map(|(emoji, names)| {
        view! {
            <dt>{emoji} " " {names.len()}</dt>
            <dd dir="auto">{names.join(", ")}</dd>
        }
    });
    view! { <dl class="reacted">{rows.collect_view()}</dl> }.into_any()
}

#[component]
fn React(message_id: String, notice: Notice) -> impl IntoView {
    let refused = notice.at("emoji");
    let typed = notice.typed().other("emoji").unwrap_or_default().to_owned();
    let (wrong, described) = invalid("emoji", refused.as_ref());
    view! {
        <form method="post" action="/fn/react">
            <input type="hidden" name="message_id" value=message_id />
            <label>
                {t("emoji")}
                <input
                    name="emoji"
                    maxlength="40"
                    required
                    autocomplete="off"
                    value=typed
                    aria-invalid=wrong
                    aria-describedby=described
                    autofocus=refused.is_some()
                />
            </label>
            <FieldError of="emoji" sentence=refused />
            <button class="button-small">{t("react")}</button>
            " "
            <button class="button-small" formaction="/fn/unreact">
                {t("unreact")}
            </button>
        </form>
    }
}

#[component]
fn Report(conversation_id: String, message_id: String, notice: Notice) -> impl IntoView {
    let refused = notice.at("reason");
    let typed = notice.typed().reason.unwrap_or_default();
    let (wrong, described) = invalid("reason", refused.as_ref());
    view! {
        <Section id="report" title=t("report")>
            <p class="muted">{t("report-about")}</p>
            <form method="post" action="/fn/report-message">
                <input type="hidden" name="conversation_id" value=conversation_id />
                <input type="hidden" name="message_id" value=message_id />
                <label>
                    {t("report-reason")}
                    <input
                        name="reason"
                        maxlength=MAX_REASON_CHARS
                        autocomplete="off"
                        dir="auto"
                        value=typed
                        aria-invalid=wrong
                        aria-describedby=described
                        autofocus=refused.is_some()
                    />
                </label>
                <FieldError of="reason" sentence=refused />
                <button class="button-small">{t("report-now")}</button>
            </form>
        </Section>
    }
}

/// What one does where there are no moderators.
#[component]
fn Block(partner: Partner) -> impl IntoView {
    let Partner { id, name, state } = partner;
    let blocked = state == DirectState::Blocked;
    let (action, key) = if blocked { ("/fn/unblock", "unblock") } else { ("/fn/block", "block") };
    let nobody = t_with(Reason::new("direct-nobody-moderates").with("name", name));
    view! {
        <Section id="block" title=t("direct-unwanted")>
            <p class="muted">{nobody}</p>
            <p class="muted">{t(if blocked { "blocked-hint" } else { "block-hint" })}</p>
            <form method="post" action=action>
                <button class="button-small" name="id" value=id>
                    {t(key)}
                </button>
            </form>
        </Section>
    }
}
