//! Who is writing a message in a room.

use std::time::{Duration, Instant};

use super::{Chat, room::only_in_shared};
use crate::{
    domain::{CurrentUser, Member},
    error::AppError,
    server::{accounts::attempts::Limit, live::log::Writing, store::Need},
};

/// How often somebody may say within [`WINDOW`] that they are writing, in one room and in all. A page says it every 3 seconds,
/// and a person may have several.
const HINTS: u32 = 12;
const HINTS_IN_ALL: u32 = 24;
const WINDOW: Duration = Duration::from_secs(10);

/// Who said how often that they are writing.
pub(super) struct Hints {
    in_room: Limit,
    in_all: Limit,
}

impl Default for Hints {
    fn default() -> Self {
        Self { in_room: Limit::new(HINTS, WINDOW), in_all: Limit::new(HINTS_IN_ALL, WINDOW) }
    }
}

impl Chat {
    /// Tells those who listen to the room that the person is writing there.
    ///
    /// # Errors
    ///
    /// As [`Chat::post`]; [`AppError::TooMany`] for whoever says so too often.
    pub async fn typing(&self, current: &CurrentUser, conversation_id: &str) -> Result<(), AppError> {
        let grant = self.store.access(current.id(), conversation_id, Need::Write).await?;
        only_in_shared(&grant)?;
        let _ = self.hints.in_room.take((current.id(), conversation_id), Instant::now())?;
        let _ = self.hints.in_all.take(current.id(), Instant::now())?;
        let log = self.live.get(conversation_id);
        if log.is_none() && self.store.is_alone() {
            return Ok(());
        }
        let own = self.store.members_of(&grant, &[current.id().to_owned()]).await?;
        let Some(Member { user_id, name, .. }) = own.into_iter().next() else { return Ok(()) };
        if let Some(log) = log {
            log.hint(Writing { user_id: user_id.clone(), name: name.clone() });
        }
        Ok(self.store.tell_writing(conversation_id, &user_id, &name, self.clock.now()).await?)
    }
}
