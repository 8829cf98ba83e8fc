//! The board as the form of administrators asks: it is made, changed, and switched off and on.

use leptos::prelude::*;

use crate::{domain::BoardWriters, error::Refusal};

/// Makes the board, or changes it. A form that has only some of the fields changes only those.
#[server(prefix = "/fn", endpoint = "save-board")]
pub async fn save_board(
    name: Option<String>,
    on: Option<bool>,
    writers: Option<BoardWriters>,
    guests: Option<bool>,
    on_start: Option<String>,
) -> Result<(), Refusal> {
    use crate::{
        domain::BoardPatch,
        server::{
            accounts::typed,
            http::{
                context::{Context, service},
                flash::Told,
            },
            rooms::Rooms,
        },
    };
    let context = Context::current()?;
    let admin = context.admin()?;
    let on_start = match on_start {
        Some(text) => Some(typed::number("on_start", Some(&text))?.unwrap_or_default()),
        None => None,
    };
    let patch = BoardPatch { name, on, writers, guests, on_start };
    service::<Rooms>()?.save_board(&admin, patch).await?;
    Ok(context.tell("/admin/board", Told::say("board-saved"))?)
}
