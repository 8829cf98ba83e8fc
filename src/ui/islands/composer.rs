//! [`Composer`]: the form for a question, which grows with the text. Enter sends and Shift-Enter breaks the line; on a touch
//! screen Enter breaks the line and a button sends.

use leptos::{ev, prelude::*};

use super::{browser, drafts, editing, extras::Extras, field, send, state::PageState};
use crate::{
    domain::Reason,
    ui::{
        parts::Icon,
        words::{around, t, t_with},
    },
};

#[component]
pub(super) fn Composer(
    state: PageState,
    models: Vec<String>,
    key: String,
    text: Option<String>,
) -> impl IntoView {
    // Leptos writes a textarea's children without escaping them, and a browser drops the first line break.
    let text = text.map(|text| format!("\n{}", html_escape::encode_text(&text)));
    let chosen = state.model.get_untracked();
    // The conversation's model, when no provider offers it any more.
    let gone = chosen.clone().filter(|id| !models.contains(id));
    let on_key = move |event: ev::KeyboardEvent| {
        let press = browser::key_press(&event);
        if press.sends(browser::is_touch()) {
            event.prevent_default();
            send::send(state);
        }
        let empty = || field::composer().is_some_and(|field| field.value().is_empty());
        if press.is("ArrowUp") && empty() {
            event.prevent_default();
            editing::edit_newest();
        }
    };
    let on_input = move |_| {
        if let Some(field) = field::composer() {
            drafts::store_draft(state, &field.value());
            field::grow();
        }
    };
    let (before_keys, after_keys) = around("answers-can-be-wrong", "keys");
    view! {
        <form
            class="composer"
            method="post"
            action="/fn/ask"
            on:submit=move |event| {
                event.prevent_default();
                send::send(state);
            }
        >
            <Extras state />
            <input type="hidden" name="conversation_id" value=move || state.conversation_id.get() />
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
                inner_html=text
                on:keydown=on_key
                on:input=on_input
            ></textarea>
            <div class="row">
                <button
                    type="button"
                    class="button-small picker-button"
                    aria-haspopup="dialog"
                    aria-label=move || state.text(&Reason::new("model-is").with("model", state.model_label.get().unwrap_or_default()))
                >
                    <span>{move || state.model_label.get()}</span>
                    <Icon name="chevron-down" />
                </button>
                // For browsers without a script.
                <label class="model-choice">
                    <span class="visually-hidden">{t("model")}</span>
                    <select name="model">
                        {gone
                            .map(|id| {
                                let shown = t_with(Reason::new("model-no-longer-offered").with("model", id.as_str()));
                                view! { <option value=id selected disabled>{shown}</option> }
                            })}
                        {models
                            .into_iter()
                            .map(|id| {
                                let selected = chosen.as_ref() == Some(&id);
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
                            <button class="send" aria-label=t("send")>
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
                            send::stop(state);
                            field::focus();
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
    }
}
