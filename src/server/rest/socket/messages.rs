//! What goes through a WebSocket: JSON objects, each with its `type`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::ChatEvent,
    server::{
        http::errors::Problem,
        live::{log::Format, published::Published},
    },
};

/// How a listener gets answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SocketFormat {
    /// `delta` events with markdown.
    #[default]
    Text,
    /// `block` and `lines` events with HTML.
    Html,
}

impl From<SocketFormat> for Format {
    fn from(format: SocketFormat) -> Self {
        match format {
            SocketFormat::Text => Self::Text,
            SocketFormat::Html => Self::Html,
        }
    }
}

/// What a client sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(examples(
    json!({ "type": "listen", "conversation_id": "01JDA4", "after": 17, "format": "text" }),
    json!({ "type": "leave", "conversation_id": "01JDA4" }),
    json!({ "type": "post", "conversation_id": "01JDA4", "key": "4f1c", "content": "Hello *everybody*" }),
    json!({ "type": "read", "conversation_id": "01JDA4", "message_id": "01JDB7" }),
    json!({ "type": "typing", "conversation_id": "01JDA4" }),
    json!({ "type": "presence", "active": true }),
))]
pub enum FromClient {
    /// Tell me of this conversation: what changed after the event `after`, and then what happens. Without `after` it begins
    /// with the newest answer. Sent again it replaces what was listened to before.
    Listen {
        conversation_id: String,
        #[serde(default)]
        after: Option<u64>,
        #[serde(default)]
        format: SocketFormat,
    },
    /// Tell me no more of it.
    Leave { conversation_id: String },
    /// A message of mine in a room, under a key that the client makes: sent again it is the same message.
    Post {
        conversation_id: String,
        key: String,
        /// Markdown.
        content: String,
        /// The message that it answers.
        #[serde(default)]
        reply_to: Option<String>,
        /// The ids of the members whom it mentions.
        #[serde(default)]
        mentions: Vec<String>,
        /// The model to ask; without one the room's.
        #[serde(default)]
        model: Option<String>,
        /// In a room where the model answers when it is asked: ask it.
        #[serde(default)]
        asks: bool,
    },
    /// I have seen everything of the room up to this message.
    Read { conversation_id: String, message_id: String },
    /// I am writing a message in the room. Send it every 3 seconds while that is so; listeners forget it after 6.
    Typing { conversation_id: String },
    /// The person looks at the page that opened the socket, or does not. Before the first of these the socket says nothing of
    /// whether the person is here.
    Presence { active: bool },
}

impl FromClient {
    /// What an answer to it repeats, so that the client knows which of its messages is answered.
    pub fn about(&self) -> About {
        let (conversation_id, key) = match self {
            Self::Post { conversation_id, key, .. } => (conversation_id, Some(key.clone())),
            Self::Listen { conversation_id, .. }
            | Self::Leave { conversation_id }
            | Self::Read { conversation_id, .. }
            | Self::Typing { conversation_id } => (conversation_id, None),
            Self::Presence { .. } => return About::default(),
        };
        About { conversation_id: Some(conversation_id.clone()), key }
    }
}

/// Which message of the client an answer is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct About {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub conversation_id: Option<String>,
    /// The key of a `post`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key: Option<String>,
}

/// What the server sends.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(examples(
    json!({ "type": "listening", "conversation_id": "01JDA4" }),
    json!({
        "type": "event", "conversation_id": "01JDA4", "seq": 18, "event": "message", "id": "01JDB8",
        "parent_id": "01JDB7", "author_id": "01JD2C", "content": "Hello *everybody*",
    }),
    json!({ "type": "posted", "conversation_id": "01JDA4", "key": "4f1c", "message_id": "01JDB8" }),
    json!({ "type": "ended", "conversation_id": "01JDA4" }),
    json!({ "type": "noted" }),
    json!({
        "type": "refused", "conversation_id": "01JDA4", "key": "4f1c",
        "problem": { "type": "urn:inglenook:error:not_found", "title": "Not found", "status": 404, "detail": "…",
            "code": "not_found" },
    }),
))]
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is never made: it describes what `event` writes"
)]
pub enum ToClient<'a> {
    /// An event of a conversation, as `GET …/events` sends it; `seq` is the `after` to come back with.
    // Written by `event` below, because the event is JSON already.
    Event {
        conversation_id: String,
        seq: u64,
        #[serde(flatten)]
        #[schema(inline)]
        event: ChatEvent,
    },
    /// From here on the client hears of the conversation.
    Listening { conversation_id: &'a str },
    /// The client hears no more of the conversation: it is gone, the person takes no part any more, or the server restarts.
    /// Whoever listens again is told which.
    Ended { conversation_id: &'a str },
    /// A `presence` is noted. A page knows by it that the connection lives.
    Noted {},
    /// A `post` is stored.
    Posted {
        #[serde(flatten)]
        #[schema(inline)]
        about: About,
        message_id: &'a str,
    },
    /// The server did not do what a message asked; nothing changed.
    Refused {
        #[serde(flatten)]
        #[schema(inline)]
        about: About,
        #[schema(inline)]
        problem: Problem<'a>,
    },
}

impl ToClient<'_> {
    pub fn json(&self) -> String {
        // Structs of texts and numbers always become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// [`ToClient::Event`] as JSON.
pub fn event(conversation_id: &str, published: &Published) -> String {
    let id = serde_json::to_string(conversation_id).unwrap_or_default();
    let event = published.json();
    let fields = event.strip_prefix('{').unwrap_or_default();
    format!(r#"{{"type":"event","conversation_id":{id},"seq":{},{fields}"#, published.seq)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_event_is_the_one_of_the_stream_with_its_conversation() {
        let delta = ChatEvent::Delta { message_id: "m".into(), text: "a\"\n{".into() };
        let told: Value = serde_json::from_str(&event("c", &Published::new(7, delta))).unwrap();
        let expected = json!({
            "type": "event", "conversation_id": "c", "seq": 7, "event": "delta", "message_id": "m", "text": "a\"\n{",
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_left_out_has_a_default_and_what_is_unknown_is_an_error() {
        let read = |text: &str| serde_json::from_str::<FromClient>(text);
        let listen = read(r#"{"type":"listen","conversation_id":"c"}"#).unwrap();
        assert!(matches!(listen, FromClient::Listen { after: None, format: SocketFormat::Text, .. }));
        let post = read(r#"{"type":"post","conversation_id":"c","key":"k","content":"Hello"}"#).unwrap();
        assert_eq!(post.about(), About { conversation_id: Some("c".into()), key: Some("k".into()) });
        for bad in
            ["", "{}", "[]", "null", r#"{"type":"listen"}"#, r#"{"type":"sing","conversation_id":"c"}"#]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
