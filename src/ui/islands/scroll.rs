//! Where the thread is scrolled to. It is in one of two states: it *follows*, which keeps its end in view while it grows, or
//! it keeps the line that the reader reads where it is. Any gesture or key upward ends following in the same frame; reaching
//! the end begins it.

use std::cell::{Cell, RefCell};

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, ResizeObserver};

use super::{messages, state::PageState};

/// A thread that shows its end this closely, in pixels, is at its end.
const AT_END: i32 = 2;
/// A thread that is this far from its end, in pixels, is away from it.
const AWAY: i32 = 100;
/// A pinned question stays so many pixels below the upper edge of the thread, because the thread fades out there.
const CLEAR: f64 = 24.0;

thread_local! {
    /// The line that stays where it is.
    static ANCHOR: RefCell<Option<Anchor>> = const { RefCell::new(None) };
    /// Where the thread was scrolled to when it was looked at last.
    static LAST_TOP: Cell<i32> = const { Cell::new(0) };
    static TOUCH: Cell<i32> = const { Cell::new(0) };
}

/// A message, or a block of an answer, and how far its upper edge is below that of the thread.
#[derive(Clone)]
pub(super) struct Anchor {
    pub message_id: String,
    /// The place of the block in the answer's text; -1: the message itself.
    pub block: i32,
    /// In pixels.
    pub offset: f64,
    element: Element,
}

impl Anchor {
    /// The anchor at a place that was stored.
    pub fn at(message_id: &str, block: i32, offset: f64) -> Option<Self> {
        let message = messages::message(message_id)?;
        let inner = u32::try_from(block)
            .ok()
            .and_then(|block| message.query_selector(".prose").ok().flatten()?.children().item(block));
        let element = inner.unwrap_or(message);
        Some(Self { message_id: message_id.to_owned(), block, offset, element })
    }

    /// Scrolls so that the anchor is where it was.
    fn hold(&self, scroller: &Element) {
        let moved = top_in(scroller, &self.element) - self.offset;
        if moved.abs() >= 1.0 {
            scroller.set_scroll_top(scroller.scroll_top() + moved.round() as i32);
        }
    }
}

fn top_in(scroller: &Element, element: &Element) -> f64 {
    element.get_bounding_client_rect().top() - scroller.get_bounding_client_rect().top()
}

/// The first of `elements`, which stand one below the other, that is not wholly above the thread's upper edge.
fn first_visible(scroller: &Element, elements: &[Element]) -> Option<usize> {
    let edge = scroller.get_bounding_client_rect().top() + 1.0;
    let at = elements.partition_point(|element| element.get_bounding_client_rect().bottom() <= edge);
    (at < elements.len()).then_some(at)
}

/// The line at the upper edge.
fn anchor_now(scroller: &Element) -> Option<Anchor> {
    let messages = messages::all();
    let message = messages.get(first_visible(scroller, &messages)?)?;
    let blocks = message.query_selector(".prose").ok().flatten().map(|prose| prose.children());
    let blocks: Vec<Element> =
        blocks.map(|all| (0..all.length()).filter_map(|at| all.item(at)).collect()).unwrap_or_default();
    let block = first_visible(scroller, &blocks).filter(|at| *at > 0);
    let element = block.map_or(message, |at| &blocks[at]).clone();
    let block = block.and_then(|at| i32::try_from(at).ok()).unwrap_or(-1);
    Some(Anchor { message_id: message.id(), block, offset: top_in(scroller, &element), element })
}

/// The place among messages of the first one in view.
pub(super) fn first_in_view(messages: &[Element]) -> Option<usize> {
    first_visible(&messages::scroller()?, messages)
}

pub(super) fn current_anchor() -> Option<Anchor> {
    ANCHOR.with_borrow(Clone::clone)
}

/// Listens to all that scrolls the thread.
pub(super) fn begin(state: PageState) {
    let Some(scroller) = messages::scroller() else { return };
    let away = move || state.following.set(false);
    listen(&scroller, "wheel", move |event: web_sys::WheelEvent| {
        if event.delta_y() < 0.0 {
            away();
        }
    });
    listen(&scroller, "touchstart", |event: web_sys::TouchEvent| {
        TOUCH.set(event.touches().get(0).map_or(0, |touch| touch.client_y()));
    });
    listen(&scroller, "touchmove", move |event: web_sys::TouchEvent| {
        let now = event.touches().get(0).map_or(0, |touch| touch.client_y());
        // A finger that moves down pulls earlier text into view.
        if now > TOUCH.replace(now) {
            away();
        }
    });
    let own = scroller.clone();
    listen(&scroller, "pointerdown", move |event: web_sys::PointerEvent| {
        let on_scrollbar =
            event.target().is_some_and(|target| own.is_same_node(target.dyn_ref::<web_sys::Node>()));
        if on_scrollbar && event.offset_x() >= own.client_width() {
            away();
        }
    });
    listen(&scroller, "scroll", move |_: ev::Event| on_scroll(state));
    observe(state, &scroller);
    on_scroll(state);
}

/// Keys that scroll upward, pressed anywhere but in a field that uses them.
pub(super) fn on_key(state: PageState, event: &ev::KeyboardEvent) {
    let upward = matches!(event.key().as_str(), "PageUp" | "ArrowUp" | "Home");
    if upward || (event.key() == " " && event.shift_key()) {
        state.following.set(false);
    }
}

/// Scrolls by nearly a window.
pub(super) fn by_page(state: PageState, up: bool) {
    let Some(scroller) = messages::scroller() else { return };
    let step = scroller.client_height() * 9 / 10;
    if up {
        set(state.following, false);
    }
    scroller.set_scroll_top(scroller.scroll_top() + if up { -step } else { step });
}

