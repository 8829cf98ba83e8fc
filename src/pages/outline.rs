//! The outline of a conversation: its questions, each a link to its place. It opens in a dialog, and without a script as a
//! page.

use std::sync::Arc;

use axum::{Json, extract::State, http::HeaderMap, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::CurrentUser,
    error::AppError,
    pages::{
        Fresh, Id, PageError, Query, Visitor,
        days::Days,
        layout::{Bar, Frame, Sidebar, title_of},
        sheets::Sheet,
    },
    server::{
        conversations::{Conversations, Opening, Questions},
        http::document::{Page, fragment},
        words,
    },
    ui::{parts::Icon, words::t},
};

/// The button in the bar of a conversation.
#[component]
pub fn OutlineButton(id: String) -> impl IntoView {
    view! {
        <a
            class="button-bare"
            href=format!("/c/{id}/outline")
            data-sheet=format!("/fn/sheet/outline?conversation={id}")
            aria-label=t("outline")
            title=t("outline")
        >
            <Icon name="list" />
        </a>
    }
}

/// The parameters of [`sheet`] and [`page`].
#[derive(Default, Deserialize)]
pub struct Which {
    /// The conversation of a sheet.
    conversation: Option<String>,
    /// Shows the questions before this message; without it, the newest ones.
    before: Option<String>,
}

/// `GET /fn/sheet/outline`. Without a conversation there are no questions.
pub async fn sheet(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    current: CurrentUser,
    headers: HeaderMap,
    Query(which): Query<Which>,
) -> Result<Json<String>, AppError> {
    let days = Days::of(&headers);
    let id = which.conversation.unwrap_or_default();
    let questions = match id.is_empty() {
        true => Questions { openings: Vec::new(), previous_cursor: None },
        false => {
            let grant = conversations.open(&current, &id).await?;
            conversations.questions(&grant, which.before.as_deref()).await?
        }
    };
    Ok(Json(fragment(move || {
        let Questions { openings, previous_cursor } = questions;
        let earlier = previous_cursor.map(|cursor| {
            let address = format!("/c/{id}/outline?before={cursor}");
            let sheet = format!("/fn/sheet/outline?conversation={id}&before={cursor}");
            view! {
                <p class="page-link">
                    <a href=address data-sheet=sheet>
                        {t("outline-earlier")}
                    </a>
                </p>
            }
        });
        view! {
            <Sheet title=t("outline")>
                <div class="picker">
                    <input
                        type="search"
                        class="picker-search"
                        autofocus
                        placeholder=t("outline-search")
                        aria-label=t("outline-search")
                    />
                    <div class="picker-list">
                        {earlier} <Rows id openings now days />
                        <p class="muted picker-none" hidden>
                            {t("outline-none-found")}
                        </p>
                    </div>
                </div>
            </Sheet>
        }
    })))
}

/// `GET /c/{id}/outline`: the same as a page.
pub async fn page(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    Query(which): Query<Which>,
) -> Result<Response, PageError> {
    let grant = conversations.open(&current, &id).await?;
    let questions = conversations.questions(&grant, which.before.as_deref()).await?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let title = title_of(grant.conversation());
    Ok(Page::new(words::current().say("outline")).render(move || {
        let Questions { openings, previous_cursor } = questions;
        let (back, here) = (format!("/c/{id}"), id.clone());
        let earlier = previous_cursor.map(|cursor| {
            let address = format!("/c/{id}/outline?before={cursor}");
            view! {
                <p class="page-link">
                    <a href=address>{t("outline-earlier")}</a>
                </p>
            }
        });
        view! {
            <Frame sidebar current=Some(here)>
                <Bar title=t("outline")>""</Bar>
                <div class="thread">
                    <section class="column">
                        <p>
                            <a href=back dir="auto">
                                {title}
                            </a>
                        </p>
                        {earlier}
                        <Rows id openings now days />
                    </section>
                </div>
            </Frame>
        }
    }))
}

/// The questions, oldest first.
#[component]
fn Rows(id: String, openings: Vec<Opening>, now: i64, days: Days) -> impl IntoView {
    if openings.is_empty() {
        return view! { <p class="muted">{t("outline-none")}</p> }.into_any();
    }
    let mut before = None;
    let rows = openings.into_iter().map(|opening| {
        let Opening { id: question, text, created_at } = opening;
        let when = days.when(now, created_at, before.replace(created_at));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let sought = text.to_lowercase();
        let time = when.day.map_or(when.clock, |(_, day)| day);
        view! {
            <li>
                <a
                    class="picker-row"
                    href=format!("/c/{id}?at={question}#{question}")
                    data-message=question
                    data-sought=sought
                >
                    <span class="picker-name" dir="auto">
                        {text}
                    </span>
                    <time class="time" datetime=when.machine title=when.whole>
                        {time}
                    </time>
                </a>
            </li>
        }
    });
    view! { <ol class="outline">{rows.collect_view()}</ol> }.into_any()
}
