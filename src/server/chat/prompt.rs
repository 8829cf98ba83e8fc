//! The prompt: the branch from the first question to the newest, as far back as it fits into the model's context.

use super::tokens::{MAX_BYTES_PER_TOKEN, estimate};
use crate::{
    domain::{Message, Reason, Role, message::MOST_LEFT_OUT},
    error::AppError,
    server::{
        llm::{PromptMessage, think::without_thinking},
        store::{Branch, Chats, Destination, Grant, Reach, Texts},
    },
};

/// The context of a model, in tokens, if neither the configuration nor the provider knows it. Nearly all hosted models
/// have at least this much, and local servers, whose models may have less, report it.
pub const DEFAULT_CONTEXT: u32 = 32_768;
/// A quarter of the context is left for the answer and its thinking, but at most this many tokens.
const MOST_FOR_ANSWER: u32 = 16_384;
/// The tokens that a model's template adds to each message, and to the whole prompt.
const AROUND_MESSAGE: u32 = 8;
const AROUND_PROMPT: u32 = 16;
/// Sent after an unfinished answer, because many servers begin a new answer where the prompt ends with one.
const CONTINUE: &str = "Your last answer was cut off. Go on exactly where it stopped, in the same language and \
    format, in the middle of a word or a code block too. Do not repeat any of it, and do not comment on this.";

/// The messages that are sent for an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Oldest first.
    pub messages: Vec<PromptMessage>,
    /// How many messages of the branch do not fit, see [`Message::left_out`].
    pub left_out: u32,
}

/// The prompt for `answer`; `question` is the question asked together with it, stored or not. The prompt ends with the
/// answer's question, or, if the answer has text already, with the end of that text and the request to go on. `context`
/// is the model's context in tokens, if known. The system prompt and the question are always part of the prompt.
///
/// # Errors
///
/// The question is surely too long for the model. If the context is not known, the provider decides.
pub async fn build(
    chats: &dyn Chats,
    to: &Destination,
    (question, answer): (Option<&Message>, &Message),
    context: Option<u32>,
) -> Result<Prompt, AppError> {
    let room = room(context.unwrap_or(DEFAULT_CONTEXT));
    let system = to.conversation().system_prompt.as_ref().filter(|text| !text.trim().is_empty());
    let system = system.map(|text| PromptMessage { role: Role::System, content: text.clone() });
    let mut newest: Vec<PromptMessage> = Vec::new();
    let begun = without_thinking(&answer.content);
    if !begun.is_empty() {
        newest.push(PromptMessage { role: Role::User, content: CONTINUE.into() });
        newest.push(PromptMessage { role: Role::Assistant, content: end_of(&begun, room / 4).to_owned() });
    }
    let asked = match (question, &answer.parent_id, to.grant()) {
        (Some(question), ..) => Some(question.clone()),
        (None, Some(id), Some(grant)) => {
            chats.messages_of(grant, std::slice::from_ref(id), TEXTS).await?.pop()
        }
        _ => None,
    };
    let before = asked.as_ref().and_then(|asked| asked.parent_id.clone());
    newest.extend(asked.and_then(shown));
    let fixed = newest.iter().chain(&system).map(cost).fold(AROUND_PROMPT, u32::saturating_add);
    if let Some(context) = context.filter(|context| surely_exceeds(fixed, *context)) {
        return Err(too_long(fixed, context, question.is_some(), system.is_some()));
    }
    let older = older(chats, to.grant(), before.as_deref(), room.saturating_sub(fixed)).await?;
    newest.extend(older.messages);
    let mut messages = joined(newest);
    messages.extend(system);
    messages.reverse();
    Ok(Prompt { messages, left_out: older.left_out })
}

/// A model is not shown its own thinking.
const TEXTS: Texts = Texts::WithoutReasoning;

/// How many tokens of the context the prompt may use.
fn room(context: u32) -> u32 {
    context - (context / 4).min(MOST_FOR_ANSWER)
}

fn cost(message: &PromptMessage) -> u32 {
    estimate(&message.content).saturating_add(AROUND_MESSAGE)
}

/// Whether the text cannot fit. An estimate is hardly ever too low, and for most texts at most half too high, so a text
/// beyond that does not fit.
fn surely_exceeds(estimated: u32, context: u32) -> bool {
    u64::from(estimated) * 2 > u64::from(context) * 3
}

fn too_long(estimated: u32, context: u32, is_new: bool, with_system: bool) -> AppError {
    let key = if with_system { "prompt-too-long-with-system" } else { "prompt-too-long" };
    let reason = Reason::new(key).with("tokens", estimated).with("most", context);
    if is_new { AppError::invalid("content", reason) } else { AppError::Conflict { reason } }
}

/// A message as the model gets it: without thinking that a server left in the answer. `None`: the answer is empty,
/// because it failed before the first word.
fn shown(message: Message) -> Option<PromptMessage> {
    let content = match message.role {
        Role::Assistant => without_thinking(&message.content),
        Role::User | Role::System => message.content,
    };
    (!content.is_empty()).then_some(PromptMessage { role: message.role, content })
}

