//! `/rooms`: the rooms that one takes part in, and those that one may join.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use super::member_count;
use crate::{
    domain::{
        DirectEntry, MemberRole, Page as Listed, Picture, Reason, Room, RoomEntry,
        conversation::MAX_TITLE_CHARS,
    },
    pages::{
        Fresh, Notice, PageError, Query, Visitor,
        fields::Alert,
        layout::{Bar, Frame, Sidebar},
        unread::Unread,
    },
    server::{
        accounts::picture,
        conversations::Conversations,
        http::{document::Page, redirect},
        rooms::{Rooms, profiles::Profiles},
        words,
    },
    ui::{
        parts::{Icon, PersonPicture},
        words::{t, t_with},
    },
};

/// The parameters of the page's address.
#[derive(Default, Deserialize)]
pub struct Which {
    /// What the names of the listed rooms contain.
    #[serde(default)]
    q: String,
    /// Where the page of one's own rooms goes on.
    cursor: Option<String>,
    /// Where the page of the listed ones goes on.
    listed: Option<String>,
    /// Where the page of direct conversations goes on.
    directs: Option<String>,
}

/// `GET /rooms`.
pub async fn rooms(
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    State(profiles): State<Arc<Profiles>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Query(Which { q, cursor, listed, directs }): Query<Which>,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let q: String = q.chars().take(MAX_TITLE_CHARS).collect();
    let own = rooms.list(&current, cursor.as_deref(), None).await?;
    let others = rooms.listed(&current, Some(&q), listed.as_deref(), None).await?;
    let directs = rooms.directs(&current, directs.as_deref(), None).await?;
    let has_list = profiles.has_list();
    let may_make = rooms.left_to_make(&current).await? != Some(0);
    Ok(Page::new(words::current().say("rooms")).render(move || {
        let (alert, done) = (notice.alert(), notice.done());
        let nothing = own.items.is_empty() && cursor.is_none();
        view! {
            <Frame sidebar current=None>
                <Bar title=t("rooms")>""</Bar>
                <div class="thread">
                    <section class="column">
                        <Alert sentence=alert />
                        {done.map(|done| view! { <p class="success" role="status">{done}</p> })}
                        <p class="room-ways">
                            {may_make.then(|| view! { <a class="button-small" href="/rooms/new"><Icon name="plus" />{t("room-new")}</a> })}
                            <a class="button-small" href="/join">{t("room-have-code")}</a>
                            {has_list.then(|| view! { <a class="button-small" href="/people"><Icon name="people" />{t("people-of-site")}</a> })}
                        </p>
                        {nothing.then(|| view! { <Nothing may_make /> })}
                        <Own page=own />
                        <Directs page=directs />
                        <Others page=others q />
                    </section>
                </div>
            </Frame>
        }
    }))
}

/// What rooms are, for whoever is in none.
#[component]
fn Nothing(may_make: bool) -> impl IntoView {
    view! {
        <div class="nothing">
            <Icon name="people" />
            <p>{t("rooms-nothing")}</p>
            {may_make.then(|| view! { <a class="button-small" href="/rooms/new">{t("room-new")}</a> })}
        </div>
    }
}

#[component]
fn Own(page: Listed<RoomEntry>) -> impl IntoView {
    let older = page.next_cursor.map(|cursor| format!("/rooms?cursor={cursor}"));
    view! {
        <ul class="room-list">{page.items.into_iter().map(|entry| view! { <OwnRow entry /> }).collect_view()}</ul>
        {older.map(|address| view! { <p class="page-link"><a href=address>{t("rooms-more")}</a></p> })}
    }
}

#[component]
fn OwnRow(entry: RoomEntry) -> impl IntoView {
    let (unread, mentions) = entry.told();
    let RoomEntry { room, role, running, .. } = entry;
    let reads =
        (role == MemberRole::Reader).then(|| view! { <span class="badge">{t("member-reader")}</span> });
    let address = format!("/c/{}", room.id);
    view! {
        <li>
            <a href=address>
                <Shown room />
                {running.then(|| view! { <span class="running" title=t("running")><span class="visually-hidden">{t("running")}</span></span> })}
                {reads}
                <Unread unread mentions />
            </a>
        </li>
    }
}

/// The picture, the name and the topic of a room.
#[component]
fn Shown(room: Room) -> impl IntoView {
    let about = match room.settings.topic.as_str() {
        "" => member_count(&room),
        topic => topic.to_owned(),
    };
    view! {
        <PersonPicture picture=picture::of_room(&room) />
        <span class="room-name">
            <strong dir="auto">{room.name}</strong>
            <small class="muted" dir="auto">{about}</small>
        </span>
    }
}

/// The conversations with one other person.
#[component]
fn Directs(page: Listed<DirectEntry>) -> impl IntoView {
    let empty = page.items.is_empty();
    let older = page.next_cursor.map(|cursor| format!("/rooms?directs={cursor}#directs"));
    let rows = page.items.into_iter().map(|entry| {
        let DirectEntry { id, name, initial, colour, unread, mentions, notify, running, .. } = entry;
        let (unread, mentions) = notify.told(unread, mentions);
        view! {
            <li>
                <a href=format!("/c/{id}")>
                    <PersonPicture picture=Picture { initial, colour } />
                    <span class="room-name">
                        <strong dir="auto">{name}</strong>
                    </span>
                    {running.then(|| view! { <span class="running" title=t("running")><span class="visually-hidden">{t("running")}</span></span> })}
                    <Unread unread mentions />
                </a>
            </li>
        }
    });
    let rows = rows.collect_view();
    (!empty).then(|| {
        view! {
            <h2 id="directs">{t("directs")}</h2>
            <ul class="room-list">{rows}</ul>
            {older.map(|address| view! { <p class="page-link"><a href=address>{t("directs-more")}</a></p> })}
        }
    })
}

/// The listed rooms that one may join.
#[component]
fn Others(page: Listed<Room>, q: String) -> impl IntoView {
    let (empty, searched) = (page.items.is_empty(), !q.trim().is_empty());
    let older = page.next_cursor.map(|cursor| {
        let sought = if searched { format!("&q={}", redirect::quoted(&q)) } else { String::new() };
        format!("/rooms?listed={cursor}{sought}")
    });
    let rows = page.items.into_iter().map(|room| {
        let (id, name) =
            (room.id.clone(), t_with(Reason::new("room-join-named").with("name", room.name.as_str())));
        let count = member_count(&room);
        let topic = !room.settings.topic.is_empty();
        view! {
            <li>
                <Shown room />
                {topic.then(|| view! { <small class="muted room-count">{count}</small> })}
                <form method="post" action="/fn/join-room">
                    <input type="hidden" name="id" value=id />
                    <button class="button-small" aria-label=name>{t("room-join")}</button>
                </form>
            </li>
        }
    });
    (!empty || searched).then(|| {
        view! {
            <h2>{t("rooms-listed")}</h2>
            <form class="search" action="/rooms" role="search">
                <input
                    type="search"
                    name="q"
                    value=q
                    maxlength=MAX_TITLE_CHARS
                    placeholder=t("rooms-search")
                    aria-label=t("rooms-search")
                />
                <button class="button-small" aria-label=t("search") title=t("search")>
                    <Icon name="search" />
                </button>
            </form>
            {empty.then(|| view! { <p class="muted" role="status">{t("rooms-none-found")}</p> })}
            <ul class="room-list">{rows.collect_view()}</ul>
            {older.map(|address| view! { <p class="page-link"><a href=address>{t("rooms-more")}</a></p> })}
        }
    })
}
