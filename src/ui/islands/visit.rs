//! Moving to another conversation without another document: the thread, the bar and the title are those of the other
//! conversation, the address and Back are as if a page had been opened, and the list and the composer stay.

use std::{cell::RefCell, collections::VecDeque};

use futures::{
    FutureExt,
    future::{LocalBoxFuture, Shared},
};
use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DocumentFragment, Element, Event};

use super::{
    browser, drafts, editing, field, follow, mentions, messages, outbox, overlay, place, posting, posts,
    refresh, replying, request, request::Refused, scroll, sidebar, state::Fetched, state::PageState,
    state::Shown, tab, temporary, thread,
};

/// How many conversations that were left are kept as they were, so that going back shows them at once.
const KEPT: usize = 6;
/// How long a conversation that was fetched before it was wanted may be shown, in milliseconds.
const FRESH: f64 = 10_000.0;

/// `None` where the server answers with a page of its own.
type Fetching = Shared<LocalBoxFuture<'static, Result<Option<Fetched>, Refused>>>;

/// Which entry of the history is for what is shown next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    New,
    /// The newest one, which was there for an overlay.
    Replaced,
    /// The one that Back or Forward led to.
    Same,
}

/// A conversation that was on the page.
struct Left {
    path: String,
    shown: Shown,
    synced: u64,
    title: String,
    bar: String,
    messages: DocumentFragment,
    empty: bool,
}

