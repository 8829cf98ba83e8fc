//! The pages of rooms: those that one takes part in and may join, a new one, and one's settings, people and codes.

pub(super) mod fields;
pub mod invite;
mod lines;
pub mod list;
mod member;
pub mod members;
pub mod mentions;
pub mod message;
pub mod new;
pub mod pins;
pub mod reports;
pub mod settings;
pub mod versions;

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

use crate::{
    domain::{ConversationKind, Partner, Picture, Reason, Room},
    pages::{
        Id, Notice, PageError, Visitor,
        fields::Alert,
        layout::{Bar, Frame, Sidebar},
    },
    server::{
        accounts::picture,
        rooms::{AccessLevel, OpenRoom, Rooms},
        words,
    },
    ui::{
        parts::{Icon, PersonPicture},
        words::{t, t_with},
    },
};

/// `GET /rooms/{id}`: what is written in a room stands on the page of its conversation.
pub async fn room(
    State(rooms): State<Arc<Rooms>>,
    Visitor(current, _): Visitor,
    Id(id): Id,
) -> Result<Response, PageError> {
    let open = rooms.open(&current, &id).await?;
    Ok(Redirect::to(&format!("/c/{}", open.room.id)).into_response())
}

/// How many people take part, in words.
pub(super) fn member_count(room: &Room) -> String {
    t_with(Reason::new("room-member-count").with("count", room.member_count))
}

/// The title of a page of a room, which names the room.
fn title(key: &'static str, room: &Room) -> String {
    format!("{} · {}", words::current().say(key), room.name)
}

/// A page of one room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Members,
    Pins,
    Reports,
    Invite,
    Settings,
}

impl Tab {
    const EACH: [Self; 5] = [Self::Members, Self::Pins, Self::Reports, Self::Invite, Self::Settings];

    fn end(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Pins => "pins",
            Self::Reports => "reports",
            Self::Invite => "invite",
            Self::Settings => "settings",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Members => "room-members",
            Self::Pins => "room-pins",
            Self::Reports => "reports",
            Self::Invite => "room-invite",
            Self::Settings => "room-settings",
        }
    }
}

/// Whether the person who opened the room manages it.
fn manages(open: &OpenRoom) -> bool {
    open.grant.level() >= AccessLevel::Moderator
}

/// The frame of a room's pages; `here` is the tab that the page is of. What its forms do not say at a field of theirs stands above them.
/// A conversation of two has those that are about messages.
#[component]
fn RoomPage(
    room: Room,
    manages: bool,
    here: Option<Tab>,
    sidebar: Sidebar,
    notice: Notice,
    /// The other person, where it is a conversation of two.
    #[prop(optional_no_strip)]
    partner: Option<(Partner, Picture)>,
    children: Children,
) -> impl IntoView {
    // The forms are made first, because the alert is about what none of them has told.
    let content = children();
    let (alert, done) = (notice.alert(), notice.done());
    let (id, name) = (room.id.clone(), room.name.clone());
    let is_board = room.kind == ConversationKind::Board;
    let is_direct = partner.is_some();
    let shown = |tab: &Tab| match tab {
        Tab::Pins => true,
        Tab::Members => !is_direct,
        Tab::Invite => manages && !is_board,
        Tab::Reports | Tab::Settings => manages,
    };
    let tabs = Tab::EACH.into_iter().filter(shown).map(|tab| {
        let current = (Some(tab) == here).then_some("page");
        view! {
            <a class="button-small" href=format!("/rooms/{id}/{}", tab.end()) aria-current=current>
                {t(tab.name())}
            </a>
        }
    });
    let tabs = tabs.collect_view();
    let (about, open) = if is_direct {
        (t("directs"), t("conversation-open"))
    } else {
        (member_count(&room), t("room-open"))
    };
    let picture = partner.map_or_else(|| picture::of_room(&room), |(_, picture)| picture);
    view! {
        <Frame sidebar current=Some(room.id.clone())>
            <Bar title=name.clone()>""</Bar>
            <div class="thread">
                <div class="column card flat settings">
                    <a class="room-head" href=format!("/c/{}", room.id)>
                        <PersonPicture picture />
                        <span>
                            <strong dir="auto">{name}</strong>
                            <small class="muted">{about}</small>
                        </span>
                        <span class="room-open">{open} <Icon name="chevron-right" /></span>
                    </a>
                    <nav class="tabs" aria-label=t(if is_direct { "conversation" } else { "room" })>
                        {tabs}
                    </nav>
                    <Alert sentence=alert />
                    {done.map(|done| view! { <p class="success" role="status">{done}</p> })}
                    {content}
                </div>
            </div>
        </Frame>
    }
}
