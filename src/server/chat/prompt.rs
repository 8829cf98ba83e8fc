//! The prompt: the branch from the first question to the newest, as far back as it fits into the model's context.

pub(super) mod in_room;

use super::tokens::{MAX_BYTES_PER_TOKEN, estimate};
use crate::{
    domain::{Message, Params, Preferences, PromptRead, Reason, Role, message::MOST_LEFT_OUT},
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
    /// How many messages of the branch do not fit, see [`Message::left_out`]. Those beyond [`Params::turns`] are not
    /// among them, because nobody wants them sent.
    pub left_out: u32,
    /// How the model is to answer.
    pub params: Params,
    /// In a room: what of it is sent.
    pub read: Option<PromptRead>,
}

/// The prompt for `answer`; `question` is the question asked together with it, stored or not. The prompt ends with the
/// answer's question, or, if the answer has text already, with the end of that text and the request to go on. `context`
/// is the model's context in tokens, if known. The system prompt and the question are always part of the prompt. What the
/// conversation does not decide is as the `person` who is answered has chosen.
///
/// # Errors
///
/// The question, or the system prompt, is surely too long for the model. If the context is not known, the provider
/// decides.
pub async fn build(
    chats: &dyn Chats,
    to: &Destination,
    (question, answer): (Option<&Message>, &Message),
    person: &Preferences,
    context: Option<u32>,
) -> Result<Prompt, AppError> {
    let room = room(context.unwrap_or(DEFAULT_CONTEXT));
    let conversation = to.conversation();
    let mut params = conversation.params.or(&person.params);
    let system = instructions([&person.system_prompt, &conversation.system_prompt]);
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
    newest.extend(asked.map(said).and_then(shown));
    let fixed = newest.iter().chain(&system).map(cost).fold(AROUND_PROMPT, u32::saturating_add);
    if let Some(context) = context.filter(|context| surely_exceeds(fixed, *context)) {
        return Err(too_long(fixed, context, question.is_some(), system.as_ref()));
    }
    let turns = params.turns.map(|turns| turns.saturating_sub(1));
    let older = older(chats, to.grant(), before.as_deref(), (room.saturating_sub(fixed), turns)).await?;
    newest.extend(older.messages);
    let mut messages = joined(newest);
    messages.extend(system);
    messages.reverse();
    limit_answer(&mut params, &messages, context);
    Ok(Prompt { messages, left_out: older.left_out, params, read: None })
}

/// Servers refuse a limit that the context has no room for.
fn limit_answer(params: &mut Params, messages: &[PromptMessage], context: Option<u32>) {
    let Some(context) = context else { return };
    let sent = messages.iter().map(cost).fold(AROUND_PROMPT, u32::saturating_add);
    let left = context.saturating_sub(sent).max(context - room(context));
    params.max_tokens = params.max_tokens.map(|most| most.min(left));
}

/// The system prompt: each text that says anything, in this order.
pub(super) fn instructions(texts: [&Option<String>; 2]) -> Option<PromptMessage> {
    let texts: Vec<&str> =
        texts.into_iter().flatten().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
    (!texts.is_empty()).then(|| PromptMessage { role: Role::System, content: texts.join("\n\n") })
}

