//! Ask, follow the answer, stop it, retry, continue, edit a question, choose a version, delete a message.

use leptos::{
    prelude::*,
    server_fn::codec::{ByteStream, Streaming},
};
use serde::{Deserialize, Serialize};

use crate::error::Refusal;

/// What asking led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub conversation_id: String,
    /// `None` when an answer is written again: then there is no new question.
    pub question_id: Option<String>,
    pub answer_id: String,
    /// The number of the event after which the events of the answer begin.
    pub after: u64,
}

/// Asks in a conversation, or begins one when `conversation_id` is missing or empty. `key` is the idempotency key. A form
/// that is posted without JavaScript leads to the conversation's page.
#[server(prefix = "/fn", endpoint = "ask")]
pub async fn ask(
    text: String,
    conversation_id: Option<String>,
    model: Option<String>,
    key: Option<String>,
) -> Result<Asked, Refusal> {
    use crate::{
        domain::{Reason, TEMPORARY},
        error::AppError,
        server::{
            chat::{self, Chat},
            http::context::{Context, service},
        },
    };
    let context = Context::current()?;
    context.user()?;
    // The form of the temporary page, sent before its script runs or without one.
    if conversation_id.as_deref() == Some(TEMPORARY) {
        return Err(AppError::Conflict { reason: Reason::new("temporary-form") }.into());
    }
    let content =
        [conversation_id.as_deref().unwrap_or_default(), model.as_deref().unwrap_or_default(), &text];
    let key = chat::keys::of_page(key.as_deref(), "ask", &content)?;
    let ask = chat::Ask {
        conversation_id: conversation_id.as_deref().filter(|id| !id.is_empty()),
        text: &text,
        position: chat::Position::Leaf,
        model: model.as_deref(),
        key: key.as_deref(),
        edited: None,
    };
    let asked = service::<Chat>()?.ask(context.user()?, ask).await?;
    context.redirect(&format!("/c/{}", asked.conversation_id));
    Ok(Asked {
        conversation_id: asked.conversation_id,
        question_id: asked.question.map(|question| question.id),
        answer_id: asked.answer.id,
        after: asked.after,
    })
}

/// The events of a conversation after event `after`, as lines of JSON (see `domain::event`): first those that were missed,
/// then live. A failure inside the stream is an event, too. While nothing happens, empty lines keep the connection open.
/// When the page is `hidden`, or when its browser has as many streams as it may have, the stream ends after the events
/// that there are, and the page polls.
#[server(prefix = "/fn", endpoint = "follow", output = Streaming)]
pub async fn follow(
    conversation_id: String,
    after: Option<u64>,
    hidden: Option<bool>,
) -> Result<ByteStream<Refusal>, Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            keep_alive::{EVERY, kept_alive},
        },
        live::{
            Listening,
            follow::{Stay, written},
            log::Format,
            presence::Presences,
            published::Published,
        },
    };
    use futures::StreamExt;
    let context = Context::current()?;
    let stay = if hidden == Some(true) { Stay::Glance } else { Stay::Page };
    let entries =
        service::<Listening>()?.follow(context.user()?, &conversation_id, after, Format::Html, stay).await?;
    let open = service::<Presences>()?.enter(context.user()?.id(), hidden != Some(true));
    let entries = entries.inspect(move |_| {
        // The page is open as long as its stream.
        let _open = &open;
    });
    let lines = written(entries, Published::write_line);
    Ok(ByteStream::new(kept_alive(lines, EVERY, axum::body::Bytes::from_static(b"\n")).map(Ok::<_, Refusal>)))
}

/// Stops an answer that is being written; the text so far is kept.
#[server(prefix = "/fn", endpoint = "stop")]
pub async fn stop(message_id: String) -> Result<(), Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let stopped = service::<Chat>()?.stop(context.user()?, &message_id).await?;
    context.redirect(&format!("/c/{}", stopped.conversation_id));
    Ok(())
}

/// Has another answer to the same question written, by `model` or else by the model that is the conversation's now. Like all functions below, it answers the address to open.
#[server(prefix = "/fn", endpoint = "retry")]
pub async fn retry(
    message_id: String,
    model: Option<String>,
    key: Option<String>,
) -> Result<String, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let model = model.as_deref();
    let key = chat::keys::of_page(key.as_deref(), "again", &chat::parts_of_retry(&message_id, model))?;
    let asked = service::<Chat>()?.retry(context.user()?, &message_id, model, key.as_deref()).await?;
    Ok(context.redirect_and_return(format!("/c/{}", asked.conversation_id)))
}

/// Continues an answer that was cut short.
#[server(prefix = "/fn", endpoint = "continue")]
pub async fn continue_answer(message_id: String, key: Option<String>) -> Result<String, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let key = chat::keys::of_page(key.as_deref(), "continue", &[&message_id])?;
    let asked = service::<Chat>()?.continue_answer(context.user()?, &message_id, key.as_deref()).await?;
    Ok(context.redirect_and_return(format!("/c/{}", asked.conversation_id)))
}

/// Asks an edited question, as a version beside the old one, of `model` or else of the conversation's model.
#[server(prefix = "/fn", endpoint = "edit")]
pub async fn edit(
    message_id: String,
    text: String,
    model: Option<String>,
    key: Option<String>,
) -> Result<String, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let model = model.as_deref().map(str::trim).filter(|model| !model.is_empty());
    let content: Vec<&str> = [message_id.as_str(), &text].into_iter().chain(model).collect();
    let key = chat::keys::of_page(key.as_deref(), "edit", &content)?;
    let edit = chat::Edit { message_id: &message_id, text: &text, model, key: key.as_deref() };
    let asked = service::<Chat>()?.edit(context.user()?, edit).await?;
    Ok(context.redirect_and_return(format!("/c/{}", asked.conversation_id)))
}

/// Shows the branch of the conversation that a message is on.
#[server(prefix = "/fn", endpoint = "select")]
pub async fn select(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let conversation = service::<Chat>()?.select(context.user()?, &message_id).await?;
    Ok(context.redirect_and_return(format!("/c/{}#{message_id}", conversation.id)))
}

/// Deletes one message; its children become those of its parent. [`restore_message`] undoes it.
#[server(prefix = "/fn", endpoint = "delete-message")]
pub async fn delete_message(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let conversation = service::<Chat>()?.delete(context.user()?, &message_id).await?;
    Ok(context.redirect_and_return(format!("/c/{}", conversation.id)))
}

/// Puts a deleted message back, with those of its children that still follow its parent.
#[server(prefix = "/fn", endpoint = "restore-message")]
pub async fn restore_message(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let conversation = service::<Chat>()?.restore(context.user()?, &message_id).await?;
    Ok(context.redirect_and_return(format!("/c/{}#{message_id}", conversation.id)))
}
