//! Who is writing in the room: saying so, and showing it.

use std::cell::{Cell, RefCell};

use leptos::task::spawn_local;

use super::{
    browser, elements::found, elements::set_hidden, json::Json, phrases::say_with, socket, state::PageState,
};

/// How often a page says that somebody is writing, in milliseconds.
const SAID_EVERY: f64 = 3_000.0;
/// How long others are shown to be writing after they said so.
const LASTS: i32 = 6_000;

thread_local! {
    static SAID: Cell<f64> = const { Cell::new(0.0) };
    /// Who is writing by their ids, with their names and until when.
    static WRITING: RefCell<Vec<(String, String, f64)>> = const { RefCell::new(Vec::new()) };
}

/// Something was typed into the composer.
pub(super) fn typed(state: PageState, text: &str) {
    let Some(id) = state.conversation().filter(|_| state.is_room()) else { return };
    let now = browser::now();
    if text.trim().is_empty() || now - SAID.get() < SAID_EVERY {
        return;
    }
    SAID.set(now);
    socket::say(&format!(r#"{{"type":"typing","conversation_id":"{id}"}}"#));
}

/// What was typed is sent, so the next word is said at once.
pub(super) fn sent() {
    SAID.set(0.0);
}

/// Somebody is writing.
pub(super) fn told(event: &Json) {
    let (Some(user_id), Some(name)) = (event.text("user_id"), event.text("name")) else { return };
    WRITING.with_borrow_mut(|writing| {
        writing.retain(|(one, ..)| *one != user_id);
        writing.push((user_id, name, browser::now() + f64::from(LASTS)));
    });
    show();
    spawn_local(async {
        browser::sleep(LASTS + 50).await;
        show();
    });
}

/// A message of this person came.
pub(super) fn came(user_id: &str) {
    WRITING.with_borrow_mut(|writing| writing.retain(|(one, ..)| one != user_id));
    show();
}

/// Another conversation is on the page.
pub(super) fn forget() {
    WRITING.take();
    show();
}

fn show() {
    let Some(line) = found("#typing") else { return };
    let now = browser::now();
    let names: Vec<String> = WRITING.with_borrow_mut(|writing| {
        writing.retain(|(.., until)| *until > now);
        writing.iter().map(|(_, name, _)| name.clone()).collect()
    });
    let sentence = match &names[..] {
        [] => String::new(),
        [one] => say_with("typing-one", None, &[("name", one)]),
        [one, other] => say_with("typing-two", None, &[("name", one), ("other", other)]),
        many => say_with("typing-many", u32::try_from(many.len()).ok(), &[]),
    };
    set_hidden(&line, names.is_empty());
    line.set_text_content(Some(&sentence));
}
