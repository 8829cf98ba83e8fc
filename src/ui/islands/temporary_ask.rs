//! What a person does in a temporary conversation: ask, stop, have an answer written again, keep it all. The server is sent
//! all messages of the page with each question.

use std::cell::{Cell, RefCell};

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event, ReadableStreamDefaultReader, UrlSearchParams};

use super::{
    announce, apply, browser, drafts, extra, field, json::Json, markdown, messages, phrases::say, request,
    scroll, state::PageState, temporary, temporary::TEXT, thread,
};
use crate::ui::stream::Lines;

/// The attribute of an answer that says which model it was asked of.
const MODEL: &str = "data-of-model";

thread_local! {
    /// The stream of the answer that is being written.
    static READER: RefCell<Option<ReadableStreamDefaultReader>> = const { RefCell::new(None) };
    /// Counts the answers that were asked for or stopped. What was begun for an earlier one ends when it sees another number.
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

/// Sends what the composer holds.
pub(super) fn send(state: PageState) {
    let Some(field) = field::composer() else { return };
    let typed = field.value();
    let text = state.extras.with_untracked(|extras| extra::with_extras(&typed, extras));
    if text.trim().is_empty() {
        return;
    }
    if state.is_generating() {
        return state.alert.set(Some(say("conversation-busy")));
    }
    drafts::empty_composer(state);
    thread::append_turn(Some(&text));
    ask(state, Some(text));
}

/// A click on Retry: the newest answer is written once more. What is there gives way to the first text of the new one.
pub(super) fn on_again(state: PageState, button: &Element, _: &Event) {
    let Some(answer) = button.closest(".message").ok().flatten().filter(|_| !state.is_generating()) else {
        return;
    };
    let _ = answer.set_attribute("hidden", "");
    thread::append_turn(None);
    ask(state, None);
}

/// Asks an edited question. It and all that follows it give way to the first text that is answered.
pub(super) fn edit(state: PageState, form: &Element) {
    let (Ok(Some(question)), Some(field)) = (form.closest(".message"), drafts::edit_field(form)) else {
        return;
    };
    let text = field.value();
    if text.trim().is_empty() {
        return;
    }
    if state.is_generating() {
        return state.alert.set(Some(say("conversation-busy")));
    }
    for message in messages::all().iter().skip_while(|it| !it.is_same_node(Some(&question))) {
        let _ = message.set_attribute("hidden", "");
    }
    thread::append_turn(Some(&text));
    ask(state, None);
}

/// Asks for the answer that is awaited; `typed` goes back into the composer when it is refused.
fn ask(state: PageState, typed: Option<String>) {
    let Some(fields) = fields(state) else { return };
    let number = begin_another();
    state.kept.set_value(false);
    if let Some(answer) = messages::all().pop() {
        let _ = answer.set_attribute(MODEL, &state.model.get_untracked().unwrap_or_default());
    }
    state.alert.set(None);
    scroll::pin_newest_question(state);
    state.generating.set(Some(String::new()));
    announce::answering(state);
    field::focus();
    spawn_local(async move {
        match request::stream("/fn/ask-temporary", &fields).await {
            Ok(reader) if ASKED.get() == number => read(state, reader, number).await,
            // It was stopped before the server had answered.
            Ok(reader) => cancel(&reader),
            Err(_) if ASKED.get() != number => {}
            Err(refusal) => {
                thread::remove_unsent();
                temporary::bring_back();
                scroll::unpin();
                state.generating.set(None);
                if let Some(typed) = typed {
                    drafts::put_back(state, &typed);
                }
                state.show_refusal(refusal);
            }
        }
    });
}

/// All that was said, as a form: the questions, and the answers that have a text.
fn fields(state: PageState) -> Option<UrlSearchParams> {
    let fields = request::fields(&[("model", &state.model.get_untracked().unwrap_or_default())])?;
    let mut at: u32 = 0;
    for message in messages::all().iter().filter(|it| !it.has_attribute("hidden")) {
        let (role, text) = match message.query_selector(".question-text").ok().flatten() {
            Some(question) => ("user", question.text_content()),
            None => ("assistant", message.get_attribute(TEXT)),
        };
        if let Some(text) = text {
            let name = format!("messages[{at}]");
            fields.append(&format!("{name}[role]"), role);
            fields.append(&format!("{name}[text]"), &text);
            if let Some(model) = message.get_attribute(MODEL) {
                fields.append(&format!("{name}[model]"), &model);
            }
            at += 1;
        }
    }
    Some(fields)
}

/// Ends what was begun before; answers the number of what begins now.
fn begin_another() -> u32 {
    ASKED.set(ASKED.get() + 1);
    ASKED.get()
}

async fn read(state: PageState, reader: ReadableStreamDefaultReader, number: u32) {
    READER.set(Some(reader.clone()));
    let mut lines = Lines::default();
    while let Ok(Some(bytes)) = request::next(&reader).await {
        if ASKED.get() != number {
            return;
        }
        apply::apply_batch(state, &Json::parse_all(&lines.feed(&bytes)));
        if messages::all().pop().is_some_and(|answer| temporary::has_text(&answer)) {
            temporary::give_way();
        }
    }
    if ASKED.get() == number && state.is_generating() {
        cut(state, "lost");
    }
}

/// Stops the answer: the server writes on only as long as somebody reads.
pub(super) fn stop(state: PageState) {
    if state.is_generating() {
        begin_another();
        if let Some(reader) = READER.take() {
            cancel(&reader);
        }
        cut(state, "stopped");
    }
}

fn cancel(reader: &ReadableStreamDefaultReader) {
    let cancelled = JsFuture::from(reader.cancel());
    spawn_local(async move { drop(cancelled.await) });
}

/// The answer goes no further, and its text is what the page shows.
fn cut(state: PageState, end: &str) {
    thread::name_turn(None, &state.generating.get_untracked().unwrap_or_default());
    if let Some(answer) = messages::all().pop() {
        if let Ok(Some(prose)) = answer.query_selector(".prose") {
            let _ = answer.set_attribute(TEXT, &markdown::of(&prose));
        }
        let why = temporary::finish(&answer, end, None);
        apply::ended(state, &answer.id());
        state.alert.set(why.filter(|_| end == "lost"));
    }
}

/// A click on Keep: the conversation is stored, and goes on as any other.
pub(super) fn on_keep(state: PageState, _: &Element, _: &Event) {
    if state.is_generating() {
        return state.alert.set(Some(say("conversation-busy")));
    }
    let Some(fields) = fields(state).filter(|_| !state.steering.get_value()) else { return };
    state.steering.set_value(true);
    // The page is left without a question.
    state.kept.set_value(true);
    // The same messages are kept once, however often they are sent.
    let content = String::from(fields.to_string());
    let key = state.pending_change.try_update_value(|pending| pending.key(&content, browser::random_key));
    fields.append("key", &key.unwrap_or_default());
    spawn_local(async move {
        let kept = request::post("/fn/keep-temporary", &fields).await;
        state.steering.set_value(false);
        match kept {
            Ok(path) => drop(window().location().assign(&path.as_text().unwrap_or_default())),
            Err(refusal) => {
                state.kept.set_value(false);
                state.show_refusal(refusal);
            }
        }
    });
}
