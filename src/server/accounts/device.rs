//! Sign-in on another device: a session shows a link, another device asks with it, the person confirms it where they are
//! signed in, and the device gets a session of its own. No password is typed there.

use super::{Accounts, Caller, audit::Note, codes, devices::agent, sign_in::SignedIn, valid::same_email};
use crate::{
    domain::{AuditKind, CurrentUser, Reason, Scope, SessionKind, User},
    error::AppError,
    server::store::{AskingDevice, DeviceLink, Session},
};

/// How long a link counts: two minutes.
pub const LINK_SECONDS: i64 = 2 * 60;
/// The longest `User-Agent` that is kept and shown, in characters.
const MAX_AGENT_CHARS: usize = 200;

/// How far it is, as the session sees it that made the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceStep {
    /// The link waits for a device. `code` is what follows `/device/` in its address.
    Shown {
        code: String,
    },
    /// A device asks to be signed in.
    Asked {
        /// What it is called; empty when it does not say what it is.
        name: String,
        address: String,
        number: u32,
    },
    Confirmed,
    Done,
}

/// How far it is, as a device sees it that has the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskStep {
    /// It may ask.
    Free,
    /// It has asked and shows this number.
    Waiting { number: u32 },
    /// It may begin its session, as this person.
    Confirmed { login: String },
    /// Another device asked first, or the link does not count any more.
    Gone,
}

impl Accounts {
    /// Makes the link of this session; an earlier one counts no more.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`].
    pub async fn make_device_link(&self, current: &CurrentUser) -> Result<(), AppError> {
        self.proved(current)?;
        let code = codes::new_code()?;
        let now = self.clock.now();
        let link = DeviceLink {
            session_id: current.session_id.clone(),
            code_hash: codes::hash(&code).ok_or(AppError::Internal)?,
            code: self.device_codes.seal(code.as_bytes(), &current.session_id).ok_or(AppError::Internal)?,
            expires_at: now + LINK_SECONDS * 1000,
            asked: None,
            confirmed: false,
            done: false,
        };
        let stored = self.links.put_device_link(&link, now).await?;
        if stored { Ok(()) } else { Err(AppError::SignedOut) }
    }

    /// How far it is with the link of this session; `None` without one that counts.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`].
    pub async fn device_link(&self, current: &CurrentUser) -> Result<Option<DeviceStep>, AppError> {
        self.proved(current)?;
        let found = self.links.device_link_of(&current.session_id, self.clock.now()).await?;
        let Some(link) = found else { return Ok(None) };
        let step = match (link.asked, link.confirmed, link.done) {
            (_, _, true) => DeviceStep::Done,
            (_, true, _) => DeviceStep::Confirmed,
            (Some(AskingDevice { number, user_agent, address, .. }), ..) => {
                DeviceStep::Asked { name: agent::name(&user_agent), address, number }
            }
            (None, ..) => {
                let code = self.device_codes.open(&link.code, &current.session_id);
                let code = code.and_then(|code| String::from_utf8(code).ok());
                return Ok(code.map(|code| DeviceStep::Shown { code }));
            }
        };
        Ok(Some(step))
    }

    /// Confirms the device that asked and shows this number.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`]; [`AppError::Conflict`] when none does any more.
    pub async fn confirm_device(&self, current: &CurrentUser, number: u32) -> Result<(), AppError> {
        self.proved(current)?;
        if !self.links.confirm_device(&current.session_id, number, self.clock.now()).await? {
            return Err(AppError::Conflict { reason: Reason::new("device-link-expired") });
        }
        tracing::info!(user = %current.id(), "another device was confirmed");
        Ok(())
    }

    /// Ends the link of this session, so that no device is signed in with it.
    pub async fn refuse_device(&self, current: &CurrentUser) -> Result<(), AppError> {
        self.links.remove_device_link(&current.session_id).await?;
        Ok(())
    }

    /// How far it is for a device that has a link's code, and the secret that it was given if it has asked.
    pub async fn device_asks(&self, code: &str, secret: &str) -> Result<AskStep, AppError> {
        let Some((link, owner)) = self.link_of_code(code).await? else { return Ok(AskStep::Gone) };
        Ok(match link.asked {
            None => AskStep::Free,
            Some(asked)
                if codes::hash(secret).is_some_and(|hash| hash == asked.secret_hash) && !link.done =>
            {
                match link.confirmed {
                    true => AskStep::Confirmed { login: owner.login },
                    false => AskStep::Waiting { number: asked.number },
                }
            }
            Some(_) => AskStep::Gone,
        })
    }

    /// Asks for a session with a link's code. Answers the secret that only this device has then.
    ///
    /// # Errors
    ///
    /// [`AppError::Conflict`] when another device asked first, or the link does not count.
    pub async fn ask_by_device_link(&self, code: &str, caller: &Caller) -> Result<String, AppError> {
        let secret = codes::new_code()?;
        let mut random = [0; 2];
        getrandom::fill(&mut random).map_err(|_| AppError::Internal)?;
        let asking = AskingDevice {
            secret_hash: codes::hash(&secret).ok_or(AppError::Internal)?,
            // Three digits.
            number: 100 + u32::from(u16::from_be_bytes(random)) % 900,
            user_agent: caller.user_agent.chars().take(MAX_AGENT_CHARS).collect(),
            address: caller.address.clone(),
        };
        let hash = codes::hash(code).ok_or_else(gone)?;
        let asked = self.links.ask_by_device_link(&hash, &asking, self.clock.now()).await?;
        if asked { Ok(secret) } else { Err(gone()) }
    }

    /// Begins the session of a device that was confirmed. It has not proved who the person is: what is sensitive asks
    /// for the password there.
    ///
    /// # Errors
    ///
    /// [`AppError::Conflict`] when it is not confirmed, or the link does not count any more.
    pub async fn claim_device_link(
        &self,
        code: &str,
        secret: &str,
        caller: &Caller,
    ) -> Result<SignedIn, AppError> {
        let (link, user) = self.link_of_code(code).await?.ok_or_else(gone)?;
        let secret_hash = codes::hash(secret).ok_or_else(gone)?;
        let now = self.clock.now();
        let session = Session {
            id: self.ids.next(),
            user_id: user.id.clone(),
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.session_ms,
            user_agent: caller.user_agent.chars().take(MAX_AGENT_CHARS).collect(),
            kind: SessionKind::Browser,
            name: String::new(),
            scope: Scope::All,
            secret_hash: None,
            address: caller.address.clone(),
            proved_at: 0,
        };
        if !self.links.claim_device_link(&link.code_hash, &secret_hash, &session, now).await? {
            return Err(gone());
        }
        self.attempts.signed_in(&caller.address, &same_email(&user.login), self.clock.instant());
        self.end_oldest_browsers(&user.id).await?;
        self.audit.note(Note::of(&user, AuditKind::SignedIn, &caller.address)).await;
        Ok(SignedIn { token: self.tokens.issue(&session)?, user, recovery_left: None })
    }

    /// The link and whose it is.
    async fn link_of_code(&self, code: &str) -> Result<Option<(DeviceLink, User)>, AppError> {
        let Some(hash) = codes::hash(code) else { return Ok(None) };
        let Some(link) = self.links.device_link(&hash, self.clock.now()).await? else { return Ok(None) };
        let maker = self.sessions.session(&link.session_id).await?;
        Ok(maker.map(|(_, user)| (link, user)))
    }
}

fn gone() -> AppError {
    AppError::Conflict { reason: Reason::new("device-link-gone") }
}
