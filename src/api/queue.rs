//! The queue of questions that wait for the end of an answer. Each function answers the queue as it is then; a form that
//! is posted without JavaScript leads to the conversation's page.

use leptos::prelude::*;

use crate::{domain::QuestionQueue, error::Refusal};

/// The questions that wait in a conversation.
#[server(prefix = "/fn", endpoint = "queue")]
pub async fn queue(conversation_id: String) -> Result<QuestionQueue, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let queue = service::<Chat>()?.queue(context.user()?, &conversation_id).await?;
    Ok(context.worded(queue))
}

/// Puts a question at the end of the queue; it is asked at once when no answer is in the way. `key` is the idempotency key.
#[server(prefix = "/fn", endpoint = "queue-add")]
pub async fn queue_add(
    conversation_id: String,
    text: String,
    model: Option<String>,
    key: Option<String>,
) -> Result<QuestionQueue, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let model = model.as_deref();
    let content = [&*conversation_id, model.unwrap_or_default(), &text];
    let key = chat::keys::of_page(key.as_deref(), "queue", &content)?;
    let queue = service::<Chat>()?
        .queue_add(context.user()?, &conversation_id, (&text, model), key.as_deref())
        .await?;
    context.redirect(&format!("/c/{conversation_id}"));
    Ok(context.worded(queue))
}

/// Changes the text of a question that waits.
#[server(prefix = "/fn", endpoint = "queue-edit")]
pub async fn queue_edit(conversation_id: String, id: String, text: String) -> Result<QuestionQueue, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let which = (&*conversation_id, &*id);
    let queue = service::<Chat>()?.queue_edit(context.user()?, which, (Some(&text), None)).await?;
    context.redirect(&format!("/c/{conversation_id}"));
    Ok(context.worded(queue))
}

/// Moves a question that waits to another position, from 0.
#[server(prefix = "/fn", endpoint = "queue-move")]
pub async fn queue_move(
    conversation_id: String,
    id: String,
    position: u32,
) -> Result<QuestionQueue, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let which = (&*conversation_id, &*id);
    let queue = service::<Chat>()?.queue_edit(context.user()?, which, (None, Some(position))).await?;
    context.redirect(&format!("/c/{conversation_id}"));
    Ok(context.worded(queue))
}

/// Removes a question from the queue.
#[server(prefix = "/fn", endpoint = "queue-remove")]
pub async fn queue_remove(conversation_id: String, id: String) -> Result<QuestionQueue, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let queue = service::<Chat>()?.queue_remove(context.user()?, (&conversation_id, &id)).await?;
    context.redirect(&format!("/c/{conversation_id}"));
    Ok(context.worded(queue))
}

/// Asks a question that waits as soon as may be: a running answer is stopped.
#[server(prefix = "/fn", endpoint = "queue-send")]
pub async fn queue_send(conversation_id: String, id: String) -> Result<QuestionQueue, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let queue = service::<Chat>()?.queue_send(context.user()?, (&conversation_id, &id)).await?;
    context.redirect(&format!("/c/{conversation_id}"));
    Ok(context.worded(queue))
}
