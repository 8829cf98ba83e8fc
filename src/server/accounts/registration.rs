//! Who may register and with what: as the configuration says, else as administrators chose in the browser.

use super::{Accounts, audit::Note};
use crate::{
    domain::{Admin, AuditKind, Reason},
    error::AppError,
    server::config::{AuthConfig, EmailRule, Registration},
};

/// The names under which the choices are stored.
const MODE: &str = "registration";
const EMAIL: &str = "registration.email";

/// What the configuration says; `None` leaves it to administrators.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configured {
    mode: Option<Registration>,
    email: Option<EmailRule>,
}

impl From<&AuthConfig> for Configured {
    fn from(auth: &AuthConfig) -> Self {
        Self { mode: auth.registration, email: auth.email }
    }
}

/// The rules that count now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationRules {
    pub mode: Registration,
    /// Whether the configuration says so, and nobody can change it in the browser.
    pub mode_is_fixed: bool,
    pub email: EmailRule,
    pub email_is_fixed: bool,
}

impl RegistrationRules {
    /// Whether anybody may register, not only the first person.
    pub fn is_open(self) -> bool {
        self.mode == Registration::Open
    }
}

/// A change of the rules; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct RulesChange {
    pub mode: Option<Registration>,
    pub email: Option<EmailRule>,
}

impl Accounts {
    /// Who may register after the first person, and with what.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn registration(&self) -> Result<RegistrationRules, AppError> {
        let Configured { mode, email } = self.configured;
        // A value that this version does not know lets nobody in whom an earlier administrator kept out.
        let stored_mode = match mode {
            Some(_) => None,
            None => self.facts.fact(MODE).await?.map(|text| text.parse().unwrap_or(Registration::Closed)),
        };
        let stored_email = match email {
            Some(_) => None,
            None => self.facts.fact(EMAIL).await?.and_then(|text| text.parse().ok()),
        };
        Ok(RegistrationRules {
            mode: mode.or(stored_mode).unwrap_or(Registration::Open),
            mode_is_fixed: mode.is_some(),
            email: email.or(stored_email).unwrap_or(EmailRule::Required),
            email_is_fixed: email.is_some(),
        })
    }

    /// Changes the rules for all who register from now on.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`] of a change; [`AppError::Conflict`]: the configuration says it.
    pub async fn change_registration(
        &self,
        admin: &Admin,
        change: RulesChange,
    ) -> Result<RegistrationRules, AppError> {
        let fixed =
            |key: &str| AppError::Conflict { reason: Reason::new("registration-fixed").with("key", key) };
        let now = self.registration().await?;
        let (mode, email) =
            (change.mode.filter(|it| *it != now.mode), change.email.filter(|it| *it != now.email));
        if mode.is_some() && now.mode_is_fixed {
            return Err(fixed("auth.registration"));
        }
        if email.is_some() && now.email_is_fixed {
            return Err(fixed("auth.email"));
        }
        if mode.is_some() || email.is_some() {
            self.proved(admin.current())?;
        }
        if let Some(mode) = mode {
            self.facts.set_fact(MODE, mode.into()).await?;
            let note = Note::by(admin.current(), AuditKind::RegistrationChanged);
            self.audit.note(note.saying(Reason::new(mode.name()))).await;
        }
        if let Some(email) = email {
            self.facts.set_fact(EMAIL, email.into()).await?;
            let note = Note::by(admin.current(), AuditKind::RegistrationChanged);
            self.audit.note(note.saying(Reason::new(email.name()))).await;
        }
        tracing::info!(admin = %admin.id(), ?change, "the rules of registration were changed");
        self.registration().await
    }
}
