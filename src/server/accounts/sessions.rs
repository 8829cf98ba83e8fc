//! Sessions: token → session row → [`CurrentUser`], and how a session begins and ends.
//!
//! The row is looked up on each request, so signing out, a new password or a disabled account end a session at
//! once. Only the row says how long a session lives, whatever the token says: a session in use is prolonged once
//! a day, in its row.

use super::{Accounts, tokens::IssuedToken};
use crate::{
    domain::{CurrentUser, UserState},
    error::AppError,
    server::store::Session,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A token is made a moment after its row was written or prolonged; never much later.
const MADE_WITHIN_SECONDS: i64 = 60;

/// A session that let somebody in. It may have been prolonged just now.
pub struct Entered {
    pub current: CurrentUser,
    pub session: Session,
    pub prolonged: bool,
}

impl Accounts {
    /// Looks up the session of a token. `Ok(None)`: it lets nobody in.
    pub async fn enter(&self, token: &str) -> Result<Option<Entered>, AppError> {
        let Some(claims) = self.tokens.read(token) else { return Ok(None) };
        let Some((mut session, user)) = self.sessions.session(&claims.sid).await? else { return Ok(None) };
        let now = self.clock.now();
        let made_for_it =
            session.user_id == claims.sub && claims.iat <= session.last_seen_at / 1000 + MADE_WITHIN_SECONDS;
        if !made_for_it || session.expires_at <= now || user.state != UserState::Active {
            return Ok(None);
        }
        let prolonged = now - session.last_seen_at > DAY_MS;
        if prolonged {
            session.last_seen_at = now;
            session.expires_at = now + self.session_ms;
            self.sessions.touch_session(&session.id, now, session.expires_at).await?;
        }
        let current = CurrentUser { user, session_id: session.id.clone() };
        Ok(Some(Entered { current, session, prolonged }))
    }

    /// A new token for a session that goes on.
    pub fn issue_again(&self, session: &Session) -> Result<IssuedToken, AppError> {
        self.tokens.issue(session)
    }

    /// Whether this site signed the token.
    pub fn is_ours(&self, token: &str) -> bool {
        self.tokens.is_ours(token)
    }

    /// Starts a session and answers its token. `password_hash` is the hash of the password with which the person
    /// proved who they are; when the account has another one by now, or is disabled, there is no session.
    pub(super) async fn start_session(
        &self,
        user_id: &str,
        password_hash: &str,
        user_agent: &str,
    ) -> Result<IssuedToken, AppError> {
        let now = self.clock.now();
        let session = Session {
            id: self.ids.next(),
            user_id: user_id.to_owned(),
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.session_ms,
            user_agent: user_agent.chars().take(200).collect(),
        };
        if !self.sessions.create_session(&session, password_hash).await? {
            return Err(AppError::WrongCredentials);
        }
        self.tokens.issue(&session)
    }

    /// Ends this session, also its open streams.
    pub async fn sign_out(&self, current: &CurrentUser) -> Result<(), AppError> {
        self.sessions.delete_session(&current.session_id).await?;
        self.ended.tell(std::slice::from_ref(&current.session_id));
        Ok(())
    }
}
