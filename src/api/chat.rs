//! Ask, follow the answer, stop it, have it written again.

use leptos::{
    prelude::*,
    server_fn::codec::{ByteStream, Streaming},
};
use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// What a question led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub conversation_id: String,
    pub question_id: Option<String>,
    pub answer_id: String,
    /// Following after this place misses nothing of the answer.
    pub after: u64,
}

/// Asks in a conversation, or begins one. A form that is posted without JavaScript leads to the
/// conversation's page.
#[server(prefix = "/fn", endpoint = "ask")]
pub async fn ask(
    text: String,
    conversation_id: Option<String>,
    model: Option<String>,
    key: Option<String>,
) -> Result<Asked, AppError> {
    use crate::server::{chat, context::Context};
    let context = Context::current()?;
    let asked = chat::Ask {
        conversation_id: conversation_id.as_deref().filter(|id| !id.is_empty()),
        text: &text,
        parent_id: None,
        model: model.as_deref(),
        key: key.as_deref(),
    };
    let asked = chat::ask(&context.state, context.user()?, asked).await?;
    context.redirect(&format!("/c/{}#latest", asked.conversation_id));
    Ok(Asked {
        conversation_id: asked.conversation_id,
        question_id: asked.question.map(|question| question.id),
        answer_id: asked.answer.id,
        after: asked.after,
    })
}

/// The events of a conversation after a place, as lines of JSON (see `domain::event`), first what was
/// missed and then live. A failure inside the stream is an event of it.
#[server(prefix = "/fn", endpoint = "follow", output = Streaming)]
pub async fn follow(conversation_id: String, after: Option<u64>) -> Result<ByteStream<AppError>, AppError> {
    use crate::server::{
        chat::{channel::Format, entry::Entry, follow},
        context::Context,
    };
    use futures::StreamExt;
    let context = Context::current()?;
    let entries =
        follow::follow(&context.state, context.user()?, &conversation_id, after, Format::Html).await?;
    Ok(ByteStream::new(follow::written(entries, Entry::write_line).map(Ok::<_, AppError>)))
}

/// Ends a running answer; what was written is kept.
#[server(prefix = "/fn", endpoint = "stop")]
pub async fn stop(message_id: String) -> Result<(), AppError> {
    use crate::server::{chat, context::Context};
    let context = Context::current()?;
    chat::stop(&context.state, context.user()?, &message_id).await?;
    Ok(())
}

/// Writes a further answer to the same question.
#[server(prefix = "/fn", endpoint = "retry")]
pub async fn retry(message_id: String) -> Result<(), AppError> {
    use crate::server::{chat, context::Context};
    let context = Context::current()?;
    let asked = chat::retry(&context.state, context.user()?, &message_id, None).await?;
    context.redirect(&format!("/c/{}#latest", asked.conversation_id));
    Ok(())
}
