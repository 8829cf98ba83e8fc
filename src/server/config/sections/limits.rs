//! `[limits]`: how much the server accepts from one person, from one address and in all.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::loader::Loader;

/// A GiB: no limit of bytes may be larger.
const MOST_BYTES: usize = 1 << 30;

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The longest message taken.
    #[schemars(range(min = 1024, max = MOST_BYTES), extend("default" = 262_144))]
    pub message_bytes: usize,
    /// The largest request taken; not below message_bytes.
    #[schemars(range(min = 1024, max = MOST_BYTES), extend("default" = 1_048_576))]
    pub body_bytes: usize,
    /// Wrong passwords or codes per minute: from each address, and for each account from addresses that are new to it.
    #[schemars(range(min = 1, max = 100_000), extend("default" = 10))]
    pub logins_per_minute: u32,
    /// New accounts per hour from each address.
    #[schemars(range(min = 1, max = 1_000_000), extend("default" = 50))]
    pub registrations_per_hour: u32,
    /// Open event streams and WebSockets of one person, over all their tabs and programs.
    #[schemars(range(min = 1, max = 10_000), extend("default" = 64))]
    pub streams_per_user: usize,
    /// Answers of one person that are written at once.
    #[schemars(range(min = 1, max = 10_000), extend("default" = 8))]
    pub answers_per_user: u32,
    /// People in one room.
    #[schemars(range(min = 2, max = 1_000_000), extend("default" = 10_000))]
    pub room_members: u32,
    /// Open connections; one address that is no trusted proxy gets a quarter of them.
    #[schemars(range(min = 4, max = 1_000_000), extend("default" = 8192))]
    pub connections: usize,
}

impl Limits {
    /// Reports when a message of the longest length would not fit into a request.
    pub fn check(&self, loader: &mut Loader<'_>) {
        let Self { message_bytes, body_bytes, .. } = self;
        if body_bytes < message_bytes && loader.is_valid("limits") {
            let wanted = format!("wanted at least limits.message_bytes, which is {message_bytes}");
            loader.problem("limits.body_bytes", format!("found {body_bytes}, {wanted}"));
        }
    }
}
