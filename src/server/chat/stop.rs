//! A person stops a running answer.

use std::time::{Duration, Instant};

use super::{Chat, room::only_own};
use crate::{
    domain::{CurrentUser, Message, Status},
    error::AppError,
    server::{live::log::StopReason, store::Need},
};

/// How long `stop` waits until the end of the answer is stored.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two looks whether the answer has ended.
const STOP_AGAIN: Duration = Duration::from_millis(100);

impl Chat {
    /// Stops a running answer and keeps its text so far. Stopping an ended answer changes nothing. In a room members stop the
    /// answers that they asked for, and moderators any.
    pub async fn stop(&self, current: &CurrentUser, message_id: &str) -> Result<Message, AppError> {
        let (grant, message) = self.store.message_access(current.id(), message_id, Need::Write).await?;
        if message.status != Status::Generating {
            return Ok(message);
        }
        only_own(&grant, &message.author_id, "room-stop-others")?;
        let deadline = Instant::now() + STOP_PATIENCE;
        let mut asked = false;
        // The server tries again, because the answer's job may be about to begin, and another process may take a moment
        // to get the request.
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

    /// Stops an answer that this process writes, and waits for its end; `false` when this process does not write it.
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
