//! `/people`: everybody who is signed in finds the others here, first those who have a page open.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::{Page as Listed, Person, Picture},
    pages::{
        Fresh, Notice, PageError, Query, Visitor,
        fields::Alert,
        layout::{Bar, Frame, Sidebar},
        presence::PresenceMark,
    },
    server::{
        accounts::valid::MAX_NAME_CHARS,
        conversations::Conversations,
        http::{document::Page, redirect},
        live::presence::Presences,
        rooms::profiles::Profiles,
        words,
    },
    ui::{
        parts::{Icon, PersonPicture},
        words::t,
    },
};

/// The parameters of the page's address.
#[derive(Default, Deserialize)]
pub struct Which {
    /// What the names contain.
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

/// `GET /people`.
pub async fn people(
    State(conversations): State<Arc<Conversations>>,
    (State(profiles), State(presences)): (State<Arc<Profiles>>, State<Arc<Presences>>),
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Query(Which { q, cursor }): Query<Which>,
    notice: Notice,
) -> Result<Response, PageError> {
    let q: String = q.chars().take(MAX_NAME_CHARS).collect();
    let found = profiles.list(&current, Some(&q), cursor.as_deref(), None).await?;
    let ids: Vec<String> = found.items.iter().map(|person| person.id.clone()).collect();
    let here = presences.of(&ids).await?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let me = current.user.id;
    Ok(Page::new(words::current().say("people-of-site")).render(move || {
        let (alert, done) = (notice.alert(), notice.done());
        let Listed { items, next_cursor } = found;
        let empty = items.is_empty();
        let rows = items.into_iter().map(|person| {
            let own = person.id == me;
            let presence = here.get(&person.id).copied().unwrap_or_default();
            let presence = view! { <PresenceMark presence now days /> }.into_any();
            view! { <Row person own presence /> }
        });
        let rows = rows.collect_view();
        let more = next_cursor.map(|cursor| {
            format!("/people?q={}&cursor={}", redirect::quoted(&q), redirect::quoted(&cursor))
        });
        view! {
            <Frame sidebar current=None>
                <Bar title=t("people-of-site")>""</Bar>
                <div class="thread">
                    <section class="column">
                        <Alert sentence=alert />
                        {done.map(|done| view! { <p class="success" role="status">{done}</p> })}
                        <form class="search" action="/people" role="search">
                            <input
                                type="search"
                                name="q"
                                value=q
                                maxlength=MAX_NAME_CHARS
                                placeholder=t("people-search-names")
                                aria-label=t("people-search-names")
                            />
                            <button class="button-small" aria-label=t("search") title=t("search")>
                                <Icon name="search" />
                            </button>
                        </form>
                        {empty.then(|| view! { <p class="muted" role="status">{t("people-nobody")}</p> })}
                        <ul class="room-list">{rows}</ul>
                        {more.map(|address| view! { <p class="page-link"><a href=address>{t("people-next")}</a></p> })}
                        <p class="muted people-hint">
                            {t("people-hint")} " " <a href="/settings#others">{t("settings")}</a>
                        </p>
                    </section>
                </div>
            </Frame>
        }
    }))
}

#[component]
fn Row(person: Person, own: bool, presence: AnyView) -> impl IntoView {
    let Person { id, name, initial, colour, about } = person;
    view! {
        <li>
            <a href=format!("/people/{id}")>
                <PersonPicture picture=Picture { initial, colour } />
                <span class="room-name">
                    <strong dir="auto">{name}</strong>
                    {(!about.is_empty())
                        .then(|| {
                            view! {
                                <small class="muted" dir="auto">
                                    {about}
                                </small>
                            }
                        })}
                    {presence}
                </span>
                {own.then(|| view! { <span class="badge">{t("you")}</span> })}
            </a>
        </li>
    }
}
