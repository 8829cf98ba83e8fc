//! `/rooms/new`: the form of a new room.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::fields::{About, Answers};
use crate::{
    domain::{Picture, RoomSettings},
    pages::{
        Fresh, Notice, PageError, Visitor,
        fields::Alert,
        layout::{Bar, Frame, Sidebar},
    },
    server::{conversations::Conversations, http::document::Page, rooms::Rooms, words},
    ui::words::t,
};

const MAKE: &str = "/fn/make-room";

/// `GET /rooms/new`.
pub async fn new(
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    Fresh { now, key }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let why_not = rooms.why_none_to_make(&current).await?;
    Ok(Page::new(words::current().say("room-new")).render(move || {
        let form = notice.of(MAKE);
        let fields = why_not.is_none().then(|| view! { <Make form key /> });
        let alert = notice.alert();
        view! {
            <Frame sidebar current=None>
                <Bar title=t("room-new")>""</Bar>
                <div class="thread">
                    <div class="column card flat settings">
                        <Alert sentence=alert />
                        <section class="settings-section">
                            <p class="muted">{t("room-about")}</p>
                            {fields}
                            {why_not.map(|key| view! { <p>{t(key)}</p> })}
                        </section>
                        <p class="page-link">
                            <a href="/rooms">{t("rooms-all")}</a>
                        </p>
                    </div>
                </div>
            </Frame>
        }
    }))
}

#[component]
fn Make(form: Notice, key: String) -> impl IntoView {
    let settings = RoomSettings::default();
    let answers = settings.answers;
    view! {
        <form method="post" action=MAKE>
            <input type="hidden" name="key" value=key autocomplete="off" />
            <About name=String::new() settings made=Picture::default() form=form.clone() />
            <Answers answers form />
            <button class="button-small">{t("room-make")}</button>
        </form>
    }
}
