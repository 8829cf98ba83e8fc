//! A conversation in the two forms of an export: JSON with everything, as the API answers it, and Markdown to read.

use serde_json::{Value, json};

use crate::{
    domain::{Conversation, Message, Role},
    server::{ops::clock::utc, words::Words},
};

/// Which form the messages of a file have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Markdown,
}

/// The other person of a direct conversation.
#[derive(Clone, Debug)]
pub(super) struct Other {
    pub(super) id: String,
    pub(super) name: String,
}

/// The beginning of a file.
pub(super) fn head(
    form: Form,
    conversation: &Conversation,
    deleted_at: Option<i64>,
    words: &Words,
) -> String {
    match form {
        Form::Json => {
            let about = Value::from(deleted_at);
            format!(
                "{{\"conversation\":{},\"deleted_at\":{about},\"messages\":[",
                serde_json::to_string(conversation).unwrap_or_else(|_| "null".to_owned())
            )
        }
        Form::Markdown => {
            let untitled = || words.say("conversation-new");
            let title = Some(one_line(&conversation.title)).filter(|title| !title.is_empty());
            let mut text =
                format!("# {}\n\n{}\n", title.unwrap_or_else(untitled), utc(conversation.created_at));
            if conversation.archived {
                text += &format!("\n{}\n", words.say("export-archived"));
            }
            if deleted_at.is_some() {
                text += &format!("\n{}\n", words.say("export-deleted"));
            }
            text
        }
    }
}

/// The messages of a file that come now; `first`: none came before.
pub(super) fn messages(
    form: Form,
    messages: &[Message],
    mut first: bool,
    (other, words): (Option<&Other>, &Words),
) -> String {
    let mut text = String::new();
    for message in messages {
        match form {
            Form::Json => {
                text += if first { "\n" } else { ",\n" };
                text += &as_json(message, words).to_string();
            }
            Form::Markdown => text += &as_markdown(message, other, words),
        }
        first = false;
    }
    text
}

/// The end of a file.
pub(super) fn tail(form: Form) -> &'static str {
    match form {
        Form::Json => "\n]}\n",
        Form::Markdown => "",
    }
}

/// A message as the API answers it: always with its text, and with a failure in words.
fn as_json(message: &Message, words: &Words) -> Value {
    let mut value = serde_json::to_value(message).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.insert("content".to_owned(), message.content.clone().into());
        if let Some(failure) = &message.failure {
            let told = words.text(&failure.reason);
            let failure = json!({ "code": failure.code, "message": told, "retryable": failure.retryable });
            fields.insert("failure".to_owned(), failure);
        }
    }
    value
}

fn as_markdown(message: &Message, other: Option<&Other>, words: &Words) -> String {
    let other = other.filter(|other| other.id == message.author_id);
    let who = match (message.role, &message.model) {
        (Role::User, _) => other.map_or_else(|| words.say("you"), |other| one_line(&other.name)),
        (Role::Assistant, Some(model)) => one_line(model),
        (Role::System, _) => words.say("instructions"),
        (Role::Assistant, None) => words.say("export-answer"),
    };
    let mut text = format!("\n## {who} · {}\n\n{}\n", utc(message.created_at), message.content.trim_end());
    if let Some(failure) = &message.failure {
        text += &format!("\n*{}*\n", words.text(&failure.reason));
    }
    text
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
