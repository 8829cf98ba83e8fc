//! What the page shows of its state around the composer: the server has made every element, and here each is filled, shown or
//! hidden whenever what it shows changes.

use leptos::prelude::*;

use super::{
    elements::found, elements::show_if, extras, field, phrases::say_with, queue, state::PageState, toast,
};

pub(super) fn begin(state: PageState) {
    watch(move || alert(state));
    watch(move || show_if("connection-lost", state.disconnected.get()));
    watch(move || set_text("#spoken", &state.spoken.get()));
    watch(move || model(state));
    watch(move || buttons(state));
    watch(move || room(state));
    watch(move || latest(state));
    watch(move || undoable(state));
    watch(move || state.queue.with(|queue| queue::show(state, queue)));
    watch(move || state.extras.with(|all| extras::show(all)));
}

/// Runs a closure now, and again whenever a signal that it has read changes.
fn watch(run: impl Fn() + 'static) {
    // All closures are of one type, because each type would bring all code of an effect along.
    let run: Box<dyn Fn()> = Box::new(run);
    Effect::new(run);
}

/// What went wrong; whoever was signed out finds the way back to this page.
fn alert(state: PageState) {
    let alert = state.alert.get();
    show_if("alert", alert.is_some());
    set_text("#alert > span", &alert.unwrap_or_default());
    show_if("sign-in", state.signed_out.get());
    let path = window().location().pathname().unwrap_or_default();
    set_attribute("#sign-in", "href", &format!("/login?next={}", js_sys::encode_uri_component(&path)));
}

fn set_text(selector: &str, text: &str) {
    if let Some(element) = found(selector) {
        element.set_text_content(Some(text));
    }
}

fn set_attribute(selector: &str, name: &str, value: &str) {
    if let Some(element) = found(selector) {
        let _ = element.set_attribute(name, value);
    }
}

fn model(state: PageState) {
    let label = state.model_label.get().unwrap_or_default();
    set_text("#picker > span", &label);
    set_attribute("#picker", "aria-label", &say_with("model-is", None, &[("model", &label)]));
}

/// Stop is in the place of Send while an answer is written.
fn buttons(state: PageState) {
    let generating = state.generating.get();
    let active = document().active_element().map(|active| active.id());
    // In a room others write while it is written.
    show_if("send", generating.is_none() || state.room.with(Option::is_some));
    show_if("stop", generating.is_some());
    // The one that had the focus is hidden now.
    if matches!(active.as_deref(), Some("send" | "stop")) {
        field::focus();
    }
    set_attribute("#stop", "value", &generating.unwrap_or_default());
    set_attribute(
        ".composer > [name=conversation_id]",
        "value",
        &state.conversation_id.get().unwrap_or_default(),
    );
}

/// What the composer says and has in a room, and elsewhere.
fn room(state: PageState) {
    let room = state.room.get();
    show_if("picker", room.is_none());
    show_if("ask-model", state.asks.get());
    if let Some(typing) = found("#typing") {
        let _ = typing.class_list().toggle_with_force("in-room", room.is_some());
    }
    let only_reads = state.only_reads.get();
    show_if("only-reads", only_reads.is_some());
    set_text("#only-reads", only_reads.as_deref().unwrap_or_default());
    show_if("composer", only_reads.is_none());
    let Some(field) = field::composer() else { return };
    let usual = field.get_attribute("data-usual").unwrap_or_default();
    let _ = field.set_attribute("placeholder", &room.unwrap_or(usual));
}

/// The button that leads to the newest message, with how many came meanwhile.
fn latest(state: PageState) {
    let unseen = state.unseen.get();
    show_if("to-latest", state.away.get());
    show_if("unseen", unseen != 0);
    set_text("#unseen > :first-child", &unseen.to_string());
    set_text("#unseen > :last-child", &say_with("unseen-messages", Some(unseen), &[]));
}

fn undoable(state: PageState) {
    let undoable = state.undoable.get();
    show_if("toast", undoable.is_some());
    set_text("#toast > span", &undoable.as_ref().map(toast::sentence).unwrap_or_default());
}
