//! [`Extra`]: what a question has besides the text that is typed: quotes of answers, and long texts that were pasted. They
//! stand above the composer's field, and are sent with the question.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, Event, HtmlTextAreaElement};

use super::{drafts, extra::Extra, field, state::PageState};
use crate::{
    domain::Reason,
    ui::{
        parts::Icon,
        words::{t, t_with},
    },
};

/// A text that is pasted with more characters than this becomes an extra.
const LONG_PASTE: usize = 2_000;

pub(super) fn add(state: PageState, extra: Extra) {
    state.extras.update(|extras| extras.push(extra));
    drafts::store_extras(state);
    field::focus();
}

fn remove(state: PageState, at: usize) {
    state.extras.update(|extras| {
        if at < extras.len() {
            extras.remove(at);
        }
    });
    drafts::store_extras(state);
    field::focus();
}

/// Puts a text that was pasted where the cursor is, after all.
fn insert(state: PageState, at: usize) {
    let text = state.extras.with_untracked(|extras| extras.get(at).map(|extra| extra.text.clone()));
    if let (Some(text), Some(field)) = (text, field::composer()) {
        let _ = field.set_range_text(&text);
        remove(state, at);
        drafts::store_draft(state, &field.value());
        field::grow();
    }
}

/// A long text that is pasted does not fill the composer.
pub(super) fn on_paste(state: PageState, event: &Event) {
    let Some(event) = event.dyn_ref::<ClipboardEvent>() else { return };
    let in_composer = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlTextAreaElement>().ok())
        .is_some_and(|field| field.closest(".composer").is_ok_and(|found| found.is_some()));
    let text = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default();
    if in_composer && text.chars().nth(LONG_PASTE).is_some() {
        event.prevent_default();
        add(state, Extra { quote: false, text });
    }
}

/// The extras, each with its buttons.
#[component]
pub(super) fn Extras(state: PageState) -> impl IntoView {
    let rows = move || {
        let extras = state.extras.get();
        extras.into_iter().enumerate().map(|(at, extra)| {
            let count = extra.text.chars().count();
            let label = if extra.quote {
                extra.text.chars().take(200).collect::<String>()
            } else {
                t_with(Reason::new("pasted-text").with("count", count))
            };
            view! {
                <li>
                    <blockquote dir="auto">{label}</blockquote>
                    {(!extra.quote).then(|| {
                        view! {
                            <button type="button" class="button-small" on:click=move |_: ev::MouseEvent| insert(state, at)>
                                {t("insert-as-text")}
                            </button>
                        }
                    })}
                    <button
                        type="button"
                        class="button-bare"
                        aria-label=t("remove")
                        title=t("remove")
                        on:click=move |_: ev::MouseEvent| remove(state, at)
                    >
                        <Icon name="close" />
                    </button>
                </li>
            }
        }).collect_view()
    };
    view! {
        <Show when=move || state.extras.with(|extras| !extras.is_empty())>
            <ul class="quotes" aria-label=t("extras")>{rows}</ul>
        </Show>
    }
}
