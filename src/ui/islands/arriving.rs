//! Text arrives in pieces, and is shown evenly: what a piece brings is transparent at first and appears over the next frames,
//! so that a reader sees a flow and no steps. The text itself is in the page at once, for a selection, a search and a
//! screen reader, and its lines have their places. Who wants less motion sees each piece at once, as does a browser that
//! cannot draw a range of text in another way.

use std::cell::Cell;

use js_sys::{JsString, Reflect};
use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{Element, Node, Range};

use super::browser;

/// How late the last character of a piece appears at the most, in milliseconds.
const LATE: f64 = 80.0;
/// The length of a frame, in milliseconds.
const FRAME: f64 = 16.0;
/// A piece with more characters is shown at once, because it is what the page has missed.
const MOST: u32 = 400;
/// `NodeFilter.SHOW_TEXT`.
const SHOW_TEXT: u32 = 4;

#[wasm_bindgen]
extern "C" {
    /// <https://drafts.csswg.org/css-highlight-api-1/#highlight>
    type Highlight;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<Highlight, JsValue>;
    #[wasm_bindgen(method)]
    fn add(this: &Highlight, range: &Range);
    #[wasm_bindgen(method)]
    fn clear(this: &Highlight);
    #[wasm_bindgen(js_namespace = ["CSS", "highlights"], js_name = set, catch)]
    fn register(name: &str, highlight: &Highlight) -> Result<JsValue, JsValue>;
    /// <https://dom.spec.whatwg.org/#treewalker>
    type TreeWalker;
    #[wasm_bindgen(js_namespace = document, js_name = createTreeWalker)]
    fn walker(root: &Element, what_to_show: u32) -> TreeWalker;
    #[wasm_bindgen(method, js_name = lastChild)]
    fn last_child(this: &TreeWalker) -> Option<Node>;
    #[wasm_bindgen(method, js_name = previousNode)]
    fn previous_node(this: &TreeWalker) -> Option<Node>;
}

thread_local! {
    /// The range that is transparent; `None`: this browser cannot.
    static COMING: Option<Highlight> = registered();
    /// How many characters at the end of the newest block are.
    static HIDDEN: Cell<u32> = const { Cell::new(0) };
    /// When the last of them appears.
    static UNTIL: Cell<f64> = const { Cell::new(0.0) };
    /// Whether a frame is asked for.
    static DRAWING: Cell<bool> = const { Cell::new(false) };
}

/// How much of an answer there is: its blocks, and the characters of the newest.
#[derive(Clone, Copy, Default)]
pub(super) struct Extent {
    blocks: u32,
    length: u32,
}

impl Extent {
    pub fn of(prose: &Element) -> Self {
        let length = prose.last_element_child().map(|block| length(&block)).unwrap_or_default();
        Self { blocks: prose.child_element_count(), length }
    }
}

/// The characters of an element, counted where they are: a copy of the text would cost more.
fn length(of: &Element) -> u32 {
    let text = Reflect::get(of, &"textContent".into());
    text.ok().and_then(|text| text.dyn_into::<JsString>().ok()).map(|text| text.length()).unwrap_or_default()
}

/// Lets what came after `before` appear over the next frames.
pub(super) fn show(prose: &Element, before: Extent) {
    let now = Extent::of(prose);
    let seen = if now.blocks == before.blocks { before.length.saturating_sub(HIDDEN.get()) } else { 0 };
    let hidden = now.length.saturating_sub(seen);
    let at_once = hidden > MOST
        || before.blocks + 1 < now.blocks
        || browser::is_hidden()
        || browser::matches("(prefers-reduced-motion: reduce)");
    HIDDEN.set(if at_once { 0 } else { hidden });
    UNTIL.set(browser::now() + LATE);
    draw(prose);
}

/// Makes the end of the newest block transparent as far as it has not appeared, and asks for the next frame.
fn draw(prose: &Element) {
    let hidden = HIDDEN.get();
    let range = prose.last_element_child().filter(|_| hidden > 0).and_then(|block| end_of(&block, hidden));
    let can = COMING.with(|coming| {
        let Some(coming) = coming else { return false };
        coming.clear();
        if let Some(range) = &range {
            coming.add(range);
        }
        true
    });
    if can && range.is_some() && !DRAWING.replace(true) {
        let prose = prose.clone();
        request_animation_frame(move || {
            DRAWING.set(false);
            let frames = ((UNTIL.get() - browser::now()) / FRAME).max(1.0) as u32;
            HIDDEN.set(HIDDEN.get() - HIDDEN.get().div_ceil(frames));
            draw(&prose);
        });
    }
}

fn registered() -> Option<Highlight> {
    let highlight = Highlight::new().ok()?;
    register("arriving", &highlight).ok()?;
    Some(highlight)
}

/// The range of the last `count` characters of a block.
fn end_of(block: &Element, count: u32) -> Option<Range> {
    let range = document().create_range().ok()?;
    range.select_node_contents(block).ok()?;
    let texts = walker(block, SHOW_TEXT);
    let (mut text, mut left) = (texts.last_child(), count);
    while let Some(node) = text {
        let length = node.unchecked_ref::<web_sys::CharacterData>().length();
        if length >= left {
            range.set_start(&node, length - left).ok()?;
            break;
        }
        left -= length;
        text = texts.previous_node();
    }
    Some(range)
}
