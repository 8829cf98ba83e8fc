//! A question and an answer as they stand in a thread.

use std::borrow::Cow;

use leptos::prelude::*;

use super::{Icon, steer::*};
use crate::{
    domain::{Reason, Siblings, Status, Usage, message::MOST_LEFT_OUT},
    ui::words::{Localizer, t, t_with},
};

/// What a person wrote, as they wrote it. `edit` is the form that changes it, where it is open; `query` as
/// in [`EditLink`].
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
            <div class="body" dir="auto">{text}</div>
            <div class="actions">
                {siblings.map(|siblings| view! { <Branches siblings /> })}
                <button class="plain copy-message" title=t("message-copy")>
                    <Icon name="copy" />
                </button>
                <EditLink id=id.clone() query />
                <DeleteMenu id />
            </div>
            {edit}
        </article>
    }
}

/// Headings have names that no other heading of their message has; with the end of the message's id no
/// other of the page has them.
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

/// How an answer stands in a thread.
#[derive(Clone, Debug)]
pub struct Written {
    pub status: Status,
    pub failure: Option<Reason>,
    pub length_limited: bool,
    /// See [`crate::domain::Message::left_out`].
    pub left_out: u32,
    pub siblings: Option<Siblings>,
    /// Whether nothing follows it.
    pub newest: bool,
}

/// A finished answer, from HTML that the server has sanitized.
#[component]
pub fn Answer(id: String, html: String, reasoning: String, written: Written, meta: String) -> impl IntoView {
    let Written { status, failure, length_limited, left_out, siblings, newest } = written;
    let (article, html) = (id.clone(), name_headings(&html, &id).into_owned());
    let has_text = !html.is_empty();
    let failure = failure.map(t_with);
    view! {
        <article class="message" id=article aria-label=t("answer") data-status=status.into_str()>
            <LeftOut count=left_out />
            {(!reasoning.is_empty()).then(|| {
                view! {
                    <details class="reasoning">
                        <summary>{t("reasoning")}</summary>
                        <div class="thought">{reasoning}</div>
                    </details>
                }
            })}
            <div class="prose" inner_html=html></div>
            <AnswerEnd id=id.clone() status failure length_limited has_text newest />
            <AnswerActions id siblings meta />
        </article>
    }
}

/// Under a question: how much of what was said before it was not sent with it. Nothing, where all was.
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

/// What is done with a finished answer, and which model wrote it.
#[component]
pub fn AnswerActions(id: String, siblings: Option<Siblings>, meta: String) -> impl IntoView {
    view! {
        <div class="actions">
            {siblings.map(|siblings| view! { <Branches siblings /> })}
            <button class="plain copy-message" title=t("answer-copy")>
                <Icon name="copy" />
            </button>
            <AgainButton id=id.clone() />
            <DeleteMenu id />
            <span class="meta">{meta}</span>
        </div>
    }
}

/// Which model answered, and with how many tokens.
pub fn meta_line(localizer: &Localizer, model: &str, usage: Option<Usage>) -> String {
    let Some(usage) = usage else { return model.to_owned() };
    localizer
        .text(&Reason::new("model-and-tokens").with("model", model).with("count", usage.completion_tokens))
}

/// How an answer ended, where it did not end well, and the way on.
#[component]
pub fn AnswerEnd(
    id: String,
    status: Status,
    /// Why it failed, worded.
    failure: Option<String>,
    length_limited: bool,
    has_text: bool,
    newest: bool,
) -> impl IntoView {
    let sentence = match (&failure, status) {
        (Some(failure), _) => failure.clone(),
        (None, Status::Failed) => t("answer-failed"),
        (None, Status::Interrupted) => t("answer-interrupted"),
        (None, Status::Stopped) => t("answer-stopped"),
        (None, Status::Complete) if length_limited => t("answer-cut"),
        (None, Status::Complete | Status::Generating) => return None,
    };
    let quiet = matches!(status, Status::Stopped | Status::Complete);
    let class = if quiet { "ended" } else { "ended alert" };
    let goes_on = newest && status.can_continue(length_limited, has_text);
    Some(view! {
        <div class=class role="status">
            <span>{sentence}</span>
            {goes_on.then(|| view! { <ContinueButton id=id.clone() /> })}
            <RetryButton id />
        </div>
    })
}
