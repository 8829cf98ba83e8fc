//! Registration: an account for somebody new.

use super::{
    Accounts, Caller,
    audit::Note,
    codes,
    passwords::Lane,
    redeem::does_not_count,
    registration::RegistrationRules,
    tokens::IssuedToken,
    valid::{find_account, known_words, valid_login, valid_name, valid_password},
};
use crate::{
    domain::{AuditKind, Authority, Reason, User},
    error::AppError,
    server::{
        config::{EmailRule, Registration},
        store::{Admission, First, Invited, NewUser, Registered},
    },
};

/// The form of somebody who registers.
pub struct Registering<'a> {
    /// The e-mail address, or a name where [`super::EmailRule`] lets one be enough.
    pub email: &'a str,
    pub password: &'a str,
    pub name: &'a str,
    /// The code of a link or an invitation that was handed to the person; empty without one.
    pub code: &'a str,
}

impl Accounts {
    /// What a new password of this person must not be made of, with blanks between.
    pub fn known_words(&self, email: &str, name: &str) -> String {
        known_words(&self.host, email, name).join(" ")
    }

    /// Whether anybody has an account.
    pub async fn any_user(&self) -> Result<bool, AppError> {
        Ok(self.users.any_user().await?)
    }

    /// Whether only the code of [`Accounts::new_first_code`] makes the first account.
    pub fn is_first_by_link(&self) -> bool {
        self.first_by_link
    }

    /// A new code for the first account, which ends the one before. `None` where none is needed: there is somebody, or nobody
    /// but the people at this machine reaches the server.
    ///
    /// # Errors
    ///
    /// The store does not take it.
    pub async fn new_first_code(&self) -> Result<Option<String>, AppError> {
        if !self.first_by_link {
            return Ok(None);
        }
        let code = codes::new_code()?;
        let hash = codes::hash(&code).unwrap_or_default();
        Ok(self.users.set_first_code(&hash).await?.then_some(code))
    }

    /// Makes an account and signs the person in. The first account is an administrator's, and can be made even where
    /// registration is closed, because somebody has to begin.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field; [`AppError::Forbidden`] where registration is closed, or the first account
    /// needs a code;
    /// [`AppError::Conflict`] for an address that has an account; [`AppError::TooMany`] for a caller with too many.
    pub async fn register(
        &self,
        form: Registering<'_>,
        caller: &Caller,
    ) -> Result<(User, IssuedToken), AppError> {
        let rules = self.registration().await?;
        let login = valid_login(form.email, rules.email)?;
        let name = valid_name(form.name, &login)?;
        valid_password("password", form.password, &known_words(&self.host, &login, &name))?;
        let hash = codes::hash(form.code);
        if hash.is_none() && form.code.chars().nth(codes::MAX_CHARS).is_some() {
            return Err(AppError::invalid(
                "code",
                Reason::new("code-too-long").with("most", codes::MAX_CHARS),
            ));
        }
        let admission = self.admission(rules, form.code, hash.as_deref());
        // Asked before the work of hashing. Of several that come here at once, the store accepts only one.
        let invitation = match self.users.any_user().await? {
            true if !form.code.is_empty() => Some(self.invitation(rules, form.code, caller).await?),
            true if !admission.others => return Err(self.closed(rules, form.code)),
            false if matches!(admission.first, First::Nobody) => return Err(not_first(form.code)),
            _ => None,
        };
        let _turn = self.attempts.turn(&caller.address).await?;
        let tried = self.attempts.registrations.take(&caller.address, self.clock.instant())?;
        let password_hash = match self.passwords.hash(Lane::Anybody, form.password).await {
            Ok(hash) => hash,
            Err(error) => {
                tried.forgive();
                return Err(error);
            }
        };
        // An older account may have the same address in another Unicode form or case.
        if find_account(&*self.users, &login).await?.is_some() {
            return Err(taken(&login));
        }
        let new = NewUser {
            email_verified: false,
            identity: None,
            id: self.ids.next(),
            login,
            name,
            password_hash,
            created_at: self.clock.now(),
        };
        let user = match invitation {
            Some(hash) => self.create_invited(&new, &hash).await?,
            None => self.create(&new, admission, (rules, form.code)).await?,
        };
        self.attempts.signed_in(&caller.address, &user.login, self.clock.instant());
        let token = self.start_session(&user.id, Some(&new.password_hash), caller).await?;
        self.audit.note(Note::of(&user, AuditKind::Registered, &caller.address)).await;
        tracing::info!(user = %user.id, role = ?user.role, "registered");
        Ok((user, token))
    }

