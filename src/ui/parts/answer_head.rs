//! What stands around an answer in a room: the model that speaks, what it read, and how it is deleted.

use leptos::prelude::*;

use super::{
    Icon,
    marks::Marks,
    reply::{Original, ReplyLine},
};
use crate::ui::words::t;

/// What is said of an answer in a room.
#[derive(Clone, Debug)]
pub struct RoomAnswer {
    /// What people call the model.
    pub model: String,
    /// The time of day.
    pub clock: String,
    /// What the model read, and whose budget the answer counts against.
    pub read: Option<ReadNote>,
    pub may_delete: bool,
    pub marks: Marks,
    /// The question, where others wrote between it and the answer.
    pub reply_to: Option<Original>,
    /// It was deleted.
    pub gone: bool,
}

#[derive(Clone, Debug)]
pub struct ReadNote {
    pub sentence: String,
    pub payer: String,
    /// The page that lists what the model read.
    pub list: String,
}

/// The line above an answer in a room: who speaks, and what it read.
#[component]
pub fn AnswerHead(of: RoomAnswer) -> impl IntoView {
    let RoomAnswer { model, clock, read, gone, reply_to, .. } = of;
    view! {
        <p class="said-head">
            <span class="model-picture" aria-hidden="true">
                <Icon name="flame" />
            </span>
            <strong dir="auto">{model}</strong>
            <time>{clock}</time>
        </p>
        {reply_to.filter(|_| !gone).map(|original| view! { <ReplyLine original /> })}
        {read
            .map(|ReadNote { sentence, payer, list }| {
                view! {
                    <details class="read-note">
                        <summary>{sentence}</summary>
                        <p>
                            <a href=list>{t("room-read-list")}</a>
                            " · "
                            {payer}
                        </p>
                    </details>
                }
            })}
        {gone.then(|| view! { <p class="said-gone">{t("message-erased")}</p> })}
    }
}

/// The menu that asks before a message of a room is deleted.
#[component]
pub fn EraseMenu(id: String) -> impl IntoView {
    view! {
        <details class="menu" name="steer">
            <summary class="button-bare" title=t("message-delete")>
                <Icon name="bin" />
            </summary>
            <div class="menu-content">
                <p>{t("message-erase-hint")}</p>
                <button class="button-small danger" form="steer" formaction="/fn/erase-post" name="message_id" value=id>
                    {t("message-delete")}
                </button>
            </div>
        </details>
    }
}
