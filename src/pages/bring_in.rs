//! `/c/{id}/room`: the form that makes a room of a copy of a private conversation, and what that means.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

use crate::{
    domain::{ConversationKind, RoomAnswers, conversation::MAX_TITLE_CHARS},
    pages::{
        Fresh, Id, Notice, PageError, Visitor,
        fields::{Alert, FieldError, invalid},
        layout::{Bar, Frame, Sidebar, title_of},
        rooms::fields::Answers,
    },
    server::{conversations::Conversations, http::document::Page, rooms::Rooms, words},
    ui::words::t,
};

const BRING: &str = "/fn/bring-in";

/// `GET /c/{id}/room`. Whoever opens it of a room is led to the room's people.
pub async fn bring_in(
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    Fresh { now, key }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let conversation = conversations.open(&current, &id).await?.into_conversation();
    if conversation.kind != ConversationKind::Private {
        return Ok(Redirect::to(&format!("/rooms/{id}/members")).into_response());
    }
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let why_not = rooms.why_none_to_make(&current).await?;
    Ok(Page::new(words::current().say("bring-in")).render(move || {
        let title = title_of(&conversation);
        let form = notice.of(BRING);
        let fields = why_not.is_none().then(|| {
            let (id, name) = (id.clone(), conversation.title.clone());
            view! { <Make id name key form /> }
        });
        // Made after the form, because it is about what no field has told.
        let alert = notice.alert();
        view! {
            <Frame sidebar current=Some(id.clone())>
                <Bar title=t("bring-in")>""</Bar>
                <div class="thread">
                    <div class="column card flat settings">
                        <Alert sentence=alert />
                        <p>
                            <a href=format!("/c/{id}") dir="auto">
                                {title}
                            </a>
                        </p>
                        <section class="settings-section">
                            <p>{t("bring-in-about")}</p>
                            <ul class="bring-in">
                                <li>{t("bring-in-copy")}</li>
                                <li>{t("bring-in-private")}</li>
                                <li>{t("bring-in-instructions")}</li>
                            </ul>
                            {fields}
                            {why_not.map(|key| view! { <p>{t(key)}</p> })}
                        </section>
                    </div>
                </div>
            </Frame>
        }
    }))
}

#[component]
fn Make(id: String, name: String, key: String, form: Notice) -> impl IntoView {
    let name = form.typed().name.unwrap_or(name);
    let refused = form.at("name");
    let (wrong, described) = invalid("name", refused.as_ref());
    view! {
        <form method="post" action=BRING>
            <input type="hidden" name="conversation_id" value=id />
            <input type="hidden" name="key" value=key autocomplete="off" />
            <label>
                {t("room-name")}
                <input
                    name="name"
                    value=name
                    maxlength=MAX_TITLE_CHARS
                    required
                    autocomplete="off"
                    dir="auto"
                    autofocus=wrong.is_some()
                    aria-invalid=wrong
                    aria-describedby=described
                />
            </label>
            <FieldError of="name" sentence=refused />
            <Answers answers=RoomAnswers::default() form />
            <button class="button-small">{t("bring-in-now")}</button>
        </form>
    }
}
