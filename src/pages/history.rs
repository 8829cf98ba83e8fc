//! All conversations, those that are archived, or those that were deleted, page by page. All but the last are searched by
//! their titles.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::{Conversation, Page as Listed, Reason, conversation::MAX_TITLE_CHARS},
    pages::{
        Fresh, Notice, PageError, Query, Visitor,
        days::Days,
        layout::{Bar, Frame, Groups, Sidebar, title_of},
    },
    server::{
        conversations::{Conversations, Deleted, Listing},
        http::{document::Page, redirect},
        words,
    },
    ui::{
        parts::Icon,
        words::{around, t, t_with},
    },
};

/// The parameters of the list's address.
#[derive(Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    /// Whether the archived ones are wanted, in place of the others.
    #[serde(default)]
    archived: bool,
    /// Whether those are wanted that were deleted and can be restored.
    #[serde(default)]
    deleted: bool,
}

/// The lists of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    All,
    Archived,
    Deleted,
}

impl Tab {
    const EACH: [Self; 3] = [Self::All, Self::Archived, Self::Deleted];

    fn address(self) -> &'static str {
        match self {
            Self::All => "/history",
            Self::Archived => "/history?archived=true",
            Self::Deleted => "/history?deleted=true",
        }
    }

    /// The key of its name, which is the page's heading, too.
    fn name(self) -> &'static str {
        match self {
            Self::All => "conversations-all",
            Self::Archived => "conversations-archived",
            Self::Deleted => "conversations-deleted",
        }
    }

    /// The icon and the key of the sentence for an empty list.
    fn nothing(self) -> (&'static str, &'static str) {
        match self {
            Self::All => ("clock", "conversations-none"),
            Self::Archived => ("archive", "conversations-none-archived"),
            Self::Deleted => ("bin", "conversations-none-deleted"),
        }
    }
}

/// A page of one of the lists.
enum Found {
    Kept(Listed<Conversation>),
    Deleted(Listed<Deleted>),
}

impl Found {
    fn is_empty(&self) -> bool {
        match self {
            Self::Kept(page) => page.items.is_empty(),
            Self::Deleted(page) => page.items.is_empty(),
        }
    }

    fn next_cursor(&self) -> Option<String> {
        match self {
            Self::Kept(page) => page.next_cursor.clone(),
            Self::Deleted(page) => page.next_cursor.clone(),
        }
    }
}

/// `GET /history`.
pub async fn all(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Query(search): Query<Search>,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let cursor = search.cursor.as_deref();
    let tab = match search {
        Search { deleted: true, .. } => Tab::Deleted,
        Search { archived: true, .. } => Tab::Archived,
        Search { .. } => Tab::All,
    };
    // No title is longer, and no page of its own is worth what was typed too long.
    let most = if tab == Tab::Deleted { 0 } else { MAX_TITLE_CHARS };
    let q: String = search.q.chars().take(most).collect();
    let found = match tab {
        Tab::Deleted => Found::Deleted(conversations.deleted(&current, cursor).await?),
        Tab::All | Tab::Archived => {
            let archived = tab == Tab::Archived;
            let listing = Listing { cursor, title_contains: Some(&q), archived, ..Default::default() };
            Found::Kept(conversations.list(&current, listing).await?)
        }
    };
    Ok(Page::new(words::current().say(tab.name())).render(move || {
        let (empty, next) = (found.is_empty(), found.next_cursor());
        let searched = !q.is_empty();
        let older = next.map(|cursor| {
            let sign = if tab == Tab::All { '?' } else { '&' };
            let sought = if searched { format!("&q={}", redirect::quoted(&q)) } else { String::new() };
            format!("{}{sign}cursor={cursor}{sought}", tab.address())
        });
        let rows = match found {
            Found::Kept(page) if tab == Tab::Archived => view! { <Archive items=page.items /> }.into_any(),
            Found::Kept(page) => view! { <Groups items=page.items now days current=None /> }.into_any(),
            Found::Deleted(page) => view! { <Bin items=page.items days /> }.into_any(),
        };
        view! {
            <Frame sidebar current=None>
                <Bar title=t(tab.name())>""</Bar>
                <div class="thread">
                    <section class="column">
                        <Told notice />
                        {(tab != Tab::Deleted).then(|| view! { <SearchForm q tab /> })}
                        <Tabs here=tab />
                        {empty.then(|| view! { <Nothing searched tab /> })}
                        <div class="history">{rows}</div>
                        {older
                            .map(|address| {
                                view! {
                                    <p class="page-link">
                                        <a href=address>{t("conversations-older")}</a>
                                    </p>
                                }
                            })}
                    </section>
                </div>
            </Frame>
        }
    }))
}

