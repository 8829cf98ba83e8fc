//! Sending a question: it stands in the thread in the same frame, before the network has been asked; when it cannot be sent,
//! its text comes back into the composer with the reason.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{
    announce, browser, drafts, extra, field, follow, json::Json, messages, outbox, phrases::say, place,
    queue, refresh, request, request::Refused, scroll, sidebar, state::PageState, temporary, temporary_ask,
    thread, visit,
};
use crate::ui::pending::PendingRequest;

/// How long sending waits for a conversation that is on its way, each time.
const SOON: Duration = Duration::from_millis(30);
/// The longest title of a new conversation until the server has given it one, in characters.
const TITLE_CHARS: usize = 60;

/// Sends what the composer holds. While another conversation is on its way, it is for that one.
pub(super) fn send(state: PageState) {
    if state.moving.get_value() {
        return set_timeout(move || send(state), SOON);
    }
    if temporary::is_on() {
        return temporary_ask::send(state);
    }
    let Some(field) = field::composer() else { return };
    let typed = field.value();
    let text = state.extras.with_untracked(|extras| extra::with_extras(&typed, extras));
    if text.trim().is_empty() {
        return;
    }
    if thread::has_unsent() || state.is_generating() {
        return let_wait(state, text, typed);
    }
    let key = state.pending_question.try_update_value(|pending| pending.key(&text, browser::random_key));
    let (conversation_id, visit) = (state.conversation(), state.visit.get_value());
    let draft = drafts::draft_name(state);
    show(state, &text);
    spawn_local(async move {
        let model = state.model.get_untracked().unwrap_or_default();
        let fields = request::fields(&[
            ("text", &text),
            ("conversation_id", conversation_id.as_deref().unwrap_or_default()),
            ("model", &model),
            ("key", &key.unwrap_or_default()),
        ]);
        let Some(fields) = fields else { return };
        let asked = outbox::post(state, &text, &fields).await.map(|json| Asked::read(&json));
        let gone = state.visit.get_value() != visit;
        match asked {
            Ok(Some(asked)) if gone => {
                state.pending_question.update_value(PendingRequest::confirm);
                sidebar::name_row(&asked.conversation_id);
            }
            Ok(Some(asked)) => arrived(state, asked, conversation_id.is_none()),
            // The reply was lost and the question arrived all the same: an event has shown it.
            Err(_) if !state.pending_question.with_value(|pending| pending.is(&text)) => {}
            Ok(None) => {}
            // The composer has it.
            Err(refusal) if refusal.code == outbox::TAKEN => {}
            Err(refusal) if gone => put_aside(state, &draft, &text, refusal),
            Err(refusal) if refusal.code == "conflict" => wait_after_all(state, text),
            Err(refusal) => take_back(state, &text, refusal),
        }
    });
}

/// While an answer is written, a question waits above the composer.
fn let_wait(state: PageState, text: String, typed: String) {
    if state.conversation().is_none() {
        return state.alert.set(Some(say("conversation-busy")));
    }
    let extras = state.extras.get_untracked();
    state.alert.set(None);
    drafts::empty_composer(state);
    let (draft, visit, whole) = (drafts::draft_name(state), state.visit.get_value(), text.clone());
    queue::add(state, text, move || {
        if state.visit.get_value() != visit {
            return drafts::put_aside(&draft, &whole);
        }
        state.extras.set(extras);
        drafts::store_extras(state);
        drafts::put_back(state, &typed);
    });
}

/// Another page has asked in the same moment, so this question waits for that answer.
fn wait_after_all(state: PageState, text: String) {
    state.pending_question.update_value(PendingRequest::confirm);
    thread::remove_unsent();
    refresh::refresh(state);
    let (draft, again) = (drafts::draft_name(state), text.clone());
    queue::add(state, text, move || {
        if drafts::draft_name(state) == draft {
            drafts::put_back(state, &again);
        } else {
            drafts::put_aside(&draft, &again);
        }
    });
    visit::to_newest(state);
}

/// Shows the question and the answer that is awaited, and empties the composer.
fn show(state: PageState, text: &str) {
    state.alert.set(None);
    drafts::empty_composer(state);
    if state.conversation().is_none() {
        sidebar::add_row(&first_words(text));
    }
    thread::append_turn(Some(text));
    scroll::pin_newest_question(state);
    state.generating.set(Some(String::new()));
    announce::answering(state);
    field::focus();
}

/// What the server made of a question; see `api::chat::Asked`.
struct Asked {
    conversation_id: String,
    question_id: Option<String>,
    answer_id: String,
    after: u64,
}

impl Asked {
    fn read(json: &Json) -> Option<Self> {
        Some(Self {
            conversation_id: json.text("conversation_id")?,
            question_id: json.text("question_id"),
            answer_id: json.text("answer_id")?,
            after: json.number("after")?,
        })
    }
}

fn arrived(state: PageState, asked: Asked, is_new: bool) {
    state.pending_question.update_value(PendingRequest::confirm);
    if is_new {
        let path = format!("/c/{}", asked.conversation_id);
        sidebar::name_row(&asked.conversation_id);
        visit::named(&path);
        state.conversation_id.set(Some(asked.conversation_id));
        state.follows.set_value(true);
        state.position.set_value(asked.after);
        state.synced.set_value(0);
    }
    // An event may have named the turn already, or the server's HTML have brought it.
    if messages::message(&asked.answer_id).is_some() {
        thread::remove_unsent();
    } else if thread::has_unsent() {
        thread::name_turn(asked.question_id.as_deref(), &asked.answer_id);
        state.generating.set(Some(asked.answer_id));
    }
    place::pin(asked.question_id);
    visit::to_newest(state);
    if is_new {
        follow::begin(state);
        refresh::refresh(state);
    }
}

/// A question was refused while another conversation is on the page: it becomes a draft of its own conversation.
fn put_aside(state: PageState, draft: &str, text: &str, refusal: Refused) {
    drafts::put_aside(draft, text);
    sidebar::remove_new_row();
    state.show_refusal(refusal);
}

/// The text goes back to where it was typed. The same text sent again is the same question, because it has the same key; a
/// changed text is another question.
fn take_back(state: PageState, text: &str, refusal: Refused) {
    thread::remove_unsent();
    sidebar::remove_new_row();
    scroll::unpin();
    state.generating.set(None);
    drafts::put_back(state, text);
    state.show_refusal(refusal);
}

/// The words that a conversation is called by at first.
fn first_words(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TITLE_CHARS) {
        None => line,
        Some((end, _)) => {
            let cut = &line[..end];
            let at_word = cut.rfind(' ').filter(|at| *at > end / 2);
            format!("{}…", &cut[..at_word.unwrap_or(end)])
        }
    }
}

/// Stops the answer that is being written.
pub(super) fn stop(state: PageState) {
    if temporary::is_on() {
        return temporary_ask::stop(state);
    }
    outbox::give_up(state);
    let Some(message_id) = state.generating.get_untracked().filter(|id| !id.is_empty()) else { return };
    spawn_local(async move {
        let Some(fields) = request::fields(&[("message_id", &message_id)]) else { return };
        let stopped = request::post("/fn/stop", &fields).await;
        if let Err(refusal) = stopped {
            state.show_refusal(refusal);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::first_words;

    #[test]
    fn a_title_is_the_first_words() {
        assert_eq!(first_words(" What\n is  it? "), "What is it?");
        let long = "word ".repeat(40);
        assert_eq!(first_words(&long), format!("{}word…", "word ".repeat(11)));
        assert_eq!(first_words(&"字".repeat(80)), format!("{}…", "字".repeat(60)));
    }
}
