//! `/admin/board`: the room of the whole site, which administrators make, open for guests, and switch off.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::{AdminPage, Administrator, page};
use crate::{
    domain::{Board, BoardSettings, BoardWriters, board::MOST_ON_START, conversation::MAX_TITLE_CHARS},
    pages::{
        Fresh, Notice, PageError,
        fields::{Choice, Choices, FieldError, NumberField, invalid},
        layout::Sidebar,
        sections::Section,
    },
    server::{conversations::Conversations, rooms::Rooms},
    ui::words::t,
};

const HERE: &str = "/admin/board";
const SAVE: &str = "/fn/save-board";

/// `GET /admin/board`.
pub async fn board(
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let board = rooms.board_of(&admin).await?;
    Ok(page(HERE).render(move || {
        let form = notice.of(SAVE);
        let on = board.as_ref().filter(|board| board.settings.on).map(|board| board.id.clone());
        view! {
            <AdminPage here=HERE sidebar notice>
                <Section id="board" title=t("board")>
                    <p class="muted">{t("board-about")}</p>
                    {on.map(|id| view! { <Ways id /> })}
                    <Settings board form />
                </Section>
            </AdminPage>
        }
    }))
}

/// The ways to the board and to what its moderators decide.
#[component]
fn Ways(id: String) -> impl IntoView {
    view! {
        <p class="room-ways">
            <a class="button-small" href="/board">
                {t("board-open")}
            </a>
            <a class="button-small" href=format!("/rooms/{id}/settings")>
                {t("room-settings")}
            </a>
        </p>
    }
}

#[component]
fn Settings(board: Option<Board>, form: Notice) -> impl IntoView {
    let typed = form.typed();
    let is_new = board.is_none();
    let (name, settings) = match board {
        Some(Board { name, settings, .. }) => (name, settings),
        None => (t("board"), BoardSettings::default()),
    };
    let name = typed.name.clone().unwrap_or(name);
    let refused = form.at("name");
    let (wrong, described) = invalid("name", refused.as_ref());
    let switch =
        |name: &'static str, legend: &'static str, on: bool, (yes, no): (&'static str, &'static str)| {
            let on = typed.chose(name, "true", on);
            view! {
                <Choices legend=t(legend) name>
                    <Choice name value="true" checked=on label=t(yes) />
                    <Choice name value="false" checked=!on label=t(no) />
                </Choices>
            }
        };
    let is_on = (!is_new).then(|| switch("on", "board-on", settings.on, ("board-on-yes", "board-on-no")));
    let guests = switch("guests", "board-guests", settings.guests, ("board-guests-yes", "board-guests-no"));
    let writers = [BoardWriters::Everybody, BoardWriters::Moderators].map(|one| {
        let value = one.into_str();
        let checked = typed.chose("writers", value, one == settings.writers);
        let key = match one {
            BoardWriters::Everybody => "board-writers-everybody",
            BoardWriters::Moderators => "board-writers-moderators",
        };
        view! { <Choice name="writers" value checked label=t(key) /> }
    });
    view! {
        <form method="post" action=SAVE>
            <label>
                {t("board-name")}
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
            {is_on}
            <Choices legend=t("board-writers") name="writers">
                {writers}
            </Choices>
            {guests}
            <NumberField
                label=t("board-on-start")
                name="on_start"
                value=typed.number("on_start", Some(u64::from(settings.on_start)))
                least=0
                most=u64::from(MOST_ON_START)
                hint=t("board-on-start-hint")
                refused=form.at("on_start")
            />
            <button class="button-small">{t(if is_new { "board-make" } else { "room-save" })}</button>
        </form>
    }
}
