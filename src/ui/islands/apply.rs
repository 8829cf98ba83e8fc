//! Applies the events of the conversation to the page: text that arrives, at once; everything else by a
//! [`refresh`], which brings what the server makes of it.

use leptos::prelude::*;
use web_sys::Element;

use super::{
    announce, arriving, blocks, json::Json, messages, outbox, queue, refresh, scroll, sidebar,
    state::PageState, temporary, thread, typing,
};

/// The attribute of an answer whose text will be told from its beginning.
const ANEW: &str = "data-anew";

/// Applies events that came together, as `domain::SeqEvent` describes it. None is applied while the
/// page is about to go back ([`PageState::rewind`]).
pub(super) fn apply_batch(state: PageState, events: &[Json]) {
    let answer = || blocks::prose(&state.generating.get_untracked()?);
    let before = answer().map(|prose| arriving::Extent::of(&prose));
    for event in events {
        if let Some(seq) = event.number("seq") {
            state.position.set_value(seq);
            if state.overlaps.get_value() {
                break;
            }
            let _ = apply(state, event);
        }
    }
    if let Some(prose) = answer() {
        arriving::show(&prose, before.unwrap_or_default());
    }
    scroll::settle(state);
}

/// `None`: the event lacks what it must have, or the page needs nothing of it. An event that this page does not know is
/// skipped, because a newer server may send it.
fn apply(state: PageState, event: &Json) -> Option<()> {
    let message_id = event.text("message_id").unwrap_or_default();
    // The server's HTML on the page shows it already, and how the answer ended too, perhaps.
    let is_shown = event.number("seq")? <= state.synced.get_value();
    let index = || event.number("index").and_then(|index| u32::try_from(index).ok());
    match &*event.text("event")? {
        "started" => {
            let question = event.get("question");
            let question = question.and_then(|asked| Some((asked.text("id")?, asked.text("content")?)));
            if let Some((_, text)) = &question {
                outbox::question_arrived(state, text);
            }
            if !is_shown && question.is_some() && state.is_room() {
                // Somebody's question stands there with who asked it.
                state.generating.set(Some(message_id));
                refresh::refresh(state);
            } else if !is_shown {
                started(state, &message_id, question, event.text("parent_id").as_deref());
            }
        }
        "block" | "lines" | "reasoning" if is_shown => {}
        "block" => {
            let (index, html) = (index()?, event.text("html")?);
            with_answer(state, &message_id, |article, prose| {
                begin_text(article);
                if article.has_attribute(ANEW) {
                    let _ = article.remove_attribute(ANEW);
                    blocks::begin_anew(prose, &html);
                }
                blocks::put(prose, index, &html);
            });
        }
        "lines" => {
            let (index, html) = (index()?, event.text("html")?);
            with_answer(state, &message_id, |_, prose| blocks::append_lines(prose, index, &html));
        }
        "reasoning" => append_reasoning(&messages::message(&message_id)?, &event.text("text")?),
        "text" => temporary::told(&messages::message(&message_id)?, event),
        "done" | "failed" => {
            let answer = messages::message(&message_id).filter(|_| temporary::is_on());
            let why = answer.and_then(|answer| temporary::ended(&answer, event));
            ended(state, &message_id);
            if why.is_some() {
                scroll::unpin();
                state.alert.set(why);
            }
        }
        "title" => sidebar::set_title(state, &event.text("title")?),
        "members" => {
            // A room's new name comes with its settings.
            if let Some(title) = event.text("title") {
                sidebar::set_title(state, &title);
            }
            match event.flag("reread") {
                true => refresh::refresh(state),
                false => refresh::soon(state),
            }
            // The questions of whoever is gone are, too.
            if state.queue.with_untracked(|queue| !queue.items.is_empty()) {
                queue::reload(state);
            }
        }
        "queue" => queue::reload(state),
        "changed" | "reactions" | "deleted" | "reset" => refresh::refresh(state),
        "typing" => typing::told(event),
        "message" => {
            typing::came(&event.text("author_id").unwrap_or_default());
            outbox::question_arrived(state, &event.text("content")?);
            // A message that the page has may have been changed.
            let id = event.text("id")?;
            if messages::ends().is_none_or(|(_, newest)| newest < id) {
                scroll::arrived(state);
                sidebar::heard(state);
            }
            refresh::refresh(state);
        }
        _ => {}
    }
    Some(())
}

