//! List conversations, rename or delete one, and read the markdown of a message.

use leptos::prelude::*;

use crate::{
    domain::{Conversation, Page},
    error::Refusal,
};

/// A page of the caller's conversations, newest first: after `cursor`, and with `q` in their titles.
#[server(prefix = "/fn", endpoint = "history")]
pub async fn history(cursor: Option<String>, q: Option<String>) -> Result<Page<Conversation>, Refusal> {
    use crate::server::{
        conversations::{Conversations, Listing},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let listing = Listing { cursor: cursor.as_deref(), title_contains: q.as_deref(), ..Default::default() };
    Ok(service::<Conversations>()?.list(context.user()?, listing).await?)
}

/// The text of a message as it was written: markdown.
#[server(prefix = "/fn", endpoint = "source")]
pub async fn source(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        conversations::Conversations,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    Ok(service::<Conversations>()?.message(context.user()?, &message_id).await?.content)
}

/// Gives a conversation another title.
#[server(prefix = "/fn", endpoint = "rename")]
pub async fn rename(conversation_id: String, title: String) -> Result<(), Refusal> {
    use crate::{
        domain::ConversationPatch,
        server::{
            conversations::Conversations,
            http::context::{Context, service},
        },
    };
    let context = Context::current()?;
    let patch = ConversationPatch { title: Some(title), ..Default::default() };
    let conversation = service::<Conversations>()?.update(context.user()?, &conversation_id, patch).await?;
    context.redirect(&format!("/c/{}", conversation.id));
    Ok(())
}

/// Deletes a conversation with all its messages.
#[server(prefix = "/fn", endpoint = "delete")]
pub async fn delete(conversation_id: String) -> Result<(), Refusal> {
    use crate::server::{
        conversations::Conversations,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    service::<Conversations>()?.delete(context.user()?, &conversation_id).await?;
    context.redirect("/");
    Ok(())
}
