//! The pages of one's own account: what they have in common, and a file for each.

pub mod appearance;
pub mod chat;
pub mod data;
pub mod device;
pub mod devices;
mod export;
mod identities;
mod others;
pub mod picture;
mod presence;
pub mod profile;
pub mod prove;
pub mod second_factor;
pub mod sign_in;
pub mod tier;

use leptos::prelude::*;

use crate::{
    pages::{
        Notice,
        layout::Sidebar,
        sections::{Item, SectionedPage},
    },
    server::{http::document::Page, words},
    ui::words::t,
};

/// The pages, in the order of their list.
const SETTINGS: [Item; 6] = [
    ("/settings", "profile"),
    ("/settings/appearance", "appearance"),
    ("/settings/chat", "chat-settings"),
    ("/settings/sign-in", "settings-sign-in"),
    ("/settings/devices", "settings-devices"),
    ("/settings/data", "settings-data"),
];

/// The document of the page with this address.
fn page(here: &str) -> Page {
    let words = words::current();
    let name = SETTINGS.iter().find(|(path, _)| *path == here).map(|(_, key)| words.say(key));
    let titles = [name, Some(words.say("settings"))];
    Page::new(titles.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

/// The frame of the page with this address.
#[component]
fn SettingsPage(here: &'static str, sidebar: Sidebar, notice: Notice, children: Children) -> impl IntoView {
    view! {
        <SectionedPage title=t("settings") items=&SETTINGS here sidebar notice>
            {children()}
        </SectionedPage>
    }
}