    /// Makes an account for somebody, whoever may register; the first one is an administrator's.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field; [`AppError::Conflict`]: somebody signs in with that already.
    pub async fn add_person<'a>(
        &self,
        by: impl Into<Authority<'a>>,
        (login, name): (&str, &str),
        password: &str,
    ) -> Result<User, AppError> {
        let by = by.into();
        self.proved_on(by)?;
        let login = valid_login(login, EmailRule::Optional)?;
        let name = valid_name(name, &login)?;
        valid_password("password", password, &known_words(&self.host, &login, &name))?;
        if find_account(&*self.users, &login).await?.is_some() {
            return Err(taken(&login));
        }
        let password_hash = self.passwords.hash(Lane::Known, password).await?;
        let new = NewUser {
            email_verified: false,
            identity: None,
            id: self.ids.next(),
            login,
            name,
            password_hash,
            created_at: self.clock.now(),
        };
        let rules = self.registration().await?;
        let user = self.create(&new, Admission::ANYBODY, (rules, "")).await?;
        self.audit.note(Note::on(by, AuditKind::Registered).to(&user)).await;
        tracing::info!(by = by.named(), user = %user.id, "an account was made");
        Ok(user)
    }

    /// Makes the account of somebody who comes from a provider, by the same rules.
    pub(super) async fn make(&self, new: &NewUser, code: &str, caller: &Caller) -> Result<User, AppError> {
        let rules = self.registration().await?;
        let hash = codes::hash(code);
        let admission = self.admission(rules, code, hash.as_deref());
        match self.users.any_user().await? {
            true if !code.is_empty() => {
                let hash = self.invitation(rules, code, caller).await?;
                self.create_invited(new, &hash).await
            }
            true if !admission.others => Err(self.closed(rules, code)),
            false if matches!(admission.first, First::Nobody) => Err(not_first(code)),
            _ => self.create(new, admission, (rules, code)).await,
        }
    }

    async fn create(
        &self,
        new: &NewUser,
        admission: Admission<'_>,
        (rules, code): (RegistrationRules, &str),
    ) -> Result<User, AppError> {
        match self.users.create_user(new, admission).await? {
            Registered::Made(user) => Ok(user),
            Registered::Closed => Err(self.closed(rules, code)),
            Registered::NotFirst => Err(not_first(code)),
            Registered::LoginTaken => Err(taken(&new.login)),
        }
    }

    async fn create_invited(&self, new: &NewUser, hash: &str) -> Result<User, AppError> {
        match self.codes.register_with_code(new, hash, self.room_members, self.clock.now()).await? {
            Invited::Made(user) => Ok(user),
            Invited::Refused => Err(does_not_count()),
            Invited::LoginTaken => Err(taken(&new.login)),
        }
    }

    /// The hash of an invitation that counts now. That it does is asked once more when it is used.
    async fn invitation(
        &self,
        rules: RegistrationRules,
        code: &str,
        caller: &Caller,
    ) -> Result<String, AppError> {
        if rules.mode == Registration::Closed {
            return Err(self.closed(rules, ""));
        }
        let offered = self.offered_to(caller, code).await?.ok_or_else(does_not_count)?;
        if !self.registers(&offered.code, rules).await? {
            return Err(does_not_count());
        }
        Self::hash_of_invitation(code)
    }

    /// Whom the store may let in. A code that was brought is for the first account, so whoever comes too late with it is told
    /// so, also where anybody may register.
    fn admission<'a>(&self, rules: RegistrationRules, code: &str, hash: Option<&'a str>) -> Admission<'a> {
        match (self.first_by_link, hash) {
            (false, _) => Admission { others: rules.is_open(), first: First::Anybody },
            (true, Some(hash)) => Admission { others: false, first: First::Code(hash) },
            (true, None) => Admission { others: rules.is_open() && code.is_empty(), first: First::Nobody },
        }
    }

    fn closed(&self, rules: RegistrationRules, code: &str) -> AppError {
        let key = match rules.mode {
            _ if self.first_by_link && !code.is_empty() => "register-link-used",
            Registration::Invite => "register-invite",
            Registration::Open | Registration::Closed => "register-closed",
        };
        AppError::Forbidden { reason: Reason::new(key) }
    }
}

fn not_first(code: &str) -> AppError {
    let key = if code.is_empty() { "register-first-link" } else { "register-first-link-wrong" };
    AppError::Forbidden { reason: Reason::new(key) }
}

/// The error tells that an account exists. Without a mail to the address there is no other way to say why it cannot be
/// registered, and a caller can only try a limited number of addresses.
fn taken(login: &str) -> AppError {
    let key = if login.contains('@') { "email-taken" } else { "login-taken" };
    AppError::Conflict { reason: Reason::new(key) }
}
