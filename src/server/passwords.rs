//! Password hashes: argon2id, off the async threads, one at a time.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        CustomizedPasswordHasher, Error, PasswordHasher, PasswordVerifier,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};
use tokio::sync::oneshot;

use crate::error::AppError;

type Work = Box<dyn FnOnce(&Hasher) + Send>;

/// Hashes and checks passwords on a thread of its own. One hash takes 19 MiB and some 20 ms of a core; on one
/// thread they take the same 19 MiB, and people who sign in never more than one core from those who read.
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
            let hasher = Hasher::default();
            for work in waiting {
                drop(catch_unwind(AssertUnwindSafe(|| work(&hasher))));
            }
        });
        Self { work, stand_in: tokio::sync::OnceCell::new() }
    }
}

/// Argon2 with memory that stays: allocated anew for each hash, it came to 120 MB after ten, as an allocator
/// does not fit aligned blocks where such blocks were.
#[derive(Default)]
struct Hasher {
    memory: RefCell<Vec<Block>>,
}

impl PasswordHasher<PasswordHash> for Hasher {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> Result<PasswordHash, Error> {
        self.hash_password_customized(password, salt, None, None, Params::default())
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash, Error> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let (salt, blocks) = (Salt::new(salt)?, params.block_count());
        let mut buffer = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let out = buffer.get_mut(..length).ok_or(Error::OutputSize)?;
        let mut memory = self.memory.borrow_mut();
        if memory.len() < blocks {
            memory.resize(blocks, Block::new());
        }
        let argon2 = Argon2::new(algorithm, version, params.clone());
        argon2.hash_password_into_with_memory(password, &salt, out, &mut memory[..blocks])?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(Output::new(out)?),
        })
    }
}

impl Passwords {
    /// The PHC string of a new hash.
    pub async fn hash(&self, password: &str) -> Result<String, AppError> {
        let password = password.to_owned();
        self.off_thread(move |hasher| hasher.hash_password(password.as_bytes()).map(|hash| hash.to_string()))
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
            .off_thread(move |hasher| {
                PasswordHash::new(&hash)
                    .is_ok_and(|hash| hasher.verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(matches && known)
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hasher) -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let (done, result) = oneshot::channel();
        let work: Work = Box::new(move |hasher| {
            // Who asked may be gone.
            if !done.is_closed() {
                let _ = done.send(work(hasher));
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

    /// The memory that others left changes nothing; the library says so, too.
    #[test]
    fn hashes_are_those_of_the_library() {
        let (hasher, salt) = (Hasher::default(), b"some salt of 16b");
        for password in [b"one".as_slice(), b"two", b"one"] {
            let ours = hasher.hash_password_with_salt(password, salt).unwrap();
            assert_eq!(ours, Argon2::default().hash_password_with_salt(password, salt).unwrap());
            assert!(hasher.verify_password(password, &ours).is_ok());
            assert!(hasher.verify_password(b"three", &ours).is_err());
        }
        let stronger = Params::new(32 * 1024, 3, 1, None).unwrap();
        let other = Argon2::from(stronger).hash_password_with_salt(b"one", salt).unwrap();
        assert!(hasher.verify_password(b"one", &other).is_ok());
    }

    #[tokio::test]
    async fn what_fails_does_not_end_the_others() {
        let passwords = Passwords::default();
        assert!(passwords.off_thread(|_| panic!("part of the test")).await.map(|()| 0).is_err());
        assert_eq!(passwords.off_thread(|_| 1).await.unwrap(), 1);
    }
}
