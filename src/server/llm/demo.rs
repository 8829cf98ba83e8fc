//! [`Demo`]: a model that needs no network. It says that it is a demonstration, and how to add a real provider.

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;

use super::{ChatRequest, Delta, DeltaStream, LlmError, Provider};
use crate::domain::Role;

const ANSWER: &str = include_str!("demo.md");
const CHINESE: &str = include_str!("demo.zh.md");

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

    fn model_label(&self, _: &str) -> Option<String> {
        Some("Demo".to_owned())
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
        let answer = if has_han(question) { CHINESE } else { ANSWER };
        let answer = answer.replace("{question}", &start_of(question, 80));
        let delay = self.delay;
        Ok(Box::pin(futures::stream::iter(pieces(&answer)).then(move |piece| async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            Ok(Delta::Text(piece))
        })))
    }
}

/// Whether a text has a Chinese character. Japanese has them, too, but with kana beside them.
fn has_han(text: &str) -> bool {
    let is_kana = |c: char| matches!(c, '\u{3041}'..='\u{30ff}');
    text.contains(|c: char| matches!(c, '\u{3400}'..='\u{9fff}')) && !text.contains(is_kana)
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

/// Cuts a text into pieces of about two words or four Chinese characters, each with the space after it.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        piece.push(c);
        // Chinese has no spaces between words.
        let is_cut = c.is_whitespace() && piece.len() >= 8 || !c.is_ascii() && piece.len() >= 12;
        if is_cut {
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
    use crate::domain::{Params, Role};
    use crate::server::llm::{ChatRequest, Delta, PromptMessage, Provider};

    async fn answer(question: &str, max_tokens: Option<u32>) -> (String, usize) {
        let messages = vec![PromptMessage { role: Role::User, content: question.into() }];
        let request = ChatRequest {
            model: "demo".into(),
            messages,
            params: Params { max_tokens, ..Params::default() },
        };
        let pieces: Vec<_> = Demo::new(Duration::ZERO).chat(request).await.unwrap().collect().await;
        let text = |piece: &Result<Delta, _>| match piece {
            Ok(Delta::Text(text)) => text.clone(),
            other => panic!("{other:?}"),
        };
        (pieces.iter().map(text).collect(), pieces.len())
    }

    #[tokio::test]
    async fn shows_what_an_answer_can_hold() {
        for (question, said, name) in [
            ("Why is\nthe *sky* blue?", "Why is the sky blue?", "demo model"),
            ("天空为什么是\n*蓝色*的？", "天空为什么是 蓝色的？", "演示模型"),
        ] {
            let (text, pieces) = answer(question, None).await;
            for part in [
                said,
                name,
                "\n## ",
                "\n- ",
                "\n1. ",
                "\n| ",
                "```rust",
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
    }

    #[test]
    fn the_answer_has_no_line_break_in_a_sentence() {
        for text in [super::ANSWER, super::CHINESE] {
            let mut is_code = false;
            for (line, next) in text.lines().zip(text.lines().skip(1)) {
                is_code ^= line.trim_start().starts_with("```");
                let is_prose = |line: &str| line.starts_with(char::is_alphabetic);
                assert!(is_code || !(is_prose(line) && is_prose(next)), "{line}");
            }
        }
    }

    #[tokio::test]
    async fn the_answer_is_in_the_language_of_the_question() {
        for (question, chinese) in [
            ("Hello", false),
            ("你好", true),
            ("What is 火锅?", true),
            ("これは何ですか", false),
            ("日本語とは", false),
        ] {
            assert_eq!(answer(question, None).await.0.contains("演示模型"), chinese, "{question}");
        }
    }

    #[test]
    fn the_start_of_a_question() {
        assert_eq!(start_of("", 10), "");
        assert_eq!(start_of("one two three", 8), "one two…");
        assert_eq!(start_of("日本語日本語日本語", 4), "日本語日…");
        assert_eq!(start_of("a ``` <b> [x](y)", 80), "a  b x(y)");
    }
}
