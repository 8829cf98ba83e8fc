//! What people change of their own account.

use super::{
    Accounts,
    audit::Note,
    passwords::Lane,
    preferences,
    valid::{MAX_PASSWORD_BYTES, find_account, known_words, valid_login, valid_name, valid_password},
};
use crate::{
    domain::{AuditKind, CurrentUser, PreferencesPatch, Reason, User},
    error::AppError,
    server::{
        store::{Updated, UserPatch},
        words::Language,
    },
};

/// A change of one's own account; `None` leaves a field as it is.
#[derive(Default)]
pub struct MeChange<'a> {
    pub name: Option<&'a str>,
    /// What the person signs in with.
    pub email: Option<&'a str>,
    /// The current password and the new one.
    pub password: Option<(&'a str, &'a str)>,
    /// The inner `None`: the language of the browser.
    pub language: Option<Option<Language>>,
    pub preferences: Option<PreferencesPatch>,
}

impl Accounts {
    /// Changes the account and answers it as it is then. A new password ends all other sessions.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field; [`AppError::TooMany`] after too many wrong old passwords;
    /// [`AppError::ProofRequired`] and [`AppError::Conflict`] of another e-mail address.
    pub async fn change_me(&self, current: &CurrentUser, change: MeChange<'_>) -> Result<User, AppError> {
        let language = change.language.map(|language| language.map(|language| language.tag().to_owned()));
        let mut patch = UserPatch { language, ..UserPatch::default() };
        if let Some(change) = change.preferences {
            patch.preferences = Some(preferences::valid(change, &current.user.preferences)?);
        }
        if let Some(email) = change.email {
            patch.login = self.new_email(current, email).await?;
            // Nobody said yet that the new one is the person's.
            patch.email_verified = patch.login.as_ref().map(|_| false);
        }
        if let Some(name) = change.name {
            patch.name = Some(valid_name(name, &current.user.login)?);
        }
        if let Some((old, new)) = change.password {
            self.in_browser(current)?;
            let name = patch.name.as_deref().unwrap_or(&current.user.name);
            valid_password("new_password", new, &known_words(&self.host, &current.user.login, name))?;
            // Hashing takes a while, in which the password may change or the session may end: the store compares both.
            patch.old_hash = Some(self.checked_password(current, old).await?.ok_or_else(wrong_password)?);
            // The old password is half of the proof where there is a second factor.
            if self.confirmed(current.id()).await?.is_some() {
                self.proved(current)?;
            }
            patch.password_hash = Some(self.passwords.hash(Lane::Known, new).await?);
        }
        let keep = Some(current.session_id.as_str());
        let changed = self.users.update_user(current.id(), &patch, keep).await?;
        let user = match changed {
            // Another change of the password from this session was faster.
            Updated::Missing if self.sessions.session(&current.session_id).await?.is_some() => {
                return Err(wrong_password());
            }
            Updated::Missing => return Err(AppError::SignedOut),
            Updated::LoginTaken => return Err(in_use(patch.login.as_deref().unwrap_or_default())),
            other => self.done(other)?,
        };
        if patch.password_hash.is_some() {
            self.audit.note(Note::by(current, AuditKind::PasswordChanged)).await;
        }
        if patch.login.is_some() {
            tracing::info!(user = %user.id, "the account has another e-mail address");
            self.audit.note(Note::by(current, AuditKind::LoginChanged)).await;
        }
        Ok(user)
    }

    /// Another e-mail address in the form in which it is stored; `None`: it is the one that the account has. It is what the
    /// person signs in with, so no account is left without one, unless a name takes its place where that is enough.
    async fn new_email(&self, current: &CurrentUser, email: &str) -> Result<Option<String>, AppError> {
        self.proved(current)?;
        if email.trim() == current.user.login {
            return Ok(None);
        }
        let email = valid_login(email, self.registration().await?.email)?;
        match find_account(&*self.users, &email).await? {
            Some(known) if known.user.id != current.id() => Err(in_use(&email)),
            Some(_) if email == current.user.login => Ok(None),
            _ => Ok(Some(email)),
        }
    }

    /// Whether this is the current password of somebody who is signed in. Wrong ones are limited as they are at sign-in,
    /// because a browser that was left open must not be a way to guess the password.
    pub(super) async fn is_password_of(
        &self,
        current: &CurrentUser,
        password: &str,
    ) -> Result<bool, AppError> {
        Ok(self.checked_password(current, password).await?.is_some())
    }

    /// [`Self::is_password_of`], with the hash of the password, which is empty for whoever has none.
    async fn checked_password(
        &self,
        current: &CurrentUser,
        password: &str,
    ) -> Result<Option<String>, AppError> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Ok(None);
        }
        // Whoever has none proves it at their provider.
        if !self.has_password(current).await? {
            return self.proved(current).map(|()| Some(String::new()));
        }
        let tried = self.attempts.old_password.take(current.id(), self.clock.instant())?;
        let checked = async {
            let hash = self.users.credentials(&current.user.login).await?.map(|known| known.password_hash);
            let is_right = self.passwords.verify(Lane::Known, password, hash.as_deref()).await?;
            Ok(hash.filter(|_| is_right))
        };
        let checked = checked.await;
        if checked != Ok(None) {
            tried.forgive();
        }
        checked
    }
}

fn wrong_password() -> AppError {
    AppError::invalid("password", Reason::new("password-wrong"))
}

fn in_use(login: &str) -> AppError {
    let key = if login.contains('@') { "email-in-use" } else { "login-in-use" };
    AppError::Conflict { reason: Reason::new(key) }
}
