//! People with an account, as a trait.

use async_trait::async_trait;

use super::Result;
use crate::domain::{PreferencesPatch, User, UserRole, UserState};

/// A person who registers. The store decides the role: the first person is the administrator, even when two register at
/// once.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub id: String,
    /// Lower-cased.
    pub email: String,
    pub name: String,
    /// An argon2id hash in PHC form.
    pub password_hash: String,
    pub created_at: i64,
}

/// The data that the sign-in check needs.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

/// The outcome of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is answered, and never kept")]
pub enum Registered {
    Made(User),
    /// The e-mail address is taken.
    EmailTaken,
    /// Only the first person may register, and there is one already.
    Closed,
}

/// A change of an account. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    pub name: Option<String>,
    pub password_hash: Option<String>,
    pub role: Option<UserRole>,
    pub state: Option<UserState>,
    /// The inner `None` removes the choice.
    pub language: Option<Option<String>>,
    /// Two changes at once are made one after the other, so each changes only what it names.
    pub preferences: Option<PreferencesPatch>,
}

#[async_trait]
pub trait Users: Send + Sync {
    /// `only_first`: registers the person only if there is nobody yet, also when many register at once.
    async fn create_user(&self, user: &NewUser, only_first: bool) -> Result<Registered>;
    async fn user(&self, id: &str) -> Result<Option<User>>;
    async fn credentials(&self, email: &str) -> Result<Option<Credentials>>;
    /// The user after the change, and the ids of the sessions that the change ended: a new password ends all sessions
    /// except `keep`, disabling the account ends all of them.
    async fn update_user(
        &self,
        id: &str,
        patch: &UserPatch,
        keep: Option<&str>,
    ) -> Result<Option<(User, Vec<String>)>>;
    async fn any_user(&self) -> Result<bool>;
}
