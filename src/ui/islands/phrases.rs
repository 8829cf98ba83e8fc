//! What the island may have to say: the keys that its views and handlers use.

use crate::ui::words::Phrases;

/// Each key with the names of its parameters.
const KEYS: [(&str, &[&str]); 37] = [
    ("answer", &[]),
    ("answer-copy", &[]),
    ("answer-cut", &[]),
    ("answer-failed", &[]),
    ("answer-interrupted", &[]),
    ("answer-stopped", &[]),
    ("answers-can-be-wrong", &[]),
    ("ask-anything", &[]),
    ("cancel", &[]),
    ("connection-lost", &[]),
    ("continue", &[]),
    ("conversation-busy", &[]),
    ("error-unreachable", &[]),
    ("files-not-yet", &[]),
    ("keys-hint", &[]),
    ("message", &[]),
    ("message-copy", &[]),
    ("message-delete", &[]),
    ("message-delete-hint", &[]),
    ("message-edit", &[]),
    ("model", &[]),
    ("model-and-tokens", &["model", "count"]),
    ("model-no-longer-offered", &["model"]),
    ("reasoning", &[]),
    ("retry", &[]),
    ("send", &[]),
    ("send-changed", &[]),
    ("sent-newest-only", &[]),
    ("sent-without", &["count"]),
    ("sent-without-first", &[]),
    ("stop", &[]),
    ("version-next", &[]),
    ("version-previous", &[]),
    ("versions", &[]),
    ("write-again", &[]),
    ("you", &[]),
    ("your-message", &[]),
];

/// The island's property, in the language of the page that is being made. A view or handler of the island that says
/// something new adds its key to the list above; a test finds what is missing there.
pub fn phrases() -> Phrases {
    Phrases::of(&KEYS)
}
