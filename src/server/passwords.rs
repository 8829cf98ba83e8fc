//! Password hashes: argon2id, off the async threads, one at a time.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::oneshot;

use crate::error::AppError;

type Work = Box<dyn FnOnce() + Send>;

/// Hashes and checks passwords on a thread of its own. One hash takes 19 MiB and some 20 ms of a core; an
/// allocator keeps the 19 MiB of each thread that ever hashed, and people who sign in never take more than
/// one core from those who read.
pub struct Passwords {
    work: mpsc::Sender<Work>,
    /// Checked when there is no such account, so that the answer takes as long.
    stand_in: tokio::sync::OnceCell<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        let (work, waiting) = mpsc::channel::<Work>();
        // It ends with the sender, and not before.
        thread::spawn(move || {
            for work in waiting {
                drop(catch_unwind(AssertUnwindSafe(work)));
            }
        });
        Self { work, stand_in: tokio::sync::OnceCell::new() }
    }
}

impl Passwords {
    /// The PHC string of a new hash.
    pub async fn hash(&self, password: &str) -> Result<String, AppError> {
        let password = password.to_owned();
        self.off_thread(move || {
            Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
        })
        .await?
        .map_err(|error| internal("cannot hash a password", &error))
    }

    /// Whether `password` belongs to `hash`; with no hash the same work is done and the answer is no.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, AppError> {
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash.to_owned(),
            None => self.stand_in.get_or_try_init(|| self.hash("nobody's password")).await?.clone(),
        };
        let password = password.to_owned();
        let matches = self
            .off_thread(move || {
                PasswordHash::new(&hash)
                    .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(matches && known)
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let (done, result) = oneshot::channel();
        let work: Work = Box::new(move || {
            // Who asked may be gone.
            if !done.is_closed() {
                let _ = done.send(work());
            }
        });
        self.work.send(work).map_err(|error| internal("nothing hashes any more", &error))?;
        result.await.map_err(|error| internal("hashing ended early", &error))
    }
}

fn internal(what: &str, error: &dyn std::fmt::Display) -> AppError {
    tracing::error!(%error, "{what}");
    AppError::Internal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_argon2id_and_fits_its_password_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(passwords.verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("wrong horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("nobody's password", None).await.unwrap());
        assert!(!passwords.verify("x", Some("not a hash")).await.unwrap());
    }

    #[tokio::test]
    async fn what_fails_does_not_end_the_others() {
        let passwords = Passwords::default();
        assert!(passwords.off_thread(|| panic!("part of the test")).await.map(|()| 0).is_err());
        assert_eq!(passwords.off_thread(|| 1).await.unwrap(), 1);
    }
}
