//! What the pages show of temporary conversations: the link to them, and what a script makes their messages of.

use leptos::prelude::*;

use super::{
    Answer, AnswerFrame, Ending, Icon, PersonPicture, Unfold,
    steer::{EditForm, EditLink},
};
use crate::{
    domain::{Picture, Status},
    ui::words::t,
};

/// How an answer may end that is not complete: the end of the template's id, the sentence, and whether something is wrong.
const ENDS: [(&str, &str, bool); 5] = [
    ("cut", "answer-cut", false),
    ("stopped", "answer-stopped", false),
    ("interrupted", "answer-interrupted", true),
    ("failed", "answer-failed", true),
    ("lost", "temporary-lost", true),
];

/// A question, an answer, its buttons, and the line below one that did not end well. They have no buttons that need a
/// message that is stored.
#[component]
pub fn TemporaryTemplates(picture: Picture) -> impl IntoView {
    let frame = AnswerFrame {
        ending: Ending { status: Status::Generating, failure: None, length_limited: false },
        left_out: 0,
        siblings: None,
        meta: String::new(),
        retry_at: None,
        room: None,
        when: None,
    };
    let none = String::new;
    let ends = ENDS.into_iter().map(|(end, sentence, wrong)| {
        view! {
            <template id=format!("end-{end}")>
                <div class=if wrong { "answer-end alert" } else { "answer-end" } role="status">
                    <span>{t(sentence)}</span>
                    <button type="button" class="button-small temporary-again">
                        <Icon name="again" />
                        {t("retry")}
                    </button>
                </div>
            </template>
        }
    });
    view! {
        <template id="new-question">
            <article class="message user" aria-label=t("you")>
                <h2 class="visually-hidden">{t("you")}</h2>
                <PersonPicture picture />
                <div class="question-text" dir="auto"></div>
                <Unfold long=false />
                <div class="actions">
                    <button class="button-bare copy-message" aria-label=t("message-copy") title=t("message-copy")>
                        <Icon name="copy" />
                    </button>
                    <EditLink id=none() />
                </div>
            </article>
        </template>
        <template id="new-edit">
            <EditForm id=none() text=none() key=none() />
        </template>
        <template id="new-answer">
            <Answer id=none() html=none() reasoning=none() frame />
        </template>
        <template id="new-actions">
            <div class="actions">
                <button class="button-bare copy-message" aria-label=t("answer-copy") title=t("answer-copy")>
                    <Icon name="copy" />
                </button>
                <button
                    type="button"
                    class="button-bare temporary-again"
                    aria-label=t("write-again")
                    title=t("write-again")
                >
                    <Icon name="again" />
                </button>
                <span class="meta"></span>
            </div>
        </template>
        {ends.collect_view()}
    }
}

/// The link to it from the page of a new conversation.
#[component]
pub fn TemporaryLink() -> impl IntoView {
    view! {
        <a class="button-bare temporary-link" href="/temporary" title=t("temporary-note")>
            <Icon name="ghost" />
            <span>{t("temporary")}</span>
        </a>
    }
}
