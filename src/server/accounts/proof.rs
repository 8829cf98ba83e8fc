//! Proof of identity: before a sensitive change a person proves again who they are, because a browser may have been left
//! open, or a token may have been stolen.

use super::Accounts;
use crate::{
    domain::{Authority, CurrentUser, Reason, SessionKind},
    error::AppError,
};

/// How long a proof counts in its session: ten minutes.
pub const PROOF_MS: i64 = 10 * 60 * 1000;

/// What a person proves with.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    pub password: &'a str,
    /// A code of the app or a recovery code, where the account has a second factor.
    pub code: &'a str,
}

impl Accounts {
    /// Asks for a proof of the last ten minutes, of which signing in is one. What is sensitive asks this first: sign-in
    /// methods, API keys, another device, the end of an account, administrative acts.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`], for an API key always.
    pub fn proved(&self, current: &CurrentUser) -> Result<(), AppError> {
        let age = self.clock.now() - current.proved_at();
        // A clock that was set back makes no proof last longer.
        let fresh = current.kind == SessionKind::Browser && (-PROOF_MS..=PROOF_MS).contains(&age);
        if fresh { Ok(()) } else { Err(AppError::ProofRequired) }
    }

    /// [`Self::proved`] for an administrator. Whoever runs commands on the server has nothing to prove.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`].
    pub(super) fn proved_on(&self, by: Authority<'_>) -> Result<(), AppError> {
        match by {
            Authority::Admin(admin) => self.proved(admin.current()),
            Authority::Operator => Ok(()),
        }
    }

    /// Notes in the session that the person proved who they are.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`] for an API key; [`AppError::Invalid`] of `password` or `code`; [`AppError::TooMany`].
    pub async fn prove(&self, current: &CurrentUser, proof: Proof<'_>) -> Result<(), AppError> {
        if current.kind != SessionKind::Browser {
            return Err(AppError::ProofRequired);
        }
        if !self.is_password_of(current, proof.password).await? {
            return Err(AppError::invalid("password", Reason::new("password-wrong")));
        }
        if let Some(factor) = self.confirmed(current.id()).await? {
            if proof.code.trim().is_empty() {
                return Err(AppError::invalid("code", Reason::new("code-missing")));
            }
            let tried = self.attempts.codes.take(("proof", current.id()), self.clock.instant())?;
            let used = self.use_code(current.id(), &factor, proof.code).await;
            if !matches!(used, Ok(None)) {
                tried.forgive();
            }
            if used?.is_none() {
                return Err(AppError::invalid("code", Reason::new("code-wrong")));
            }
        }
        if !self.sessions.prove_session(&current.session_id, self.clock.now()).await? {
            return Err(AppError::SignedOut);
        }
        Ok(())
    }
}
