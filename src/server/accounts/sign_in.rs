//! Sign-in: an e-mail address and a password for a session.

use super::{
    Accounts, Caller,
    audit::Note,
    passwords::Lane,
    tokens::IssuedToken,
    valid::{MAX_EMAIL_BYTES, MAX_PASSWORD_BYTES, find_account, same_email},
};
use crate::{
    domain::{AuditKind, User, UserState},
    error::AppError,
};

impl Accounts {
    /// Checks a password and starts a session. Unknown accounts take the same time and get the same answer.
    ///
    /// A try is taken before the password is checked and given back if the password is right, so that a hundred requests
    /// at once can try no more passwords than a hundred in a row.
    ///
    /// # Errors
    ///
    /// [`AppError::WrongCredentials`]; [`AppError::TooMany`] after too many of them; [`AppError::Overloaded`].
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        caller: &Caller,
    ) -> Result<(User, IssuedToken), AppError> {
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
            let hash = known.as_ref().map(|known| known.password_hash.as_str());
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
        self.attempts.signed_in(&caller.address, &email, now);
        let token = self.start_session(&known.user.id, Some(&known.password_hash), caller).await?;
        self.audit.note(Note::of(&known.user, AuditKind::SignedIn, &caller.address)).await;
        Ok((known.user, token))
    }
}
