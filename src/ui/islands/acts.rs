//! What a person does, and who acts on it: one listener for each kind of event, and one table of elements. The elements may
//! come and go; nobody searches the page for them to listen to each.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, HtmlTextAreaElement};

use super::{
    composer, copy, drafts, drop, editing, extras, field, files, keys, mentions, outline, overlay, picker,
    posting, queue, quoting, refresh, replying, rows, scroll, sheet_form, state::PageState, steer, tables,
    temporary_ask, toast, unfold, visit,
};

/// Acts on an event of the element that matched.
type Act = fn(PageState, &Element, &Event);

/// Which element, by its selector, and who acts on a click on it. The first row that matches counts.
const CLICKS: &[(&str, Act)] = &[
    ("#stop", composer::on_stop),
    ("#undo", toast::on_undo),
    (".queue-up", queue::on_up),
    (".queue-send", queue::on_send),
    (".queue-remove", queue::on_remove),
    (".insert-extra", extras::on_insert),
    (".remove-extra", extras::on_remove),
    ("details.confirm > summary", steer::delete_now),
    (".picker-button", picker::on_open),
    (".delete-menu > summary", steer::delete_message),
    (".fork-button", steer::fork),
    ("[data-model]", picker::on_model),
    ("[data-favourite]", picker::on_favourite),
    ("[data-sheet]", overlay::on_click),
    ("[data-message]", outline::on_click),
    (".row-more", rows::on_more),
    ("[data-row]", rows::on_item),
    ("#reply", quoting::on_reply),
    (".reply-link", replying::on_reply),
    ("#drop-reply", replying::on_drop),
    ("[data-mention]", mentions::on_option),
    ("a.example", examples),
    (".copy-message", copy::message),
    (".unfold", unfold::on_click),
    ("figure [data-act=copy]", copy::code),
    ("figure [data-act=download]", files::code),
    (".table [data-act=copy-table]", tables::copy),
    (".table [data-act=csv]", tables::csv),
    (".message .edit-link", editing::on_edit),
    (".edit-form .cancel", editing::on_cancel),
    (".post-again", posting::on_again),
    (".post-back", posting::on_back),
    (".temporary-again", temporary_ask::on_again),
    (".temporary-keep", temporary_ask::on_keep),
    (".to-latest", to_latest),
    (".earlier a", earlier),
    ("a[href]", visit::on_click),
    // Everything in a sheet is in it, too.
    ("#sheet", overlay::on_beside),
];

/// The forms that a script sends.
const FORMS: &[(&str, Act)] = &[
    (".settings-form", sheet_form::submit),
    (".composer", composer::on_submit),
    (".edit-form, #steer", steer::submit),
    ("form[action='/fn/rename']", steer::rename),
    ("form[action='/fn/delete']", steer::delete_conversation),
];

/// What is switched.
const CHANGES: &[(&str, Act)] =
    &[("#open-sidebar", overlay::on_drawer), (".queued textarea", queue::on_edit)];

/// What is typed into.
const INPUTS: &[(&str, Act)] = &[
    (".composer textarea[name=text]", composer::on_input),
    (".edit-form textarea", |state, field, _| {
        if let Some(field) = field.dyn_ref::<HtmlTextAreaElement>() {
            drafts::store_edit(state, field);
        }
    }),
    (".picker-search", picker::on_search),
    (".palette-search", picker::on_palette),
];

/// What the focus leaves.
const LEAVES: &[(&str, Act)] = &[(".row-title", rows::on_leave)];

/// What is about to be clicked.
const INTENTS: &[(&str, Act)] = &[("a[href]", |_, link, _| visit::prefetch(link))];

pub(super) fn listen(state: PageState) {
    on("click", move |event| {
        editing::close_others(event);
        rows::close_unless_in(event);
        act(CLICKS, state, event);
    });
    on("submit", move |event| act(FORMS, state, event));
    on("change", move |event| act(CHANGES, state, event));
    for intent in ["pointerdown", "focusin"] {
        on(intent, move |event| act(INTENTS, state, event));
    }
    on("focusin", |event| {
        editing::close_others(event);
        rows::close_unless_in(event);
    });
    on("focusout", move |event| act(LEAVES, state, event));
    on("input", move |event| act(INPUTS, state, event));
    on("paste", move |event| extras::on_paste(state, event));
    on("copy", quoting::on_copy);
    let _ = document().add_event_listener_with_callback(
        "selectionchange",
        Closure::<dyn Fn()>::new(quoting::on_selection).into_js_value().unchecked_ref(),
    );
    for touch in ["touchstart", "touchmove"] {
        on(touch, |event| {
            if let Some(event) = event.dyn_ref() {
                overlay::on_touch(event);
            }
        });
    }
    window_event_listener(ev::keydown, move |event| keys::on_key(state, &event));
    drop::listen(state);
}

fn on(name: &'static str, listener: impl Fn(&Event) + 'static) {
    window_event_listener_untyped(name, move |event| listener(&event));
}

/// Lets the first row of the table act that the event's target is in.
fn act(table: &[(&str, Act)], state: PageState, event: &Event) {
    if event.default_prevented() {
        return;
    }
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    for (selector, act) in table {
        if let Ok(Some(found)) = target.closest(selector) {
            return act(state, &found, event);
        }
    }
}

/// A click on the link to earlier messages: they come in place.
fn earlier(state: PageState, link: &Element, event: &Event) {
    let Some(before) =
        link.get_attribute("href").and_then(|href| Some(href.split_once("before=")?.1.to_owned()))
    else {
        return;
    };
    if !state.follows.get_value() {
        return;
    }
    event.prevent_default();
    refresh::earlier(state, before, link.clone());
}

/// A click on an example puts it into the composer.
fn examples(state: PageState, example: &Element, event: &Event) {
    if let (Some(field), Some(text)) = (field::composer(), example.get_attribute("data-text")) {
        event.prevent_default();
        field.set_value(&text);
        drafts::store_draft(state, &text);
        field::grow();
        let _ = field.focus();
    }
}

/// A click on the button that leads to the newest message, and that is hidden then.
fn to_latest(state: PageState, _: &Element, _: &Event) {
    scroll::to_end(state);
    field::focus();
}
