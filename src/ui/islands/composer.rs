//! [`Composer`]: the form for a question, which grows with the text. Enter sends and Shift-Enter breaks the line; on a touch
//! screen Enter breaks the line and a button sends.

use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{browser, drafts, editing, page, state::ChatState, steer};
use crate::{
    api,
    domain::Reason,
    ui::{
        parts::Icon,
        pending::PendingRequest,
        words::{around, t, t_with},
    },
};

#[component]
pub(super) fn Composer(
    state: ChatState,
    models: Vec<String>,
    model: Option<String>,
    key: String,
) -> impl IntoView {
    let text = NodeRef::<html::Textarea>::new();
    let form = NodeRef::<html::Form>::new();
    let chosen = NodeRef::<html::Select>::new();
    let sending = RwSignal::new(false);
    let conversation_id = state.conversation_id.get_value();
    // The conversation's model, when no provider offers it any more.
    let gone = model.clone().filter(|id| !models.contains(id));
    let send = move || {
        let (Some(field), Some(conversation)) = (text.get_untracked(), state.conversation_id.try_get_value())
        else {
            return;
        };
        let question = field.value();
        if question.trim().is_empty() || sending.get_untracked() {
            return;
        }
        if state.generating.with_untracked(Option::is_some) {
            state.alert.set(Some(state.say("conversation-busy")));
            return;
        }
        let key =
            state.pending_question.try_update_value(|pending| pending.key(&question, browser::random_key));
        let model = chosen.get_untracked().map(|select| select.value());
        sending.set(true);
        state.alert.set(None);
        spawn_local(async move {
            let asked = api::chat::ask(question.clone(), conversation.clone(), model, key).await;
            sending.set(false);
            match asked {
                Ok(asked) => {
                    state.pending_question.update_value(PendingRequest::confirm);
                    // Text that was typed meanwhile stays.
                    if field.value() == question {
                        field.set_value("");
                    }
                    drafts::store_draft(state, &field.value());
                    if !state.follows {
                        return page::navigate(&format!("/c/{}#latest", asked.conversation_id));
                    }
                    state.append_turn(asked.question_id.map(|id| (id, question)), &asked.answer_id, "");
                    page::to_end_soon();
                }
                // The text stays in the field. The same text sent again is the same question, because it has the same
                // key; a changed text is another question.
                Err(refusal) => state.show_refusal(refusal),
            }
        });
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let press = browser::key_press(&event);
        if press.sends(browser::is_touch()) {
            event.prevent_default();
            send();
        }
        let empty = || text.get_untracked().is_some_and(|field| field.value().is_empty());
        if press.is("ArrowUp") && empty() {
            event.prevent_default();
            editing::edit_newest(state);
        }
    };
    let on_input = move |_| {
        if let Some(field) = text.get_untracked() {
            drafts::store_draft(state, &field.value());
        }
    };
    let (before_keys, after_keys) = around("answers-can-be-wrong", "keys");
    view! {
        <div class="composer-area">
            <Show when=move || state.alert.with(Option::is_some)>
                <p class="alert" role="alert">
                    {move || state.alert.get()}
                </p>
            </Show>
            <Show when=move || state.disconnected.get()>
                <p class="connection-lost" role="status">
                    {t("connection-lost")}
                </p>
            </Show>
            <form
                class="composer"
                method="post"
                action="/fn/ask"
                node_ref=form
                on:submit=move |event| {
                    event.prevent_default();
                    send();
                }
            >
                <input type="hidden" name="conversation_id" value=conversation_id />
                <input type="hidden" name="key" value=key autocomplete="off" />
                <textarea
                    name="text"
                    rows="1"
                    placeholder=t("ask-anything")
                    aria-label=t("message")
                    required
                    autofocus
                    enterkeyhint="enter"
                    dir="auto"
                    node_ref=text
                    on:keydown=on_key
                    on:input=on_input
                ></textarea>
                <div class="row">
                    <label class="model-choice">
                        <span class="visually-hidden">{t("model")}</span>
                        <select name="model" node_ref=chosen>
                            {gone
                                .map(|id| {
                                    let shown = t_with(Reason::new("model-no-longer-offered").with("model", id.as_str()));
                                    view! { <option value=id selected disabled>{shown}</option> }
                                })}
                            {models
                                .into_iter()
                                .map(|id| {
                                    let selected = model.as_ref() == Some(&id);
                                    view! { <option selected=selected>{id}</option> }
                                })
                                .collect_view()}
                        </select>
                    </label>
                    <span class="spacer"></span>
                    <Show
                        when=move || state.generating.with(Option::is_some)
                        fallback=move || {
                            view! {
                                <button class="send" aria-label=t("send") disabled=move || sending.get()>
                                    <Icon name="up" />
                                </button>
                            }
                        }
                    >
                        <button
                            class="send"
                            aria-label=t("stop")
                            formaction="/fn/stop"
                            formnovalidate
                            name="message_id"
                            value=move || state.generating.get()
                            type="submit"
                            on:click=move |event| {
                                event.prevent_default();
                                steer::stop(state);
                            }
                        >
                            <Icon name="square" />
                        </button>
                    </Show>
                </div>
            </form>
            <p class="hint">
                {before_keys} <span class="keys-hint">{t("keys-hint")}</span> {after_keys}
            </p>
        </div>
    }
}
