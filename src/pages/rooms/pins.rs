//! The pinned messages of a room or of a conversation of two, and the messages that a model read for an answer.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

use super::{
    RoomPage, Tab,
    lines::{Line, MessageLine},
    manages, title,
};
use crate::{
    domain::{Reason, RoomPayer},
    error::AppError,
    pages::{Fresh, Id, Notice, PageError, Visitor, layout::Sidebar, sections::Section},
    server::{
        conversations::Conversations,
        http::document::Page,
        rooms::{AccessLevel, Rooms},
    },
    ui::words::{t, t_with},
};

/// `GET /rooms/{id}/pins`.
pub async fn pins(
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let open = rooms.open_shared(&current, &id).await?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let messages = rooms.pinned(&current, &id).await?;
    let own: Vec<bool> = messages
        .iter()
        .map(|message| message.talk.pinned.as_ref().is_some_and(|pinned| pinned.by == current.id()))
        .collect();
    let lines = Line::of(&rooms, &open.grant, &messages, days).await?;
    Ok(Page::new(title("room-pins", &open.room)).render(move || {
        let (manages, level, none) = (manages(&open), open.grant.level(), lines.is_empty());
        let rows = lines.into_iter().zip(own).map(|(line, own)| {
            let (room_id, message_id) = (id.clone(), line.id.clone());
            let may_unpin = manages || own && level >= AccessLevel::Member;
            view! {
                <MessageLine room_id line>
                    {may_unpin
                        .then(|| {
                            view! {
                                <form method="post" action="/fn/unpin-message">
                                    <input type="hidden" name="list" value="pins" />
                                    <button class="button-small" name="message_id" value=message_id>
                                        {t("unpin-message")}
                                    </button>
                                </form>
                            }
                        })}
                </MessageLine>
            }
        });
        let rows = rows.collect_view();
        let empty_or_not = match (none, &open.partner) {
            (false, _) => "room-pins-about",
            (true, None) => "room-pins-none",
            (true, Some(_)) => "direct-pins-none",
        };
        view! {
            <RoomPage room=open.room manages here=Some(Tab::Pins) sidebar notice partner=open.partner>
                <Section id="pins" title=t("room-pins")>
                    <p class="muted">{t(empty_or_not)}</p>
                    <ul class="message-lines">{rows}</ul>
                </Section>
            </RoomPage>
        }
    }))
}

/// `GET /c/{id}/read/{message_id}`: what a model read for an answer, and who pays for it.
pub async fn read(
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    ids: Option<Path<(String, String)>>,
    notice: Notice,
) -> Result<Response, PageError> {
    let Path((id, message_id)) = ids.ok_or(AppError::NotFound)?;
    let open = rooms.open_shared(&current, &id).await?;
    let answer = format!("/c/{id}?at={message_id}#{message_id}");
    let Some(list) = rooms.read_for(&current, &id, &message_id).await? else {
        return Ok(Redirect::to(&answer).into_response());
    };
    let grant = open.grant.clone();
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let pins = Line::of(&rooms, &grant, &list.pins, days).await?;
    let lines = Line::of(&rooms, &grant, &list.messages, days).await?;
    let asker = rooms.people_of(&grant, vec![list.answer.author_id.clone()]).await?;
    let asker = asker.into_values().next().map(|person| person.member.name).unwrap_or_default();
    Ok(Page::new(title("room-read-list", &open.room)).render(move || {
        let payer = match list.read.payer {
            RoomPayer::Asker => Reason::new("room-paid-by").with("name", asker),
            RoomPayer::Owner => Reason::new("room-paid-by-owner"),
        };
        let (no_pins, manages) = (pins.is_empty(), manages(&open));
        let of = |lines: Vec<Line>| {
            let lines = lines.into_iter().map(|line| view! { <MessageLine room_id=id.clone() line /> });
            lines.collect_view()
        };
        let (pins, lines) = (of(pins), of(lines));
        view! {
            <RoomPage room=open.room manages here=None sidebar notice partner=open.partner>
                <Section id="read" title=t("room-read-list")>
                    <p class="muted">{t_with(payer)}</p>
                    <p>
                        <a href=answer>{t("room-read-answer")}</a>
                    </p>
                    {(!no_pins)
                        .then(|| {
                            view! {
                                <h3>{t("room-pins")}</h3>
                                <ul class="message-lines">{pins}</ul>
                                <h3>{t("messages")}</h3>
                            }
                        })}
                    <ul class="message-lines">{lines}</ul>
                </Section>
            </RoomPage>
        }
    }))
}
