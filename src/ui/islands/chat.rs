//! [`Chat`]: the one island. It takes a question, follows the conversation, and comes back after a lost
//! connection. Without JavaScript its markup is an ordinary form below a finished thread.

use leptos::{ev, prelude::*};

use super::{
    answer::LiveAnswer,
    browser,
    composer::Composer,
    copy, drop, follow, keep,
    shared::{Running, Shared, Turn},
    steer,
};
use crate::ui::{
    parts::{Question, SteerForm},
    words::{Phrases, localizer_or},
};

/// `children` are the messages that are there already; what arrives comes below them.
#[island]
pub fn Chat(
    conversation_id: Option<String>,
    /// The newest message shown.
    last_id: Option<String>,
    running: Option<Running>,
    models: Vec<String>,
    model: Option<String>,
    /// Following after this place misses nothing that the page does not show; `None` shows an older
    /// window, which nothing changes.
    after: Option<u64>,
    /// A sentence to begin with: what became of a form that was posted without JavaScript.
    alert: Option<String>,
    /// Whose page it is: an id.
    reader: String,
    /// For forms that are sent without a script: makes what is sent from this page one question or change.
    key: String,
    /// What the island's own views say: [`PHRASES`](super::PHRASES).
    phrases: Phrases,
    children: Children,
) -> impl IntoView {
    let words = localizer_or(phrases, browser::plural_category);
    let first = running.map(|answer| Turn::new(None, answer));
    let empty = conversation_id.is_none();
    let shared = Shared {
        conversation_id: StoredValue::new(conversation_id),
        last_id: StoredValue::new(last_id),
        follows: after.is_some(),
        running: RwSignal::new(first.as_ref().map(|turn| turn.answer.answer_id.clone())),
        turns: RwSignal::new(first.into_iter().collect()),
        alert: RwSignal::new(alert),
        lost: RwSignal::new(false),
        steering: StoredValue::new(false),
        stale: StoredValue::new(false),
        leaving: StoredValue::new(false),
        reader: StoredValue::new(reader),
        asked: StoredValue::default(),
        changed: StoredValue::default(),
        words: StoredValue::new(words),
    };
    Effect::new(move || {
        browser::tell_time_zone();
        keep::restore(shared);
        steer::restore_edits(shared);
        keep::on_return(shared);
        drop::listen(shared);
        follow::begin(shared, after.unwrap_or_default());
        window_event_listener(ev::keydown, move |event| steer::escape(shared, &event));
        window_event_listener(ev::click, |event| steer::elsewhere(&event));
    });
    view! {
        <div
            class="thread"
            class:empty=empty
            id="thread"
            on:click=move |event| {
                steer::click(shared, &event);
                copy::click(&event);
            }
            on:keydown=move |event| steer::keydown(&event)
            on:input=move |event| steer::input(shared, &event)
            on:submit=move |event| steer::submit(shared, event)
        >
            {children()}
            <For each=move || shared.turns.get() key=|turn| turn.answer.answer_id.clone() let(turn)>
                {turn
                    .question
                    .clone()
                    .map(|(id, text)| view! { <Question id text siblings=None /> })}
                <LiveAnswer turn />
            </For>
            <div id="latest"></div>
            <SteerForm key=key.clone() />
        </div>
        <Composer shared models model key />
    }
}