/// The prompt of these messages, oldest first, of which the last one is the question. The model answers as the `person`
/// has chosen.
///
/// # Errors
///
/// As of [`build`].
pub fn of_texts(
    texts: Vec<PromptMessage>,
    person: &Preferences,
    context: Option<u32>,
) -> Result<Prompt, AppError> {
    let mut params = person.params.clone();
    let system = instructions([&person.system_prompt, &None]);
    let room = room(context.unwrap_or(DEFAULT_CONTEXT));
    let mut texts = texts.into_iter().rev();
    let mut newest: Vec<PromptMessage> = texts.next().and_then(shown).into_iter().collect();
    let fixed = newest.iter().chain(&system).map(cost).fold(AROUND_PROMPT, u32::saturating_add);
    if let Some(context) = context.filter(|context| surely_exceeds(fixed, *context)) {
        return Err(too_long(fixed, context, true, system.as_ref()));
    }
    let mut turns = params.turns.map(|turns| turns.saturating_sub(1));
    let wanted = texts.take_while(|text| {
        let wanted = turns != Some(0);
        turns = turns.map(|left| left.saturating_sub(u32::from(text.role == Role::User)));
        wanted
    });
    let older = fitting_texts(wanted, room.saturating_sub(fixed), 0);
    newest.extend(older.messages);
    let mut messages = joined(newest);
    messages.extend(system);
    messages.reverse();
    limit_answer(&mut params, &messages, context);
    Ok(Prompt { messages, left_out: older.left_out, params, read: None })
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
pub(super) fn surely_exceeds(estimated: u32, context: u32) -> bool {
    u64::from(estimated) * 2 > u64::from(context) * 3
}

fn too_long(estimated: u32, context: u32, is_new: bool, system: Option<&PromptMessage>) -> AppError {
    let of_system = system.map(cost).unwrap_or_default();
    let reason = if surely_exceeds(of_system, context) {
        Reason::new("system-prompt-beyond-context").with("tokens", of_system).with("most", context)
    } else if system.is_some() {
        Reason::new("prompt-too-long-with-system").with("tokens", estimated).with("most", context)
    } else {
        Reason::new("prompt-too-long").with("tokens", estimated).with("most", context)
    };
    if is_new { AppError::invalid("content", reason) } else { AppError::Conflict { reason } }
}

fn said(message: Message) -> PromptMessage {
    PromptMessage { role: message.role, content: message.content }
}

/// A message as the model gets it: without thinking that a server left in the answer. `None`: the answer is empty,
/// because it failed before the first word.
fn shown(PromptMessage { role, content }: PromptMessage) -> Option<PromptMessage> {
    let content = match role {
        Role::Assistant => without_thinking(&content),
        Role::User | Role::System => content,
    };
    (!content.is_empty()).then_some(PromptMessage { role, content })
}

/// The messages from `leaf_id` towards the first one that fit into `room` tokens, newest first; of the newest `turns`
/// questions only, if it is given.
async fn older(
    chats: &dyn Chats,
    grant: Option<&Grant>,
    leaf_id: Option<&str>,
    (room, turns): (u32, Option<u32>),
) -> Result<Prompt, AppError> {
    let (Some(grant), Some(_), true) = (grant, leaf_id, turns != Some(0)) else {
        return Ok(Prompt::default());
    };
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
    let (messages, beyond) = match turns {
        Some(turns) => newest_turns(messages, turns, beyond),
        None => (messages, beyond),
    };
    let fitting = fitting(messages, room, beyond);
    Ok(Prompt { left_out: fitting.left_out.min(MOST_LEFT_OUT), ..fitting })
}

/// The messages of the newest `turns` questions, and how many of the `beyond` older ones would be among them: a question
/// and an answer for each turn.
fn newest_turns(newest_first: Vec<Message>, turns: u32, beyond: u32) -> (Vec<Message>, u32) {
    let mut left = turns;
    let mut kept = Vec::new();
    for message in newest_first {
        if left == 0 {
            return (kept, 0);
        }
        left -= u32::from(message.role == Role::User);
        kept.push(message);
    }
    (kept, beyond.min(left.saturating_mul(2)))
}

/// The newest messages that fit, newest first; `beyond` is the number of messages older than `newest_first`.
fn fitting(newest_first: Vec<Message>, room: u32, beyond: u32) -> Prompt {
    fitting_texts(newest_first.into_iter().map(said), room, beyond)
}

/// As [`fitting`]. What is older than a message that does not fit is counted, and not read.
fn fitting_texts(newest_first: impl Iterator<Item = PromptMessage>, room: u32, beyond: u32) -> Prompt {
    let (mut left, mut left_out, mut messages) = (room, beyond, Vec::new());
    let mut newest_first = newest_first.filter(|message| !message.content.is_empty());
    for message in newest_first.by_ref().filter_map(shown) {
        let cost = cost(&message);
        if cost > left {
            left_out = left_out.saturating_add(1);
            break;
        }
        left -= cost;
        messages.push(message);
    }
    left_out = left_out.saturating_add(u32::try_from(newest_first.count()).unwrap_or(u32::MAX));
    // Answers at the start of the prompt are dropped, because some models refuse a prompt that begins with an answer.
    while messages.last().is_some_and(|oldest| oldest.role == Role::Assistant) {
        messages.pop();
        // If everything fits, the answer's question was deleted; then the answer does not count as left out.
        left_out += u32::from(left_out > 0);
    }
    Prompt { messages, left_out, ..Prompt::default() }
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
#[path = "prompt_tests.rs"]
mod tests;
