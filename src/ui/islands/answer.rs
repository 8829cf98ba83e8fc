//! [`LiveAnswer`]: an answer as it arrives. Each event changes one block of it and nothing else.

use leptos::prelude::*;

use super::{
    page,
    state::{ChatState, Turn},
};
use crate::{
    domain::{ChatEvent, Status},
    ui::{
        parts::{AnswerActions, AnswerEnd, Ending, LeftOut, name_headings},
        words::t,
    },
};

#[component]
pub(super) fn LiveAnswer(turn: Turn) -> impl IntoView {
    let Turn { answer, reasoning, ending, meta, left_out, .. } = turn;
    let id = answer.id;
    let (busy, caret) = (ending.clone(), ending.clone());
    let reasoning_text = reasoning.clone();
    let end = {
        let (id, ending) = (id.clone(), ending.clone());
        move || {
            ending.get().map(|ending| {
                // Only elements count as text, because Leptos leaves comments in the markup that it makes.
                let has_text = page::prose(&id).is_some_and(|prose| prose.first_element_child().is_some());
                view! { <AnswerEnd id=id.clone() ending has_text newest=true /> }
            })
        }
    };
    let actions = {
        let (id, siblings) = (id.clone(), answer.siblings);
        move || {
            let meta = meta.get();
            ending.with(Option::is_some).then(|| {
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
                    <div class="reasoning-text">
                        {
                            let text = reasoning_text.clone();
                            move || text.get()
                        }
                    </div>
                </details>
            </Show>
            <div class="prose" class:caret=move || caret.with(Option::is_none) inner_html=html></div>
            {end}
            {actions}
        </article>
    }
}

/// Applies an event to the answer of a turn.
pub(super) fn apply(state: ChatState, turn: &Turn, event: ChatEvent) {
    let id = &turn.answer.id;
    match event {
        ChatEvent::Started { model, left_out, .. } => {
            turn.restart();
            turn.left_out.set(left_out);
            turn.meta.set(state.meta_line(&model, None));
            state.generating.set(Some(id.clone()));
        }
        ChatEvent::Reset { .. } => turn.restart(),
        ChatEvent::Block { index, html, .. } => {
            let Some(prose) = page::prose(id) else { return };
            if turn.take_replace() {
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
            turn.meta.update(|meta| *meta = state.meta_line(meta, usage));
            finish(state, turn, Ending { status, failure: None, length_limited });
        }
        ChatEvent::Failed { message, .. } => {
            let failure = Some(message);
            finish(state, turn, Ending { status: Status::Failed, failure, length_limited: false });
        }
        _ => {}
    }
}

fn finish(state: ChatState, turn: &Turn, ending: Ending) {
    turn.ending.set(Some(ending));
    if state.generating.with_untracked(|generating| generating.as_ref() == Some(&turn.answer.id)) {
        state.generating.set(None);
        // The alert may ask to wait for this answer.
        state.alert.set(None);
    }
}
