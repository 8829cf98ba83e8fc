//! The questions that are on their way to the server. Each is stored from before it is sent until the server has answered,
//! so that a page that is closed or loaded anew meanwhile has it in the composer, with the key under which it is the same
//! question. One that is asked without a network waits in the thread, and is sent once there is one.

use std::cell::{Cell, RefCell};

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use leptos::{ev, prelude::*};
use web_sys::UrlSearchParams;

use super::{
    browser, drafts, field, json::Json, messages, phrases::say, request, request::Refused, state::PageState,
    thread, waiting,
};

/// What became of a question.
pub(super) enum Sent {
    Answered(Json),
    Refused(Refused),
    /// The reply was lost, and an event has shown that the question arrived.
    Shown,
    /// The composer has it back, or will have it when the page is opened again.
    Taken,
}

/// A question that this page is sending.
struct Sending {
    /// Under which it is stored. A conversation has one at a time.
    name: String,
    text: String,
    shown: bool,
    /// Ends the wait for a network; the answer is whether the composer takes the question.
    wait: Option<oneshot::Sender<bool>>,
}

thread_local! {
    static SENDING: RefCell<Vec<Sending>> = const { RefCell::new(Vec::new()) };
    /// Whether the document is being left: the browser breaks its requests off, which says nothing of the server.
    static LEAVING: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn begin(state: PageState) {
    window_event_listener_untyped("pagehide", |_| LEAVING.set(true));
    window_event_listener(ev::pageshow, move |event| {
        LEAVING.set(false);
        // The browser brings the page back as it was left, and what it was sending was broken off.
        if event.persisted() && thread::has_unsent() {
            thread::remove_unsent();
            state.generating.set(None);
            restore(state);
        }
    });
    restore(state);
}

/// Posts a question with its idempotency key. A server that cannot be reached although there is a network is an error at
/// once, and so is a wait that [`give_up`] ends.
pub(super) async fn post(state: PageState, text: &str, key: &str, fields: &UrlSearchParams) -> Sent {
    let name = name(state);
    let stored = format!("{key}\n{text}");
    browser::store(&name, &stored);
    SENDING.with_borrow_mut(|all| {
        all.push(Sending { name: name.clone(), text: text.to_owned(), shown: false, wait: None });
    });
    let sent = send(&name, fields).await;
    let shown = SENDING.with_borrow_mut(|all| {
        let at = all.iter().position(|sending| sending.name == name);
        at.is_some_and(|at| all.remove(at).shown)
    });
    if LEAVING.get() && matches!(sent, Sent::Refused(_)) {
        return Sent::Taken;
    }
    // Another tab may have stored one of its own.
    if browser::stored(&name).as_deref() == Some(&*stored) {
        browser::store(&name, "");
    }
    match sent {
        Sent::Refused(_) if shown => Sent::Shown,
        sent => sent,
    }
}

async fn send(name: &str, fields: &UrlSearchParams) -> Sent {
    loop {
        let refused = match request::post("/fn/ask", fields).await {
            Ok(json) => return Sent::Answered(json),
            Err(refused) if refused.is_unreachable() && !browser::is_online() => refused,
            Err(refused) => return Sent::Refused(refused),
        };
        waiting::for_network();
        let (wait, waited) = oneshot::channel();
        with(name, |sending| sending.wait = Some(wait));
        if let Either::Right((taken, _)) = select(Box::pin(browser::online()), waited).await {
            return if taken == Ok(true) { Sent::Taken } else { Sent::Refused(refused) };
        }
        with(name, |sending| sending.wait = None);
    }
}

fn with<T>(name: &str, act: impl FnOnce(&mut Sending) -> T) -> Option<T> {
    SENDING.with_borrow_mut(|all| all.iter_mut().find(|sending| sending.name == name).map(act))
}

/// Takes back the question that waits for a network in the conversation on the page.
pub(super) fn give_up(state: PageState) {
    end(&name(state), false);
}

/// A question arrived in the thread of the conversation on the page. If it is the one that is on its way from here, or that
/// came back because the reply to its request was lost, the composer does not need it any more.
pub(super) fn question_arrived(state: PageState, text: &str) {
    let draft = drafts::draft_name(state);
    let pending = state.pending_questions.try_update_value(|all| all.of(&draft).confirm_if(text));
    if pending != Some(true) {
        return;
    }
    with(&name(state), |sending| sending.shown = true);
    state.alert.set(None);
    if let Some(field) = field::composer().filter(|field| field.value() == text) {
        field.set_value("");
        drafts::remove_draft(state, text);
        field::grow();
    }
}

/// The conversation on the page is shown: a question that is being sent in it stands in its thread again, and one that
/// waits, or that another page left behind, in the composer.
pub(super) fn restore(state: PageState) {
    let name = name(state);
    let Some(stored) = browser::stored(&name).filter(|_| !thread::has_unsent()) else { return };
    let sending = with(&name, |sending| (sending.text.clone(), sending.wait.is_some(), sending.shown));
    match sending {
        Some((_, _, true)) => {}
        Some((text, false, _)) => {
            thread::append_turn(Some(&text));
            if !state.is_generating() {
                state.generating.set(Some(String::new()));
            }
        }
        sending => {
            browser::store(&name, "");
            let (key, text) = stored.split_once('\n').unwrap_or(("", &stored));
            if sending.is_some() {
                end(&name, true);
            } else if newest_question().is_some_and(|newest| newest.trim() == text.trim()) {
                // It had arrived.
                return;
            }
            let draft = drafts::draft_name(state);
            state.pending_questions.update_value(|all| all.of(&draft).resume(text, key.to_owned()));
            state.alert.set(Some(say("question-not-sent")));
            drafts::put_back(state, text);
        }
    }
}

fn newest_question() -> Option<String> {
    let questions = messages::all().into_iter().rev();
    let newest = questions.into_iter().find_map(|it| it.query_selector(".question-text").ok().flatten());
    newest?.text_content()
}

/// The name under which the question of the conversation on the page is stored.
fn name(state: PageState) -> String {
    drafts::text_name("outbox", state, &state.conversation().unwrap_or_default())
}

fn end(name: &str, taken: bool) {
    if let Some(wait) = with(name, |sending| sending.wait.take()).flatten() {
        let _ = wait.send(taken);
    }
}
