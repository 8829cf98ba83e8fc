//! The frame of every page for people who are signed in: the sidebar with the newest conversations, and the main part.

use leptos::prelude::*;

use crate::{
    domain::{Conversation, CurrentUser, Page, UserRole},
    error::AppError,
    pages::days::Days,
    server::{
        conversations::{Conversations, Listing},
        words,
    },
    ui::{
        parts::{Brand, Icon},
        words::t,
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

/// What the sidebar shows.
pub struct Sidebar {
    page: Page<Conversation>,
    name: String,
    role: UserRole,
    now: i64,
    days: Days,
}

impl Sidebar {
    /// Reads the newest conversations. They are grouped by how many of the person's days they are older than `now`, which is in
    /// UTC milliseconds.
    pub async fn load(
        conversations: &Conversations,
        current: &CurrentUser,
        (now, days): (i64, Days),
    ) -> Result<Self, AppError> {
        let page = conversations.list(current, Listing::default()).await?;
        let (name, role) = (current.user.name.clone(), current.user.role);
        Ok(Self { page, name, role, now, days })
    }
}

/// The sidebar beside the content of a page. On a narrow screen a checkbox opens the sidebar, so that it needs no script.
/// `current` is the conversation that the page shows.
#[component]
pub fn Frame(sidebar: Sidebar, current: Option<String>, children: Children) -> impl IntoView {
    let Sidebar { page, name, role, now, days } = sidebar;
    let initial = name.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let more = page.next_cursor.is_some();
    view! {
        <input type="checkbox" id="open-sidebar" class="visually-hidden" aria-label=t("conversations-show") />
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
            <div class="history">
                <Groups items=page.items now days current />
                {more.then(|| view! { <a class="page-link" href="/history">{t("conversations-all")}</a> })}
            </div>
            <div class="account">
                <span class="avatar" aria-hidden="true">{initial}</span>
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
        <label class="backdrop" for="open-sidebar" aria-hidden="true"></label>
        <main class="content">{children()}</main>
    }
}

/// The bar above the content: the button that opens the sidebar on a narrow screen, the heading, and the page's own menu.
#[component]
pub fn Bar(title: String, children: Children) -> impl IntoView {
    view! {
        <div class="top-bar">
            <label class="button-bare narrow-only" for="open-sidebar" title=t("conversations-show")>
                <Icon name="side" />
            </label>
            <h1>{title}</h1>
            <span class="spacer"></span>
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
    groups
        .into_iter()
        .map(|(name, items)| {
            view! {
                <h2>{t(name)}</h2>
                <ul>
                    {items
                        .into_iter()
                        .map(|item| {
                            let here = (current.as_ref() == Some(&item.id)).then_some("page");
                            view! {
                                <li>
                                    <a href=format!("/c/{}#latest", item.id) aria-current=here>
                                        <span class="title" dir="auto">{title_of(&item)}</span>
                                    </a>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            }
        })
        .collect_view()
}
