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

/// What somebody who registers says of themselves.
pub struct Registering<'a> {
    pub email: &'a str,
    pub password: &'a str,
    pub name: &'a str,
}

impl Accounts {
    /// Whether anybody may register, and not only the first.
    pub fn is_open(&self) -> bool {
        self.registration == Registration::Open
    }

    /// Whether anybody has an account.
    pub async fn any_user(&self) -> Result<bool, AppError> {
        Ok(self.users.any_user().await?)
    }

    /// Makes an account and signs it in. The first one becomes the administrator, also where registration
    /// is closed: somebody has to begin.
    pub async fn register(
        &self,
        form: Registering<'_>,
        caller: &Caller,
    ) -> Result<(User, IssuedToken), AppError> {
        let email = valid_email(form.email)?;
        let name = valid_name(form.name, &email)?;
        valid_password("password", form.password, &known_words(&self.host, &email, &name))?;
        let only_first = !self.is_open();
        // Before the work of hashing; of many at once the store lets in one.
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
        // An older account may have the same address in another form.
        if find_account(&*self.users, &email).await?.is_some() {
            return Err(taken());
        }
        let new = NewUser { id: self.ids.next(), email, name, password_hash, created_at: self.clock.now() };
        let user = match self.users.create_user(&new, only_first).await? {
            Registered::Made(user) => user,
            Registered::Closed => return Err(closed()),
            Registered::EmailTaken => return Err(taken()),
        };
        self.attempts.signed_in(&caller.address, &user.email, self.clock.instant());
        let token = self.start_session(&user.id, &new.password_hash, &caller.user_agent).await?;
        tracing::info!(user = %user.id, role = ?user.role, "registered");
        Ok((user, token))
    }
}

fn closed() -> AppError {
    AppError::Forbidden { reason: Reason::new("register-closed") }
}

/// That an account exists is told: without a mail to the address there is no other way to say why nobody can
/// register with it. How many addresses can be asked about is limited.
fn taken() -> AppError {
    AppError::Conflict { reason: Reason::new("email-taken") }
}
