//! What a log tells no more, because it was changed, deleted or hidden.

use super::state::{Body, State};
use crate::domain::ChatEvent;

impl State {
    /// Drops the events of messages that say what may be told no more after `event`.
    pub(super) fn forget_messages(&mut self, event: &ChatEvent) {
        let is_old = |old: &ChatEvent| match (old, event) {
            (ChatEvent::Message(old), ChatEvent::Message(new)) => old.id == new.id,
            // Where nobody knows whose messages are hidden, all are read anew.
            (ChatEvent::Message(old), ChatEvent::Members { reread: true, gone, .. }) => {
                gone.is_empty() || gone.contains(&old.author_id)
            }
            _ => false,
        };
        if self.others().any(is_old) {
            self.events.retain(|logged| !matches!(&logged.body, Body::Other(old) if is_old(old)));
        }
    }
}
