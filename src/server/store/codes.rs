//! Invitations and activation codes, as a trait. A use of a code and what it gives are one transaction, so that a code is
//! used as often as it says, by whomever.

use async_trait::async_trait;

use super::{Grant, NewUser, Result};
use crate::domain::{Code, CodeUse, User};

/// A code to be stored.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// `used` is 0.
    pub code: Code,
    /// Of the code that is handed out.
    pub hash: String,
}

/// Which codes an administrator ends.
#[derive(Clone, Copy, Debug)]
pub enum WhichCodes<'a> {
    One(&'a str),
    Batch(&'a str),
}

/// The outcome of a registration with a code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is answered, and never kept")]
pub enum Invited {
    Made(User),
    /// Somebody signs in with that already. The code was not used.
    LoginTaken,
    /// No such code can be used now, or nobody has an account yet.
    Refused,
}

/// The outcome of redeeming a code. Only [`Redeemed::Done`] uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The person as they are now.
    Done(User, Code),
    /// No such code can be used now.
    Refused,
    /// The person used this code before.
    Again,
    /// The code gives no tier.
    Nothing,
    /// The person has the tier of the code, and that does not end.
    Already(Code),
    /// It would end the tier that this person has.
    Replaces(User, Code),
}

#[async_trait]
pub trait Codes: Send + Sync {
    /// Stores all of them, which give one tier or none; `false`, with nothing stored: there is no such tier.
    async fn create_codes(&self, codes: &[NewCode]) -> Result<bool>;
    /// The newest first: at most `most` that were made before the code with the id `before`.
    async fn codes(&self, before: Option<&str>, most: u32) -> Result<Vec<Code>>;
    async fn code_by_hash(&self, hash: &str) -> Result<Option<Code>>;
    /// One of these codes: the first that was made.
    async fn code(&self, which: WhichCodes<'_>) -> Result<Option<Code>>;
    /// The newest uses of these codes, at most `most` of each, newest first.
    async fn code_uses(&self, code_ids: &[String], most: u32) -> Result<Vec<CodeUse>>;
    /// Ends codes that are not ended; answers how many, used up and expired ones too.
    async fn end_codes(&self, which: WhichCodes<'_>, now: i64) -> Result<u64>;
    /// The codes that lead to the room and can be used at `now`, newest first, `most` at the most. Needs
    /// [`super::Need::Manage`], otherwise none.
    async fn room_codes(&self, grant: &Grant, most: u32, now: i64) -> Result<Vec<Code>>;
    /// Ends a code that leads to the room; `false`: there is no such code, or it has ended. Needs
    /// [`super::Need::Manage`], otherwise `false`.
    async fn end_room_code(&self, grant: &Grant, code_id: &str, now: i64) -> Result<bool>;
    /// Registers somebody with the role and the tier of a code. The code must allow it. They join the room that it leads to,
    /// if that is there and has a place: `most` people may take part.
    async fn register_with_code(&self, user: &NewUser, hash: &str, most: u32, now: i64) -> Result<Invited>;
    /// Gives an active person the tier of a code, as [`Code::gain`] says. A code that leads to a room is used by
    /// [`super::Members::join`]. `replace`: also when that ends another tier.
    async fn redeem_code(&self, user_id: &str, hash: &str, replace: bool, now: i64) -> Result<Redeemed>;
}
