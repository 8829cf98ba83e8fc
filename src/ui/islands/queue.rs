//! The questions that wait while an answer is written: the server keeps them and asks one after the other; here they can be
//! changed, moved, taken out, and asked at once.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlTextAreaElement};

use super::{
    browser, drafts, elements::copy_of_template, elements::found, elements::set_hidden, elements::show_if,
    field, focus, messages, queued, request, state::PageState,
};
use crate::domain::{QuestionQueue, Queued};

/// The attributes of a row: the id of its question, that of its conversation, and the text that the server has.
const ID: &str = "data-id";
const OF: &str = "data-of";
const TEXT: &str = "data-text";

/// Lets a question wait; `refused` is called when it may not.
pub(super) fn add(state: PageState, text: String, refused: impl FnOnce() + 'static) {
    let Some(conversation_id) = state.conversation() else { return refused() };
    let model = state.model.get_untracked().unwrap_or_default();
    let visit = state.visit.get_value();
    spawn_local(async move {
        let fields = [("conversation_id", &*conversation_id), ("text", &text), ("model", &model)];
        let Some(fields) = request::fields(&fields) else { return };
        let content = format!("queue {}", String::from(fields.to_string()));
        let key = state.pending_change.try_update_value(|pending| pending.key(&content, browser::random_key));
        fields.append("key", &key.unwrap_or_default());
        match request::post("/fn/queue-add", &fields).await {
            Ok(queue) => {
                state.pending_change.try_update_value(|pending| pending.confirm_if(&content));
                if state.visit.get_value() == visit {
                    state.queue.set(queued::read(&queue));
                }
            }
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
    let id = fields.get("id");
    spawn_local(async move {
        match request::post(action, &fields).await {
            Ok(queue) if state.visit.get_value() == visit => {
                state.queue.set(queued::read(&queue));
                if let Some(id) = id {
                    keep_focus(id);
                }
            }
            Ok(_) => {}
            Err(refused) => state.show_refusal(refused),
        }
    });
}

/// A button that moved its row, or took it away, had the focus: it goes to the row, or to the composer.
fn keep_focus(id: String) {
    // The row is changed by an effect, which runs soon.
    set_timeout(
        move || {
            if !focus::is_lost() {
                return;
            }
            match found(&format!("#queue [{ID}=\"{id}\"] button:not([hidden])")) {
                Some(button) => drop(button.focus()),
                None => field::focus(),
            }
        },
        Duration::ZERO,
    );
}

/// Shows the questions that wait. A row that has not changed stays, because somebody may be typing in it; what was typed in
/// the row of a question that was asked meanwhile goes into the composer.
pub(super) fn show(state: PageState, queue: &QuestionQueue) {
    show_if("queue", !queue.items.is_empty());
    show_if("queue-waits", queue.waits && !queue.items.is_empty());
    let Some(list) = document().get_element_by_id("queue") else { return };
    let old: Vec<Element> = messages::children(&list).collect();
    for row in &old {
        let id = row.get_attribute(ID);
        if !queue.items.iter().any(|item| id.as_deref() == Some(&*item.id)) {
            let had_focus = document().active_element().is_some_and(|active| row.contains(Some(&active)));
            let is_here = row.get_attribute(OF) == state.conversation();
            if let Some(field) = drafts::edit_field(row).filter(|_| is_here)
                && row.get_attribute(TEXT).is_some_and(|text| text != field.value())
            {
                drafts::put_back(state, &field.value());
            }
            // A field that is removed while somebody types in it is changed.
            let _ = row.remove_attribute(ID);
            row.remove();
            if had_focus {
                field::focus();
            }
        }
    }
    for item in &queue.items {
        let known = old.iter().find(|row| row.get_attribute(ID).as_deref() == Some(&*item.id));
        let Some(row) = known.cloned().or_else(|| copy_of_template("new-queued")) else { continue };
        fill(state, &row, item);
        let _ = row.set_attribute(OF, &state.conversation().unwrap_or_default());
        // The rows come in order. Only one that is not the next already is moved, because moving takes the focus away.
        let next = list.children().item(item.position);
        if !next.as_ref().is_some_and(|next| next.is_same_node(Some(&row))) {
            let _ = list.insert_before(&row, next.as_deref());
        }
    }
}

/// Who asked a question of a room, as its message says it.
fn asker(item: &Queued) -> Option<String> {
    let message = messages::message(item.message_id.as_deref()?)?;
    message.query_selector(".said-head strong").ok()??.text_content()
}

fn fill(state: PageState, row: &Element, item: &Queued) {
    let _ = row.set_attribute(ID, &item.id);
    let text = row.query_selector("textarea").ok().flatten();
    let changed = row.get_attribute(TEXT).as_deref() != Some(&*item.text);
    if let Some(field) = text.filter(|_| changed) {
        field.unchecked_into::<HtmlTextAreaElement>().set_value(&item.text);
        let _ = row.set_attribute(TEXT, &item.text);
    }
    if let Ok(Some(why)) = row.query_selector("small") {
        let said = item.why_it_waits();
        set_hidden(&why, said.is_none());
        why.set_text_content(said);
    }
    // In a room the text is that of the message, members take their own questions out, and moderators choose.
    let in_room = state.is_room();
    let chooses = !in_room || state.manages.get_untracked();
    let takes = chooses || state.reader_id.with_value(|reader| *reader == item.author_id);
    for (selector, hidden) in
        [(".queue-up", item.position == 0 || !chooses), (".queue-send", !chooses), (".queue-remove", !takes)]
    {
        if let Ok(Some(button)) = row.query_selector(selector) {
            set_hidden(&button, hidden);
        }
    }
    if let Some(field) = drafts::edit_field(row) {
        field.set_read_only(in_room);
    }
    if let (Ok(Some(by)), Some(name)) = (row.query_selector(".queued-by"), asker(item)) {
        set_hidden(&by, !in_room);
        by.set_text_content(Some(&name));
    }
}

/// The row that an element is in: its id, and its place among the rows.
fn row_of(inside: &Element) -> Option<(String, u32)> {
    let row = inside.closest(".queued").ok().flatten()?;
    let id = row.get_attribute(ID)?;
    let before =
        messages::children(&row.parent_element()?).take_while(|other| !other.is_same_node(Some(&row)));
    Some((id, before.count() as u32))
}

/// The text of a question was changed.
pub(super) fn on_edit(state: PageState, field: &Element, _: &Event) {
    if let (Some((id, _)), Some(field)) = (row_of(field), field.dyn_ref::<HtmlTextAreaElement>()) {
        change(state, "/fn/queue-edit", &[("id", &id), ("text", &field.value())]);
    }
}

pub(super) fn on_up(state: PageState, button: &Element, _: &Event) {
    if let Some((id, at)) = row_of(button) {
        let position = at.saturating_sub(1).to_string();
        change(state, "/fn/queue-move", &[("id", &id), ("position", &position)]);
    }
}

pub(super) fn on_send(state: PageState, button: &Element, _: &Event) {
    if let Some((id, _)) = row_of(button) {
        change(state, "/fn/queue-send", &[("id", &id)]);
    }
}

pub(super) fn on_remove(state: PageState, button: &Element, _: &Event) {
    if let Some((id, _)) = row_of(button) {
        // What was typed goes with it.
        if let Ok(Some(row)) = button.closest(".queued") {
            let _ = row.remove_attribute(TEXT);
        }
        change(state, "/fn/queue-remove", &[("id", &id)]);
    }
}
