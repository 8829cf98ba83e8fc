//! The pages of administrators: what they have in common, and a file for each. None of them shows what people wrote.

pub mod audit;
pub mod board;
pub mod codes;
pub mod made;
pub mod models;
pub mod people;
pub mod person;
mod provider_form;
pub mod tiers;
pub mod usage;

use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

use crate::{
    domain::Admin,
    error::AppError,
    pages::{
        Notice, PageError, Visitor,
        days::Days,
        layout::Sidebar,
        sections::{Item, SectionedPage},
    },
    server::{http::document::Page, words},
    ui::words::t,
};

/// The pages, in the order of their list.
const ADMIN: [Item; 7] = [
    ("/admin/people", "people"),
    ("/admin/codes", "codes"),
    ("/admin/tiers", "tiers"),
    ("/admin/models", "admin-models"),
    ("/admin/board", "board"),
    ("/admin/usage", "usage"),
    ("/admin/audit", "audit"),
];

/// `GET /admin`.
pub async fn first(_: Administrator) -> Response {
    Redirect::to(ADMIN[0].0).into_response()
}

/// The administrator who opens a page, and the days of their time zone. For everybody else who is signed in there is no such
/// page.
pub struct Administrator(pub Admin, pub Days);

impl<S: Sync> FromRequestParts<S> for Administrator {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let Visitor(current, days) = Visitor::from_request_parts(parts, state).await?;
        Ok(Self(current.admin().ok_or(AppError::NotFound)?, days))
    }
}

/// The document of the page with this address.
fn page(here: &str) -> Page {
    let words = words::current();
    let name = ADMIN.iter().find(|(path, _)| *path == here).map(|(_, key)| words.say(key));
    let titles = [name, Some(words.say("administration"))];
    Page::new(titles.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

/// The frame of the page with this address.
#[component]
fn AdminPage(here: &'static str, sidebar: Sidebar, notice: Notice, children: Children) -> impl IntoView {
    view! {
        <SectionedPage title=t("administration") items=&ADMIN here sidebar notice>
            {children()}
        </SectionedPage>
    }
}
