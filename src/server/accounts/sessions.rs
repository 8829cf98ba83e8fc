//! Sessions: token → session row → [`CurrentUser`], and how a session begins and ends.
//!
//! The row is looked up on each request, so signing out, a new password or a disabled account ends a session at once.
//! How long a session lives is decided by the row alone, not by the token: a session in use is prolonged once a day, in
//! its row.

use super::{Accounts, Caller, audit::Note, tokens::IssuedToken};
use crate::{
    domain::{AuditKind, CurrentUser, Scope, SessionKind, User, UserState},
    error::AppError,
    server::{
        ops::clock::DAY_MS,
        store::{Session, Visit},
    },
};

/// A visit is noted when the last one that was noted is so long ago.
const VISIT_MS: i64 = 10 * 60 * 1000;
/// A token is issued within moments after its row was written or prolonged, so one issued much later is not ours.
const ISSUED_WITHIN_SECONDS: i64 = 60;

/// A session that a token proved.
pub struct Resumed {
    pub current: CurrentUser,
    pub session: Session,
    /// Whether this request prolonged it, so that its cookie has to be set again.
    pub prolonged: bool,
}

impl Accounts {
    /// Looks up the session of a token that came from an address of the network. `Ok(None)`: the token proves no session.
    pub async fn resume(&self, token: &str, address: &str) -> Result<Option<Resumed>, AppError> {
        let Some(claims) = self.tokens.read(token) else { return Ok(None) };
        let Some((mut session, mut user)) = self.sessions.session(&claims.sid).await? else {
            return Ok(None);
        };
        let now = self.clock.now();
        let issued_for_it = session.kind == SessionKind::Browser
            && session.user_id == claims.sub
            && claims.iat <= session.last_seen_at / 1000 + ISSUED_WITHIN_SECONDS;
        if !issued_for_it || session.expires_at <= now || user.state != UserState::Active {
            return Ok(None);
        }
        let prolonged = now + self.session_ms - session.expires_at > DAY_MS;
        // The person was not seen before the first request after a sign-in, because signing in alone notes no visit.
        let is_long_ago = |at: i64| now - at > VISIT_MS;
        let seen_lately =
            user.seen_at.is_some_and(|at| !is_long_ago(at)) && !is_long_ago(session.last_seen_at);
        if prolonged || !seen_lately || session.address != address {
            // Never earlier than before, because a token that is newer than the last visit is none of ours.
            session.last_seen_at = now.max(session.last_seen_at);
            user.seen_at = Some(session.last_seen_at);
            if prolonged {
                session.expires_at = now + self.session_ms;
            }
            let visit = Visit { at: session.last_seen_at, expires_at: session.expires_at, address };
            self.sessions.touch_session(&session.id, visit).await?;
        }
        let current = current_of(user, &session, address);
        Ok(Some(Resumed { current, session, prolonged }))
    }

    /// A new token for a session that was prolonged.
    pub fn issue_again(&self, session: &Session) -> Result<IssuedToken, AppError> {
        self.tokens.issue(session)
    }

    /// Whether this site signed the token.
    pub fn is_ours(&self, token: &str) -> bool {
        self.tokens.is_ours(token)
    }

    /// Starts a session and answers its token. `password_hash` is the hash that the person's password was checked
    /// against, if one was; if the account has another one by now, or is disabled, no session starts.
    ///
    /// # Errors
    ///
    /// [`AppError::WrongCredentials`] in that case; otherwise the store's.
    pub(super) async fn start_session(
        &self,
        user_id: &str,
        password_hash: Option<&str>,
        caller: &Caller,
    ) -> Result<IssuedToken, AppError> {
        let now = self.clock.now();
        let session = Session {
            id: self.ids.next(),
            user_id: user_id.to_owned(),
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.session_ms,
            user_agent: caller.user_agent.chars().take(200).collect(),
            kind: SessionKind::Browser,
            name: String::new(),
            scope: Scope::All,
            secret_hash: None,
            address: caller.address.clone(),
            proved_at: now,
        };
        if !self.sessions.create_session(&session, password_hash).await? {
            return Err(AppError::WrongCredentials);
        }
        self.end_oldest_browsers(user_id).await?;
        self.tokens.issue(&session)
    }

    /// Ends this session and its open streams.
    pub async fn sign_out(&self, current: &CurrentUser) -> Result<(), AppError> {
        self.sessions.delete_session(&current.session_id).await?;
        self.ended.tell(std::slice::from_ref(&current.session_id));
        self.audit.note(Note::by(current, AuditKind::SignedOut)).await;
        Ok(())
    }
}

/// Who asks, by a session that was looked up.
pub(super) fn current_of(user: User, session: &Session, address: &str) -> CurrentUser {
    let what = (session.id.clone(), session.kind);
    CurrentUser::found(user, what, (session.scope, session.proved_at), address)
}
