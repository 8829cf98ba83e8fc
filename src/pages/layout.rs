//! The frame of every page for people who are signed in: the sidebar with the newest conversations, and the main part.

use std::sync::Arc;

use axum::{Json, extract::State, http::HeaderMap};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::{
        Board, Conversation, CurrentUser, Page, Picture, Reason, RoomEntry, UserRole,
        conversation::MAX_TITLE_CHARS,
    },
    error::AppError,
    pages::{
        Fresh, Query,
        days::Days,
        side_rooms::{MOST_ROOMS, SideDirects, SideRooms},
    },
    server::{
        accounts::picture,
        conversations::{Conversations, DirectRow},
        http::document::{count_in_tab, fragment},
        words,
    },
    ui::{
        parts::{Brand, Icon, PersonPicture},
        words::{t, t_with},
    },
};

/// The key of the heading above pinned conversations, which come first.
const PINNED: &str = "day-pinned";

/// The title of a conversation; one that has no title yet is called a new conversation.
pub fn title_of(conversation: &Conversation) -> String {
    match conversation.title.is_empty() {
        true => words::current().say("conversation-new"),
        false => conversation.title.clone(),
    }
}

/// The newest rooms and conversations. Of rooms and direct conversations one more is read than is shown, if there are more.
struct Newest {
    page: Page<Conversation>,
    rooms: Vec<RoomEntry>,
    directs: Vec<DirectRow>,
    board: Option<Board>,
}

impl Newest {
    async fn load(conversations: &Conversations, current: &CurrentUser) -> Result<Self, AppError> {
        let rooms = async {
            let rooms = conversations.sidebar_rooms(current, MOST_ROOMS).await?;
            let shown = rooms.get(..MOST_ROOMS as usize).unwrap_or(&rooms);
            let board = conversations.sidebar_board(current, shown).await?;
            Ok((rooms, board))
        };
        let directs = conversations.sidebar_directs(current, MOST_ROOMS);
        let (page, (rooms, board), directs) =
            futures::try_join!(conversations.sidebar(current), rooms, directs)?;
        Ok(Self { page, rooms, directs, board })
    }

    /// How many messages of other rooms and people than those on the page the person is told of.
    fn told(&self, current: Option<&str>) -> u32 {
        let most = MOST_ROOMS as usize;
        let directs = self.directs.iter().take(most).map(|direct| &direct.entry);
        let all = self.rooms.iter().take(most).chain(directs);
        all.filter(|entry| current != Some(&*entry.room.id)).map(RoomEntry::counted).sum()
    }
}

/// What the sidebar shows.
pub struct Sidebar {
    newest: Newest,
    name: String,
    picture: Picture,
    role: UserRole,
    /// When the account will be deleted.
    leaves_at: Option<i64>,
    now: i64,
    days: Days,
    single_keys: bool,
}

impl Sidebar {
    /// Reads the newest conversations. They are grouped by how many of the person's days they are older than `now`, which is in
    /// UTC milliseconds.
    pub async fn load(
        conversations: &Conversations,
        current: &CurrentUser,
        (now, days): (i64, Days),
    ) -> Result<Self, AppError> {
        let newest = Newest::load(conversations, current).await?;
        let (name, role) = (current.user.name.clone(), current.user.role);
        let leaves_at = current.user.deletes_at;
        let (picture, single_keys) = (picture::of(&current.user), current.user.preferences.single_keys);
        Ok(Self { newest, name, picture, role, leaves_at, now, days, single_keys })
    }

    /// The conversations that changed last, at the most `most`, each with the key of its age.
    pub fn newest(&self, most: usize) -> Vec<(Conversation, &'static str)> {
        let mut all = self.newest.page.items.clone();
        all.sort_by_key(|item| std::cmp::Reverse(item.updated_at));
        all.truncate(most);
        all.into_iter().map(|item| (item.clone(), self.days.age(self.now, item.updated_at))).collect()
    }
}

