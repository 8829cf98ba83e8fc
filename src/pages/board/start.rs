//! The newest notes of the board on the start page.

use leptos::prelude::*;

use super::places::HERE;
use crate::{
    domain::{CurrentUser, Role, model::short_name},
    error::AppError,
    pages::days::Days,
    server::rooms::{Rooms, ShownNote},
    ui::words::t,
};

/// Those that administrators want there; often none.
pub struct StartNotes {
    notes: Vec<ShownNote>,
    now: i64,
    days: Days,
}

impl StartNotes {
    pub async fn load(
        rooms: &Rooms,
        current: &CurrentUser,
        (now, days): (i64, Days),
    ) -> Result<Self, AppError> {
        Ok(Self { notes: rooms.notes_on_start(current).await?, now, days })
    }

    /// Nothing where there are none.
    pub fn show(self) -> impl IntoView {
        let Self { notes, now, days } = self;
        let any = !notes.is_empty();
        any.then(|| {
            let rows = notes.into_iter().map(|shown| view! { <Row shown now days /> }).collect_view();
            view! {
                <section class="start-board" aria-labelledby="start-board">
                    <h2 id="start-board">
                        <a href=HERE>{t("board-notes")}</a>
                    </h2>
                    <ul>{rows}</ul>
                </section>
            }
        })
    }
}

#[component]
fn Row(shown: ShownNote, now: i64, days: Days) -> impl IntoView {
    let ShownNote { note, plain, .. } = shown;
    let when = days.when(now, note.created_at, None);
    let day = days.day_in_words(now, note.created_at);
    let name = match note.role {
        Role::User => note.author.unwrap_or_else(|| t("board-somebody")),
        _ => short_name(note.model.as_deref().unwrap_or_default()).to_owned(),
    };
    view! {
        <li>
            <a href=format!("{HERE}?note={}", note.id)>
                <span class="start-note-head">
                    <strong dir="auto">{name}</strong>
                    <time datetime=when.machine title=when.whole>
                        {day}
                        " "
                        {when.clock}
                    </time>
                </span>
                <span class="start-note" dir="auto">
                    {plain}
                </span>
            </a>
        </li>
    }
}
