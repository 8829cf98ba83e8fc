//! The prompt: the branch from the first question to the newest, as far back as fits.

use crate::{
    domain::{Conversation, Message, Role},
    error::AppError,
    server::{
        llm::{PromptMessage, think::without_thinking},
        store::{Branch, Chats, Reach, Texts},
    },
};

/// Messages looked back at, and bytes of text sent, at the most. The provider's own limit is in tokens,
/// which we cannot count for every model; it answers clearly when a prompt is too long.
const MAX_MESSAGES: usize = 200;
const MAX_BYTES: usize = 1024 * 1024;
/// Of an answer that is continued, at the most: its end.
const MAX_BEGUN_BYTES: usize = MAX_BYTES / 4;
/// Many servers begin a new answer after an answer, so the wish is said in words.
const GO_ON: &str = "Your last answer was cut off. Go on exactly where it stopped, in the same language and \
    format, in the middle of a word or a code block too. Do not repeat any of it, and do not comment on this.";

/// What is sent for this answer, oldest first; `question` is the one that was asked together with it. It ends
/// with the answer's question; when the answer has text already, with that and the wish to go on.
pub async fn build(
    chats: &dyn Chats,
    conversation: &Conversation,
    question: Option<&Message>,
    answer: &Message,
) -> Result<Vec<PromptMessage>, AppError> {
    let branch = match &answer.parent_id {
        // The first one has nothing before it to be looked for.
        Some(_) if question.is_some_and(|question| question.parent_id.is_none()) => {
            question.cloned().into_iter().collect()
        }
        Some(question) => {
            // By their lengths first: what does not fit is never in memory.
            let reach =
                Reach { messages: MAX_MESSAGES, bytes: MAX_BYTES as u64, texts: Texts::WithoutReasoning };
            let branch = Branch::find(chats, &conversation.id, Some(question), reach).await?;
            branch.read(chats, &conversation.id).await?
        }
        None => Vec::new(),
    };
    let mut prompt = Vec::new();
    let begun = without_thinking(&answer.content);
    if !begun.is_empty() {
        prompt.push(PromptMessage { role: Role::User, content: GO_ON.into() });
        prompt.push(PromptMessage { role: Role::Assistant, content: end_of(&begun).to_owned() });
    }
    prompt.extend(fitting(branch, MAX_BYTES));
    let mut prompt = joined(prompt);
    if let Some(system) = conversation.system_prompt.as_ref().filter(|text| !text.trim().is_empty()) {
        prompt.push(PromptMessage { role: Role::System, content: system.clone() });
    }
    prompt.reverse();
    Ok(prompt)
}

/// The newest messages that fit, newest first. The newest one always does; empty answers (failed before
/// the first word) are left out, and thinking that a server left in an answer is too: models are not shown theirs.
fn fitting(newest_first: Vec<Message>, max_bytes: usize) -> Vec<PromptMessage> {
    let mut left = max_bytes;
    let mut prompt: Vec<PromptMessage> = Vec::new();
    for message in newest_first {
        let content = match message.role {
            Role::Assistant => without_thinking(&message.content),
            Role::User | Role::System => message.content,
        };
        if content.is_empty() {
            continue;
        }
        let fits = content.len() <= left;
        if !fits && !prompt.is_empty() {
            break;
        }
        left = left.saturating_sub(content.len());
        prompt.push(PromptMessage { role: message.role, content });
    }
    // Some models refuse a prompt that begins with an answer.
    while prompt.len() > 1 && prompt.last().is_some_and(|oldest| oldest.role == Role::Assistant) {
        prompt.pop();
    }
    prompt
}

/// One message in place of several by the same side, which deleted and failed messages leave; some
/// models refuse them.
fn joined(newest_first: Vec<PromptMessage>) -> Vec<PromptMessage> {
    let mut prompt: Vec<PromptMessage> = Vec::with_capacity(newest_first.len());
    for older in newest_first {
        match prompt.last_mut().filter(|newer| newer.role == older.role) {
            Some(newer) => newer.content = format!("{}\n\n{}", older.content, newer.content),
            None => prompt.push(older),
        }
    }
    prompt
}

fn end_of(text: &str) -> &str {
    let from = text.len().saturating_sub(MAX_BEGUN_BYTES);
    &text[text.ceil_char_boundary(from)..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Status;

    fn message(role: Role, content: &str) -> Message {
        Message {
            id: String::new(),
            conversation_id: String::new(),
            parent_id: None,
            role,
            content: content.into(),
            reasoning: String::new(),
            status: Status::Complete,
            model: None,
            usage: None,
            failure: None,
            length_limited: false,
            created_at: 0,
        }
    }

    fn texts(prompt: &[PromptMessage]) -> Vec<&str> {
        prompt.iter().map(|m| m.content.as_str()).collect()
    }

    #[test]
    fn keeps_the_newest_that_fit_and_begins_with_a_question() {
        let branch = || {
            vec![
                message(Role::User, "third"),
                message(Role::Assistant, ""),
                message(Role::User, "second"),
                message(Role::Assistant, "answer"),
                message(Role::User, "first"),
            ]
        };
        assert_eq!(texts(&fitting(branch(), 1000)), ["third", "second", "answer", "first"]);
        assert_eq!(texts(&fitting(branch(), 18)), ["third", "second"]);
        assert_eq!(texts(&fitting(branch(), 1)), ["third"]);
        let joined = joined(fitting(branch(), 1000));
        assert_eq!(texts(&joined), ["second\n\nthird", "answer", "first"]);
        assert_eq!(joined[0].role, Role::User);
    }

    #[test]
    fn a_model_is_not_shown_its_thinking() {
        let branch = vec![
            message(Role::User, "second <think>mine</think>"),
            message(Role::Assistant, "<think>SECRET"),
            message(Role::User, "second"),
            message(Role::Assistant, "<think>\nSECRET\n</think>\n\nHello"),
            message(Role::User, "first"),
        ];
        assert_eq!(texts(&fitting(branch, 1000)), ["second <think>mine</think>", "second", "Hello", "first"]);
    }

    #[test]
    fn of_a_long_answer_the_end_is_sent_in_whole_characters() {
        assert_eq!(end_of("short"), "short");
        let long = "日".repeat(MAX_BEGUN_BYTES);
        let end = end_of(&long);
        assert!(end.len() <= MAX_BEGUN_BYTES && end.len() > MAX_BEGUN_BYTES - 3);
        assert!(end.chars().all(|c| c == '日'));
    }
}
