//! What a client's message makes the server do.

use std::sync::Arc;

use futures::{StreamExt, stream::BoxStream};

use super::{
    Services,
    messages::{About, FromClient, ToClient},
};
use crate::{
    domain::{CurrentUser, Reason, Scope},
    error::AppError,
    server::{
        chat::Post,
        http::errors::problem_of,
        live::{follow::Stay, published::Published},
    },
};

/// What came of a message.
#[derive(Default)]
pub struct Outcome {
    /// What the client is told.
    pub said: Option<String>,
    /// What it hears from now on.
    pub hears: Option<(Arc<str>, BoxStream<'static, Published>)>,
    /// Whether somebody looks at the page.
    pub active: Option<bool>,
}

impl Outcome {
    pub fn refused(about: About, error: &AppError) -> Self {
        Self {
            said: Some(ToClient::Refused { about, problem: problem_of(error, None) }.json()),
            ..Self::default()
        }
    }
}

/// The message in this text.
pub fn read(text: &str) -> Result<FromClient, AppError> {
    serde_json::from_str(text).map_err(|_| AppError::invalid("", Reason::new("socket-message-unreadable")))
}

/// Does what a message asks.
pub async fn act(services: Services, current: Arc<CurrentUser>, message: FromClient) -> Outcome {
    let about = message.about();
    let outcome = allowed(&current, &message);
    let outcome = match outcome {
        Ok(()) => done(services, &current, message).await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| Outcome::refused(about, &error))
}

/// Every key may listen, and those with a larger scope may write.
fn allowed(current: &CurrentUser, message: &FromClient) -> Result<(), AppError> {
    let needed = match message {
        FromClient::Listen { .. } | FromClient::Leave { .. } => Scope::Read,
        FromClient::Post { .. }
        | FromClient::Read { .. }
        | FromClient::Typing { .. }
        | FromClient::Presence { .. } => Scope::Chat,
    };
    if current.scope >= needed {
        return Ok(());
    }
    let reason = Reason::new("error-scope-too-small").with("needed", needed.into_str());
    Err(AppError::ScopeTooSmall { reason })
}

async fn done(services: Services, current: &CurrentUser, message: FromClient) -> Result<Outcome, AppError> {
    let Services { listening, chat, rooms, .. } = services;
    match message {
        FromClient::Listen { conversation_id, after, format } => {
            let events =
                listening.follow(current, &conversation_id, after, format.into(), Stay::Part).await?;
            let said = ToClient::Listening { conversation_id: &conversation_id }.json();
            Ok(Outcome {
                said: Some(said),
                hears: Some((conversation_id.into(), events.boxed())),
                ..Outcome::default()
            })
        }
        // The session does it by itself.
        FromClient::Leave { .. } => Ok(Outcome::default()),
        FromClient::Post { conversation_id, key, content, reply_to, mentions, model, asks } => {
            let post = Post {
                conversation_id: &conversation_id,
                text: &content,
                reply_to: reply_to.as_deref(),
                mentions: &mentions,
                finds_mentions: false,
                model: model.as_deref(),
                key: Some(&key),
                asks,
            };
            let posted = chat.post(current, post).await?;
            let about = About { conversation_id: Some(conversation_id), key: Some(key) };
            let said = ToClient::Posted { about, message_id: &posted.message.id }.json();
            Ok(Outcome { said: Some(said), ..Outcome::default() })
        }
        FromClient::Read { conversation_id, message_id } => {
            rooms.seen(current, &conversation_id, &message_id).await?;
            Ok(Outcome::default())
        }
        FromClient::Typing { conversation_id } => {
            chat.typing(current, &conversation_id).await?;
            Ok(Outcome::default())
        }
        FromClient::Presence { active } => {
            let said = Some(ToClient::Noted {}.json());
            Ok(Outcome { said, active: Some(active), ..Outcome::default() })
        }
    }
}
