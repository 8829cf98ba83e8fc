//! The browsers in which a person is signed in, and how they are signed out from afar.

pub(super) mod agent;

use std::slice::from_ref;

use super::{Accounts, audit::Note};
use crate::{
    domain::{AuditKind, CurrentUser, Device, Reason, SessionKind},
    error::AppError,
    server::store::Session,
};

/// How many browsers a person can be signed in with. Of more, the one that was used longest ago is signed out.
const MOST_BROWSERS: usize = 100;

impl Accounts {
    /// The browsers in which the person is signed in, the one that was used last first.
    pub async fn devices(&self, current: &CurrentUser) -> Result<Vec<Device>, AppError> {
        let all = self.sessions_of_kind(current.id(), SessionKind::Browser).await?;
        Ok(all.into_iter().map(|session| device(session, current)).collect())
    }

    /// Signs one browser of the person out; its streams end.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: the person has no such browser.
    pub async fn end_device(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        let mut all = self.sessions_of_kind(current.id(), SessionKind::Browser).await?;
        let at = all.iter().position(|session| session.id == id).ok_or(AppError::NotFound)?;
        self.end_one(current, all.swap_remove(at), AuditKind::SessionEnded).await
    }

    /// Signs all browsers of the person out but the one that asks; answers how many.
    pub async fn end_other_devices(&self, current: &CurrentUser) -> Result<usize, AppError> {
        let ended = self.sessions.delete_sessions(current.id(), Some(&current.session_id)).await?;
        self.ended.tell(&ended);
        if !ended.is_empty() {
            let detail = Reason::new("audit-devices").with("count", ended.len());
            self.audit.note(Note::by(current, AuditKind::SessionEnded).saying(detail)).await;
        }
        Ok(ended.len())
    }

    /// Ends a session or a key of the person, and notes it.
    pub(super) async fn end_one(
        &self,
        current: &CurrentUser,
        session: Session,
        kind: AuditKind,
    ) -> Result<(), AppError> {
        if !self.sessions.delete_session_of(current.id(), &session.id).await? {
            return Err(AppError::NotFound);
        }
        self.ended.tell(from_ref(&session.id));
        let name = match session.kind {
            SessionKind::Browser => agent::name(&session.user_agent),
            SessionKind::Key => session.name,
        };
        self.audit.note(Note::by(current, kind).to_thing(&session.id, &name)).await;
        Ok(())
    }

    /// The sessions of a person of this kind, the one that was used last first.
    pub(super) async fn sessions_of_kind(
        &self,
        user_id: &str,
        kind: SessionKind,
    ) -> Result<Vec<Session>, AppError> {
        let mut all = self.sessions.sessions_of(user_id, self.clock.now()).await?;
        all.retain(|session| session.kind == kind);
        Ok(all)
    }

    /// Signs out the browsers that a person has too many of: those that were used longest ago.
    pub(super) async fn end_oldest_browsers(&self, user_id: &str) -> Result<(), AppError> {
        let all = self.sessions_of_kind(user_id, SessionKind::Browser).await?;
        for session in all.iter().skip(MOST_BROWSERS) {
            if self.sessions.delete_session(&session.id).await? {
                self.ended.tell(from_ref(&session.id));
            }
        }
        Ok(())
    }
}

fn device(session: Session, current: &CurrentUser) -> Device {
    Device {
        name: agent::name(&session.user_agent),
        is_current: session.id == current.session_id,
        id: session.id,
        address: session.address,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
    }
}
