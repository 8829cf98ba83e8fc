//! [`Chat`]: the one island. It takes a question, follows the answer, and comes back after a lost
//! connection. Without JavaScript its markup is an ordinary form below a finished thread.

use leptos::prelude::*;

use super::{
    answer::LiveAnswer,
    composer::Composer,
    shared::{Running, Shared, Turn},
};
use crate::ui::parts::Question;

/// `children` are the messages that are there already; what arrives comes below them.
#[island]
pub fn Chat(
    conversation_id: Option<String>,
    running: Option<Running>,
    models: Vec<String>,
    model: Option<String>,
    /// Following after this place misses nothing that the page does not show.
    after: u64,
    /// A sentence to begin with: what became of a form that was posted without JavaScript.
    alert: Option<String>,
    /// Makes this page's first question one question, however often it is sent.
    key: String,
    children: Children,
) -> impl IntoView {
    let first = running.map(|answer| Turn { question: None, answer });
    let shared = Shared {
        conversation_id: StoredValue::new(conversation_id.clone()),
        running: RwSignal::new(first.as_ref().map(|turn| turn.answer.answer_id.clone())),
        turns: RwSignal::new(first.into_iter().collect()),
        alert: RwSignal::new(alert),
        lost: RwSignal::new(false),
    };
    let empty = conversation_id.is_none();
    Effect::new(super::page::open_at_end);
    Effect::new(move || super::answer::look_for_title(shared, after));
    view! {
        <div class="thread" class:empty=empty id="thread" on:click=super::page::copy_on_click>
            {children()}
            <For each=move || shared.turns.get() key=|turn| turn.answer.answer_id.clone() let(turn)>
                {turn.question.map(|(id, text)| view! { <Question id text /> })}
                <LiveAnswer shared answer=turn.answer />
            </For>
            <div id="latest"></div>
        </div>
        <Composer shared models model key />
    }
}
