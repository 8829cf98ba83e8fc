//! [`Post`]s: the messages of rooms that are on their way to the server, for whoever shows the thread.

use std::cell::RefCell;

use web_sys::Element;

use super::{messages, state::PageState};

/// The class of a message that the server has not got yet.
pub(super) const POSTING: &str = "posting";

/// A message on its way.
#[derive(Clone)]
pub(super) struct Post {
    pub conversation_id: String,
    pub key: String,
    /// The form, encoded.
    pub fields: String,
    /// Why it was not sent, if it was not.
    pub failed: Option<String>,
}

thread_local! {
    static POSTS: RefCell<Vec<Post>> = const { RefCell::new(Vec::new()) };
}

/// Works on all that are on their way, in the order in which they were written.
pub(super) fn with_all<T>(work: impl FnOnce(&mut Vec<Post>) -> T) -> T {
    POSTS.with_borrow_mut(work)
}

/// Takes the messages off the page that are on their way.
pub(super) fn leave() {
    on_page().iter().for_each(Element::remove);
}

/// The messages on the page that are on their way.
pub(super) fn on_page() -> Vec<Element> {
    messages::all().into_iter().filter(|message| message.class_list().contains(POSTING)).collect()
}

/// Whether the server may have a message of the conversation whose id this page does not know yet. What the reader wrote
/// and the page does not show is left out meanwhile, because it may be the one that the page shows without its id.
pub(super) fn is_awaited(state: PageState) -> bool {
    let id = state.conversation().unwrap_or_default();
    with_all(|posts| posts.iter().any(|post| post.conversation_id == id && post.failed.is_none()))
}
