//! The prompt: the branch from the first question to the newest, as far back as fits.

use crate::{
    domain::{Conversation, Message, Role},
    error::AppError,
    server::{history, llm::PromptMessage, state::AppState},
};

/// Messages looked back at, and bytes of text sent, at the most. The provider's own limit is in tokens,
/// which we cannot count for every model; it answers clearly when a prompt is too long.
const MAX_MESSAGES: usize = 200;
const MAX_BYTES: usize = 1024 * 1024;

/// Oldest first; ends with the question `question_id`.
pub async fn build(
    state: &AppState,
    conversation: &Conversation,
    question_id: &str,
) -> Result<Vec<PromptMessage>, AppError> {
    let branch = history::branch(state, &conversation.id, question_id, MAX_MESSAGES).await?;
    let mut prompt = fitting(branch, MAX_BYTES);
    if let Some(system) = conversation.system_prompt.as_ref().filter(|text| !text.trim().is_empty()) {
        prompt.push(PromptMessage { role: Role::System, content: system.clone() });
    }
    prompt.reverse();
    Ok(prompt)
}

/// The newest messages that fit, newest first. The newest one always does; empty answers (failed before
/// the first word) are left out.
fn fitting(newest_first: Vec<Message>, max_bytes: usize) -> Vec<PromptMessage> {
    let mut left = max_bytes;
    let mut prompt: Vec<PromptMessage> = Vec::new();
    for message in newest_first {
        if message.content.is_empty() {
            continue;
        }
        let fits = message.content.len() <= left;
        if !fits && !prompt.is_empty() {
            break;
        }
        left = left.saturating_sub(message.content.len());
        prompt.push(PromptMessage { role: message.role, content: message.content });
    }
    // Some models refuse a prompt that begins with an answer.
    while prompt.len() > 1 && prompt.last().is_some_and(|oldest| oldest.role == Role::Assistant) {
        prompt.pop();
    }
    prompt
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
    }
}
