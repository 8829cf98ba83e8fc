//! Whether somebody is here, as it is shown beside a name.

use leptos::prelude::*;

use super::days::Days;
use crate::{
    domain::{Presence, PresenceState, Reason},
    ui::words::{t, t_with},
};

/// Nothing of somebody of whom nobody knows.
#[component]
pub fn PresenceMark(presence: Presence, now: i64, days: Days) -> impl IntoView {
    let (class, words) = match (presence.state, presence.last_seen_at) {
        (PresenceState::Online, _) => ("presence online", t("presence-online")),
        (PresenceState::Away, _) => ("presence away", t("presence-away")),
        (PresenceState::Offline, None) => return None,
        (PresenceState::Offline, Some(at)) => {
            let seen = Reason::new("presence-seen").with("day", days.day_in_words(now, at));
            ("presence", t_with(seen))
        }
    };
    Some(view! { <small class=class>{words}</small> })
}
