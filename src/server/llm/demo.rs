//! [`Demo`]: a model that needs no network. It says that it is a demonstration, and how to add a real provider.

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;

use super::{ChatRequest, Delta, DeltaStream, LlmError, Provider};
use crate::domain::Role;

const ANSWER: &str = include_str!("demo.md");

pub struct Demo {
    delay: Duration,
}

impl Demo {
    pub const NAME: &'static str = "demo";
    /// A pause between pieces at which the answer is pleasant to watch.
    pub const DELAY: Duration = Duration::from_millis(15);

    /// `delay` is the pause before each piece of an answer.
    pub fn new(delay: Duration) -> Self {
        Self { delay }
    }
}

#[async_trait]
impl Provider for Demo {
    fn name(&self) -> &str {
        Self::NAME
    }

    /// No model is asked, because the first words of a question make a better title than this one would.
    fn title_model<'a>(&'a self, _: &'a str) -> Option<&'a str> {
        None
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(vec![Self::NAME.to_owned()])
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        let asked = request.messages.iter().rev().find(|message| message.role == Role::User);
        let question = asked.map(|message| message.content.as_str()).unwrap_or_default();
        let answer = ANSWER.replace("{question}", &start_of(question, 80));
        let delay = self.delay;
        Ok(Box::pin(futures::stream::iter(pieces(&answer)).then(move |piece| async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            Ok(Delta::Text(piece))
        })))
    }
}

/// The first words of a text on one line, at most about `chars` characters, without Markdown's special characters.
fn start_of(text: &str, chars: usize) -> String {
    let mut start = String::new();
    for word in text.split_whitespace() {
        if start.chars().count() + word.chars().count() > chars {
            // A single long word, or a language without spaces.
            if start.is_empty() {
                start = word.chars().take(chars).collect();
            }
            start.push('…');
            break;
        }
        if !start.is_empty() {
            start.push(' ');
        }
        start.push_str(word);
    }
    start.replace(['`', '*', '_', '[', ']', '<', '>', '|', '$', '\\', '#'], "")
}

/// Cuts a text into pieces of about two words, each with the space after it.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        piece.push_str(word);
        if piece.len() >= 8 {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::StreamExt;

    use super::{Demo, start_of};
    use crate::domain::Role;
    use crate::server::llm::{ChatRequest, Delta, PromptMessage, Provider};

    async fn answer(question: &str, max_tokens: Option<u32>) -> (String, usize) {
        let messages = vec![PromptMessage { role: Role::User, content: question.into() }];
        let request = ChatRequest { model: "demo".into(), messages, max_tokens };
        let pieces: Vec<_> = Demo::new(Duration::ZERO).chat(request).await.unwrap().collect().await;
        let text = |piece: &Result<Delta, _>| match piece {
            Ok(Delta::Text(text)) => text.clone(),
            other => panic!("{other:?}"),
        };
        (pieces.iter().map(text).collect(), pieces.len())
    }

    #[tokio::test]
    async fn shows_what_an_answer_can_hold() {
        let (text, pieces) = answer("Why is\nthe *sky* blue?", None).await;
        for part in [
            "Why is the sky blue?",
            "demo model",
            "\n### ",
            "\n- ",
            "\n| ",
            "```rust",
            "```python",
            "```typescript",
            "\n$$\n",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            "[[provider]]",
            "base_url",
            "api_key_env",
            "Leptos.toml",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("{question}"));
        assert!(pieces > 100, "{pieces}");
    }

    #[test]
    fn the_start_of_a_question() {
        assert_eq!(start_of("", 10), "");
        assert_eq!(start_of("one two three", 8), "one two…");
        assert_eq!(start_of("日本語日本語日本語", 4), "日本語日…");
        assert_eq!(start_of("a ``` <b> [x](y)", 80), "a  b x(y)");
    }
}
