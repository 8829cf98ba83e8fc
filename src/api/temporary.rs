//! Temporary conversations: their page has all messages, and the server keeps none.

use leptos::{
    prelude::*,
    server_fn::codec::{ByteStream, Streaming},
};

use crate::{domain::TemporaryMessage, error::Refusal};

/// Answers the last of these messages, as the same lines of JSON as [`super::chat::follow`], from `started` to `done` or
/// `failed`. Before the last one comes a line `text` with the whole answer in markdown, which the page sends with its next
/// question, and the line below the answer. Nothing is stored, and the answer stops when nobody reads on.
#[server(prefix = "/fn", endpoint = "ask-temporary", output = Streaming)]
pub async fn ask_temporary(
    messages: Vec<TemporaryMessage>,
    model: Option<String>,
) -> Result<ByteStream<Refusal>, Refusal> {
    use crate::{
        domain::ChatEvent,
        server::{
            chat::Chat,
            http::{
                context::{Context, service},
                keep_alive::{EVERY, kept_alive},
            },
            live::{Listening, alone::Told, follow::written},
            words,
        },
        ui::{parts::meta_line, words::Localizer},
    };
    use futures::StreamExt;
    let context = Context::current()?;
    let answer = service::<Chat>()?.ask_temporary(context.user()?, messages, model.as_deref()).await?;
    let (answer_id, model) = (answer.answer_id().to_owned(), answer.model().to_owned());
    let told = service::<Listening>()?.follow_alone(context.user()?, answer)?;
    let localizer = Localizer::new(words::current());
    let lines = written(told, move |Told { published, text }: &Told, bytes| {
        if let Some(text) = text {
            let meta = match &*published.event {
                ChatEvent::Done { usage, timings, .. } => meta_line(&localizer, &model, *usage, *timings),
                _ => String::new(),
            };
            let line = serde_json::json!({
                "seq": published.seq,
                "event": "text",
                "message_id": answer_id,
                "text": text,
                "meta": meta,
            });
            bytes.extend_from_slice(format!("{line}\n").as_bytes());
        }
        published.write_line(bytes);
    });
    Ok(ByteStream::new(kept_alive(lines, EVERY, axum::body::Bytes::from_static(b"\n")).map(Ok::<_, Refusal>)))
}

/// Stores a temporary conversation, and answers the address of what it is from now on. `key` is the idempotency key.
#[server(prefix = "/fn", endpoint = "keep-temporary")]
pub async fn keep_temporary(
    messages: Vec<TemporaryMessage>,
    model: Option<String>,
    key: Option<String>,
) -> Result<String, Refusal> {
    use crate::server::{
        chat::{self, Chat},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let model = model.as_deref();
    let key = chat::keys::of_page(key.as_deref(), "keep", &chat::parts_of_kept(&messages, model))?;
    let kept = service::<Chat>()?.keep_temporary(context.user()?, messages, model, key.as_deref()).await?;
    Ok(context.redirect_and_return(format!("/c/{kept}")))
}
