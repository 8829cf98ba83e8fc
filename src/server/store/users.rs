//! People with an account, as a trait.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Identity, PreferencesPatch, User, UserRole, UserState};

/// A person who registers. The store decides the role: the first person is the administrator, even when two register at
/// once.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub id: String,
    /// What the person will sign in with, as [`User::login`] says.
    pub login: String,
    pub name: String,
    /// An argon2id hash in PHC form; empty for a person without a password.
    pub password_hash: String,
    pub created_at: i64,
    /// Whether a provider said that the address is this person's.
    pub email_verified: bool,
    /// An identity that is stored with the account, or neither is.
    pub identity: Option<Identity>,
}

/// The data that the sign-in check needs.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

/// Whom a registration lets in. The store decides it in the transaction that makes the account.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'a> {
    /// Whether somebody may register who is not the first.
    pub others: bool,
    pub first: First<'a>,
}

/// Who may be the first, and so the administrator.
#[derive(Clone, Copy, Debug)]
pub enum First<'a> {
    Anybody,
    /// Who brings the code of [`Users::set_first_code`], of which this is the hash. It is used up by that.
    Code(&'a str),
    Nobody,
}

impl Admission<'_> {
    pub const ANYBODY: Self = Self { others: true, first: First::Anybody };
    pub const ONLY_FIRST: Self = Self { others: false, first: First::Anybody };
}

/// The outcome of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is answered, and never kept")]
pub enum Registered {
    Made(User),
    /// Somebody signs in with that already.
    LoginTaken,
    /// Only the first person may register, and there is one already.
    Closed,
    /// There is nobody yet, and this person may not be the first.
    NotFirst,
}

/// A change of an account. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    pub login: Option<String>,
    pub email_verified: Option<bool>,
    pub name: Option<String>,
    pub password_hash: Option<String>,
    /// The hash that the account must still have, or the answer is [`Updated::Missing`].
    pub old_hash: Option<String>,
    /// What the person must still sign in with, or the answer is [`Updated::Missing`].
    pub old_login: Option<String>,
    pub role: Option<UserRole>,
    pub state: Option<UserState>,
    /// The tier and until when it counts; the inner `None` takes it away.
    pub tier: Option<Option<(String, Option<i64>)>>,
    /// When the account will be deleted; the inner `None`: it will not.
    pub deletes_at: Option<Option<i64>>,
    /// The inner `None` removes the choice.
    pub language: Option<Option<String>>,
    /// Two changes at once are made one after the other, so each changes only what it names.
    pub preferences: Option<PreferencesPatch>,
}

/// The outcome of a change of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is answered, and never kept")]
pub enum Updated {
    /// The user after the change, and the ids of the sessions that the change ended.
    Done(User, Vec<String>),
    Missing,
    /// Somebody else signs in with that.
    LoginTaken,
    /// The change would leave the site without an active administrator.
    LastAdmin,
}

impl Updated {
    /// What was done; `None` when the change was refused.
    pub fn done(self) -> Option<(User, Vec<String>)> {
        match self {
            Self::Done(user, ended) => Some((user, ended)),
            Self::Missing | Self::LoginTaken | Self::LastAdmin => None,
        }
    }
}

#[async_trait]
pub trait Users: Send + Sync {
    /// Registers the person whom `admission` lets in, also when many register at once.
    async fn create_user(&self, user: &NewUser, admission: Admission<'_>) -> Result<Registered>;
    /// Stores the hash of the code with which somebody becomes the first, in place of any earlier one. `false`, with nothing
    /// stored: there is somebody already.
    async fn set_first_code(&self, hash: &str) -> Result<bool>;
    /// Whether somebody can become the first with the code of this hash now.
    async fn is_first_code(&self, hash: &str) -> Result<bool>;
    async fn user(&self, id: &str) -> Result<Option<User>>;
    /// Those of these people who have an account, in any order.
    async fn users_of(&self, ids: &[String]) -> Result<Vec<User>>;
    async fn credentials(&self, login: &str) -> Result<Option<Credentials>>;
    /// A new password ends all sessions of browsers except `keep`, and the person's link for a new password; disabling the
    /// account ends all sessions. `Missing`, with nothing changed: the account is gone or closed, it has another password
    /// than [`UserPatch::old_hash`], or a new password was to be set from the session `keep`, which has ended.
    async fn update_user(&self, id: &str, patch: &UserPatch, keep: Option<&str>) -> Result<Updated>;
    async fn any_user(&self) -> Result<bool>;
}
