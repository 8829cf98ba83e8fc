//! What people write in a room: post a message, change it, delete it.

use leptos::prelude::*;

use crate::error::Refusal;

/// Posts a message in a room. `asks`: it is a question for the model, where the room has a button for that. `key` is the
/// idempotency key.
#[server(prefix = "/fn", endpoint = "post")]
pub async fn post(
    conversation_id: String,
    text: String,
    asks: Option<bool>,
    reply_to: Option<String>,
    key: Option<String>,
) -> Result<String, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
        rooms::Rooms,
    };
    let context = Context::current()?;
    let user = context.user()?;
    let asks = asks.unwrap_or_default();
    let reply_to = reply_to.as_deref().filter(|id| !id.is_empty());
    let content = [&*conversation_id, &text, if asks { "asks" } else { "" }, reply_to.unwrap_or_default()];
    let key = chat::keys::of_page(key.as_deref(), "post", &content)?;
    let mentions = service::<Rooms>()?.mentioned(user, &conversation_id, &text).await?;
    let post = chat::Post {
        conversation_id: &conversation_id,
        text: &text,
        reply_to,
        mentions: &mentions,
        finds_mentions: true,
        model: None,
        key: key.as_deref(),
        asks,
    };
    let posted = service::<Chat>()?.post(user, post).await?;
    context.redirect(&format!("/c/{conversation_id}#{}", posted.message.id));
    Ok(posted.message.id)
}

/// Changes what one wrote in a room. Like the next one, it answers the address to open.
#[server(prefix = "/fn", endpoint = "edit-post")]
pub async fn edit_post(conversation_id: String, message_id: String, text: String) -> Result<String, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
        rooms::Rooms,
    };
    let context = Context::current()?;
    let user = context.user()?;
    let mentions = service::<Rooms>()?.mentioned(user, &conversation_id, &text).await?;
    let message = service::<Chat>()?.edit_post(user, &message_id, &text, &mentions).await?;
    Ok(context.redirect_and_return(format!("/c/{conversation_id}?at={0}#{0}", message.id)))
}

/// Deletes a message of a room; a mark stays in its place. `list`: the form stands in the list of reports, which is shown again.
#[server(prefix = "/fn", endpoint = "erase-post")]
pub async fn erase_post(message_id: String, list: Option<String>) -> Result<String, Refusal> {
    use crate::server::{
        chat::Chat,
        conversations::Conversations,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let user = context.user()?;
    let message = service::<Chat>()?.erase_post(user, &message_id).await?;
    let id = service::<Conversations>()?.conversation_of(user, &message.id).await?;
    if list.as_deref() == Some("reports") {
        let page = format!("/rooms/{id}/reports");
        context.tell(&page, Told::say("message-erased"))?;
        return Ok(page);
    }
    Ok(context.redirect_and_return(format!("/c/{id}?at={0}#{0}", message.id)))
}
