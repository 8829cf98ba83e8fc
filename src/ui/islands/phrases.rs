//! [`PHRASES`]: the sentences that the island's views and handlers may say.

use super::json::Json;
use crate::ui::words::{Phrase, Phrases};

/// The phrases as the server wrote them.
pub(super) fn read(json: &Json) -> Option<Phrases> {
    let texts = json.get("texts")?.members().into_iter().map(|(key, phrase)| {
        let forms = || phrase.members().into_iter().filter_map(|(form, text)| Some((form, text.as_text()?)));
        let phrase = phrase.as_text().map_or_else(|| Phrase::Plural(forms().collect()), Phrase::Text);
        (key, phrase)
    });
    Some(Phrases {
        language: json.text("language")?,
        group_sign: json.text("group_sign")?,
        texts: texts.collect(),
    })
}

/// Each key with the names of its parameters. The page words them for the island, because a browser has no files of
/// sentences. A view or handler that says something new adds its key; a test finds what is missing.
pub const PHRASES: [(&str, &[&str]); 32] = [
    ("answer-complete", &["count"]),
    ("answering", &[]),
    ("answers-can-be-wrong", &["keys"]),
    ("ask-anything", &[]),
    ("connection-lost", &[]),
    ("conversation-deleted", &[]),
    ("conversation-busy", &[]),
    ("copied", &[]),
    ("error-unreachable", &[]),
    ("extras", &[]),
    ("files-not-yet", &[]),
    ("insert-as-text", &[]),
    ("keys-hint", &[]),
    ("message", &[]),
    ("message-deleted", &[]),
    ("model", &[]),
    ("model-is", &["model"]),
    ("model-no-longer-offered", &["model"]),
    ("pasted-text", &["count"]),
    ("queue", &[]),
    ("queue-send", &[]),
    ("queue-up", &[]),
    ("queue-waits", &[]),
    ("queued-question", &[]),
    ("remove", &[]),
    ("reply", &[]),
    ("send", &[]),
    ("stop", &[]),
    ("to-latest", &[]),
    ("undo", &[]),
    ("unseen-messages", &["count"]),
    ("waiting-for", &["model", "count"]),
];
