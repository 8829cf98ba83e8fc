//! Sign-in: an e-mail address and a password for a session, and a code where the account has a second factor.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Accounts, Caller,
    audit::Note,
    passwords::Lane,
    second_factor::RightCode,
    tokens::IssuedToken,
    valid::{MAX_EMAIL_BYTES, MAX_PASSWORD_BYTES, find_account, same_email},
};
use crate::{
    domain::{AuditKind, Reason, User, UserState},
    error::AppError,
    server::store::Credentials,
};

/// How long a code can be given after the password: five minutes.
pub const TICKET_SECONDS: i64 = 5 * 60;
/// Longer ones are not ours.
const MAX_TICKET_BYTES: usize = 1024;

/// Where a right password leads.
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is answered, and never kept")]
pub enum Entered {
    In(SignedIn),
    /// A code is wanted: [`Accounts::enter_code`] takes it with this ticket.
    CodeWanted(String),
}

/// Somebody who is signed in now.
pub struct SignedIn {
    pub user: User,
    pub token: IssuedToken,
    /// How many recovery codes are left, when one was used.
    pub recovery_left: Option<u32>,
}

/// Says that somebody gave the right password of an account a moment ago. It is worth nothing without a code.
#[derive(Serialize, Deserialize)]
struct Ticket {
    login: String,
    /// The digest of the password's hash, so that a new password ends the ticket.
    password: Vec<u8>,
    /// UTC milliseconds.
    until: i64,
}

impl Accounts {
    /// Checks a password and starts a session, or answers a ticket where the account has a second factor. Unknown
    /// accounts take the same time and get the same answer as wrong passwords.
    ///
    /// A try is taken before the password is checked and given back if the password is right, so that a hundred requests
    /// at once can try no more passwords than a hundred in a row.
    ///
    /// # Errors
    ///
    /// [`AppError::WrongCredentials`]; [`AppError::TooMany`] after too many of them; [`AppError::Overloaded`].
    pub async fn sign_in(&self, email: &str, password: &str, caller: &Caller) -> Result<Entered, AppError> {
        // Nobody can have registered these, so they need no check and use up no try.
        if email.trim().len() > MAX_EMAIL_BYTES || password.len() > MAX_PASSWORD_BYTES {
            return Err(AppError::WrongCredentials);
        }
        let email = same_email(email);
        let _turn = self.attempts.turn(&caller.address).await?;
        let now = self.clock.instant();
        let habit = self.attempts.is_habit(&caller.address, &email, now);
        let tried = self.attempts.sign_in(&caller.address, &email, now)?;
        let checked = async {
            let known = find_account(&*self.users, &email).await?;
            // Whoever has no password takes the time of one, too.
            let hash = known.as_ref().map(|known| known.password_hash.as_str()).filter(|it| !it.is_empty());
            let lane = if habit { Lane::Known } else { Lane::Anybody };
            let matches = self.passwords.verify(lane, password, hash).await?;
            let is_right = matches && known.as_ref().is_some_and(|it| it.user.state == UserState::Active);
            Ok((known, is_right))
        };
        let checked: Result<_, AppError> = checked.await;
        if !matches!(checked, Ok((_, false))) {
            tried.forgive();
        }
        let known = match checked? {
            (Some(known), true) => known,
            (account, _) => {
                let refused = Note::by_nobody(AuditKind::SignInRefused, &caller.address);
                self.audit.note(account.iter().fold(refused, |note, it| note.to(&it.user))).await;
                return Err(AppError::WrongCredentials);
            }
        };
        if self.confirmed(&known.user.id).await?.is_some() {
            return self.ticket(&known).map(Entered::CodeWanted);
        }
        self.enter(known, None, None, caller).await.map(Entered::In)
    }

