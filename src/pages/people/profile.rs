//! `/people/{id}`: who somebody is, the rooms that one has in common with them, and their wall.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use super::{acts::PersonActs, wall::Wall};
use crate::{
    domain::{Picture, Profile, Reason},
    error::AppError,
    pages::{
        Fresh, Id, Notice, PageError, Query, Visitor,
        days::Days,
        fields::Alert,
        layout::{Bar, Frame, Sidebar},
        sections::Section,
    },
    server::{conversations::Conversations, http::document::Page, rooms::profiles::Profiles},
    ui::{
        parts::PersonPicture,
        words::{t, t_with},
    },
};

/// The parameters of the page's address.
#[derive(Default, Deserialize)]
pub struct Which {
    /// Where the notes go on.
    cursor: Option<String>,
}

/// `GET /people/{id}`.
pub async fn profile(
    State(conversations): State<Arc<Conversations>>,
    State(profiles): State<Arc<Profiles>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    Query(Which { cursor }): Query<Which>,
    notice: Notice,
) -> Result<Response, PageError> {
    let profile = profiles.profile(&current, &id).await?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let notes = match profiles.wall(&current, &id, cursor.as_deref(), None).await {
        Ok(notes) => Some(notes),
        Err(AppError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let own = profile.person.id == current.id();
    Ok(Page::new(profile.person.name.clone()).render(move || {
        let form = notice.of("/fn/leave-note");
        let name = profile.person.name.clone();
        let wall = view! {
            <Wall id=profile.person.id.clone() notes may_note=profile.may_note has_wall=profile.wall own days form />
        };
        // The forms are made first, because the alert is about what none of them has told.
        let wall = wall.into_any();
        let (alert, done) = (notice.alert(), notice.done());
        view! {
            <Frame sidebar current=None>
                <Bar title=name>""</Bar>
                <div class="thread">
                    <div class="column card flat settings">
                        <Alert sentence=alert />
                        {done.map(|done| view! { <p class="success" role="status">{done}</p> })}
                        <Head profile=profile.clone() own days />
                        <Common profile own />
                        {wall}
                    </div>
                </div>
            </Frame>
        }
    }))
}

/// The picture, the name, what the person says of themselves, and what one can do.
#[component]
fn Head(profile: Profile, own: bool, days: Days) -> impl IntoView {
    let Profile { person, joined_at, tier, blocked, .. } = profile;
    let joined = t_with(Reason::new("profile-joined").with("date", days.date_in_words(joined_at)));
    let tier = t_with(Reason::new("profile-tier").with("tier", tier));
    let about = Some(person.about).filter(|about| !about.is_empty());
    view! {
        <div class="profile-head">
            <PersonPicture picture=Picture { initial: person.initial, colour: person.colour } />
            <div>
                <h2 dir="auto">{person.name}</h2>
                <p class="muted">{joined} " · " <span dir="auto">{tier}</span></p>
            </div>
        </div>
        {about
            .map(|about| {
                view! {
                    <p class="profile-about" dir="auto">
                        {about}
                    </p>
                }
            })}
        {if own {
            view! {
                <p>
                    <a class="button-small" href="/settings#others">
                        {t("profile-edit")}
                    </a>
                </p>
            }
                .into_any()
        } else {
            view! { <PersonActs id=person.id blocked /> }.into_any()
        }}
    }
}

/// The rooms in which both take part.
#[component]
fn Common(profile: Profile, own: bool) -> impl IntoView {
    let rooms = profile.rooms;
    let none = rooms.is_empty();
    let rows = rooms.into_iter().map(|room| {
        view! {
            <li>
                <a href=format!("/c/{}", room.id) dir="auto">
                    {room.name}
                </a>
            </li>
        }
    });
    let rows = rows.collect_view();
    (!own).then(|| {
        view! {
            <Section id="rooms" title=t("profile-rooms")>
                {none.then(|| view! { <p class="muted">{t("profile-rooms-none")}</p> })}
                <ul class="profile-rooms">{rows}</ul>
            </Section>
        }
    })
}
