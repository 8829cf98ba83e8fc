//! The title of a new conversation: at first the first words of the question, then what the model calls it.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;

use super::spent::Spent;
use crate::{
    domain::{Params, Role},
    server::llm::{ChatRequest, Delta, PromptMessage, Provider},
};

const PATIENCE: Duration = Duration::from_secs(15);
const MAX_CHARS: usize = 60;
/// Models that think before they answer spend most of this on thinking.
const MAX_TOKENS: u32 = 512;
/// How much of a model's answer is read, at most.
const MAX_BYTES: usize = 16 << 10;
/// How much of the question is enough to name it.
const QUESTION_CHARS: usize = 2_000;
const INSTRUCTION: &str = "Write a title of at most six words for a conversation that begins with the \
    user's message. Use the language of the message. Answer with the title alone, without quotes.";

/// Asks the model for a title; `None` if it fails, takes too long or answers nothing usable. `spent` is told what it costs,
/// in each case.
pub(super) async fn of(
    provider: &Arc<dyn Provider>,
    answering: &str,
    question: &str,
    spent: &mut Spent,
) -> Option<String> {
    let model = provider.title_model(answering)?;
    tokio::time::timeout(PATIENCE, ask(provider, model, question, spent)).await.ok().flatten()
}

async fn ask(provider: &Arc<dyn Provider>, model: &str, question: &str, spent: &mut Spent) -> Option<String> {
    let request = ChatRequest {
        model: model.to_owned(),
        messages: vec![
            PromptMessage { role: Role::System, content: INSTRUCTION.into() },
            PromptMessage { role: Role::User, content: question.chars().take(QUESTION_CHARS).collect() },
        ],
        params: Params { max_tokens: Some(MAX_TOKENS), ..Params::default() },
    };
    spent.send(&request.messages);
    let mut stream = provider.chat(request).await.ok()?;
    let mut text = String::new();
    while let Some(delta) = stream.next().await {
        match delta {
            Ok(Delta::Text(more)) => {
                spent.write(&more);
                text.push_str(&more);
            }
            Ok(Delta::Reasoning(more)) => spent.write(&more),
            Ok(Delta::Usage(usage)) => spent.count(usage),
            Ok(Delta::TextWasReasoning) => text.clear(),
            Ok(_) => {}
            Err(_) => return None,
        }
        if text.len() > MAX_BYTES {
            break;
        }
    }
    let title = clipped(&cleaned(&text));
    (!title.is_empty()).then_some(title)
}

/// The title in a model's answer: without thoughts, text before the title, quotes around it and markdown. Empty when
/// there is none.
fn cleaned(answer: &str) -> String {
    let answer = without_thoughts(answer);
    let mut lines = answer.lines().map(unwrapped).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return String::new() };
    // After “Sure! Here is a title:” the title is in the next line.
    let line = match after_label(first) {
        Some("") => lines.next().unwrap_or_default(),
        Some(title) => unwrapped(title),
        None => first,
    };
    unwrapped(without_stop(line)).to_owned()
}

/// The text after the last thought; empty when the text ends inside a thought.
fn without_thoughts(answer: &str) -> &str {
    const MARKS: [(&str, &str); 4] = [
        ("<think>", "</think>"),
        ("<thinking>", "</thinking>"),
        ("<reasoning>", "</reasoning>"),
        ("◁think▷", "◁/think▷"),
    ];
    let mut rest = answer.trim();
    for (open, close) in MARKS {
        // The opening tag of a thought is often part of the prompt and not of the answer.
        if let Some(end) = rest.rfind(close) {
            rest = rest[end + close.len()..].trim_start();
        }
        if rest.starts_with(open) {
            return "";
        }
    }
    rest
}

/// Pairs of marks that may stand around a title.
const PAIRS: [(&str, &str); 22] = [
    ("***", "***"),
    ("**", "**"),
    ("__", "__"),
    ("~~", "~~"),
    ("*", "*"),
    ("_", "_"),
    ("`", "`"),
    ("\"", "\""),
    ("'", "'"),
    ("“", "”"),
    ("„", "“"),
    ("„", "”"),
    ("”", "”"),
    ("‘", "’"),
    ("‚", "‘"),
    ("«", "»"),
    ("»", "«"),
    ("‹", "›"),
    ("「", "」"),
    ("『", "』"),
    ("《", "》"),
    ("＂", "＂"),
];

