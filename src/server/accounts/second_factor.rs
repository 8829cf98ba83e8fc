//! The second factor: codes of an app besides the password, and recovery codes for the day on which the app is gone.

use super::{Accounts, audit::Note, recovery, totp::Seed};
use crate::{
    domain::{AuditKind, Authority, CurrentUser, Reason, User},
    error::AppError,
    server::store::SecondFactor,
};

/// What apps call the site, with its host behind.
const SITE: &str = "Inglenook";

/// What a person has for a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactorState {
    /// Whether signing in asks for a code.
    pub on: bool,
    /// How many recovery codes are left.
    pub recovery_left: u32,
}

/// What a person gives to their app, to be confirmed with a code of it.
pub struct Enrolment {
    /// For typing: base 32.
    pub key: String,
    /// For a QR code: `otpauth://…`.
    pub address: String,
}

/// A right code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RightCode {
    OfApp,
    /// How many recovery codes are left now.
    Recovery {
        left: u32,
    },
}

impl Accounts {
    /// Whether the person has a second factor, and how many recovery codes are left.
    pub async fn second_factor(&self, current: &CurrentUser) -> Result<FactorState, AppError> {
        let found = self.confirmed(current.id()).await?;
        let state = |factor: SecondFactor| FactorState { on: true, recovery_left: factor.recovery_left };
        Ok(found.map(state).unwrap_or_default())
    }

    /// Makes a seed for the person's app. It counts once [`Self::confirm_second_factor`] is given a code of it.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`]; [`AppError::Conflict`] when there is a second factor already.
    pub async fn begin_second_factor(&self, current: &CurrentUser) -> Result<Enrolment, AppError> {
        self.proved(current)?;
        let seed = Seed::random()?;
        let sealed = self.seeds.seal(seed.bytes(), current.id()).ok_or(AppError::Internal)?;
        if !self.factors.begin_second_factor(current.id(), &sealed).await? {
            return Err(AppError::Conflict { reason: Reason::new("second-factor-on-already") });
        }
        Ok(self.enrolment(&seed, &current.user))
    }

    /// The seed that waits to be confirmed; `None` when none does.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`].
    pub async fn unconfirmed_factor(&self, current: &CurrentUser) -> Result<Option<Enrolment>, AppError> {
        self.proved(current)?;
        let found = self.factors.second_factor(current.id()).await?.filter(|factor| !factor.confirmed);
        // What another secret sealed can be begun anew.
        let seed = found.and_then(|factor| self.seed_of(&factor, current.id()));
        Ok(seed.map(|seed| self.enrolment(&seed, &current.user)))
    }

    /// Switches the second factor on, as the code shows that the app has the seed. Answers the recovery codes, which are
    /// stored as hashes and shown this once.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`]; [`AppError::Invalid`] of `code`; [`AppError::Conflict`] when no seed waits;
    /// [`AppError::TooMany`].
    pub async fn confirm_second_factor(
        &self,
        current: &CurrentUser,
        code: &str,
    ) -> Result<Vec<String>, AppError> {
        self.proved(current)?;
        let conflict = || AppError::Conflict { reason: Reason::new("second-factor-not-begun") };
        let found = self.factors.second_factor(current.id()).await?.filter(|factor| !factor.confirmed);
        let factor = found.ok_or_else(conflict)?;
        let seed = self.seed_of(&factor, current.id()).ok_or_else(conflict)?;
        let tried = self.attempts.codes.take(("confirm", current.id()), self.clock.instant())?;
        let step = seed.step_of(code, self.clock.now());
        let step = step.ok_or_else(|| AppError::invalid("code", Reason::new("code-wrong-now")))?;
        tried.forgive();
        let (codes, hashes) = recovery::make()?;
        if !self.factors.confirm_second_factor(current.id(), &factor.seed, step, &hashes).await? {
            return Err(conflict());
        }
        self.audit.note(Note::by(current, AuditKind::SecondFactorOn)).await;
        Ok(codes)
    }

    /// Makes new recovery codes; the earlier ones count no more.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`]; [`AppError::Conflict`] without a second factor.
    pub async fn new_recovery_codes(&self, current: &CurrentUser) -> Result<Vec<String>, AppError> {
        self.proved(current)?;
        let (codes, hashes) = recovery::make()?;
        if !self.factors.replace_recovery_codes(current.id(), &hashes).await? {
            return Err(off());
        }
        tracing::info!(user = %current.id(), "recovery codes were made");
        Ok(codes)
    }

    /// Switches the second factor off.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`]; [`AppError::Conflict`] without a second factor.
    pub async fn end_second_factor(&self, current: &CurrentUser) -> Result<(), AppError> {
        self.proved(current)?;
        if !self.factors.remove_second_factor(current.id()).await? {
            return Err(off());
        }
        self.audit.note(Note::by(current, AuditKind::SecondFactorOff)).await;
        Ok(())
    }

    /// Whether somebody has a second factor.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn has_second_factor<'a>(
        &self,
        by: impl Into<Authority<'a>>,
        id: &str,
    ) -> Result<bool, AppError> {
        self.person(by, id).await?;
        Ok(self.confirmed(id).await?.is_some())
    }

    /// Switches off the second factor of somebody who has lost their app and their recovery codes.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`]; [`AppError::NotFound`]; [`AppError::Conflict`] without a second factor.
    pub async fn end_second_factor_of<'a>(
        &self,
        by: impl Into<Authority<'a>>,
        id: &str,
    ) -> Result<User, AppError> {
        let by = by.into();
        self.proved_on(by)?;
        let user = self.person(by, id).await?;
        if !self.factors.remove_second_factor(id).await? {
            return Err(off());
        }
        self.audit.note(Note::on(by, AuditKind::SecondFactorOff).to(&user)).await;
        Ok(user)
    }

    /// The person's second factor, if signing in asks for it.
    pub(super) async fn confirmed(&self, user_id: &str) -> Result<Option<SecondFactor>, AppError> {
        Ok(self.factors.second_factor(user_id).await?.filter(|factor| factor.confirmed))
    }

    /// Uses a code of the app or a recovery code up, if it is right. The caller limits how many are tried.
    pub(super) async fn use_code(
        &self,
        user_id: &str,
        factor: &SecondFactor,
        typed: &str,
    ) -> Result<Option<RightCode>, AppError> {
        if let Some(hash) = recovery::hash(typed) {
            let left = self.factors.use_recovery_code(user_id, &hash).await?;
            return Ok(left.map(|left| RightCode::Recovery { left }));
        }
        let Some(seed) = self.seed_of(factor, user_id) else {
            tracing::error!(user = %user_id, "a second factor was sealed with another secret: recovery codes work");
            return Ok(None);
        };
        let Some(step) = seed.step_of(typed, self.clock.now()) else { return Ok(None) };
        Ok(self.factors.use_step(user_id, step).await?.then_some(RightCode::OfApp))
    }

    fn seed_of(&self, factor: &SecondFactor, user_id: &str) -> Option<Seed> {
        Seed::of(&self.seeds.open(&factor.seed, user_id)?)
    }

    fn enrolment(&self, seed: &Seed, user: &User) -> Enrolment {
        let host = Some(&self.host).filter(|host| !host.is_empty());
        let site = host.map_or(SITE.to_owned(), |host| format!("{SITE} ({host})"));
        Enrolment { key: seed.key(), address: seed.address(&site, &user.login) }
    }
}

fn off() -> AppError {
    AppError::Conflict { reason: Reason::new("second-factor-off-already") }
}
