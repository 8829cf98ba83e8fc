//! [`Unread`]: how much of a room one has not seen.

use leptos::prelude::*;

use crate::{
    domain::{Reason, room::MOST_UNREAD},
    ui::words::t_with,
};

/// How many messages one has not seen, and how many of them mention one.
#[component]
pub fn Unread(unread: u32, mentions: u32) -> impl IntoView {
    let shown =
        |count: u32| if count >= MOST_UNREAD { format!("{}+", MOST_UNREAD - 1) } else { count.to_string() };
    let badge = move |count: u32, class: &'static str, sign: &'static str, key: &'static str| {
        (count > 0).then(|| {
            let sentence = t_with(Reason::new(key).with("count", count));
            let title = sentence.clone();
            view! {
                <span class=class title=title>
                    <span aria-hidden="true">{sign} {shown(count)}</span>
                    <span class="visually-hidden">{sentence}</span>
                </span>
            }
        })
    };
    view! {
        {badge(mentions, "unread-count mention-count", "@", "room-mentions")}
        {badge(unread, "unread-count", "", "room-unread")}
    }
}