/// Removes the mark of a heading, a list or a quotation before the line, and pairs around the whole line.
fn unwrapped(line: &str) -> &str {
    let mut line = line.trim();
    loop {
        let before = line;
        let marks = line.trim_start_matches('#');
        // A `#` without a blank after it belongs to a word: C#, #1.
        if marks.len() < line.len() && marks.starts_with(char::is_whitespace) {
            line = marks.trim_start();
        }
        for mark in ["- ", "* ", "+ ", "> ", "• "] {
            line = line.strip_prefix(mark).unwrap_or(line).trim_start();
        }
        for (open, close) in PAIRS {
            let inner = line.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
            // In “One” and “two” the outer quotes do not form a pair.
            if let Some(inner) =
                inner.filter(|it| !it.is_empty() && !it.contains(open) && !it.contains(close))
            {
                line = inner.trim();
            }
        }
        if line == before {
            return line;
        }
    }
}

/// The text after `Title:`, or after a sentence that announces a title; `None` when the line begins with neither.
fn after_label(line: &str) -> Option<&str> {
    const LABELS: [&str; 21] = [
        "title",
        "titel",
        "titre",
        "título",
        "titulo",
        "titolo",
        "tytuł",
        "rubrik",
        "otsikko",
        "başlık",
        "заголовок",
        "название",
        "назва",
        "τίτλος",
        "शीर्षक",
        "عنوان",
        "العنوان",
        "标题",
        "標題",
        "タイトル",
        "제목",
    ];
    const OPENERS: [&str; 8] =
        ["sure", "here", "certainly", "of course", "okay", "ok", "absolutely", "suggested"];
    let (before, after) = line.split_once([':', '：'])?;
    let label = before.trim_matches(|c: char| c.is_whitespace() || "*_#\"`".contains(c)).to_lowercase();
    let is_label = LABELS.iter().any(|known| label.strip_prefix("conversation ").unwrap_or(&label) == *known);
    let announces = OPENERS.iter().any(|opener| label.starts_with(opener)) && label.contains("title");
    let is_short = label.chars().count() <= 80;
    (is_label || is_short && announces).then(|| after.trim_start_matches(['*', '_']).trim())
}

