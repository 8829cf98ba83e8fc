//! `/messages/{id}/versions`: what a message of a room said before it was changed or deleted; for the room's moderators.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use super::{RoomPage, title};
use crate::{
    domain::{Page as List, Reason, Version},
    pages::{Fresh, Id, Notice, PageError, Query, Visitor, days::Days, layout::Sidebar, sections::Section},
    server::{
        chat::Chat,
        conversations::Conversations,
        http::document::Page,
        rooms::{Person, Rooms},
    },
    ui::words::{t, t_with},
};

/// The parameters of the page's address.
#[derive(Default, Deserialize)]
pub struct Which {
    cursor: Option<String>,
}

/// `GET /messages/{id}/versions`.
pub async fn versions(
    State(chat): State<Arc<Chat>>,
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    (Id(id), Query(Which { cursor })): (Id, Query<Which>),
    notice: Notice,
) -> Result<Response, PageError> {
    let room_id = conversations.conversation_of(&current, &id).await?;
    let open = rooms.open_to_manage(&current, &room_id).await?;
    let List { items: versions, next_cursor } = chat.versions(&current, &id, cursor.as_deref()).await?;
    let changed_by = versions.iter().map(|version| version.changed_by.clone()).collect();
    let people = rooms.people_of(&open.grant, changed_by).await?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    Ok(Page::new(title("message-versions", &open.room)).render(move || {
        let none = versions.is_empty();
        let rows = versions.into_iter().map(|version| {
            let person = people.get(&version.changed_by).cloned();
            view! { <Row version person now days /> }
        });
        let rows = rows.collect_view();
        let older = next_cursor.map(|cursor| format!("/messages/{id}/versions?cursor={cursor}"));
        let back = format!("/c/{room_id}?at={id}#{id}");
        view! {
            <RoomPage room=open.room manages=true here=None sidebar notice>
                <Section id="versions" title=t("message-versions")>
                    <p class="muted">{t("message-versions-about")}</p>
                    {none.then(|| view! { <p role="status">{t("message-versions-none")}</p> })}
                    <ol class="version-list">{rows}</ol>
                    {older.map(|address| view! { <p class="page-link"><a href=address>{t("message-versions-older")}</a></p> })}
                    <p class="page-link">
                        <a href=back>{t("message-versions-back")}</a>
                    </p>
                </Section>
            </RoomPage>
        }
    }))
}

/// What the message said, until when, and who changed that.
#[component]
fn Row(version: Version, person: Option<Person>, now: i64, days: Days) -> impl IntoView {
    let until = days.when(now, version.until, Some(version.until));
    let name = person.map(|person| person.member.name).unwrap_or_default();
    let sentence = Reason::new("message-version-until").with("time", until.whole).with("name", name);
    view! {
        <li>
            <div class="version-text" dir="auto">
                {version.content}
            </div>
            <small class="muted">{t_with(sentence)}</small>
        </li>
    }
}
