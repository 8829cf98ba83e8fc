//! `/rooms/{id}/members`: who takes part in a room, what its moderators do with them, and one's own part in it.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;
use strum::VariantArray;

use super::{
    RoomPage, Tab, manages,
    member::{Roles, Row},
    title,
};
use crate::{
    domain::{ConversationKind, Notify, Page as Listed},
    pages::{
        Fresh, Id, Notice, PageError, Query, Visitor,
        fields::{Choice, Choices},
        layout::Sidebar,
        presence::PresenceMark,
        sections::Section,
    },
    server::{
        accounts::valid::MAX_NAME_CHARS,
        conversations::Conversations,
        http::{document::Page, redirect},
        live::presence::Presences,
        rooms::{AccessLevel, MemberListing, Rooms, profiles::Profiles},
    },
    ui::{parts::Icon, words::t},
};

/// The parameters of the page's address.
#[derive(Default, Deserialize)]
pub struct Which {
    /// How the names begin.
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    /// Whether those are wanted who are banned.
    #[serde(default)]
    banned: bool,
}

/// The services that know members.
type People = (State<Arc<Rooms>>, State<Arc<Profiles>>, State<Arc<Presences>>);

/// `GET /rooms/{id}/members`.
pub async fn members(
    State(conversations): State<Arc<Conversations>>,
    (State(rooms), State(profiles), State(presences)): People,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    Query(which): Query<Which>,
    notice: Notice,
) -> Result<Response, PageError> {
    let open = rooms.open(&current, &id).await?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let manages = manages(&open);
    let banned = which.banned && manages;
    let q: String = which.q.chars().take(MAX_NAME_CHARS).collect();
    let listing = MemberListing { search: Some(&q), banned, cursor: which.cursor.as_deref(), limit: None };
    let Listed { items, next_cursor } = rooms.members(&current, &id, listing).await?;
    let ids: Vec<String> = items.iter().map(|member| member.user_id.clone()).collect();
    let (here, blocked) = (presences.of(&ids).await?, profiles.blocked_ids(&current).await?);
    let people = rooms.with_pictures(items).await?;
    Ok(Page::new(title("room-members", &open.room)).render(move || {
        let (level, me) = (open.grant.level(), current.user.id.clone());
        let (room, notify) = (open.room, open.own.notify);
        let stays = match (room.kind, level) {
            (ConversationKind::Board, _) => Some("board-stays"),
            (_, AccessLevel::Owner) => Some("room-owner-stays"),
            _ => None,
        };
        let empty = people.is_empty();
        let rows = people.into_iter().map(|person| {
            // The board has no owner.
            let owner = room.kind != ConversationKind::Board && room.owner_id == person.member.user_id;
            let id = room.id.clone();
            let own = person.member.user_id == me;
            let presence = here.get(&person.member.user_id).copied().unwrap_or_default();
            let blocked = blocked.contains(&person.member.user_id);
            view! { <Row id person roles=Roles { owner, own, level, blocked, listed: room.settings.listed } days presence=view! { <PresenceMark presence now days /> }.into_any() /> }
        });
        let rows = rows.collect_view();
        let kind = if banned { "banned=true&" } else { "" };
        let older = next_cursor.map(|cursor| {
            format!("/rooms/{}/members?{kind}q={}&cursor={}", room.id, redirect::quoted(&q), redirect::quoted(&cursor))
        });
        let (searched, banned_of, own) = (room.id.clone(), room.id.clone(), room.id.clone());
        view! {
            <RoomPage room=room manages here=Some(Tab::Members) sidebar notice>
                <Section id="members" title=t(if banned { "members-banned" } else { "room-members" })>
                    <Search id=searched q banned />
                    {empty.then(|| view! { <p class="muted" role="status">{t(if banned { "members-none-banned" } else { "members-none" })}</p> })}
                    <ul class="member-list">{rows}</ul>
                    {older.map(|address| view! { <p class="page-link"><a href=address>{t("members-more")}</a></p> })}
                    {manages.then(|| view! { <Others id=banned_of banned /> })}
                </Section>
                <OwnPart id=own notify stays />
            </RoomPage>
        }
    }))
}

#[component]
fn Search(id: String, q: String, banned: bool) -> impl IntoView {
    view! {
        <form class="search" action=format!("/rooms/{id}/members") role="search">
            <input
                type="search"
                name="q"
                value=q
                maxlength=MAX_NAME_CHARS
                placeholder=t("members-search")
                aria-label=t("members-search")
            />
            {banned.then(|| view! { <input type="hidden" name="banned" value="true" /> })}
            <button class="button-small" aria-label=t("search") title=t("search")>
                <Icon name="search" />
            </button>
        </form>
    }
}

/// The way to those who are banned, and back.
#[component]
fn Others(id: String, banned: bool) -> impl IntoView {
    let (address, key) = match banned {
        true => (format!("/rooms/{id}/members"), "room-members"),
        false => (format!("/rooms/{id}/members?banned=true"), "members-banned"),
    };
    view! {
        <p class="page-link">
            <a href=address>{t(key)}</a>
        </p>
    }
}

/// Of which messages the reader is told, and how they leave.
#[component]
fn OwnPart(
    id: String,
    notify: Notify,
    #[prop(optional_no_strip)] stays: Option<&'static str>,
) -> impl IntoView {
    let choices = Notify::VARIANTS.iter().rev().map(|one| {
        let key = match one {
            Notify::Nothing => "room-notify-nothing",
            Notify::Mentions => "room-notify-mentions",
            Notify::All => "room-notify-all",
        };
        view! { <Choice name="notify" value=one.into_str() checked=*one == notify label=t(key) /> }
    });
    let choices = choices.collect_view();
    view! {
        <Section id="own" title=t("room-own-part")>
            <form method="post" action="/fn/room-notify">
                <input type="hidden" name="id" value=id.clone() />
                <Choices legend=t("room-notify") name="notify">
                    {choices}
                </Choices>
                <button class="button-small">{t("room-save")}</button>
            </form>
            {stays.map(|key| view! { <p class="muted">{t(key)}</p> })}
            {stays
                .is_none()
                .then(|| {
                    view! {
                        <details class="confirm">
                            <summary class="button-small danger">{t("room-leave")}</summary>
                            <form method="post" action="/fn/leave-room">
                                <input type="hidden" name="id" value=id />
                                <p>{t("room-leave-hint")}</p>
                                <button class="button-small danger">{t("room-leave-now")}</button>
                            </form>
                        </details>
                    }
                })}
        </Section>
    }
}
