//! The composer: a form that grows with the text. Enter sends and Shift-Enter breaks the line, but on touch
//! screens, where a button sends.

use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{browser, keep, page, shared::Shared, steer};
use crate::{
    api,
    domain::Reason,
    ui::{
        parts::Icon,
        sent::Sent,
        words::{around, t, t_with},
    },
};

#[component]
pub(super) fn Composer(
    shared: Shared,
    models: Vec<String>,
    model: Option<String>,
    key: String,
) -> impl IntoView {
    let text = NodeRef::<html::Textarea>::new();
    let form = NodeRef::<html::Form>::new();
    let chosen = NodeRef::<html::Select>::new();
    let sending = RwSignal::new(false);
    let conversation_id = shared.conversation_id.get_value();
    // The conversation's model, when it is offered no longer.
    let gone = model.clone().filter(|id| !models.contains(id));
    let send = move || {
        let (Some(area), Some(conversation)) = (text.get_untracked(), shared.conversation_id.try_get_value())
        else {
            return;
        };
        let question = area.value();
        if question.trim().is_empty() || sending.get_untracked() {
            return;
        }
        if shared.running.with_untracked(Option::is_some) {
            shared.alert.set(Some(shared.say("conversation-busy")));
            return;
        }
        let key = shared.asked.try_update_value(|asked| asked.key(&question, page::random_key));
        let model = chosen.get_untracked().map(|select| select.value());
        sending.set(true);
        shared.alert.set(None);
        spawn_local(async move {
            let asked = api::chat::ask(question.clone(), conversation.clone(), model, key).await;
            sending.set(false);
            match asked {
                Ok(asked) => {
                    shared.asked.update_value(Sent::arrived);
                    // What was typed since stays.
                    if area.value() == question {
                        area.set_value("");
                    }
                    browser::keep(&keep::draft(shared), &area.value());
                    if !shared.follows {
                        return page::go(&format!("/c/{}#latest", asked.conversation_id));
                    }
                    shared.append(asked.question_id.map(|id| (id, question)), &asked.answer_id, "");
                    page::to_end_soon();
                }
                // The text stays where it is. Sent again as it is, it is the same question; changed, it is
                // another one, whatever became of the first.
                Err(refusal) => shared.refused(refusal),
            }
        });
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let pressed = browser::pressed(&event);
        if pressed.sends(browser::is_touch()) {
            event.prevent_default();
            send();
        }
        let empty = || text.get_untracked().is_some_and(|area| area.value().is_empty());
        if pressed.is("ArrowUp") && empty() {
            event.prevent_default();
            steer::edit_last(shared);
        }
    };
    let on_input = move |_| {
        if let Some(area) = text.get_untracked() {
            browser::keep(&keep::draft(shared), &area.value());
        }
    };
    let (before_keys, after_keys) = around("answers-can-be-wrong", "keys");
    view! {
        <div class="dock">
            <Show when=move || shared.alert.with(Option::is_some)>
                <p class="alert" role="alert">
                    {move || shared.alert.get()}
                </p>
            </Show>
            <Show when=move || shared.lost.get()>
                <p class="lost" role="status">
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
                    <label class="choice">
                        <span class="unseen">{t("model")}</span>
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
                    <span class="grow"></span>
                    <Show
                        when=move || shared.running.with(Option::is_some)
                        fallback=move || {
                            view! {
                                <button class="send" aria-label=t("send") disabled=move || sending.get()>
                                    <Icon name="up" />
                                </button>
                            }
                        }
                    >
                        <button
                            class="send stop"
                            aria-label=t("stop")
                            formaction="/fn/stop"
                            formnovalidate
                            name="message_id"
                            value=move || shared.running.get()
                            type="submit"
                            on:click=move |event| {
                                event.prevent_default();
                                steer::stop(shared);
                            }
                        >
                            <Icon name="square" />
                        </button>
                    </Show>
                </div>
            </form>
            <p class="note">
                {before_keys} <span class="keys">{t("keys-hint")}</span> {after_keys}
            </p>
        </div>
    }
}