fn listen<E: JsCast + 'static>(on: &Element, name: &str, listener: impl Fn(E) + 'static) {
    let closure = Closure::<dyn Fn(ev::Event)>::new(move |event: ev::Event| listener(event.unchecked_into()));
    let options = web_sys::AddEventListenerOptions::new();
    options.set_passive(true);
    let _ = on.add_event_listener_with_callback_and_add_event_listener_options(
        name,
        closure.as_ref().unchecked_ref(),
        &options,
    );
    closure.forget();
}

fn on_scroll(state: PageState) {
    let Some(scroller) = messages::scroller() else { return };
    let (top, left) = (scroller.scroll_top(), below(&scroller));
    let upward = top < LAST_TOP.replace(top);
    if left <= AT_END {
        set(state.following, state.follows.get_value());
        set(state.unseen, 0);
    } else if upward {
        set(state.following, false);
    }
    set(state.away, left > AWAY);
    ANCHOR.set(anchor_now(&scroller));
}

/// Sets a signal, and wakes those who read it only if it changes.
fn set<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

/// How many pixels of the thread are below its window.
fn below(scroller: &Element) -> i32 {
    scroller.scroll_height() - scroller.scroll_top() - scroller.client_height()
}

/// What changes its height above the line that is read (a picture, a fold, a font, a turned phone) does not move it.
fn observe(state: PageState, scroller: &Element) {
    let callback = Closure::<dyn Fn()>::new(move || settle(state));
    let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) else { return };
    observer.observe(scroller);
    if let Some(messages) = messages::list() {
        observer.observe(&messages);
    }
    callback.forget();
}

/// Puts the thread where its state says, after its content or its size has changed.
pub(super) fn settle(state: PageState) {
    let Some(scroller) = messages::scroller() else { return };
    if state.following.get_untracked() {
        scroller.set_scroll_top(scroller.scroll_height());
    } else if let Some(anchor) = current_anchor().filter(|anchor| anchor.element.is_connected()) {
        anchor.hold(&scroller);
    }
    LAST_TOP.set(scroller.scroll_top());
    set(state.away, below(&scroller) > AWAY);
}

/// Changes messages, and keeps the first visible one that is still there where it is.
pub(super) fn kept(change: impl FnOnce()) {
    let Some(scroller) = messages::scroller() else { return change() };
    let before = messages::all();
    let first = first_visible(&scroller, &before).unwrap_or(before.len());
    let tops: Vec<(Element, f64)> =
        before[first..].iter().map(|message| (message.clone(), top_in(&scroller, message))).collect();
    let inner = anchor_now(&scroller);
    change();
    let still =
        inner.filter(|anchor| anchor.element.is_connected()).map(|anchor| (anchor.element, anchor.offset));
    let still = still.or_else(|| tops.iter().find(|(message, _)| message.is_connected()).cloned());
    // Another version stands where the message was.
    let still = still.or_else(|| Some((messages::all().get(first)?.clone(), tops.first()?.1)));
    if let Some((element, top)) = still {
        let moved = top_in(&scroller, &element) - top;
        scroller.set_scroll_top(scroller.scroll_top() + moved.round() as i32);
        LAST_TOP.set(scroller.scroll_top());
        ANCHOR.set(anchor_now(&scroller));
    }
}

/// Goes to the end, and follows from there.
pub(super) fn to_end(state: PageState) {
    set(state.following, state.follows.get_value());
    if let Some(scroller) = messages::scroller() {
        scroller.set_scroll_top(scroller.scroll_height());
        on_scroll(state);
    }
}

/// Goes to a place that was stored.
pub(super) fn to_anchor(state: PageState, anchor: Anchor) {
    set(state.following, false);
    if let Some(scroller) = messages::scroller() {
        anchor.hold(&scroller);
        ANCHOR.set(Some(anchor));
        LAST_TOP.set(scroller.scroll_top());
        set(state.away, below(&scroller) > AWAY);
    }
}

/// Moves the newest question to the upper edge, with room below it for its answer to grow, so that the answer is read from
/// its beginning. Answers which question that is.
pub(super) fn pin_newest_question(state: PageState) -> Option<String> {
    let question = messages::all().into_iter().rfind(|message| message.class_list().contains("user"))?;
    pin(state, &question);
    Some(question.id())
}

pub(super) fn pin(state: PageState, question: &Element) {
    let (Some(scroller), Some(messages)) = (messages::scroller(), messages::list()) else { return };
    set(state.following, false);
    let Some(messages) = messages.dyn_ref::<HtmlElement>() else { return };
    unpin();
    // From the question's top to the end of the messages there must be as much as the window shows.
    let above = question.get_bounding_client_rect().top() - messages.get_bounding_client_rect().top();
    let room = f64::from(scroller.client_height()) - CLEAR;
    let _ = messages.style().set_property("min-height", &format!("{}px", (above + room).ceil() as i32));
    let top = top_in(&scroller, question) - CLEAR;
    scroller.set_scroll_top(scroller.scroll_top() + top.round() as i32);
    LAST_TOP.set(scroller.scroll_top());
    ANCHOR.set(anchor_now(&scroller));
}

/// Takes back the room of [`pin`].
pub(super) fn unpin() {
    if let Some(messages) = messages::list().as_ref().and_then(|messages| messages.dyn_ref::<HtmlElement>()) {
        let _ = messages.style().remove_property("min-height");
    }
}

/// A message came: it counts as unseen while the end is out of view.
pub(super) fn arrived(state: PageState) {
    if state.away.get_untracked() && !state.following.get_untracked() {
        state.unseen.update(|unseen| *unseen += 1);
    }
}
