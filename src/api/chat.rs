//! Ask, follow the answer, stop it, have it written again.

use leptos::{
    prelude::*,
    server_fn::codec::{ByteStream, Streaming},
};
use serde::{Deserialize, Serialize};

use crate::error::Refusal;

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
) -> Result<Asked, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let said = [conversation_id.as_deref().unwrap_or_default(), model.as_deref().unwrap_or_default(), &text];
    let key = chat::keys::of_page(key.as_deref(), "ask", &said)?;
    let asked = chat::Ask {
        conversation_id: conversation_id.as_deref().filter(|id| !id.is_empty()),
        text: &text,
        place: chat::Place::Leaf,
        model: model.as_deref(),
        key: key.as_deref(),
        edited: None,
    };
    let asked = service::<Chat>()?.ask(context.user()?, asked).await?;
    context.redirect(&format!("/c/{}#latest", asked.conversation_id));
    Ok(Asked {
        conversation_id: asked.conversation_id,
        question_id: asked.question.map(|question| question.id),
        answer_id: asked.answer.id,
        after: asked.after,
    })
}

/// The events of a conversation after a place, as lines of JSON (see `domain::event`), first what was
/// missed and then live. A failure inside the stream is an event of it, silence is broken by empty lines.
/// It ends once everything is told when the page is `hidden`, or when its browser has all the streams that it
/// may have: the page asks again after a while.
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
            published::Published,
        },
    };
    use futures::StreamExt;
    let context = Context::current()?;
    let stay = if hidden == Some(true) { Stay::Glance } else { Stay::Page };
    let entries =
        service::<Listening>()?.follow(context.user()?, &conversation_id, after, Format::Html, stay).await?;
    let lines = written(entries, Published::write_line);
    Ok(ByteStream::new(kept_alive(lines, EVERY, axum::body::Bytes::from_static(b"\n")).map(Ok::<_, Refusal>)))
}

/// Ends a running answer; what was written is kept.
#[server(prefix = "/fn", endpoint = "stop")]
pub async fn stop(message_id: String) -> Result<(), Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let stopped = service::<Chat>()?.stop(context.user()?, &message_id).await?;
    context.redirect(&format!("/c/{}#latest", stopped.conversation_id));
    Ok(())
}

/// Writes a further answer to the same question. Like all that steers, it answers where to go.
#[server(prefix = "/fn", endpoint = "retry")]
pub async fn retry(message_id: String, key: Option<String>) -> Result<String, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let key = chat::keys::of_page(key.as_deref(), "again", &[&message_id])?;
    let asked = service::<Chat>()?.retry(context.user()?, &message_id, key.as_deref()).await?;
    Ok(context.lead(format!("/c/{}#latest", asked.conversation_id)))
}

/// Goes on with an answer that was cut short.
#[server(prefix = "/fn", endpoint = "continue")]
pub async fn go_on(message_id: String, key: Option<String>) -> Result<String, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let key = chat::keys::of_page(key.as_deref(), "continue", &[&message_id])?;
    let asked = service::<Chat>()?.continue_answer(context.user()?, &message_id, key.as_deref()).await?;
    Ok(context.lead(format!("/c/{}#latest", asked.conversation_id)))
}

/// Asks a question anew, beside the old one.
#[server(prefix = "/fn", endpoint = "edit")]
pub async fn edit(message_id: String, text: String, key: Option<String>) -> Result<String, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let key = chat::keys::of_page(key.as_deref(), "edit", &[&message_id, &text])?;
    let edit = chat::Edit { message_id: &message_id, text: &text, model: None, key: key.as_deref() };
    let asked = service::<Chat>()?.edit(context.user()?, edit).await?;
    Ok(context.lead(format!("/c/{}#latest", asked.conversation_id)))
}

/// Shows the branch of a message.
#[server(prefix = "/fn", endpoint = "select")]
pub async fn select(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let conversation = service::<Chat>()?.select(context.user()?, &message_id).await?;
    Ok(context.lead(format!("/c/{}#{message_id}", conversation.id)))
}

/// Deletes one message.
#[server(prefix = "/fn", endpoint = "delete-message")]
pub async fn delete_message(message_id: String) -> Result<String, Refusal> {
    use crate::server::{
        chat::Chat,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let conversation = service::<Chat>()?.delete(context.user()?, &message_id).await?;
    Ok(context.lead(format!("/c/{}#latest", conversation.id)))
}
