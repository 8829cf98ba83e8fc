//! Password hashes: argon2id, off the async threads, one at a time.

pub mod guessable;
mod queue;

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
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
use unicode_normalization::UnicodeNormalization;

use queue::Queue;

pub use queue::Lane;

use crate::error::AppError;

type Work = Box<dyn FnOnce(&Hasher) + Send>;

/// Hashes and checks passwords on a thread of its own. One hash takes 19 MiB and about 20 ms of a core. On one thread all
/// hashes use the same 19 MiB, and signing in never takes more than one core away from everything else.
/// While too many hashes wait, further ones are refused with [`AppError::Overloaded`].
pub struct Passwords {
    work: Arc<Queue<Work>>,
    /// A hash that is checked when there is no such account, so that the answer takes as long as for one.
    stand_in: tokio::sync::OnceCell<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        let work = Arc::new(Queue::<Work>::default());
        let waiting = work.clone();
        // The thread ends when the queue is closed.
        thread::spawn(move || {
            let hasher = Hasher::default();
            while let Some(work) = waiting.pop() {
                drop(catch_unwind(AssertUnwindSafe(|| work(&hasher))));
            }
        });
        Self { work, stand_in: tokio::sync::OnceCell::new() }
    }
}

impl Drop for Passwords {
    fn drop(&mut self) {
        self.work.close();
    }
}

/// The password as it is hashed (RFC 8265, OpaqueString). Keyboards differ in how they write `é`, as one character or two,
/// and which kind of space, although the person types the same.
pub fn prepared(password: &str) -> String {
    let blank = |c: char| if c.is_whitespace() && !c.is_control() { ' ' } else { c };
    password.chars().map(blank).nfc().collect()
}

/// Argon2 with memory that is kept for the next hash. When it was allocated for each hash, ten hashes left the process
/// with 120 MB, because the allocator did not use the freed aligned blocks again.
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
    /// A new hash of the password, as a PHC string.
    ///
    /// # Errors
    ///
    /// [`AppError::Overloaded`]: too many hashes wait.
    pub async fn hash(&self, lane: Lane, password: &str) -> Result<String, AppError> {
        let password = prepared(password);
        self.off_thread(lane, move |hasher| {
            hasher.hash_password(password.as_bytes()).map(|hash| hash.to_string())
        })
        .await?
        .map_err(|error| internal("cannot hash a password", &error))
    }

    /// Whether `password` belongs to `hash`; without a hash the same work is done and the answer is no.
    ///
    /// A hash from before passwords were [`prepared`] fits the password as it was typed. That second check is made for every
    /// password that preparing changes, so that the time it takes says nothing about the account.
    ///
    /// # Errors
    ///
    /// [`AppError::Overloaded`]: too many hashes wait.
    pub async fn verify(&self, lane: Lane, password: &str, hash: Option<&str>) -> Result<bool, AppError> {
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash.to_owned(),
            None => self.stand_in.get_or_try_init(|| self.hash(lane, "nobody's password")).await?.clone(),
        };
        let (password, typed) = (prepared(password), password.to_owned());
        let matches = self
            .off_thread(lane, move |hasher| {
                let fits = |hash: &PasswordHash, password: &str| {
                    hasher.verify_password(password.as_bytes(), hash).is_ok()
                };
                PasswordHash::new(&hash)
                    .is_ok_and(|hash| fits(&hash, &password) || (typed != password && fits(&hash, &typed)))
            })
            .await?;
        Ok(matches && known)
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&Hasher) -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let (done, result) = oneshot::channel();
        let work: Work = Box::new(move |hasher| {
            // The request may have been given up meanwhile.
            if !done.is_closed() {
                let _ = done.send(work(hasher));
            }
        });
        if !self.work.push(lane, work) {
            return Err(AppError::Overloaded);
        }
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

    async fn fits(passwords: &Passwords, password: &str, hash: Option<&str>) -> bool {
        passwords.verify(Lane::Known, password, hash).await.unwrap()
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_and_fits_its_password_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Lane::Anybody, "correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(fits(&passwords, "correct horse", Some(&hash)).await);
        assert!(!fits(&passwords, "wrong horse", Some(&hash)).await);
        assert!(!fits(&passwords, "nobody's password", None).await);
        assert!(!fits(&passwords, "x", Some("not a hash")).await);
    }

    #[tokio::test]
    async fn one_password_typed_on_two_keyboards_is_one() {
        let passwords = Passwords::default();
        let forms = ["na\u{ef}ve pi\u{f1}ata", "nai\u{308}ve pin\u{303}ata", "na\u{ef}ve\u{a0}pi\u{f1}ata"];
        for made in forms {
            let hash = passwords.hash(Lane::Anybody, made).await.unwrap();
            for typed in forms {
                assert!(fits(&passwords, typed, Some(&hash)).await, "{made:?} {typed:?}");
            }
            assert!(!fits(&passwords, "naive pinata", Some(&hash)).await);
        }
        // Made from what was typed, before passwords were prepared.
        let old = Hasher::default().hash_password(forms[1].as_bytes()).unwrap().to_string();
        assert!(fits(&passwords, forms[1], Some(&old)).await);
        assert!(!fits(&passwords, "naive pinata", Some(&old)).await);
    }

    /// A flood is told to come again at once, what waits is bounded, and those whom we know pass it.
    #[tokio::test]
    async fn five_hundred_strangers_hold_nobody_up() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Lane::Known, "correct horse").await.unwrap();
        let begun = std::time::Instant::now();
        let flood = (0..500).map(|_| passwords.verify(Lane::Anybody, "wrong horse", Some(&hash)));
        let mut flood: futures::stream::FuturesUnordered<_> = flood.collect();
        let mut refused = 0;
        let known = async {
            tokio::task::yield_now().await;
            let fits = passwords.verify(Lane::Known, "correct horse", Some(&hash)).await;
            (fits, begun.elapsed())
        };
        let all = async {
            while let Some(done) = futures::StreamExt::next(&mut flood).await {
                refused += usize::from(done == Err(AppError::Overloaded));
            }
            begun.elapsed()
        };
        let (all, (fits, took)) = tokio::join!(all, known);
        assert_eq!(fits, Ok(true));
        assert!((400..500).contains(&refused), "{refused}");
        assert!(took < all / 2, "{took:?} of {all:?}");
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
        assert!(passwords.off_thread(Lane::Known, |_| panic!("part of the test")).await.map(|()| 0).is_err());
        assert_eq!(passwords.off_thread(Lane::Known, |_| 1).await.unwrap(), 1);
    }
}