thread_local! {
    static PREFETCHED: RefCell<Option<(String, f64, Fetching)>> = const { RefCell::new(None) };
    static LEFT: RefCell<VecDeque<Left>> = const { RefCell::new(VecDeque::new()) };
    /// The paths of conversations that were deleted from this page.
    static GONE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// The path of what the page shows, with its parameters.
    static HERE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The path that is on the page.
fn here() -> String {
    HERE.with_borrow(Clone::clone)
}

/// The path that the browser shows, with its parameters.
fn path_now() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

pub(super) fn begin(state: PageState) {
    HERE.set(path_now());
    window_event_listener(ev::popstate, move |_| {
        if overlay::on_back() {
            return;
        }
        let path = path_now();
        if path != here() {
            go(state, path, false);
        } else {
            stay(state);
        }
    });
    window_event_listener(ev::pageshow, move |event| {
        // The browser brings the page back as it was left: what is sent from it now is a new request.
        if event.persisted() {
            state.pending_questions.set_value(Default::default());
            state.pending_change.set_value(Default::default());
            state.steering.set_value(false);
            state.moving.set_value(false);
            refresh::refresh(state);
        }
    });
}

/// The path of a link to a conversation or to the start page; `None` for every other link, which the browser follows, as it
/// does all links of a temporary conversation: it asks before the page is left.
fn target(link: &Element) -> Option<String> {
    if temporary::is_on() {
        return None;
    }
    let path = link.get_attribute("href")?;
    (path == "/" || path.strip_prefix("/c/").is_some_and(|id| !id.contains(['/', '?', '#']))).then_some(path)
}

/// Fetches what a link leads to, because somebody is about to follow it.
pub(super) fn prefetch(link: &Element) {
    let Some(path) = target(link).filter(|path| *path != here()) else { return };
    let known = LEFT.with_borrow(|left| left.iter().any(|left| left.path == path));
    if !known {
        drop(fetch(&path));
    }
}

fn fetch(path: &str) -> Fetching {
    let now = browser::now();
    let ready = PREFETCHED.with_borrow(|fetched| match fetched {
        Some((of, then, fetching)) if of == path && now - then < FRESH => Some(fetching.clone()),
        _ => None,
    });
    if let Some(ready) = ready {
        return ready;
    }
    let address = match path.strip_prefix("/c/") {
        // The parameters of a page are those of its part, too.
        Some(id) => format!("/fn/part?conversation={}", id.replace('?', "&")),
        None => "/fn/part".to_owned(),
    };
    let fetching = async move {
        match request::get(&address).await {
            Ok(json) => Ok(Fetched::read(&json)),
            Err(refused) if refused.is_unreachable() => Err(refused),
            Err(_) => Ok(None),
        }
    };
    let fetching = fetching.boxed_local().shared();
    PREFETCHED.set(Some((path.to_owned(), now, fetching.clone())));
    // A future does nothing until somebody awaits it.
    let begun = fetching.clone();
    spawn_local(async move { drop(begun.await) });
    fetching
}

/// A click on a link: opens it in this document, if it leads to a conversation and nothing else is meant.
pub(super) fn on_click(state: PageState, link: &Element, event: &Event) {
    let Some(path) = target(link) else { return };
    let Some(mouse) = event.dyn_ref::<web_sys::MouseEvent>() else { return };
    // With one of these keys down, the browser opens a link in another tab or window.
    let elsewhere = mouse.ctrl_key() || mouse.meta_key() || mouse.shift_key() || mouse.button() != 0;
    if elsewhere || link.has_attribute("target") {
        return;
    }
    event.prevent_default();
    go(state, path, true);
}

/// Shows what is at `path`. `push`: as a new entry of the history.
pub(super) fn go(state: PageState, path: String, push: bool) {
    mentions::close();
    let entry = match (push, overlay::close_to_go()) {
        (false, _) => Entry::Same,
        (true, true) => Entry::Replaced,
        (true, false) => Entry::New,
    };
    if push && path == here() && entry != Entry::Replaced {
        stay(state);
        sidebar::mark_current(state.conversation().as_deref());
        scroll::to_end(state);
        return field::focus();
    }
    if push {
        place::store(state);
    }
    drafts::leave(state);
    replying::end();
    // Whatever is fetched for an earlier click is not wanted any more.
    state.moves.update_value(|moves| *moves += 1);
    let moves = state.moves.get_value();
    let found = LEFT.with_borrow_mut(|left| {
        let at = left.iter().position(|left| left.path == path)?;
        left.remove(at)
    });
    match found {
        Some(left) => {
            leave(state);
            show_left(state, left, entry);
        }
        None => {
            state.moving.set_value(true);
            let fetching = fetch(&path);
            spawn_local(async move {
                let fetched = fetching.await;
                PREFETCHED.set(None);
                if state.moves.get_value() != moves {
                    return;
                }
                match fetched {
                    Ok(Some(fetched)) => {
                        leave(state);
                        show_fetched(state, &path, fetched, entry);
                    }
                    // What is on the page can be read on; after Back the address is another one already.
                    Err(refused) if entry == Entry::New => {
                        stay(state);
                        state.show_refusal(refused);
                    }
                    // The server says on a page of its own what is wrong.
                    _ => drop(window().location().assign(&path)),
                }
            });
        }
    }
}

/// The conversation on the page is wanted after all, and not the one that is on its way.
fn stay(state: PageState) {
    if state.moving.get_value() {
        state.moving.set_value(false);
        state.moves.update_value(|moves| *moves += 1);
        drafts::stay(state);
    }
}

/// Goes to the newest messages of the conversation, where a page of older ones is: what was done there is shown there. A
/// move that is under way goes on.
pub(super) fn to_newest(state: PageState) {
    let stays = state.follows.get_value() || state.moving.get_value();
    if let Some(id) = state.conversation().filter(|_| !stays) {
        go(state, format!("/c/{id}"), true);
    }
}

/// Takes the conversation off the page and keeps it.
fn leave(state: PageState) {
    let (Some(messages), Some(scroller)) = (messages::list(), messages::scroller()) else { return };
    sidebar::note_seen();
    scroll::unpin();
    // When the conversation is opened again, the outbox shows it, or the server has it, or its draft does.
    thread::remove_unsent();
    posts::leave();
    let fragment = document().create_document_fragment();
    while let Some(child) = messages.first_child() {
        let _ = fragment.append_child(&child);
    }
    let Some(conversation_id) = state.conversation().filter(|_| state.follows.get_value()) else { return };
    let path = format!("/c/{conversation_id}");
    if GONE.with_borrow(|gone| gone.contains(&path)) {
        return;
    }
    let bar = document().query_selector(".top-bar").ok().flatten().map(|bar| bar.outer_html());
    let left = Left {
        path,
        shown: Shown {
            conversation_id: Some(conversation_id),
            generating: state.generating.get_untracked().filter(|id| !id.is_empty()),
            after: Some(state.position.get_value()),
            model: state.model.get_untracked(),
            model_label: state.model_label.get_untracked(),
            queue: state.queue.get_untracked(),
            room: state.room.get_untracked(),
            asks: state.asks.get_untracked(),
            only_reads: state.only_reads.get_untracked(),
            manages: state.manages.get_untracked(),
        },
        synced: state.synced.get_value(),
        title: tab::plain(),
        bar: bar.unwrap_or_default(),
        messages: fragment,
        empty: scroller.class_list().contains("empty"),
    };
    LEFT.with_borrow_mut(|all| {
        all.push_front(left);
        all.truncate(KEPT);
    });
}

fn show_left(state: PageState, left: Left, entry: Entry) {
    let Left { path, shown, synced, title, bar, messages, empty } = left;
    if let Some(place) = messages::list() {
        let _ = place.append_child(&messages);
    }
    arrive(state, &path, (shown, &title, &bar), empty, entry);
    state.synced.set_value(synced);
    // What happened meanwhile.
    refresh::refresh(state);
}

fn show_fetched(state: PageState, path: &str, fetched: Fetched, entry: Entry) {
    let empty = fetched.shown.conversation_id.is_none();
    if let Some(place) = messages::list() {
        place.set_inner_html(&fetched.thread);
    }
    arrive(state, path, (fetched.shown, &fetched.title, &fetched.bar), empty, entry);
}

/// The messages are in place: everything else follows.
fn arrive(state: PageState, path: &str, (shown, title, bar): (Shown, &str, &str), empty: bool, entry: Entry) {
    if let Some(scroller) = messages::scroller() {
        let _ = scroller.class_list().toggle_with_force("empty", empty);
    }
    match entry {
        Entry::New => overlay::push(path),
        Entry::Replaced => {
            if let Ok(history) = window().history() {
                let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(path));
            }
        }
        Entry::Same => {}
    }
    HERE.set(path.to_owned());
    state.show(shown);
    sidebar::replace_bar(bar, title);
    sidebar::mark_current(state.conversation().as_deref());
    sidebar::seen(state);
    drafts::show_draft(state);
    outbox::restore(state);
    posting::restore(state);
    editing::restore(state);
    place::restore(state);
    if !path.contains("?at=") {
        field::focus();
    }
    follow::begin(state);
}

/// The conversation that was new on this page has its address now.
pub(super) fn named(path: &str) {
    overlay::push(path);
    HERE.set(path.to_owned());
}

/// Forgets what was kept of a conversation that is deleted.
pub(super) fn forget(path: &str) {
    GONE.with_borrow_mut(|gone| gone.push(path.to_owned()));
    LEFT.with_borrow_mut(|left| left.retain(|left| left.path != path));
}

/// A conversation that was deleted is there again.
pub(super) fn remember(path: &str) {
    GONE.with_borrow_mut(|gone| gone.retain(|gone| gone != path));
}
