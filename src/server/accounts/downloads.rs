//! A download ends with the session that asked for it.

use std::sync::Arc;

use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};

use super::Accounts;
use crate::{
    domain::CurrentUser,
    error::AppError,
    server::{ops::clock::Clock, store::Sessions},
};

impl Accounts {
    /// The parts of a download. Each is looked up and sent only while the session still counts, so that a new password,
    /// signing out or disabling the account ends the download.
    pub fn while_signed_in<T: Send + 'static>(
        &self,
        current: &CurrentUser,
        parts: impl Stream<Item = Result<T, AppError>> + Send + 'static,
    ) -> BoxStream<'static, Result<T, AppError>> {
        while_valid((self.sessions.clone(), self.clock.clone()), current.session_id.clone(), parts)
    }
}

fn while_valid<T: Send + 'static>(
    with: (Arc<dyn Sessions>, Clock),
    session_id: String,
    parts: impl Stream<Item = Result<T, AppError>> + Send + 'static,
) -> BoxStream<'static, Result<T, AppError>> {
    let state = Arc::new((with, [session_id]));
    parts
        .and_then(move |part| {
            let state = state.clone();
            async move {
                let ((sessions, clock), id) = &*state;
                let valid = sessions.valid_sessions(id, clock.now()).await?;
                if valid.is_empty() { Err(AppError::SignedOut) } else { Ok(part) }
            }
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;
    use crate::{
        domain::{Scope, SessionKind},
        server::store::{Admission, NewUser, OpenOptions, Session, open},
    };

    #[tokio::test]
    async fn a_download_ends_with_its_session() {
        let store = open("sqlite::memory:", &OpenOptions::default()).await.unwrap();
        let new = NewUser {
            id: "ada".to_owned(),
            login: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            password_hash: String::new(),
            created_at: 1,
            email_verified: false,
            identity: None,
        };
        store.create_user(&new, Admission::ANYBODY).await.unwrap();
        let session = Session {
            id: "one".to_owned(),
            user_id: "ada".to_owned(),
            created_at: 1,
            last_seen_at: 1,
            expires_at: 9,
            user_agent: String::new(),
            kind: SessionKind::Browser,
            name: String::new(),
            scope: Scope::All,
            secret_hash: None,
            address: String::new(),
            proved_at: 0,
        };
        assert!(store.create_session(&session, None).await.unwrap());
        let parts = stream::iter((0..9).map(Ok));
        let mut parts = while_valid((store.clone(), Clock::from_fn(|| 5)), "one".to_owned(), parts);
        assert_eq!(parts.next().await, Some(Ok(0)));
        assert_eq!(parts.next().await, Some(Ok(1)));
        assert!(store.delete_session("one").await.unwrap());
        assert_eq!(parts.next().await, Some(Err(AppError::SignedOut)));
        store.close().await;
    }
}