/// The sidebar beside the content of a page. On a narrow screen a checkbox opens the sidebar, so that it needs no script.
/// `current` is the conversation that the page shows.
#[component]
pub fn Frame(sidebar: Sidebar, current: Option<String>, children: Children) -> impl IntoView {
    let Sidebar { newest, name, picture, role, leaves_at, now, days, single_keys } = sidebar;
    let unread_rooms = unread_of(&newest.rooms, current.as_deref());
    let told = newest.told(current.as_deref());
    count_in_tab(told);
    view! {
        <header class="stops">
            <a class="skip-link" href="#content">
                {t("skip-to-content")}
            </a>
            <input
                type="checkbox"
                id="open-sidebar"
                class="visually-hidden narrow-only"
                aria-label=t("conversations-show")
            />
        </header>
        <nav class="sidebar" aria-label=t("conversations")>
            <div class="sidebar-head">
                <Brand />
                <label class="button-bare narrow-only" for="open-sidebar" title=t("close")>
                    <Icon name="close" />
                </label>
            </div>
            <a class="new-conversation" href="/">
                <Icon name="plus" />
                {t("conversation-new")}
            </a>
            <a class="side-link" href="/history">
                <Icon name="search" />
                {t("search")}
            </a>
            <RoomsLink unread=unread_rooms />
            {(role == UserRole::Admin)
                .then(|| {
                    view! {
                        <a class="side-link" href="/admin">
                            <Icon name="shield" />
                            {t("administration")}
                        </a>
                    }
                })}
            <div class="history">
                <List newest now days current told />
            </div>
            <noscript>
                <p class="without-script">{t("without-script")}</p>
            </noscript>
            {leaves_at
                .map(|at| {
                    let sentence = Reason::new("account-leaving").with("date", days.date_in_words(at));
                    view! {
                        <a class="leaving" href="/settings/data">
                            {t_with(sentence)}
                        </a>
                    }
                })}
            <div class="account">
                <PersonPicture picture />
                <a class="account-name" href="/settings" title=t("settings")>
                    {name}
                    <small>{t(if role == UserRole::Admin { "role-administrator" } else { "role-member" })}</small>
                </a>
                <form method="post" action="/fn/logout">
                    <button class="button-bare" aria-label=t("sign-out") title=t("sign-out")>
                        <Icon name="leave" />
                    </button>
                </form>
            </div>
        </nav>
        <template id="new-group">
            <Group name="day-today" items=Vec::new() current=None />
        </template>
        <template id="new-row">
            <Row address=None title=String::new() here=None mark=None />
        </template>
        <label class="backdrop" for="open-sidebar" aria-hidden="true"></label>
        <main class="content" id="content" tabindex="-1" data-single-keys=(!single_keys).then_some("off")>
            {children()}
        </main>
    }
}

/// The parameters of [`list`].
#[derive(Default, Deserialize)]
pub struct ListQuery {
    /// The conversation on the page.
    current: Option<String>,
}

/// `GET /fn/list`: the list of conversations as it is now, as HTML.
pub async fn list(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    current: CurrentUser,
    headers: HeaderMap,
    Query(query): Query<ListQuery>,
) -> Result<Json<String>, AppError> {
    let days = Days::of(&headers);
    let newest = Newest::load(&conversations, &current).await?;
    let told = newest.told(query.current.as_deref());
    Ok(Json(fragment(move || view! { <List newest now days current=query.current told /> })))
}

/// The newest rooms and conversations, and the links to all of them if there are more.
#[component]
fn List(newest: Newest, now: i64, days: Days, current: Option<String>, told: u32) -> impl IntoView {
    let Newest { page, rooms, directs, board } = newest;
    let more = page.next_cursor.is_some();
    let unread_rooms = unread_of(&rooms, current.as_deref());
    view! {
        // The browser's part puts it into the title of the tab.
        <span id="told" data-told=told hidden></span>
        // And this in the place of the one above the list.
        <template id="rooms-link">
            <RoomsLink unread=unread_rooms />
        </template>
        <SideRooms rooms board current=current.clone() />
        <SideDirects directs current=current.clone() />
        <Groups items=page.items now days current />
        {more.then(|| view! { <a class="page-link" href="/history">{t("conversations-all")}</a> })}
    }
}

/// The link to all rooms, with how many of the newest have something unread.
#[component]
fn RoomsLink(unread: usize) -> impl IntoView {
    let number = (unread > 0).then(|| {
        let sentence = t_with(Reason::new("rooms-unread").with("count", unread));
        let title = sentence.clone();
        view! {
            <span class="unread-count" title=title>
                <span aria-hidden="true">{unread}</span>
                <span class="visually-hidden">{sentence}</span>
            </span>
        }
    });
    view! {
        <a class="side-link" href="/rooms">
            <Icon name="people" />
            {t("rooms")}
            {number}
        </a>
    }
}

/// How many of these rooms have something unread that the person is told of, without the one on the page.
fn unread_of(rooms: &[RoomEntry], current: Option<&str>) -> usize {
    let shown = rooms.iter().take(MOST_ROOMS as usize);
    shown.filter(|entry| current != Some(&*entry.room.id) && entry.counted() > 0).count()
}

