//! The title of a new conversation: from the model, or the first words of the question.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;

use crate::{
    domain::Role,
    server::llm::{ChatRequest, Delta, PromptMessage, Provider, demo::Demo},
};

const PATIENCE: Duration = Duration::from_secs(15);
const MAX_CHARS: usize = 60;
/// Enough of the question to name it.
const QUESTION_CHARS: usize = 2_000;
const INSTRUCTION: &str = "Write a title of at most six words for a conversation that begins with the \
    user's message. Use the language of the message. Answer with the title alone, without quotes.";

/// Asks the model; answers the first words when it fails, takes long, or says nothing usable.
pub async fn of(provider: &Arc<dyn Provider>, model: &str, question: &str) -> String {
    let asked = tokio::time::timeout(PATIENCE, ask(provider, model, question)).await;
    asked.ok().flatten().unwrap_or_else(|| first_words(question))
}

async fn ask(provider: &Arc<dyn Provider>, model: &str, question: &str) -> Option<String> {
    if provider.name() == Demo::NAME {
        return None;
    }
    let request = ChatRequest {
        model: model.to_owned(),
        messages: vec![
            PromptMessage { role: Role::System, content: INSTRUCTION.into() },
            PromptMessage { role: Role::User, content: question.chars().take(QUESTION_CHARS).collect() },
        ],
        max_tokens: Some(32),
    };
    let mut stream = provider.chat(request).await.ok()?;
    let mut text = String::new();
    while let Some(delta) = stream.next().await {
        match delta {
            Ok(Delta::Text(more)) => text.push_str(&more),
            Ok(_) => {}
            Err(_) => return None,
        }
        if text.len() > 1_000 {
            break;
        }
    }
    let line = text.trim().lines().next().unwrap_or_default();
    let line = line.trim_matches(|c: char| c.is_whitespace() || "\"'“”«»#*`.".contains(c));
    let title = clipped(line);
    (!title.is_empty()).then_some(title)
}

/// The beginning of the question, cut at a word.
pub fn first_words(question: &str) -> String {
    let title = clipped(question);
    if title.is_empty() { "New conversation".into() } else { title }
}

/// One line without control characters, at most [`MAX_CHARS`] long, cut at a word where there is one.
fn clipped(text: &str) -> String {
    let clean: String =
        text.chars().take(MAX_CHARS * 20).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = line.char_indices().nth(MAX_CHARS) else { return line };
    let cut = &line[..end];
    let cut = cut.rfind(' ').filter(|at| *at > end / 2).map_or(cut, |at| &cut[..at]);
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_words_are_one_line_cut_at_a_word() {
        assert_eq!(first_words("  Hello\n\nthere\0 "), "Hello there");
        let long = first_words(&"words and more ".repeat(20));
        assert!(
            long.ends_with('…') && long.chars().count() <= MAX_CHARS + 1 && !long.contains("mor…"),
            "{long}"
        );
        assert_eq!(first_words(&"会".repeat(100)).chars().count(), MAX_CHARS + 1);
        assert_eq!(first_words("\0 \n"), "New conversation");
    }
}
