//! Registration: an account for somebody new.

use super::{
    Accounts, Caller,
    passwords::Lane,
    tokens::IssuedToken,
    valid::{find_account, known_words, valid_email, valid_name, valid_password},
};
use crate::{
    domain::{Reason, User},
    error::AppError,
    server::{
        config::Registration,
        store::{NewUser, Registered},
    },
};

/// The form of somebody who registers.
pub struct Registering<'a> {
    pub email: &'a str,
    pub password: &'a str,
    pub name: &'a str,
}

impl Accounts {
    /// Whether anybody may register, not only the first person.
    pub fn is_open(&self) -> bool {
        self.registration == Registration::Open
    }

    /// Whether anybody has an account.
    pub async fn any_user(&self) -> Result<bool, AppError> {
        Ok(self.users.any_user().await?)
    }

    /// Makes an account and signs the person in. The first account is an administrator's, and can be made even where
    /// registration is closed, because somebody has to begin.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field; [`AppError::Forbidden`] where registration is closed;
    /// [`AppError::Conflict`] for an address that has an account; [`AppError::TooMany`] for a caller with too many.
    pub async fn register(
        &self,
        form: Registering<'_>,
        caller: &Caller,
    ) -> Result<(User, IssuedToken), AppError> {
        let email = valid_email(form.email)?;
        let name = valid_name(form.name, &email)?;
        valid_password("password", form.password, &known_words(&self.host, &email, &name))?;
        let only_first = !self.is_open();
        // Asked before the work of hashing. Of several that come here at once, the store accepts only one.
        if only_first && self.users.any_user().await? {
            return Err(closed());
        }
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
        if find_account(&*self.users, &email).await?.is_some() {
            return Err(taken());
        }
        let new =
            NewUser { id: self.ids.next(), login: email, name, password_hash, created_at: self.clock.now() };
        let user = match self.users.create_user(&new, only_first).await? {
            Registered::Made(user) => user,
            Registered::Closed => return Err(closed()),
            Registered::LoginTaken => return Err(taken()),
        };
        self.attempts.signed_in(&caller.address, &user.login, self.clock.instant());
        let token = self.start_session(&user.id, Some(&new.password_hash), caller).await?;
        tracing::info!(user = %user.id, role = ?user.role, "registered");
        Ok((user, token))
    }
}

fn closed() -> AppError {
    AppError::Forbidden { reason: Reason::new("register-closed") }
}

/// The error tells that an account exists. Without a mail to the address there is no other way to say why it cannot be
/// registered, and a caller can only try a limited number of addresses.
fn taken() -> AppError {
    AppError::Conflict { reason: Reason::new("email-taken") }
}
