//! The messages on the page: which there are, a turn that is begun here, and what the server sends in their place. A message
//! that stays the same keeps its elements, so that nothing that is selected, unfolded or focused in it is lost.

use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DocumentFragment, Element, HtmlElement, HtmlTemplateElement, Node};

use super::{
    elements::{self, copy_of_template},
    focus, messages, posts, scroll,
};
use crate::ui::parts::is_long_question;

/// The class of a question that the server has not got yet.
const UNSENT: &str = "unsent";

/// Appends a question that is being sent, and the answer that is awaited; they have no ids yet.
pub(super) fn append_turn(question: Option<&str>) {
    let Some(messages) = messages::list() else { return };
    show_welcome(&messages, false);
    if let (Some(text), Some(article)) = (question, copy_of_template("new-question")) {
        if let Ok(Some(place)) = article.query_selector(".question-text") {
            place.set_text_content(Some(text));
        }
        if let (true, Ok(Some(unfold))) = (is_long_question(text), article.query_selector(".unfold")) {
            elements::set_hidden(&unfold, false);
        }
        let _ = article.class_list().add_1(UNSENT);
        let _ = messages.append_child(&article);
    }
    if let Some(article) = copy_of_template("new-answer") {
        let _ = article.class_list().add_1(UNSENT);
        let _ = messages.append_child(&article);
    }
}

/// Shows what stands in a thread without messages, or hides it until it is known that the first question arrived.
fn show_welcome(messages: &Element, shown: bool) {
    let welcome = messages.query_selector(":scope > :not(.message, .page-link)").ok().flatten();
    if let Some(welcome) = welcome.and_then(|welcome| welcome.dyn_into::<HtmlElement>().ok()) {
        welcome.set_hidden(!shown);
        let thread = messages::scroller();
        let _ = thread.map(|thread| thread.class_list().toggle_with_force("empty", shown));
    }
}

/// The question and the answer of [`append_turn`].
fn unsent() -> Vec<Element> {
    messages::all().into_iter().filter(|message| message.class_list().contains(UNSENT)).collect()
}

pub(super) fn has_unsent() -> bool {
    !unsent().is_empty()
}

/// Gives the turn that is being sent its ids.
pub(super) fn name_turn(question_id: Option<&str>, answer_id: &str) {
    for message in unsent() {
        let is_question = message.class_list().contains("user");
        let id = if is_question { question_id } else { Some(answer_id) };
        message.set_id(id.unwrap_or_default());
        let _ = message.class_list().remove_1(UNSENT);
    }
}

/// Removes the turn that could not be sent.
pub(super) fn remove_unsent() {
    unsent().iter().for_each(Element::remove);
    if let Some(messages) = messages::list().filter(|_| messages::all().is_empty()) {
        show_welcome(&messages, true);
    }
}

/// What a piece of the server's HTML holds.
fn parsed(html: &str) -> Option<DocumentFragment> {
    let template = document().create_element("template").ok()?.dyn_into::<HtmlTemplateElement>().ok()?;
    template.set_inner_html(html);
    Some(template.content())
}

/// What became of the server's HTML.
#[derive(Default)]
pub(super) struct Placed {
    /// The text of an answer that is being written is the server's now.
    pub replaced: bool,
    /// A message was left out.
    pub left_out: bool,
}

/// Shows the server's HTML of the messages in place of those that are there. `is_ahead`: an answer that is being written
/// stays as it is, because the page has more of it. `is_awaited`: see [`posts::is_awaited`].
pub(super) fn show(html: &str, is_ahead: bool, is_awaited: bool) -> Placed {
    const BUSY: &str = "aria-busy";
    let mut placed = Placed::default();
    let (Some(messages), Some(fresh)) = (messages::list(), parsed(html)) else { return placed };
    let unsent: Vec<Element> = unsent().into_iter().chain(posts::on_page()).collect();
    let held = focus::hold();
    scroll::kept(|| {
        let fresh = messages::elements(&fresh.children());
        let ids = js_sys::Set::new(&JsValue::UNDEFINED);
        for id in fresh.iter().map(Element::id).filter(|id| !id.is_empty()) {
            ids.add(&id.into());
        }
        for old in messages::children(&messages).filter(|old| !ids.has(&old.id().into())) {
            old.remove();
        }
        let mut place = messages.first_element_child();
        for new in fresh {
            let old = messages::message(&new.id()).filter(|_| !new.id().is_empty());
            if is_awaited && old.is_none() && new.class_list().contains("own") {
                placed.left_out = true;
                continue;
            }
            let stays = is_ahead && old.as_ref().is_some_and(|old| old.has_attribute(BUSY));
            placed.replaced |= !stays && new.has_attribute(BUSY);
            let node = match old {
                Some(old) => {
                    if !stays {
                        patch(&old, &new);
                    }
                    old
                }
                None => new,
            };
            if place.as_ref().is_some_and(|place| place.is_same_node(Some(&node))) {
                place = node.next_element_sibling();
            } else {
                let before = place.as_ref().map(AsRef::<Node>::as_ref);
                let _ = messages.insert_before(&node, before);
            }
        }
        for message in unsent {
            let _ = messages.append_child(&message);
        }
    });
    held.restore();
    placed
}