/// What the form did that led here; a conversation that is back can be opened.
#[component]
fn Told(notice: Notice) -> impl IntoView {
    let done = notice.done().map(|done| done.into_any());
    let sentence = done.or_else(|| {
        let (key, id, title) = notice.back()?;
        let (before, after) = around(key, "title");
        let link = view! { <a href=format!("/c/{id}") dir="auto">{title}</a> };
        Some(view! { {before} {link} {after} }.into_any())
    });
    sentence.map(|sentence| view! { <p class="success" role="status">{sentence}</p> })
}

#[component]
fn SearchForm(q: String, tab: Tab) -> impl IntoView {
    let archived = tab == Tab::Archived;
    view! {
        <form class="search" action="/history" role="search">
            <input
                type="search"
                name="q"
                value=q
                maxlength=MAX_TITLE_CHARS
                placeholder=t("search-titles")
                aria-label=t("search-titles")
            />
            {archived.then(|| view! { <input type="hidden" name="archived" value="true" /> })}
            <button class="button-small" aria-label=t("search") title=t("search")>
                <Icon name="search" />
            </button>
        </form>
    }
}

#[component]
fn Tabs(here: Tab) -> impl IntoView {
    let links = Tab::EACH.map(|tab| {
        view! {
            <a class="button-small" href=tab.address() aria-current=(tab == here).then_some("page")>
                {t(tab.name())}
            </a>
        }
    });
    view! {
        <nav class="tabs" aria-label=t("conversations-all")>
            {links.collect_view()}
        </nav>
    }
}

/// An empty list: why, and the way on.
#[component]
fn Nothing(searched: bool, tab: Tab) -> impl IntoView {
    let (icon, sentence) = if searched { ("search", "conversations-none-found") } else { tab.nothing() };
    let (address, key) = if searched || tab == Tab::Deleted {
        ("/history", "conversations-all")
    } else {
        ("/", "conversation-new")
    };
    view! {
        <div class="nothing" role=searched.then_some("status")>
            <Icon name=icon />
            <p>{t(sentence)}</p>
            <a class="button-small" href=address>
                {t(key)}
            </a>
        </div>
    }
}

/// What is archived, each with the button that takes it from there.
#[component]
fn Archive(items: Vec<Conversation>) -> impl IntoView {
    let rows = items.into_iter().map(|conversation| {
        let title = title_of(&conversation);
        let name = t_with(Reason::new("unarchive-named").with("title", title.clone()));
        view! {
            <li>
                <a href=format!("/c/{}", conversation.id)>
                    <span class="title" dir="auto">{title}</span>
                </a>
                <form method="post" action="/fn/archive">
                    <input type="hidden" name="conversation_id" value=conversation.id />
                    <input type="hidden" name="archived" value="false" />
                    <input type="hidden" name="in_list" value="true" />
                    <button class="button-small" aria-label=name>
                        <Icon name="undo" />
                        {t("unarchive")}
                    </button>
                </form>
            </li>
        }
    });
    view! { <ul class="put-away">{rows.collect_view()}</ul> }
}

/// What was deleted, each with the day on which it goes for good and the button that brings it back.
#[component]
fn Bin(items: Vec<Deleted>, days: Days) -> impl IntoView {
    let rows = items.into_iter().map(|Deleted { conversation, gone_at }| {
        let title = title_of(&conversation);
        let name = t_with(Reason::new("restore-named").with("title", title.clone()));
        let gone = Reason::new("conversation-gone-on").with("date", days.date_in_words(gone_at));
        view! {
            <li>
                <p>
                    <span class="title" dir="auto">{title}</span>
                    <small class="muted">{t_with(gone)}</small>
                </p>
                <form method="post" action="/fn/restore">
                    <input type="hidden" name="conversation_id" value=conversation.id />
                    <button class="button-small" aria-label=name>
                        <Icon name="undo" />
                        {t("restore")}
                    </button>
                </form>
            </li>
        }
    });
    view! { <ul class="put-away">{rows.collect_view()}</ul> }
}
