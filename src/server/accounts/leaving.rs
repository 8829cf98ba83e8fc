//! Leaving: a person's own account is deleted some days after they asked for it, and until then they may stay.

use super::{Accounts, audit::Note};
use crate::{
    domain::{AuditKind, CurrentUser, Reason, User},
    error::AppError,
    server::store::UserPatch,
};

/// How long a person may change their mind: 14 days.
pub const GRACE_MS: i64 = 14 * 24 * 60 * 60 * 1000;

impl Accounts {
    /// Notes that the account is to be deleted with all that it has, in [`GRACE_MS`]. Until then everything works as before.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of a wrong password; [`AppError::TooMany`] after too many of them; [`AppError::Conflict`] for
    /// the last administrator; [`AppError::Forbidden`] for an API key; [`AppError::ProofRequired`] of whoever has a second
    /// factor or no password.
    pub async fn leave(&self, current: &CurrentUser, password: &str) -> Result<User, AppError> {
        self.in_browser(current)?;
        if !self.is_password_of(current, password).await? {
            return Err(AppError::invalid("password", Reason::new("password-wrong")));
        }
        // The password is half of the proof where there is a second factor.
        if self.confirmed(current.id()).await?.is_some() {
            self.proved(current)?;
        }
        if current.is_admin() && !self.people.any_other_admin(current.id()).await? {
            return Err(AppError::Conflict { reason: Reason::new("last-admin") });
        }
        let user = self.set_end(current, Some(self.clock.now() + GRACE_MS)).await?;
        tracing::info!(user = %user.id, "the account is to be deleted, as its owner wishes");
        self.audit.note(Note::by(current, AuditKind::LeaveAsked)).await;
        Ok(user)
    }

    /// The account stays.
    ///
    /// # Errors
    ///
    /// [`AppError::SignedOut`]: it was deleted meanwhile, and all its sessions have ended.
    pub async fn stay(&self, current: &CurrentUser) -> Result<User, AppError> {
        let user = self.set_end(current, None).await.map_err(|error| match error {
            AppError::NotFound => AppError::SignedOut,
            error => error,
        })?;
        if current.user.deletes_at.is_some() {
            self.audit.note(Note::by(current, AuditKind::Stayed)).await;
        }
        Ok(user)
    }

    async fn set_end(&self, current: &CurrentUser, at: Option<i64>) -> Result<User, AppError> {
        let patch = UserPatch { deletes_at: Some(at), ..UserPatch::default() };
        self.done(self.users.update_user(current.id(), &patch, None).await?)
    }
}
