//! What people do to messages of a room without a word: react, pin, report.

use leptos::prelude::*;

use crate::error::Refusal;

/// Reacts to a message: with a button, whose value is the message's id and the emoji behind a blank, or with a field for the
/// emoji.
#[server(prefix = "/fn", endpoint = "react")]
pub async fn react(
    reaction: Option<String>,
    message_id: Option<String>,
    emoji: Option<String>,
) -> Result<String, Refusal> {
    use crate::server::{
        chat::{Chat, typed_reaction},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let (id, emoji) = typed_reaction(reaction, message_id, emoji);
    let message = service::<Chat>()?.react(context.user()?, &id, &emoji, true).await?;
    Ok(context.redirect_and_return(format!("/c/{}?at={id}#{id}", message.conversation_id)))
}

/// Takes a reaction back; its fields are those of [`react`].
#[server(prefix = "/fn", endpoint = "unreact")]
pub async fn unreact(
    reaction: Option<String>,
    message_id: Option<String>,
    emoji: Option<String>,
) -> Result<String, Refusal> {
    use crate::server::{
        chat::{Chat, typed_reaction},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let (id, emoji) = typed_reaction(reaction, message_id, emoji);
    let message = service::<Chat>()?.react(context.user()?, &id, &emoji, false).await?;
    Ok(context.redirect_and_return(format!("/c/{}?at={id}#{id}", message.conversation_id)))
}

/// Pins a message of a room.
#[server(prefix = "/fn", endpoint = "pin-message")]
pub async fn pin_message(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let message = service::<Chat>()?.pin(context.user()?, &message_id, true).await?;
    Ok(context.redirect_and_return(format!("/c/{}?at={message_id}#{message_id}", message.conversation_id)))
}

/// Takes the pin of a message away. `list`: the form stands in the list of pins, which is shown again.
#[server(prefix = "/fn", endpoint = "unpin-message")]
pub async fn unpin_message(message_id: String, list: Option<String>) -> Result<String, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let message = service::<Chat>()?.pin(context.user()?, &message_id, false).await?;
    if list.as_deref() == Some("pins") {
        return Ok(context.redirect_and_return(format!("/rooms/{}/pins", message.conversation_id)));
    }
    Ok(context.redirect_and_return(format!("/c/{}?at={message_id}#{message_id}", message.conversation_id)))
}

/// Reports a message of a room to its moderators.
#[server(prefix = "/fn", endpoint = "report-message")]
pub async fn report_message(
    conversation_id: String,
    message_id: String,
    reason: Option<String>,
) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::Rooms,
    };
    let context = Context::current()?;
    let reason = reason.unwrap_or_default();
    service::<Rooms>()?.report(context.user()?, &message_id, &reason).await?;
    let page = format!("/c/{conversation_id}/message/{message_id}");
    Ok(context.tell(&page, Told::say("report-sent"))?)
}

/// Settles a report of a room; its message stays.
#[server(prefix = "/fn", endpoint = "dismiss-report")]
pub async fn dismiss_report(id: String, report_id: String) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::Rooms,
    };
    let context = Context::current()?;
    service::<Rooms>()?.dismiss_report(context.user()?, &id, &report_id).await?;
    Ok(context.tell(&format!("/rooms/{id}/reports"), Told::say("report-dismissed"))?)
}
