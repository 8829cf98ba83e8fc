//! What stands below a message of a room: its pin and its reactions; and the menu with which people react, pin and report.

use leptos::prelude::*;

use super::Icon;
use crate::{
    domain::Reason,
    ui::words::{t, t_with},
};

/// A kind of reactions to a message.
#[derive(Clone, Debug)]
pub struct ReactionView {
    pub emoji: String,
    pub count: u32,
    /// The names of the first who reacted so.
    pub names: Vec<String>,
    /// Whether the reader did.
    pub own: bool,
}

/// What a reader sees of a message's marks, and may do with it.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub id: String,
    pub conversation_id: String,
    pub reactions: Vec<ReactionView>,
    /// Who pinned it, in words.
    pub pinned: Option<String>,
    /// Whether the reader writes in the room, and so reacts, pins and answers.
    pub writes: bool,
    pub may_unpin: bool,
    pub may_report: bool,
    /// What is offered for a reaction.
    pub usual: Vec<&'static str>,
    /// The parameters that the page's address has already, each with `&` at its end.
    pub query: String,
}

impl Marks {
    /// The page of this one message.
    fn page(&self) -> String {
        format!("/c/{}/message/{}", self.conversation_id, self.id)
    }
}

impl ReactionView {
    /// Who reacted, as far as names are known.
    fn who(&self) -> String {
        let more = self.count.saturating_sub(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let names = self.names.join(", ");
        let emoji = self.emoji.as_str();
        t_with(match more {
            0 => Reason::new("reaction-who").with("emoji", emoji).with("names", names),
            more => {
                Reason::new("reaction-who-more").with("emoji", emoji).with("names", names).with("more", more)
            }
        })
    }
}

/// The pin and the reactions of a message.
#[component]
pub fn MarkLine(marks: Marks) -> impl IntoView {
    let pinned = marks.pinned.map(|sentence| {
        view! {
            <p class="pinned-note">
                <Icon name="pin" />
                {sentence}
            </p>
        }
    });
    let (writes, id) = (marks.writes, marks.id);
    let chips = marks.reactions.into_iter().map(|reaction| {
        let title = reaction.who();
        let action = if reaction.own { "/fn/unreact" } else { "/fn/react" };
        view! {
            <button
                class="reaction"
                form="steer"
                formaction=action
                name="reaction"
                value=format!("{id} {}", reaction.emoji)
                aria-pressed=if reaction.own { "true" } else { "false" }
                title=title
                disabled=!writes
            >
                <span>{reaction.emoji.clone()}</span>
                <span class="reaction-count">{reaction.count}</span>
            </button>
        }
    });
    let chips = chips.collect_view();
    let none = chips.is_empty();
    view! {
        {pinned}
        {(!none).then(|| view! { <div class="reactions" role="group" aria-label=t("reactions")>{chips}</div> })}
    }
}

/// The link to answer a message, and the menu with which one reacts to it, pins it and reports it.
#[component]
pub fn MarkMenu(marks: Marks) -> impl IntoView {
    let (id, page) = (marks.id.clone(), marks.page());
    let reply = marks.writes.then(|| {
        let address = format!("?{}reply={id}", marks.query);
        view! {
            <a class="button-bare reply-link" href=address title=t("reply") aria-label=t("reply")>
                <Icon name="undo" />
            </a>
        }
    });
    let usual = marks.usual.iter().map(|emoji| {
        let own = marks.reactions.iter().any(|reaction| reaction.own && reaction.emoji == **emoji);
        let action = if own { "/fn/unreact" } else { "/fn/react" };
        view! {
            <button
                class="button-bare"
                form="steer"
                formaction=action
                name="reaction"
                value=format!("{id} {emoji}")
                aria-pressed=own.then_some("true")
            >
                {*emoji}
            </button>
        }
    });
    let usual = marks.writes.then(|| {
        view! {
            <div class="usual-reactions" role="group" aria-label=t("react")>
                {usual.collect_view()}
            </div>
        }
    });
    let pin = (marks.writes && (marks.pinned.is_none() || marks.may_unpin)).then(|| {
        let (action, key) = match marks.pinned {
            None => ("/fn/pin-message", "pin-message"),
            Some(_) => ("/fn/unpin-message", "unpin-message"),
        };
        view! {
            <button class="button-small" form="steer" formaction=action name="message_id" value=id.clone()>
                <Icon name="pin" />
                {t(key)}
            </button>
        }
    });
    view! {
        {reply}
        <details class="menu mark-menu" name="steer">
            <summary class="button-bare" title=t("message-more") aria-label=t("message-more")>
                <Icon name="more" />
            </summary>
            <div class="menu-content">
                {usual}
                {pin}
                <a class="button-small" href=page.clone()>
                    <Icon name="star" />
                    {t(if marks.writes { "reactions-other" } else { "reactions-all" })}
                </a>
                {marks
                    .may_report
                    .then(|| {
                        view! {
                            <a class="button-small" href=format!("{page}#report")>
                                <Icon name="warning" />
                                {t("report")}
                            </a>
                        }
                    })}
            </div>
        </details>
    }
}
