//! Whom a person has blocked.

use std::collections::HashSet;

use futures::{StreamExt, stream};

use super::{Profiles, person};
use crate::{
    domain::{CurrentUser, Person, Reason, person::MOST_BLOCKED},
    error::AppError,
    server::store::BlockOutcome,
};

/// How many accounts are read at a time for their names.
pub(super) const AT_A_TIME: usize = 8;

impl Profiles {
    /// Blocks somebody: neither writes to the other any more, and what one mentions does not count for the other.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such person who is active; [`AppError::Conflict`]: it is the person themselves, or too
    /// many are blocked.
    pub async fn block(&self, current: &CurrentUser, id: &str) -> Result<Person, AppError> {
        let other = self.active(id).await?;
        if other.id == current.id() {
            return Err(AppError::Conflict { reason: Reason::new("block-yourself") });
        }
        match self.store.block(current.id(), id, MOST_BLOCKED, self.clock.now()).await? {
            BlockOutcome::Blocked => Ok(person(&other)),
            BlockOutcome::Missing => Err(AppError::NotFound),
            BlockOutcome::TooMany => {
                let reason = Reason::new("block-too-many").with("most", MOST_BLOCKED);
                Err(AppError::Conflict { reason })
            }
        }
    }

    /// Ends a block.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: the person is not blocked.
    pub async fn unblock(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        if self.store.unblock(current.id(), id).await? { Ok(()) } else { Err(AppError::NotFound) }
    }

    /// The ids of those whom the person has blocked.
    pub async fn blocked_ids(&self, current: &CurrentUser) -> Result<HashSet<String>, AppError> {
        let blocks = self.store.blocks(current.id()).await?;
        Ok(blocks.into_iter().map(|block| block.user_id).collect())
    }

    /// Those whom the person has blocked, the last one first.
    pub async fn blocked(&self, current: &CurrentUser) -> Result<Vec<Person>, AppError> {
        let blocks = self.store.blocks(current.id()).await?;
        let users = stream::iter(blocks).map(async |block| self.users.user(&block.user_id).await);
        let users: Vec<_> = users.buffered(AT_A_TIME).collect().await;
        let users: Vec<_> = users.into_iter().collect::<Result<_, _>>()?;
        Ok(users.iter().flatten().map(person).collect())
    }
}
