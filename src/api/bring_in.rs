//! A private conversation becomes the beginning of a room, as the form of its page asks.

use leptos::prelude::*;

use crate::{domain::RoomAnswers, error::Refusal};

/// Makes a room with a copy of the branch on screen, and leads there. `key` is the idempotency key of the page.
#[server(prefix = "/fn", endpoint = "bring-in")]
pub async fn bring_in(
    conversation_id: String,
    name: String,
    answers: Option<RoomAnswers>,
    key: Option<String>,
) -> Result<(), Refusal> {
    use crate::server::{
        chat::keys,
        http::context::{Context, service},
        rooms::{BringIn, Rooms},
    };
    let context = Context::current()?;
    let key = keys::of_page(key.as_deref(), "bring in", &[&conversation_id, &name])?;
    let wanted = BringIn { name, answers: answers.unwrap_or_default() };
    let rooms = service::<Rooms>()?;
    let made = rooms.bring_in(context.user()?, &conversation_id, wanted, key.as_deref()).await?;
    context.redirect(&format!("/c/{}", made.room.id));
    Ok(())
}
