//! The messages of rooms that are on their way to the server. Each stands in its thread from the moment it is sent, and is
//! stored until the server has it. They are posted one after another, in the order in which they were written, each with the
//! key that it got then: however often it is posted, it is the same message.

use std::cell::Cell;

use futures::future::{Either, select};
use leptos::{prelude::*, task::spawn_local};
use web_sys::{Element, Event, UrlSearchParams};

use super::{
    browser, drafts, elements, elements::copy_of_template, messages, posts, posts::POSTING, posts::Post,
    refresh, replying, request, request::Refused, scroll, state::PageState,
};

/// The attribute of such a message that has its key.
const KEY: &str = "data-key";
/// The pauses between tries while the server cannot be reached, in milliseconds. After the last one the message says that it
/// was not sent.
const PAUSES: [i32; 5] = [300, 1_000, 2_000, 4_000, 8_000];
/// How long a request may take until it is sent again, in milliseconds, because those behind it wait.
const PATIENCE: i32 = 20_000;

thread_local! {
    /// Whether the posts are being sent.
    static WORKS: Cell<bool> = const { Cell::new(false) };
}

/// Posts the form of a message, and shows the message.
pub(super) fn post(state: PageState, conversation_id: &str, fields: &UrlSearchParams) {
    let encoded = String::from(js_sys::Object::to_string(fields));
    let Some(post) = read(conversation_id, encoded) else { return };
    show(&post);
    scroll::to_end(state);
    store(state, &post, true);
    posts::with_all(|posts| posts.push(post));
    work(state);
}

fn read(conversation_id: &str, fields: String) -> Option<Post> {
    let key = UrlSearchParams::new_with_str(&fields).ok()?.get("key")?;
    Some(Post { conversation_id: conversation_id.to_owned(), key, fields, failed: None })
}

fn field(post: &Post, name: &str) -> Option<String> {
    UrlSearchParams::new_with_str(&post.fields).ok()?.get(name)
}

fn text(post: &Post) -> String {
    field(post, "text").unwrap_or_default()
}

/// The room on the page is shown: its messages that are on their way stand in its thread again, also those that an earlier
/// page left behind.
pub(super) fn restore(state: PageState) {
    let Some(id) = state.conversation().filter(|_| state.is_room() && state.follows.get_value()) else {
        return;
    };
    let stored = browser::stored(&name(state, &id)).unwrap_or_default();
    for post in stored.lines().filter_map(|fields| read(&id, fields.to_owned())) {
        posts::with_all(|posts| {
            if posts.iter().all(|known| known.key != post.key) {
                posts.push(post);
            }
        });
    }
    posts::leave();
    posts::with_all(|posts| posts.iter().filter(|post| post.conversation_id == id).for_each(show));
    work(state);
}

fn work(state: PageState) {
    if WORKS.replace(true) {
        return;
    }
    spawn_local(async move {
        let next = || posts::with_all(|posts| posts.iter().find(|post| post.failed.is_none()).cloned());
        while let Some(post) = next() {
            let sent = send(&post).await;
            let is_here = || state.conversation().as_ref() == Some(&post.conversation_id);
            match sent {
                Ok(message_id) => {
                    remove(state, &post.key);
                    if is_here() {
                        arrived(&post.key, &message_id);
                        refresh::refresh(state);
                    }
                }
                Err(refused) => {
                    if is_here() && refused.code == "signed_out" {
                        state.show_refusal(refused.clone());
                    }
                    fail(&post.key, refused.sentence());
                    if is_here() {
                        // What was left out meanwhile, because it might have been this one.
                        refresh::refresh(state);
                    }
                }
            }
        }
        WORKS.set(false);
    });
}

/// The id that the server gave the message.
async fn send(post: &Post) -> Result<String, Refused> {
    let fields = UrlSearchParams::new_with_str(&post.fields).map_err(|_| Refused::unreachable())?;
    let mut pauses = PAUSES.iter();
    loop {
        let posted = Box::pin(request::post("/fn/post", &fields));
        let refused = match select(posted, Box::pin(browser::sleep(PATIENCE))).await {
            Either::Left((Ok(json), _)) => return json.as_text().ok_or_else(Refused::unreachable),
            Either::Left((Err(refused), _)) if refused.is_unreachable() || is_passing(&refused) => refused,
            Either::Left((Err(refused), _)) => return Err(refused),
            Either::Right(_) => Refused::unreachable(),
        };
        if !browser::is_online() {
            browser::online().await;
            continue;
        }
        let Some(pause) = pauses.next() else { return Err(refused) };
        browser::sleep(*pause).await;
    }
}