/// An answer begins, or goes on. It follows the newest message, or it is one that the page shows; anything else is on a
/// branch that the page does not show yet.
fn started(state: PageState, answer_id: &str, question: Option<(String, String)>, parent_id: Option<&str>) {
    if let Some(article) = messages::message(answer_id) {
        begin_again(&article);
    } else {
        let newest = messages::ends().map(|(_, newest)| newest);
        let follows = match &question {
            Some((id, _)) => newest.is_none() || newest.as_deref() == Some(id) || !thread::has_unsent(),
            None => newest.as_deref() == parent_id,
        };
        if !thread::has_unsent() {
            if !follows {
                state.generating.set(Some(answer_id.to_owned()));
                return refresh::refresh(state);
            }
            thread::append_turn(question.as_ref().map(|(_, text)| text.as_str()));
            scroll::arrived(state);
        }
        thread::name_turn(question.as_ref().map(|(id, _)| id.as_str()), answer_id);
    }
    state.generating.set(Some(answer_id.to_owned()));
    announce::answering(state);
}

/// All of the answer's text will be told again.
fn begin_again(article: &Element) {
    let _ = article.set_attribute("aria-busy", "true");
    let _ = article.set_attribute(ANEW, "");
    if let Ok(Some(reasoning)) = article.query_selector(".reasoning-text") {
        reasoning.set_text_content(None);
    }
    for end in [":scope > .answer-end", ":scope > .actions"] {
        if let Ok(Some(end)) = article.query_selector(end) {
            end.remove();
        }
    }
}

/// Calls `act` with the answer and the element of its text, unless the page shows another branch.
fn with_answer(state: PageState, id: &str, act: impl FnOnce(&Element, &Element)) {
    match (messages::message(id), blocks::prose(id)) {
        (Some(article), Some(prose)) => act(&article, &prose),
        // It is of an answer that began while the page was away.
        _ if state.generating.with_untracked(Option::is_none) => refresh::refresh(state),
        _ => {}
    }
}

/// What stands in for the text goes when the first of it comes, and thinking that opened by itself is folded.
fn begin_text(article: &Element) {
    if let Ok(Some(waiting)) = article.query_selector(":scope > .waiting") {
        waiting.remove();
    }
    if let Ok(Some(reasoning)) = article.query_selector(":scope > .reasoning[data-auto]") {
        let _ = reasoning.remove_attribute("open");
        let _ = reasoning.remove_attribute("data-auto");
    }
}

fn append_reasoning(article: &Element, text: &str) {
    let Ok(Some(reasoning)) = article.query_selector(":scope > .reasoning") else { return };
    if reasoning.has_attribute("hidden") {
        let _ = reasoning.remove_attribute("hidden");
        let _ = reasoning.set_attribute("open", "");
        let _ = reasoning.set_attribute("data-auto", "");
    }
    if let Ok(Some(place)) = reasoning.query_selector(".reasoning-text") {
        let _ = place.append_with_str_1(text);
    }
}

pub(super) fn ended(state: PageState, answer_id: &str) {
    if let Some(article) = messages::message(answer_id) {
        let _ = article.remove_attribute("aria-busy");
        if let Ok(Some(waiting)) = article.query_selector(":scope > .waiting") {
            waiting.remove();
        }
        announce::ended(&article);
        if !state.follows.get_value() {
            announce::say_end(state);
        }
    }
    if state.generating.with_untracked(|generating| generating.as_deref() == Some(answer_id)) {
        state.generating.set(None);
        // The alert may ask to wait for this answer.
        state.alert.set(None);
        if state.follows.get_value() {
            sidebar::answered(state);
        }
    }
    // Whether the questions that wait are asked now depends on how it ended.
    if state.queue.with_untracked(|queue| !queue.items.is_empty()) {
        queue::reload(state);
    }
    refresh::refresh(state);
}
