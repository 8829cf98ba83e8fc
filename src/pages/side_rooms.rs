//! The rooms and the direct conversations of the sidebar.

use leptos::prelude::*;

use crate::{
    domain::{Board, RoomEntry},
    pages::{board::places::HERE as BOARD, unread::Unread},
    server::{accounts::picture, conversations::DirectRow},
    ui::{parts::PersonPicture, words::t},
};

/// How many of each the sidebar shows.
pub const MOST_ROOMS: u32 = 10;

/// The rooms of the sidebar, each with what is unread in it, and the board if it is not among them.
#[component]
pub fn SideRooms(rooms: Vec<RoomEntry>, board: Option<Board>, current: Option<String>) -> impl IntoView {
    let most = MOST_ROOMS as usize;
    let more = rooms.len() > most;
    let rows = rooms.into_iter().take(most).map(|entry| {
        let (unread, mentions) = entry.told();
        let room = entry.room;
        let here = (current.as_ref() == Some(&room.id)).then_some("page");
        let (picture, name, title) = (picture::of_room(&room), room.name.clone(), room.name);
        view! {
            <li>
                <a href=format!("/c/{}", room.id) aria-current=here title=title>
                    <PersonPicture picture />
                    <span class="title" dir="auto">{name}</span>
                    {here.is_none().then(|| view! { <Unread unread mentions /> })}
                </a>
            </li>
        }
    });
    let rows = rows.collect_view();
    let board = board.map(|board| {
        let here = (current.as_ref() == Some(&board.id)).then_some("page");
        let (picture, title) = (picture::made_of(&board.name, &board.id), board.name.clone());
        view! {
            <li>
                <a href=BOARD aria-current=here title=title>
                    <PersonPicture picture />
                    <span class="title" dir="auto">{board.name}</span>
                </a>
            </li>
        }
    });
    (!rows.is_empty() || board.is_some()).then(|| {
        view! {
            <div class="group side-rooms" data-rooms="">
                <h2>{t("rooms")}</h2>
                <ul>{rows} {board}</ul>
                {more.then(|| view! { <a class="page-link" href="/rooms">{t("rooms-all")}</a> })}
            </div>
        }
    })
}

/// The direct conversations of the sidebar, each called like the other person.
#[component]
pub fn SideDirects(directs: Vec<DirectRow>, current: Option<String>) -> impl IntoView {
    let more = directs.len() > MOST_ROOMS as usize;
    let rows = directs.into_iter().take(MOST_ROOMS as usize).map(|direct| {
        let (unread, mentions) = direct.entry.told();
        let DirectRow { entry: RoomEntry { room, .. }, other_id, other } = direct;
        let here = (current.as_ref() == Some(&room.id)).then_some("page");
        let made = || picture::made_of(&room.name, &other_id);
        let (picture, name) = (other.as_ref().map_or_else(made, picture::of), room.name.clone());
        view! {
            <li>
                <a href=format!("/c/{}", room.id) aria-current=here title=room.name>
                    <PersonPicture picture />
                    <span class="title" dir="auto">{name}</span>
                    {here.is_none().then(|| view! { <Unread unread mentions /> })}
                </a>
            </li>
        }
    });
    let rows = rows.collect_view();
    (!rows.is_empty()).then(|| {
        view! {
            <div class="group side-rooms" data-rooms="">
                <h2>{t("directs")}</h2>
                <ul>{rows}</ul>
                {more.then(|| view! { <a class="page-link" href="/rooms#directs">{t("directs-all")}</a> })}
            </div>
        }
    })
}
