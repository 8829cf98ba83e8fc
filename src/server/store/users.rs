//! People with an account, as a trait.

use async_trait::async_trait;

use super::Result;
use crate::domain::{User, UserRole, UserState};

/// A person as they register. The store decides the role: the first one is the administrator, also
/// when two register at once.
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

/// What the sign-in check needs.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

/// What became of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    Made(User),
    /// The e-mail address is taken.
    EmailTaken,
    /// Somebody was there already, and only the first person was to be let in.
    Closed,
}

/// `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    pub name: Option<String>,
    pub password_hash: Option<String>,
    pub role: Option<UserRole>,
    pub state: Option<UserState>,
    /// The inner `None` takes the choice back.
    pub language: Option<Option<String>>,
}

#[async_trait]
pub trait Users: Send + Sync {
    /// `only_first`: only when there is nobody yet, also of many at once.
    async fn create_user(&self, user: &NewUser, only_first: bool) -> Result<Registered>;
    #[cfg(test)]
    async fn user(&self, id: &str) -> Result<Option<User>>;
    async fn credentials(&self, email: &str) -> Result<Option<Credentials>>;
    /// The user as it is afterwards, and the ids of the sessions that ended with the change: a new password ends all
    /// but `keep`, a disabled account all.
    async fn update_user(
        &self,
        id: &str,
        patch: &UserPatch,
        keep: Option<&str>,
    ) -> Result<Option<(User, Vec<String>)>>;
    async fn any_user(&self) -> Result<bool>;
}
