//! A question that is asked without a network waits in the thread, and is sent once there is one. Until then it is stored as
//! drafts are, so that a page that is closed has it in the composer when it is opened again.

use std::cell::RefCell;

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use web_sys::UrlSearchParams;

use super::{browser, drafts, json::Json, request, request::Refused, state::PageState, waiting};

thread_local! {
    /// Ends the waiting when it is dropped.
    static WAITS: RefCell<Option<oneshot::Sender<()>>> = const { RefCell::new(None) };
}

/// Posts a question with its idempotency key. A server that cannot be reached although there is a network is an error at
/// once, and so is a wait that [`give_up`] ends.
pub(super) async fn post(state: PageState, text: &str, fields: &UrlSearchParams) -> Result<Json, Refused> {
    let name = drafts::outbox_name(state);
    loop {
        let asked = request::post("/fn/ask", fields).await;
        let waits = matches!(&asked, Err(refused) if refused.is_unreachable()) && !browser::is_online();
        if !waits {
            browser::store(&name, "");
            return asked;
        }
        browser::store(&name, text);
        waiting::for_network();
        let (wait, waited) = oneshot::channel();
        WAITS.set(Some(wait));
        if let Either::Right(_) = select(Box::pin(browser::online()), waited).await {
            browser::store(&name, "");
            return asked;
        }
    }
}

/// Takes back the question that waits.
pub(super) fn give_up() {
    WAITS.set(None);
}