/// The messages from `leaf_id` towards the first one that fit, newest first.
async fn older(
    chats: &dyn Chats,
    grant: Option<&Grant>,
    leaf_id: Option<&str>,
    room: u32,
) -> Result<Prompt, AppError> {
    let (Some(grant), Some(_)) = (grant, leaf_id) else { return Ok(Prompt::default()) };
    let store = chats;
    // The branch is found by lengths first, so that the server reads no more text than may fit.
    let reach = Reach {
        messages: (room / AROUND_MESSAGE).max(1) as usize,
        bytes: u64::from(room) * MAX_BYTES_PER_TOKEN,
        texts: TEXTS,
    };
    let branch = Branch::find(store, grant, leaf_id, reach).await?;
    let beyond = branch.count_beyond(store, grant, MOST_LEFT_OUT).await?;
    let messages = branch.read(store, grant).await?;
    let fitting = fitting(messages, room, beyond);
    Ok(Prompt { left_out: fitting.left_out.min(MOST_LEFT_OUT), ..fitting })
}

/// The newest messages that fit, newest first; `beyond` is the number of messages older than `newest_first`.
fn fitting(newest_first: Vec<Message>, room: u32, beyond: u32) -> Prompt {
    let (mut left, mut left_out, mut messages) = (room, beyond, Vec::new());
    let mut is_full = false;
    for message in newest_first.into_iter().filter_map(shown) {
        let cost = cost(&message);
        is_full |= cost > left;
        if is_full {
            left_out = left_out.saturating_add(1);
        } else {
            left -= cost;
            messages.push(message);
        }
    }
    // Answers at the start of the prompt are dropped, because some models refuse a prompt that begins with an answer.
    while messages.last().is_some_and(|oldest| oldest.role == Role::Assistant) {
        messages.pop();
        // If everything fits, the answer's question was deleted; then the answer does not count as left out.
        left_out += u32::from(left_out > 0);
    }
    Prompt { messages, left_out }
}

/// Joins neighbouring messages of the same role, which deleted and failed messages leave behind, because some models
/// refuse them.
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

/// The end of a text, about this many tokens long.
fn end_of(text: &str, tokens: u32) -> &str {
    let all = estimate(text);
    if all <= tokens {
        return text;
    }
    let kept = text.len() as u64 * u64::from(tokens) / u64::from(all);
    let from = text.len() - usize::try_from(kept).unwrap_or(text.len());
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
            author_id: String::new(),
            parent_id: None,
            role,
            content: content.into(),
            reasoning: String::new(),
            status: Status::Complete,
            model: None,
            usage: None,
            failure: None,
            length_limited: false,
            left_out: 0,
            created_at: 0,
            revision: 0,
        }
    }

    fn texts(prompt: &[PromptMessage]) -> Vec<&str> {
        prompt.iter().map(|m| m.content.as_str()).collect()
    }

    fn branch() -> Vec<Message> {
        vec![
            message(Role::User, "third"),
            message(Role::Assistant, ""),
            message(Role::User, "second"),
            message(Role::Assistant, "answer"),
            message(Role::User, "first"),
        ]
    }

    #[test]
    fn a_prompt_has_the_newest_messages_that_fit_and_begins_with_a_question() {
        let all = fitting(branch(), 1000, 0);
        assert_eq!(texts(&all.messages), ["third", "second", "answer", "first"]);
        assert_eq!(all.left_out, 0);
        // The first question and its answer.
        let two: u32 = all.messages[..2].iter().map(cost).sum();
        let three: u32 = all.messages[..3].iter().map(cost).sum();
        for room in [two, two + 1, three, three + 1] {
            let some = fitting(branch(), room, 0);
            assert_eq!((texts(&some.messages), some.left_out), (vec!["third", "second"], 2), "{room}");
        }
        assert_eq!(fitting(branch(), two - 1, 0).left_out, 3);
        assert_eq!(fitting(branch(), 0, 0), Prompt { messages: Vec::new(), left_out: 4 });
        let joined = joined(all.messages);
        assert_eq!(texts(&joined), ["second\n\nthird", "answer", "first"]);
        assert_eq!(joined[0].role, Role::User);
    }

    #[test]
    fn a_short_message_is_left_out_if_a_newer_one_does_not_fit() {
        let long = "word ".repeat(400);
        let branch = vec![message(Role::User, "new"), message(Role::User, &long), message(Role::User, "old")];
        let some = fitting(branch, 100, 7);
        assert_eq!((texts(&some.messages), some.left_out), (vec!["new"], 9));
    }

    #[test]
    fn an_answer_without_its_question_does_not_count_as_left_out() {
        let branch = || vec![message(Role::User, "second"), message(Role::Assistant, "answer")];
        assert_eq!(fitting(branch(), 1000, 0).left_out, 0);
        assert_eq!(fitting(branch(), 1000, 5).left_out, 6);
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
        let prompt = fitting(branch, 1000, 0);
        assert_eq!(texts(&prompt.messages), ["second <think>mine</think>", "second", "Hello", "first"]);
    }

    #[test]
    fn the_end_of_a_long_answer_is_sent_in_whole_characters() {
        assert_eq!(end_of("short", 100), "short");
        let long = "日".repeat(10_000);
        let end = end_of(&long, 1000);
        assert!(end.chars().all(|c| c == '日'));
        assert!((900..=1001).contains(&estimate(end)), "{}", estimate(end));
        assert_eq!(end_of(&long, 0), "");
    }

    #[test]
    fn a_part_of_the_context_is_left_for_the_answer() {
        assert_eq!((room(256), room(8192), room(DEFAULT_CONTEXT)), (192, 6144, 24_576));
        assert_eq!(room(200_000), 200_000 - MOST_FOR_ANSWER);
        assert!(!surely_exceeds(12_288, 8192) && surely_exceeds(12_289, 8192));
        assert!(surely_exceeds(u32::MAX, 10_000_000));
    }
}
