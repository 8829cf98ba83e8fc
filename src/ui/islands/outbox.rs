//! A question that is asked without a network waits in the thread, and is sent once there is one. Until then it is stored as
//! drafts are, so that a page that is closed has it in the composer when it is opened again.

use std::cell::RefCell;

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use web_sys::UrlSearchParams;

use super::{browser, drafts, json::Json, request, request::Refused, state::PageState, thread, waiting};

/// The code of a question that the composer has taken back.
pub(super) const TAKEN: &str = "taken";

thread_local! {
    /// The questions that wait: under which name each is stored, and what ends its wait: whether the composer takes it.
    static WAITS: RefCell<Vec<(String, oneshot::Sender<bool>)>> = const { RefCell::new(Vec::new()) };
}

/// Posts a question with its idempotency key. A server that cannot be reached although there is a network is an error at
/// once, and so is a wait that [`give_up`] ends.
pub(super) async fn post(state: PageState, text: &str, fields: &UrlSearchParams) -> Result<Json, Refused> {
    let name = name(state);
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
        WAITS.with_borrow_mut(|waits| waits.push((name.clone(), wait)));
        if let Either::Right((taken, _)) = select(Box::pin(browser::online()), waited).await {
            browser::store(&name, "");
            return match taken {
                Ok(true) => Err(Refused { code: TAKEN.to_owned(), ..Refused::unreachable() }),
                _ => asked,
            };
        }
    }
}

/// Takes back the question that waits in the conversation on the page.
pub(super) fn give_up(state: PageState) {
    end(&name(state), false);
}

/// Puts a question into the composer that waited for the network when its page was left.
pub(super) fn restore(state: PageState) {
    let name = name(state);
    if let Some(unsent) = browser::stored(&name).filter(|_| !thread::has_unsent()) {
        end(&name, true);
        browser::store(&name, "");
        drafts::put_back(state, &unsent);
    }
}

/// The name under which a question that waits is stored.
fn name(state: PageState) -> String {
    drafts::text_name("outbox", state, &state.conversation().unwrap_or_default())
}

fn end(name: &str, taken: bool) {
    WAITS.with_borrow_mut(|waits| {
        if let Some(at) = waits.iter().position(|(waits, _)| waits == name) {
            let _ = waits.remove(at).1.send(taken);
        }
    });
}
