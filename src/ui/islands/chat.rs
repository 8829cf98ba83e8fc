//! [`Chat`]: the one island. It sends questions, follows the conversation, and connects again after a lost connection. Where
//! there is no JavaScript, its markup is an ordinary form below a finished thread.

use leptos::{ev, prelude::*};
use serde::{Deserialize, Serialize};

use super::{
    answer::LiveAnswer,
    browser,
    composer::Composer,
    copy, drop, editing, follow, reload,
    state::{AnswerSoFar, ChatState, Turn},
    steer,
};
use crate::ui::{
    parts::{Question, SteerForm},
    words::{Phrases, localizer_or},
};

/// What a page opens the island with. The default is the page of a new conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub conversation_id: Option<String>,
    /// The newest message that the page shows.
    pub last_id: Option<String>,
    /// The answer that is being written, which is the newest message then.
    pub generating: Option<AnswerSoFar>,
    /// The number of the last event that the page shows; the island follows the conversation from there. `None` on the page
    /// of a new conversation and on that of an older window, which no event changes.
    pub after: Option<u64>,
    /// The models to choose from, and the one that is chosen.
    pub models: Vec<String>,
    pub model: Option<String>,
    /// The sentence to show above the composer: why a form that was posted without JavaScript was refused.
    pub alert: Option<String>,
    /// The id of the person who reads the page.
    pub reader_id: String,
    /// The idempotency key of the page's forms, for browsers without a script.
    pub key: String,
    /// The sentences of [`PHRASES`](super::PHRASES), worded.
    pub phrases: Phrases,
}

/// `children` are the messages that the page was made with; what arrives comes below them.
#[island]
pub fn Chat(opened: Opened, children: Children) -> impl IntoView {
    let Opened { conversation_id, last_id, generating, after, models, model, alert, reader_id, key, phrases } =
        opened;
    let localizer = localizer_or(phrases, browser::plural_category);
    let first = generating.map(|answer| Turn::new(None, answer));
    let empty = conversation_id.is_none();
    let state = ChatState {
        conversation_id: StoredValue::new(conversation_id),
        last_id: StoredValue::new(last_id),
        follows: after.is_some(),
        generating: RwSignal::new(first.as_ref().map(|turn| turn.answer.id.clone())),
        turns: RwSignal::new(first.into_iter().collect()),
        alert: RwSignal::new(alert),
        disconnected: RwSignal::new(false),
        steering: StoredValue::new(false),
        stale: StoredValue::new(false),
        leaving: StoredValue::new(false),
        reader_id: StoredValue::new(reader_id),
        pending_question: StoredValue::default(),
        pending_change: StoredValue::default(),
        localizer: StoredValue::new(localizer),
    };
    Effect::new(move || {
        browser::set_time_zone_cookie();
        reload::restore(state);
        editing::restore(state);
        reload::on_return(state);
        drop::listen(state);
        follow::begin(state, after.unwrap_or_default());
        window_event_listener(ev::keydown, move |event| editing::on_escape(state, &event));
        window_event_listener(ev::click, |event| editing::on_click_beside(&event));
    });
    view! {
        <div
            class="thread"
            class:empty=empty
            id="thread"
            on:click=move |event| {
                editing::on_click(state, &event);
                copy::on_click(&event);
            }
            on:keydown=move |event| editing::on_keydown(&event)
            on:input=move |event| editing::on_input(state, &event)
            on:submit=move |event| steer::submit(state, event)
        >
            {children()}
            <For each=move || state.turns.get() key=|turn| turn.answer.id.clone() let(turn)>
                {turn
                    .question
                    .clone()
                    .map(|(id, text)| view! { <Question id text siblings=None /> })}
                <LiveAnswer turn />
            </For>
            <div id="latest"></div>
            <SteerForm key=key.clone() />
        </div>
        <Composer state models model key />
    }
}
