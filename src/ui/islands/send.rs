//! Sending a question: it stands in the thread in the same frame, before the network has been asked; when it cannot be sent,
//! its text comes back into the composer with the reason.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{
    announce, browser, drafts, extra, field, follow, json::Json, messages, outbox, outbox::Sent,
    phrases::say, place, queue, refresh, request, room, scroll, sidebar, state::PageState, temporary,
    temporary_ask, thread, visit,
};

/// How long sending waits for a conversation that is on its way, each time.
const SOON: Duration = Duration::from_millis(30);
/// The longest title of a new conversation until the server has given it one, in characters.
const TITLE_CHARS: usize = 60;

/// Sends what the composer holds. While another conversation is on its way, it is for that one. `asks`: in a room, it is a
/// question for the model.
pub(super) fn send(state: PageState, asks: bool) {
    if state.moving.get_value() {
        return set_timeout(move || send(state, asks), SOON);
    }
    if temporary::is_on() {
        return temporary_ask::send(state);
    }
    if state.is_room() {
        return room::send(state, asks);
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
    let (conversation_id, draft) = (state.conversation(), drafts::draft_name(state));
    let key = state
        .pending_questions
        .try_update_value(|pending| pending.of(&draft).key(&text, browser::random_key))
        .unwrap_or_default();
    show(state, &text);
    spawn_local(async move {
        let model = state.model.get_untracked().unwrap_or_default();
        let fields = request::fields(&[
            ("text", &text),
            ("conversation_id", conversation_id.as_deref().unwrap_or_default()),
            ("model", &model),
            ("key", &key),
        ]);
        let Some(fields) = fields else { return };
        let sent = outbox::post(state, &text, &key, &fields).await;
        let (is_new, is_here) = (conversation_id.is_none(), drafts::draft_name(state) == draft);
        if matches!(sent, Sent::Answered(_)) {
            state.pending_questions.update_value(|pending| pending.of(&draft).confirm());
        }
        match sent {
            Sent::Answered(json) => match Asked::read(&json) {
                Some(asked) if is_here => arrived(state, asked, is_new),
                Some(asked) if is_new => sidebar::name_row(&asked.conversation_id),
                _ => {}
            },
            Sent::Shown | Sent::Taken => {}
            Sent::Refused(refusal) if is_here && refusal.code == "conflict" => wait_after_all(state, text),
            Sent::Refused(refusal) => {
                if is_new {
                    sidebar::remove_new_row();
                }
                if is_here {
                    thread::remove_unsent();
                    scroll::unpin();
                    state.generating.set(None);
                }
                // The same text sent again is the same question, because it has the same key; a changed text is another.
                drafts::give_back(state, &draft, &text);
                state.show_refusal(refusal);
            }
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
    let (draft, whole) = (drafts::draft_name(state), text.clone());
    queue::add(state, text, move || {
        if drafts::draft_name(state) != draft || state.moving.get_value() {
            return drafts::give_back(state, &draft, &whole);
        }
        state.extras.set(extras);
        drafts::store_extras(state);
        drafts::put_back(state, &typed);
    });
}

/// Another page has asked in the same moment, so this question waits for that answer.
fn wait_after_all(state: PageState, text: String) {
    let draft = drafts::draft_name(state);
    state.pending_questions.update_value(|pending| pending.of(&draft).confirm());
    thread::remove_unsent();
    refresh::refresh(state);
    let again = text.clone();
    queue::add(state, text, move || drafts::give_back(state, &draft, &again));
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
    state.stop_wanted.set_value(false);
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
    if state.stop_wanted.get_value() {
        stop(state);
    }
    visit::to_newest(state);
    if is_new {
        follow::begin(state);
        refresh::refresh(state);
    }
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

/// Stops the answer that is being written. One whose id is not known yet is stopped once it is.
pub(super) fn stop(state: PageState) {
    if temporary::is_on() {
        return temporary_ask::stop(state);
    }
    outbox::give_up(state);
    let message_id = state.generating.get_untracked().unwrap_or_default();
    state.stop_wanted.set_value(message_id.is_empty());
    if message_id.is_empty() {
        return;
    }
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
