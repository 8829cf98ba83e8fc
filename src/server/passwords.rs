//! Password hashes: argon2id, off the async threads, a few at a time.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::error::AppError;

/// Hashes and checks passwords. One hash takes 19 MiB and some 20 ms of a core, so only a few run at
/// once and the others wait.
pub struct Passwords {
    permits: Semaphore,
    /// Checked when there is no such account, so that the answer takes as long.
    stand_in: tokio::sync::OnceCell<String>,
}

impl Passwords {
    pub fn new(at_once: usize) -> Self {
        Self { permits: Semaphore::new(at_once), stand_in: tokio::sync::OnceCell::new() }
    }

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
        let _permit = self.permits.acquire().await.map_err(|error| internal("no permit to hash", &error))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| internal("hashing ended early", &error))
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
        let passwords = Passwords::new(2);
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(passwords.verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("wrong horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("nobody's password", None).await.unwrap());
        assert!(!passwords.verify("x", Some("not a hash")).await.unwrap());
    }
}