/// Puts earlier messages before those that are there.
pub(super) fn prepend(html: &str) {
    let (Some(messages), Some(fresh)) = (messages::list(), parsed(html)) else { return };
    scroll::kept(|| {
        if let Ok(Some(link)) = messages.query_selector(":scope > .earlier") {
            link.remove();
        }
        // The link to the newest messages belongs to a page of older ones; a message that is there already came with
        // another reply.
        for new in messages::elements(&fresh.children()) {
            if new.matches(".newest") == Ok(true) || messages::message(&new.id()).is_some() {
                new.remove();
            }
        }
        let first = messages.first_child();
        let _ = messages.insert_before(&fresh, first.as_ref());
    });
}

/// Makes a message look like `new`. Its text keeps its elements unless it is another text, and an edit that is open in it
/// stays.
fn patch(old: &Element, new: &Element) {
    if new.has_attribute("data-unchanged") {
        return patch_versions(old, new);
    }
    for name in ["class", "data-status", "data-retry-at", "aria-busy", "aria-label"] {
        let _ = match new.get_attribute(name) {
            Some(value) => old.set_attribute(name, &value),
            None => old.remove_attribute(name),
        };
    }
    let find = |of: &Element, selector: &str| of.query_selector(selector).ok().flatten();
    let text = |of: &Element| find(of, ":scope > .prose, :scope > .question-text");
    // What people write comes whole, and no piece of it was put there while it arrived.
    let is_said = new.class_list().contains("said");
    let same = match (text(old), text(new)) {
        (Some(old), Some(new)) if is_said => old.outer_html() == new.outer_html(),
        (Some(old), Some(new)) => shown_text(&old) == shown_text(&new),
        _ => false,
    };
    if let (Some(old), Some(new)) = (find(old, ":scope > .reasoning"), find(new, ":scope > .reasoning")) {
        // What opened by itself is folded at the end.
        let _ = match old.has_attribute("open") && !old.has_attribute("data-auto") {
            true => new.set_attribute("open", ""),
            false if new.has_attribute("data-auto") => Ok(()),
            false => new.remove_attribute("open"),
        };
    }
    if let (true, Some(_), Some(unfold)) =
        (same, find(old, ":scope > .unfold[aria-expanded=true]"), find(new, ":scope > .unfold"))
    {
        let _ = unfold.set_attribute("aria-expanded", "true");
    }
    let kept = text(old).filter(|_| same);
    let edit = find(old, ":scope > .edit-form").filter(|_| find(new, ":scope > .edit-form").is_none());
    for child in messages::children(old) {
        let stays =
            [&kept, &edit].iter().any(|stays| stays.as_ref().is_some_and(|s| s.is_same_node(Some(&child))));
        if !stays {
            child.remove();
        }
    }
    let after = kept.as_ref().and_then(|kept| kept.next_sibling());
    let mut before = kept.clone().map(Node::from).or_else(|| old.first_child());
    for child in messages::children(new) {
        if kept.is_some()
            && (child.class_list().contains("prose") || child.class_list().contains("question-text"))
        {
            before = after.clone();
            continue;
        }
        let _ = old.insert_before(&child, before.as_ref());
    }
}

/// Puts the arrows between versions, as `new` has them, into a message that has not changed otherwise.
fn patch_versions(old: &Element, new: &Element) {
    let find = |of: &Element| of.query_selector(".versions").ok().flatten();
    match (find(old), find(new)) {
        (Some(old), Some(new)) => {
            if old.outer_html() != new.outer_html() {
                let _ = old.replace_with_with_node_1(&new);
            }
        }
        (Some(old), None) => old.remove(),
        (None, Some(new)) => {
            if let Ok(Some(actions)) = old.query_selector(":scope > .actions") {
                let _ = actions.insert_before(&new, actions.first_child().as_ref());
            }
        }
        (None, None) => {}
    }
}

/// The text that an element shows, without white space, because the server and the browser put different blanks between
/// blocks.
fn shown_text(of: &Element) -> String {
    let text = of.text_content().unwrap_or_default();
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