    /// Starts the session for which a ticket was given, if the code is right: one of the app, or a recovery code, each of
    /// which counts once.
    ///
    /// Wrong codes are counted for the account, and at an address that is familiar for it for that address alone, so that
    /// somebody elsewhere who knows the password cannot lock the person out.
    ///
    /// # Errors
    ///
    /// [`AppError::WrongCode`]; [`AppError::Conflict`] when the password has to be given again; [`AppError::TooMany`].
    pub async fn enter_code(&self, ticket: &str, code: &str, caller: &Caller) -> Result<SignedIn, AppError> {
        let again = || AppError::Conflict { reason: Reason::new("sign-in-again") };
        let known = self.of_ticket(ticket).await?.ok_or_else(again)?;
        let id = &known.user.id;
        let factor = self.confirmed(id).await?.ok_or_else(again)?;
        let now = self.clock.instant();
        let habit = self.attempts.is_habit(&caller.address, &same_email(&known.user.login), now);
        let from = if habit { caller.address.as_str() } else { "" };
        let tried = self.attempts.codes.take(("sign in", id, from), now)?;
        let used = self.use_code(id, &factor, code).await;
        if !matches!(used, Ok(None)) {
            tried.forgive();
        }
        let Some(right) = used? else {
            let refused = Note::by_nobody(AuditKind::SignInRefused, &caller.address);
            self.audit.note(refused.to(&known.user)).await;
            return Err(AppError::WrongCode);
        };
        let left = match right {
            RightCode::OfApp => None,
            RightCode::Recovery { left } => Some(left),
        };
        self.enter(known, left, None, caller).await
    }

    /// Whether a ticket still counts, for the page that asks for a code.
    pub async fn is_ticket(&self, ticket: &str) -> Result<bool, AppError> {
        Ok(self.of_ticket(ticket).await?.is_some())
    }

    /// Lets a person in who has proved everything. `how`: where that was no password.
    pub(super) async fn enter(
        &self,
        known: Credentials,
        recovery_left: Option<u32>,
        how: Option<Reason>,
        caller: &Caller,
    ) -> Result<SignedIn, AppError> {
        let Credentials { user, password_hash } = known;
        self.attempts.signed_in(&caller.address, &same_email(&user.login), self.clock.instant());
        let token = self.start_session(&user.id, Some(&password_hash), caller).await?;
        let note = Note::of(&user, AuditKind::SignedIn, &caller.address);
        self.audit.note(how.into_iter().fold(note, Note::saying)).await;
        if recovery_left.is_some() {
            self.audit.note(Note::of(&user, AuditKind::RecoveryCodeUsed, &caller.address)).await;
        }
        Ok(SignedIn { user, token, recovery_left })
    }

    pub(super) fn ticket(&self, known: &Credentials) -> Result<String, AppError> {
        let ticket = Ticket {
            login: known.user.login.clone(),
            password: digest(&known.password_hash),
            until: self.clock.now() + TICKET_SECONDS * 1000,
        };
        let bytes = serde_json::to_vec(&ticket).unwrap_or_default();
        self.tickets.seal(&bytes, "").ok_or(AppError::Internal)
    }

    /// The account of a ticket that counts.
    async fn of_ticket(&self, ticket: &str) -> Result<Option<Credentials>, AppError> {
        if ticket.len() > MAX_TICKET_BYTES {
            return Ok(None);
        }
        let opened = self.tickets.open(ticket, "");
        let Some(ticket) = opened.and_then(|bytes| serde_json::from_slice::<Ticket>(&bytes).ok()) else {
            return Ok(None);
        };
        if !(0..=TICKET_SECONDS * 1000).contains(&(ticket.until - self.clock.now())) {
            return Ok(None);
        }
        let known = self.users.credentials(&ticket.login).await?;
        Ok(known.filter(|known| {
            known.user.state == UserState::Active && digest(&known.password_hash) == ticket.password
        }))
    }
}

fn digest(password_hash: &str) -> Vec<u8> {
    Sha256::digest(password_hash).to_vec()
}
