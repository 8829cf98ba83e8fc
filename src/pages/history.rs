//! All conversations, or those that are archived, page by page, with a search in their titles.

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

/// The parameters of the list's address.
#[derive(Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    /// Whether the archived ones are wanted, in place of the others.
    #[serde(default)]
    archived: bool,
}

/// `GET /history`.
pub async fn all(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Query(search): Query<Search>,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let archived = search.archived;
    let listing = Listing {
        cursor: search.cursor.as_deref(),
        title_contains: Some(&search.q),
        archived,
        ..Default::default()
    };
    let found = conversations.list(&current, listing).await?;
    Ok(Page::new(words::current().say("conversations-all")).render(move || {
        let empty = found.items.is_empty();
        let searched = !search.q.is_empty();
        let sentence = t(match (searched, archived) {
            (true, _) => "conversations-none-found",
            (false, true) => "conversations-none-archived",
            (false, false) => "conversations-none",
        });
        let kept = if archived { "&archived=true" } else { "" };
        let tab = move |address: &'static str, of: bool, key: &'static str| {
            view! {
                <a class="button-small" href=address aria-current=(of == archived).then_some("page")>
                    {t(key)}
                </a>
            }
        };
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
                            {archived.then(|| view! { <input type="hidden" name="archived" value="true" /> })}
                            <button class="button-small" aria-label=t("search") title=t("search")>
                                <Icon name="search" />
                            </button>
                        </form>
                        <nav class="tabs" aria-label=t("conversations-all")>
                            {tab("/history", false, "conversations-all")}
                            {tab("/history?archived=true", true, "conversations-archived")}
                        </nav>
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
                                        <a href=format!("/history?q={q}&cursor={cursor}{kept}")>{t("conversations-older")}</a>
                                    </p>
                                }
                            })}
                    </section>
                </div>
            </Frame>
        }
    }))
}
