//! A question and an answer as they stand in a thread.

use std::borrow::Cow;

use leptos::prelude::*;

use super::{Icon, steer::*};
use crate::{
    domain::{Reason, Siblings, Status, Usage, message::MOST_LEFT_OUT},
    ui::words::{Localizer, t, t_with},
};

/// What a person wrote, as they wrote it. `edit` is the form in which the question is edited, while it is open; `query` is
/// that of [`EditLink`].
#[component]
pub fn Question(
    id: String,
    text: String,
    siblings: Option<Siblings>,
    #[prop(optional_no_strip)] edit: Option<AnyView>,
    #[prop(optional)] query: String,
) -> impl IntoView {
    let article = id.clone();
    view! {
        <article class="message user" id=article aria-label=t("you")>
            <div class="question-text" dir="auto">{text}</div>
            <div class="actions">
                {siblings.map(|siblings| view! { <Branches siblings /> })}
                <button class="button-bare copy-message" title=t("message-copy")>
                    <Icon name="copy" />
                </button>
                <EditLink id=id.clone() query />
                <DeleteMenu id />
            </div>
            {edit}
        </article>
    }
}

/// Makes the ids of headings unique on the page. The renderer makes them unique within their message and begins each with
/// `-`; the end of the message's id is put before that.
pub fn name_headings<'a>(html: &'a str, message_id: &str) -> Cow<'a, str> {
    let Some(end) = message_id.len().checked_sub(6).and_then(|from| message_id.get(from..)) else {
        return html.into();
    };
    if !html.contains(" id=\"-") {
        return html.into();
    }
    let mut named = html.replace("<a href=\"#-", &format!("<a href=\"#{end}-"));
    for level in 2..=6 {
        named = named.replace(&format!("<h{level} id=\"-"), &format!("<h{level} id=\"{end}-"));
    }
    named.into()
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub status: Status,
    /// Why it failed, in words; `None` for an answer that did not.
    pub failure: Option<String>,
    /// See [`crate::domain::Message::length_limited`].
    pub length_limited: bool,
}

/// What is shown around the text of a finished answer.
#[derive(Clone, Debug)]
pub struct AnswerFrame {
    pub ending: Ending,
    /// See [`crate::domain::Message::left_out`].
    pub left_out: u32,
    pub siblings: Option<Siblings>,
    /// Whether the answer is the last message of its branch.
    pub newest: bool,
    /// See [`meta_line`].
    pub meta: String,
}

/// A finished answer. `html` is sanitized by the server.
#[component]
pub fn Answer(id: String, html: String, reasoning: String, frame: AnswerFrame) -> impl IntoView {
    let AnswerFrame { ending, left_out, siblings, newest, meta } = frame;
    let (article, html) = (id.clone(), name_headings(&html, &id).into_owned());
    let (status, has_text) = (ending.status, !html.is_empty());
    view! {
        <article class="message" id=article aria-label=t("answer") data-status=status.into_str()>
            <LeftOut count=left_out />
            {(!reasoning.is_empty()).then(|| {
                view! {
                    <details class="reasoning">
                        <summary>{t("reasoning")}</summary>
                        <div class="reasoning-text">{reasoning}</div>
                    </details>
                }
            })}
            <div class="prose" inner_html=html></div>
            <AnswerEnd id=id.clone() ending has_text newest />
            <AnswerActions id siblings meta />
        </article>
    }
}

/// The line between a question and its answer that says how many messages the model was not sent; none when it was sent
/// all.
#[component]
pub fn LeftOut(count: u32) -> impl IntoView {
    left_out(count).map(|sentence| view! { <p class="left-out">{sentence}</p> })
}

fn left_out(count: u32) -> Option<String> {
    Some(match count {
        0 => return None,
        1 => t("sent-without-first"),
        MOST_LEFT_OUT.. => t("sent-newest-only"),
        _ => t_with(Reason::new("sent-without").with("count", count)),
    })
}

/// The buttons of a finished answer, and the line that says which model wrote it.
#[component]
pub fn AnswerActions(id: String, siblings: Option<Siblings>, meta: String) -> impl IntoView {
    view! {
        <div class="actions">
            {siblings.map(|siblings| view! { <Branches siblings /> })}
            <button class="button-bare copy-message" title=t("answer-copy")>
                <Icon name="copy" />
            </button>
            <AgainButton id=id.clone() />
            <DeleteMenu id />
            <span class="meta">{meta}</span>
        </div>
    }
}

/// Which model answered, and how many tokens the answer has.
pub fn meta_line(localizer: &Localizer, model: &str, usage: Option<Usage>) -> String {
    let Some(usage) = usage else { return model.to_owned() };
    localizer
        .text(&Reason::new("model-and-tokens").with("model", model).with("count", usage.completion_tokens))
}

/// How an answer ended, with the buttons to continue or retry; nothing for an answer that is complete.
#[component]
pub fn AnswerEnd(id: String, ending: Ending, has_text: bool, newest: bool) -> impl IntoView {
    let Ending { status, failure, length_limited } = ending;
    let sentence = match (failure, status) {
        (Some(failure), _) => failure,
        (None, Status::Failed) => t("answer-failed"),
        (None, Status::Interrupted) => t("answer-interrupted"),
        (None, Status::Stopped) => t("answer-stopped"),
        (None, Status::Complete) if length_limited => t("answer-cut"),
        (None, Status::Complete | Status::Generating) => return None,
    };
    let quiet = matches!(status, Status::Stopped | Status::Complete);
    let class = if quiet { "answer-end" } else { "answer-end alert" };
    let can_continue = newest && status.can_continue(length_limited, has_text);
    Some(view! {
        <div class=class role="status">
            <span>{sentence}</span>
            {can_continue.then(|| view! { <ContinueButton id=id.clone() /> })}
            <RetryButton id />
        </div>
    })
}
