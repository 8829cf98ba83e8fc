//! Messages of a conversation that is kept nowhere but in its page.

use serde::{Deserialize, Serialize};

use super::message::Role;

/// A message of a temporary conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryMessage {
    /// [`Role::User`] or [`Role::Assistant`].
    pub role: Role,
    /// Markdown.
    pub text: String,
    /// The id of the model that wrote it, for an answer that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// Stands in a page for the id of its conversation where the conversation is temporary. No conversation has it, so that what
/// is sent there by mistake is refused, and not stored.
pub const TEMPORARY: &str = "temporary";
