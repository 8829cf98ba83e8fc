//! A running answer is ended by a person.

use std::time::{Duration, Instant};

use super::Chat;
use crate::{
    domain::{CurrentUser, Message, Status},
    error::AppError,
    server::{live::log::StopReason, store::Need},
};

/// How long a caller of `stop` waits for the answer to be stored.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks whether it is.
const STOP_AGAIN: Duration = Duration::from_millis(100);

impl Chat {
    /// Ends a running answer and keeps what was written. Stopping an ended one changes nothing.
    pub async fn stop(&self, current: &CurrentUser, message_id: &str) -> Result<Message, AppError> {
        let (grant, message) = self.store.message_access(current.id(), message_id, Need::Write).await?;
        if message.status != Status::Generating {
            return Ok(message);
        }
        let deadline = Instant::now() + STOP_PATIENCE;
        let mut asked = false;
        // Its job may be about to begin, and another process may take a moment to hear of it.
        while !self.stop_here(&message).await && Instant::now() < deadline {
            asked = asked || self.store.request_stop(&grant, message_id).await?;
            let now = self.store.message(&grant, message_id).await?;
            if now.is_none_or(|message| message.status != Status::Generating) {
                break;
            }
            tokio::time::sleep(STOP_AGAIN).await;
        }
        self.store.message(&grant, message_id).await?.ok_or(AppError::NotFound)
    }

    /// Stops an answer that this process writes, and waits for its end; `false` when it does not.
    async fn stop_here(&self, message: &Message) -> bool {
        let Some(log) = self.live.get(&message.conversation_id) else { return false };
        let mut changes = log.changes();
        let here = log.stop(Some(&message.id), StopReason::Person);
        if here {
            let ended = async { while log.runs(&message.id) && changes.changed().await.is_ok() {} };
            let _ = tokio::time::timeout(STOP_PATIENCE, ended).await;
        }
        here
    }
}