/// Whether the server could not store it just then.
fn is_passing(refused: &Refused) -> bool {
    matches!(&*refused.code, "unavailable" | "stopping")
}

fn show(post: &Post) {
    let (Some(messages), Some(article)) = (messages::list(), copy_of_template("new-said")) else { return };
    if let Ok(Some(place)) = article.query_selector(".question-text") {
        place.set_text_content(Some(&text(post)));
    }
    let _ = article.set_attribute(KEY, &post.key);
    let above = messages::all().pop();
    if above.is_some_and(|above| above.matches(".said.own") == Ok(true)) {
        let _ = article.class_list().add_1("follows");
    }
    let _ = messages.append_child(&article);
    show_state(&article, post.failed.as_deref());
}

/// Says below a message that it is being sent, or why it was not.
fn show_state(article: &Element, failed: Option<&str>) {
    let find = |selector: &str| article.query_selector(selector).ok().flatten();
    if let (Some(sending), Some(not_sent)) = (find(".said-sending"), find(".said-not-sent")) {
        elements::set_hidden(&sending, failed.is_some());
        elements::set_hidden(&not_sent, failed.is_none());
    }
    if let Some(why) = find(".said-why") {
        why.set_text_content(failed);
    }
}

fn article(key: &str) -> Option<Element> {
    posts::on_page().into_iter().find(|article| article.get_attribute(KEY).as_deref() == Some(key))
}

/// The message has its id now. The server's HTML takes its place with the next refresh.
fn arrived(key: &str, message_id: &str) {
    let Some(article) = article(key) else { return };
    if messages::message(message_id).is_some() {
        return article.remove();
    }
    article.set_id(message_id);
    let _ = article.class_list().remove_1(POSTING);
    let _ = article.remove_attribute(KEY);
}

fn fail(key: &str, why: String) {
    if let Some(article) = article(key) {
        show_state(&article, Some(&why));
    }
    with(key, |post| post.failed = Some(why));
}

fn with<T>(key: &str, act: impl FnOnce(&mut Post) -> T) -> Option<T> {
    posts::with_all(|posts| posts.iter_mut().find(|post| post.key == key).map(act))
}

/// The server has the message, or its writer has taken it back.
fn remove(state: PageState, key: &str) -> Option<Post> {
    let post = posts::with_all(|posts| {
        let at = posts.iter().position(|post| post.key == key)?;
        Some(posts.remove(at))
    })?;
    store(state, &post, false);
    Some(post)
}

/// Stores a message of a conversation, or forgets it. Each is a line; those of other tabs stay.
fn store(state: PageState, post: &Post, waits: bool) {
    let name = name(state, &post.conversation_id);
    let stored = browser::stored(&name).unwrap_or_default();
    let mut lines: Vec<&str> = stored.lines().filter(|line| *line != post.fields).collect();
    if waits {
        lines.push(&post.fields);
    }
    browser::store(&name, &lines.join("\n"));
}

fn name(state: PageState, conversation_id: &str) -> String {
    drafts::text_name("posts", state, conversation_id)
}

/// A click on "Try again".
pub(super) fn on_again(state: PageState, button: &Element, _: &Event) {
    let Some((article, key)) = message_of(button) else { return };
    show_state(&article, None);
    with(&key, |post| post.failed = None);
    work(state);
}

/// A click on "Take back": the composer has the text again.
pub(super) fn on_back(state: PageState, button: &Element, _: &Event) {
    let Some((article, key)) = message_of(button) else { return };
    let Some(post) = remove(state, &key) else { return };
    article.remove();
    refresh::refresh(state);
    drafts::put_back(state, &text(&post));
    if let Some(answered) = field(&post, "reply_to").and_then(|id| messages::message(&id)) {
        replying::begin(&answered);
    }
}

fn message_of(button: &Element) -> Option<(Element, String)> {
    let article = button.closest(".message").ok().flatten()?;
    let key = article.get_attribute(KEY)?;
    Some((article, key))
}
