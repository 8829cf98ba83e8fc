//! All conversations, page by page, with a search in their titles.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    pages::{
        Fresh, PageError, Query, Visitor,
        layout::{Bar, Frame, Groups, Sidebar},
    },
    server::{
        conversations::{Conversations, Listing},
        http::{document::Page, redirect},
        words,
    },
    ui::{parts::Icon, words::t},
};

/// The parameters of the list's address: the words to search for, and where the page begins.
#[derive(Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

/// `GET /history`.
pub async fn all(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Query(search): Query<Search>,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let listing =
        Listing { cursor: search.cursor.as_deref(), title_contains: Some(&search.q), ..Default::default() };
    let found = conversations.list(&current, listing).await?;
    Ok(Page::new(words::current().say("conversations-all")).render(move || {
        let empty = found.items.is_empty();
        let searched = !search.q.is_empty();
        let sentence = t(if searched { "conversations-none-found" } else { "conversations-none" });
        let q = redirect::quoted(&search.q).to_string();
        view! {
            <Frame sidebar current=None>
                <Bar title=t("conversations-all")>""</Bar>
                <div class="thread">
                    <section class="column">
                        <form class="search" action="/history" role="search">
                            <input
                                type="search"
                                name="q"
                                value=search.q
                                placeholder=t("search-titles")
                                aria-label=t("search-titles")
                            />
                            <button class="button-small" aria-label=t("search") title=t("search")>
                                <Icon name="search" />
                            </button>
                        </form>
                        {empty
                            .then(|| {
                                view! {
                                    <div class="nothing" role="status">
                                        <Icon name=if searched { "search" } else { "clock" } />
                                        <p>{sentence}</p>
                                        <a class="button-small" href=if searched { "/history" } else { "/" }>
                                            {t(if searched { "conversations-all" } else { "conversation-new" })}
                                        </a>
                                    </div>
                                }
                            })}
                        <div class="history">
                            <Groups items=found.items now days current=None />
                        </div>
                        {found
                            .next_cursor
                            .map(|cursor| {
                                view! {
                                    <p class="page-link">
                                        <a href=format!("/history?q={q}&cursor={cursor}")>{t("conversations-older")}</a>
                                    </p>
                                }
                            })}
                    </section>
                </div>
            </Frame>
        }
    }))
}
