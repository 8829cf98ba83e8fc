//! An answer as it arrives: each event changes one block of it and nothing else.

use leptos::prelude::*;

use super::{
    page,
    shared::{End, Shared, Turn},
};
use crate::{
    domain::{ChatEvent, Status},
    ui::{
        parts::{AnswerActions, AnswerEnd, LeftOut, name_headings},
        words::t,
    },
};

#[component]
pub(super) fn LiveAnswer(turn: Turn) -> impl IntoView {
    let Turn { answer, reasoning, end, meta, left_out, .. } = turn;
    let id = answer.answer_id;
    let (busy, caret) = (end.clone(), end.clone());
    let thought = reasoning.clone();
    let ending = {
        let (id, end) = (id.clone(), end.clone());
        move || {
            end.get().map(|End { status, failure, length_limited }| {
                // Leptos leaves comments behind in what it makes, so only blocks count.
                let has_text = page::prose(&id).is_some_and(|prose| prose.first_element_child().is_some());
                view! { <AnswerEnd id=id.clone() status failure length_limited has_text newest=true /> }
            })
        }
    };
    let actions = {
        let (id, siblings) = (id.clone(), answer.siblings);
        move || {
            let meta = meta.get();
            end.with(Option::is_some).then(|| {
                view! { <AnswerActions id=id.clone() siblings=siblings.clone() meta /> }
            })
        }
    };
    let html = name_headings(&answer.html, &id).into_owned();
    view! {
        <article
            class="message"
            id=id
            aria-label=t("answer")
            aria-busy=move || busy.with(Option::is_none).to_string()
        >
            {move || view! { <LeftOut count=left_out.get() /> }}
            <Show when=move || !reasoning.with(String::is_empty)>
                <details class="reasoning">
                    <summary>{t("reasoning")}</summary>
                    <div class="thought">
                        {
                            let thought = thought.clone();
                            move || thought.get()
                        }
                    </div>
                </details>
            </Show>
            <div class="prose" class:caret=move || caret.with(Option::is_none) inner_html=html></div>
            {ending}
            {actions}
        </article>
    }
}

/// Applies an event of an answer that arrived on this page.
pub(super) fn apply(shared: Shared, turn: &Turn, event: ChatEvent) {
    let id = &turn.answer.answer_id;
    match event {
        ChatEvent::Started { model, left_out, .. } => {
            turn.begin_again();
            turn.left_out.set(left_out);
            turn.meta.set(shared.meta_line(&model, None));
            shared.running.set(Some(id.clone()));
        }
        ChatEvent::Reset { .. } => turn.begin_again(),
        ChatEvent::Block { index, html, .. } => {
            let Some(prose) = page::prose(id) else { return };
            if turn.take_fresh() {
                prose.set_inner_html("");
            }
            page::put_block(&prose, index, &html);
        }
        ChatEvent::Lines { index, html, .. } => {
            if let Some(prose) = page::prose(id) {
                page::append_lines(&prose, index, &html);
            }
        }
        ChatEvent::Reasoning { text, .. } => turn.reasoning.update(|all| all.push_str(&text)),
        ChatEvent::Done { status, usage, length_limited, .. } => {
            turn.meta.update(|meta| *meta = shared.meta_line(meta, usage));
            finish(shared, turn, End { status, failure: None, length_limited });
        }
        ChatEvent::Failed { message, .. } => {
            let failure = Some(message);
            finish(shared, turn, End { status: Status::Failed, failure, length_limited: false });
        }
        _ => {}
    }
}

fn finish(shared: Shared, turn: &Turn, end: End) {
    turn.end.set(Some(end));
    if shared.running.with_untracked(|running| running.as_ref() == Some(&turn.answer.answer_id)) {
        shared.running.set(None);
        // It may have said to wait for this answer.
        shared.alert.set(None);
    }
}
