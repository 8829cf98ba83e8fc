//! People as other people see them, and the notes on their walls. Nothing here tells what somebody signs in with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PictureColour;

/// The longest text that somebody writes about themselves, in characters.
pub const MAX_ABOUT_CHARS: usize = 500;
/// The longest note on a wall, in characters.
pub const MAX_NOTE_CHARS: usize = 1_000;
/// How many people somebody may block.
pub const MOST_BLOCKED: u32 = 1_000;
/// How many notes a wall holds.
pub const MOST_NOTES: u32 = 1_000;

/// A person in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    pub id: String,
    pub name: String,
    /// One or two letters, or an emoji, for the person's picture.
    pub initial: String,
    /// The colour of the picture.
    pub colour: PictureColour,
    /// What the person says of themselves; may be empty.
    pub about: String,
}

/// A room in which two people take part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommonRoom {
    pub id: String,
    pub name: String,
}

/// A person as everybody who is signed in sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    #[serde(flatten)]
    #[schema(inline)]
    pub person: Person,
    /// When the account was made, in UTC milliseconds since 1970.
    pub joined_at: i64,
    /// The name of the person's tier.
    pub tier: String,
    /// The rooms in which both of you take part, at the most 50.
    pub rooms: Vec<CommonRoom>,
    /// Whether you have blocked the person.
    pub blocked: bool,
    /// Whether you can leave a note on the person's wall.
    pub may_note: bool,
    /// Whether the person has a wall.
    pub wall: bool,
}

/// A note that somebody left on a wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    pub id: String,
    /// On whose wall it stands.
    pub wall_id: String,
    pub author_id: String,
    /// Plain text.
    pub text: String,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
}

/// Somebody whom a person has blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Block {
    pub user_id: String,
    /// UTC milliseconds since 1970.
    pub at: i64,
}
