//! The questions that wait, as the server sends them.

use super::json::Json;
use crate::domain::{QuestionQueue, Queued};

/// A queue with what the page shows of it.
pub(super) fn read(json: &Json) -> QuestionQueue {
    let items = json.get("items").map(|items| items.items()).unwrap_or_default();
    let question = |(position, item): (u32, &Json)| {
        Some(Queued {
            id: item.text("id")?,
            author_id: item.text("author_id").unwrap_or_default(),
            text: item.text("text")?,
            message_id: item.text("message_id"),
            model: item.text("model"),
            position,
            refused: None,
            refused_message: item.text("refused_message"),
            waits_until: None,
            waits_message: item.text("waits_message"),
            created_at: 0,
        })
    };
    QuestionQueue { items: (0..).zip(&items).filter_map(question).collect(), waits: json.flag("waits") }
}