/// Removes the full stop of a sentence. A full stop inside the last word is part of a name or an abbreviation.
fn without_stop(line: &str) -> &str {
    let Some(rest) = line.strip_suffix(['.', '。', '．']) else { return line };
    let word = rest.rsplit(char::is_whitespace).next().unwrap_or_default();
    if word.is_empty() || word.contains('.') { line } else { rest }
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
    use async_trait::async_trait;

    use super::*;
    use crate::server::llm::{DeltaStream, LlmError};

    /// A provider that streams these deltas.
    struct Streams(Vec<Delta>);

    #[async_trait]
    impl Provider for Streams {
        fn name(&self) -> &str {
            "streams"
        }
        async fn models(&self) -> Result<Vec<String>, LlmError> {
            Ok(Vec::new())
        }
        async fn chat(&self, _: ChatRequest) -> Result<DeltaStream, LlmError> {
            Ok(Box::pin(futures::stream::iter(self.0.clone().into_iter().map(Ok))))
        }
    }

    #[tokio::test]
    async fn a_text_that_turns_out_to_be_thinking_is_no_title() {
        let text = |text: &str| Delta::Text(text.to_owned());
        let deltas = vec![text("They want a title."), Delta::TextWasReasoning, text("A greeting")];
        let provider: Arc<dyn Provider> = Arc::new(Streams(deltas));
        let mut spent = Spent::default();
        assert_eq!(of(&provider, "any", "Hello", &mut spent).await.as_deref(), Some("A greeting"));
        assert!(spent.tokens() > 0);
        let silent: Arc<dyn Provider> = Arc::new(Streams(Vec::new()));
        assert_eq!(of(&silent, "any", "Hello", &mut Spent::default()).await, None);
    }

    #[test]
    fn a_proper_title_stays_as_it_is() {
        for title in [
            "Introduction to C#",
            "F# and C#",
            "#1 on the list",
            "Node.js",
            ".NET",
            "ASP.NET and .NET 9",
            "What is 5*3?",
            "a * b * c",
            "snake_case_names",
            "_private",
            "__init__.py and __main__.py",
            "\"One\" and \"two\"",
            "«Un» et «deux»",
            "'Tis the season",
            "The dogs' house",
            "Life in the U.S.A.",
            "Wait ...",
            "Why?",
            "C++: a tour",
            "Title IX: what it says",
            "Here: an essay",
            "**bold** and **bolder**",
            "日本語の文法",
            "¿Qué es esto?",
            "10: the film",
            "What is <think> in HTML?",
            "2 > 1",
            "`x` and `y`",
            "e.g.",
            "Re: Title search",
            "Ratio 3:1",
        ] {
            assert_eq!(cleaned(title), title);
        }
    }

    #[test]
    fn text_around_a_title_is_removed() {
        for (answer, title) in [
            ("<think>\nSECRET\n</think>\n\nGreeting somebody", "Greeting somebody"),
            ("<think></think>Hello", "Hello"),
            ("<thinking>a</thinking>\nHello", "Hello"),
            ("◁think▷a◁/think▷Hello", "Hello"),
            ("no opening tag\n</think>\nHello", "Hello"),
            ("<think>a</think> b <think>c</think> Hello", "Hello"),
            ("<think>the limit came in the middle", ""),
            ("  <think>\nOkay, the user", ""),
            ("◁think▷so", ""),
            ("Title: Trip to Rome", "Trip to Rome"),
            ("TITLE: Trip to Rome", "Trip to Rome"),
            ("**Title:** Trip to Rome", "Trip to Rome"),
            ("**Title: Trip to Rome**", "Trip to Rome"),
            ("# Title: \"Trip to Rome\"", "Trip to Rome"),
            ("\"Title: Trip to Rome\"", "Trip to Rome"),
            ("Titel: Reise nach Rom", "Reise nach Rom"),
            ("标题：罗马之旅", "罗马之旅"),
            ("제목: 로마 여행", "로마 여행"),
            ("Conversation title: Trip to Rome", "Trip to Rome"),
            ("Title: C++: a tour", "C++: a tour"),
            ("Sure! Here is a title: Trip to Rome", "Trip to Rome"),
            ("Here's a title for your conversation:\n\n**\"Trip to Rome\"**", "Trip to Rome"),
            ("Sure, here is a possible title:\n> Trip to Rome.\n\nI hope it helps!", "Trip to Rome"),
            ("Title:\nTrip to Rome", "Trip to Rome"),
            ("\n\nTrip to Rome\nThis is short.", "Trip to Rome"),
            ("## Trip to Rome ", "Trip to Rome"),
            ("- Trip to Rome", "Trip to Rome"),
            ("* Trip to Rome", "Trip to Rome"),
            ("***Trip to Rome***", "Trip to Rome"),
            ("*Trip to Rome*.", "Trip to Rome"),
            ("`Trip to Rome`", "Trip to Rome"),
            ("“Trip to Rome”", "Trip to Rome"),
            ("„Reise nach Rom“", "Reise nach Rom"),
            ("„Podróż do Rzymu”", "Podróż do Rzymu"),
            ("»Reise nach Rom«", "Reise nach Rom"),
            ("« Voyage à Rome »", "Voyage à Rome"),
            ("‘Trip to Rome’", "Trip to Rome"),
            ("「ローマへの旅」", "ローマへの旅"),
            ("《罗马之旅》", "罗马之旅"),
            ("Trip to Rome.", "Trip to Rome"),
            ("罗马之旅。", "罗马之旅"),
            ("\"Introduction to C#\"", "Introduction to C#"),
            ("**Node.js**", "Node.js"),
            ("# .NET", ".NET"),
            ("", ""),
            (" \n\u{a0}\n", ""),
            ("\"\"", "\"\""),
            ("Title:", ""),
        ] {
            assert_eq!(cleaned(answer), title, "{answer:?}");
        }
    }

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
