//! The questions that wait while an answer is written: the server keeps them and asks one after the other; here they can be
//! changed, moved, taken out, and asked at once.

use leptos::{ev, prelude::*, task::spawn_local};

use super::{queued, request, state::PageState};
use crate::{
    domain::Queued,
    ui::{parts::Icon, words::t},
};

/// Lets a question wait; `taken` is called when it does, and `refused` when it does not.
pub(super) fn add(state: PageState, text: String, refused: impl FnOnce() + 'static) {
    let Some(conversation_id) = state.conversation() else { return refused() };
    let model = state.model.get_untracked().unwrap_or_default();
    let visit = state.visit.get_value();
    spawn_local(async move {
        let fields = [("conversation_id", &*conversation_id), ("text", &text), ("model", &model)];
        let Some(fields) = request::fields(&fields) else { return };
        match request::post("/fn/queue-add", &fields).await {
            Ok(queue) if state.visit.get_value() == visit => state.queue.set(queued::read(&queue)),
            Ok(_) => {}
            Err(reason) => {
                state.show_refusal(reason);
                refused();
            }
        }
    });
}

/// Shows the queue as the server has it.
pub(super) fn reload(state: PageState) {
    if state.conversation().is_some() {
        change(state, "/fn/queue", &[]);
    }
}

/// Changes the queue; the server answers what it is then.
fn change(state: PageState, action: &'static str, fields: &[(&str, &str)]) {
    let conversation_id = state.conversation().unwrap_or_default();
    let all: Vec<_> = fields.iter().copied().chain([("conversation_id", &*conversation_id)]).collect();
    let (Some(fields), visit) = (request::fields(&all), state.visit.get_value()) else { return };
    spawn_local(async move {
        match request::post(action, &fields).await {
            Ok(queue) if state.visit.get_value() == visit => state.queue.set(queued::read(&queue)),
            Ok(_) => {}
            Err(refused) => state.show_refusal(refused),
        }
    });
}

#[component]
pub(super) fn QueueList(state: PageState) -> impl IntoView {
    view! {
        <Show when=move || state.queue.with(|queue| !queue.items.is_empty())>
            <Show when=move || state.queue.with(|queue| queue.waits)>
                <p class="dock-note">{t("queue-waits")}</p>
            </Show>
            <ol class="queue" aria-label=t("queue")>
                <For
                    each=move || state.queue.get().items.into_iter().enumerate()
                    key=|(at, item)| (*at, item.id.clone(), item.text.clone(), item.refused_message.clone())
                    let((at, item))
                >
                    <QueueRow state at item />
                </For>
            </ol>
        </Show>
    }
}

#[component]
fn QueueRow(state: PageState, at: usize, item: Queued) -> impl IntoView {
    let Queued { id, text, refused_message: refused, .. } = item;
    let id = StoredValue::new(id);
    let button = move |key: &'static str, icon: &'static str, act: fn(PageState, &str, usize)| {
        view! {
            <button
                type="button"
                class="button-bare"
                aria-label=t(key)
                title=t(key)
                on:click=move |_: ev::MouseEvent| id.with_value(|id| act(state, id, at))
            >
                <Icon name=icon />
            </button>
        }
    };
    let edited = move |event: ev::Event| {
        let text = event_target_value(&event);
        id.with_value(|id| change(state, "/fn/queue-edit", &[("id", id), ("text", &text)]));
    };
    view! {
        <li class="queued">
            <Icon name="clock" />
            <textarea rows="1" aria-label=t("queued-question") dir="auto" prop:value=text.clone() on:change=edited>
                {text.clone()}
            </textarea>
            {refused.map(|refused| view! { <small>{refused}</small> })}
            {(at > 0).then(|| button("queue-up", "up", move_up))}
            {button("queue-send", "play", send_now)}
            {button("remove", "close", remove)}
        </li>
    }
}

fn move_up(state: PageState, id: &str, at: usize) {
    change(state, "/fn/queue-move", &[("id", id), ("position", &at.saturating_sub(1).to_string())]);
}

fn send_now(state: PageState, id: &str, _: usize) {
    change(state, "/fn/queue-send", &[("id", id)]);
}

fn remove(state: PageState, id: &str, _: usize) {
    change(state, "/fn/queue-remove", &[("id", id)]);
}