/// The bar above the content: the buttons for the sidebar and for a new conversation on a narrow screen, the heading, and
/// the page's own menu.
#[component]
pub fn Bar(title: String, #[prop(optional)] about: String, children: Children) -> impl IntoView {
    let about = (!about.is_empty()).then(|| {
        let title = about.clone();
        view! {
            <p class="bar-about muted" dir="auto" title=title>
                {about}
            </p>
        }
    });
    view! {
        <div class="top-bar">
            <label class="button-bare narrow-only" for="open-sidebar" title=t("conversations-show")>
                <Icon name="side" />
            </label>
            <h1>{title}</h1>
            {about}
            <span class="spacer"></span>
            <a
                class="button-bare narrow-only"
                href="/"
                aria-label=t("conversation-new")
                title=t("conversation-new")
            >
                <Icon name="plus" />
            </a>
            {children()}
        </div>
    }
}

/// Conversations grouped by the day of their last change.
#[component]
pub fn Groups(items: Vec<Conversation>, now: i64, days: Days, current: Option<String>) -> impl IntoView {
    let mut groups: Vec<(&'static str, Vec<Conversation>)> = Vec::new();
    for item in items {
        let name = if item.pinned { PINNED } else { days.age(now, item.updated_at) };
        match groups.iter_mut().find(|(group, _)| *group == name) {
            Some((_, items)) => items.push(item),
            None => groups.push((name, vec![item])),
        }
    }
    groups.sort_by_key(|(name, _)| *name != PINNED);
    let groups = groups.into_iter();
    groups.map(|(name, items)| view! { <Group name items current=current.clone() /> }).collect_view()
}

#[component]
fn Group(name: &'static str, items: Vec<Conversation>, current: Option<String>) -> impl IntoView {
    let rows = items.into_iter().map(|item| {
        let here = (current.as_ref() == Some(&item.id)).then_some("page");
        let address = Some(format!("/c/{}", item.id));
        let mark = match (item.running, item.unread && here.is_none()) {
            (true, _) => Some("running"),
            (false, true) => Some("unread"),
            (false, false) => None,
        };
        view! { <Row address title=title_of(&item) here mark /> }
    });
    view! {
        <div class="group" data-day=name>
            <h2>{t(name)}</h2>
            <ul>{rows.collect_view()}</ul>
        </div>
    }
}

/// A conversation in the list. A script gives the row of a new one its address as soon as there is one.
#[component]
fn Row(
    #[prop(optional_no_strip)] address: Option<String>,
    title: String,
    #[prop(optional_no_strip)] here: Option<&'static str>,
    #[prop(optional_no_strip)] mark: Option<&'static str>,
) -> impl IntoView {
    let mark = mark.map(|mark| {
        view! {
            <span class=mark title=t(mark)>
                <span class="visually-hidden">{t(mark)}</span>
            </span>
        }
    });
    // Without a script the page of settings has what the menu has.
    let more = t_with(Reason::new("conversation-more").with("title", title.clone()));
    let settings = address.as_ref().map(|address| format!("{address}/settings"));
    let (hidden, whole) = (address.is_none(), title.clone());
    view! {
        <li>
            <a href=address aria-current=here title=whole>
                <span class="title" dir="auto">{title}</span>
                {mark}
            </a>
            <a class="row-more" href=settings hidden=hidden aria-label=more>
                <Icon name="more" />
            </a>
        </li>
    }
}

/// What is there once for all rows of the list: the menu that a script opens beside a row, and the field in which a title is
/// changed in its place.
#[component]
pub fn RowMenu() -> impl IntoView {
    let item = |act: &'static str, icon: &'static str, key: &'static str| {
        view! {
            <button type="button" role="menuitem" tabindex="-1" data-row=act>
                <Icon name=icon />
                {t(key)}
            </button>
        }
    };
    view! {
        <div class="row-menu" id="row-menu" role="menu" aria-label=t("more") popover="manual">
            {item("rename", "edit", "rename")}
            {item("pin", "pin", "pin")}
            {item("unpin", "pin", "unpin")}
            {item("archive", "archive", "archive")}
            {item("delete", "bin", "delete-for-good")}
        </div>
        <template id="row-title">
            <input class="row-title" name="title" maxlength=MAX_TITLE_CHARS aria-label=t("field-title") dir="auto" />
        </template>
    }
}
