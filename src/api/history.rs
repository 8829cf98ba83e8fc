//! The list of conversations, and what is done with one of them or with a message in it.

use leptos::prelude::*;

use crate::{
    domain::{Conversation, Page},
    error::Refusal,
};

/// A page of one's conversations, newest first.
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

/// What a message says as it was written: markdown.
#[server(prefix = "/fn", endpoint = "source")]
pub async fn source(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        conversations::Conversations,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    Ok(service::<Conversations>()?.message(context.user()?, &message_id).await?.content)
}

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
