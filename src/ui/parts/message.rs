//! A question and an answer as they stand in a thread.

use leptos::prelude::*;

use super::Icon;
use crate::domain::{Failure, Status, Usage};

/// What a person wrote, as they wrote it.
#[component]
pub fn Question(id: String, text: String) -> impl IntoView {
    view! {
        <article class="message user" id=id aria-label="You">
            <div class="body" dir="auto">{text}</div>
            <div class="actions">
                <button type="button" class="plain copy-message" aria-label="Copy message">
                    <Icon name="copy" />
                </button>
            </div>
        </article>
    }
}

/// A finished answer, from HTML that the server has sanitized.
#[component]
pub fn Answer(
    id: String,
    html: String,
    reasoning: String,
    status: Status,
    failure: Option<Failure>,
    meta: String,
) -> impl IntoView {
    let end_id = id.clone();
    view! {
        <article class="message" id=id aria-label="Answer">
            {(!reasoning.is_empty()).then(|| {
                view! {
                    <details class="reasoning">
                        <summary>"Reasoning"</summary>
                        <div class="thought">{reasoning}</div>
                    </details>
                }
            })}
            <div class="prose" inner_html=html></div>
            <AnswerEnd id=end_id status failure />
            <div class="actions">
                <button type="button" class="plain copy-message" aria-label="Copy answer">
                    <Icon name="copy" />
                </button>
                <span class="meta">{meta}</span>
            </div>
        </article>
    }
}

/// Which model answered, and with how many tokens.
pub fn meta_line(model: &str, usage: Option<Usage>) -> String {
    let tokens = usage.map(|usage| format!(" · {} tokens", usage.completion_tokens));
    format!("{model}{}", tokens.unwrap_or_default())
}

/// How an answer ended, where it did not end well, and the way on.
#[component]
pub fn AnswerEnd(id: String, status: Status, failure: Option<Failure>) -> impl IntoView {
    let sentence = match (&failure, status) {
        (Some(failure), _) => failure.message.clone(),
        (None, Status::Failed) => "This answer failed.".to_owned(),
        (None, Status::Interrupted) => "The server was stopped while it wrote this answer.".to_owned(),
        (None, Status::Stopped) => "You stopped this answer.".to_owned(),
        (None, Status::Complete | Status::Generating) => return None,
    };
    let class = if status == Status::Stopped { "ended" } else { "ended alert" };
    Some(view! {
        <div class=class role="status">
            <span>{sentence}</span>
            <RetryForm id />
        </div>
    })
}

/// An ordinary form: it works without JavaScript, and leads to the page where the new answer arrives.
#[component]
pub fn RetryForm(id: String) -> impl IntoView {
    view! {
        <form method="post" action="/fn/retry">
            <input type="hidden" name="message_id" value=id />
            <button class="small">
                <Icon name="again" />
                "Retry"
            </button>
        </form>
    }
}
