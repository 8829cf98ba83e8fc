//! [`DockContent`]: the lower end of the page, with the composer. Where there is no JavaScript, it is an ordinary form. What
//! a script shows at times is there from the beginning and hidden, and what it shows many times is in a `<template>`,
//! because a browser has HTML sooner than a script that makes it.

use std::collections::HashMap;

use leptos::prelude::*;
use serde::Serialize;

use crate::{
    domain::{CurrentUser, QuestionQueue, Queued, Reason},
    server::words::{self, Phrases},
    ui::{
        islands::{Dock, PHRASES, Shown},
        parts::{Icon, Original},
        words::{around, t, t_with},
    },
};

/// What the browser's part begins with, as JSON in an element of the page.
#[derive(Clone, Debug, Serialize)]
pub struct Opened {
    pub shown: Shown,
    /// The id of the person who reads the page.
    pub reader_id: String,
    /// The sentences of [`PHRASES`], worded.
    phrases: Phrases,
}

/// What the composer shows besides.
#[derive(Clone, Debug, Default)]
pub struct Composing {
    /// The ids of the models to choose from.
    pub models: Vec<String>,
    /// Why a form that was posted without JavaScript was refused.
    pub alert: Option<String>,
    /// What the composer holds when the page opens.
    pub text: Option<String>,
    /// What one is about to answer in a room.
    pub reply: Option<Original>,
    /// The names of those whose questions wait in a room, by their ids.
    pub askers: HashMap<String, String>,
    /// The idempotency key of the page's forms, for browsers without a script.
    pub key: String,
}

impl Opened {
    /// What this person's page shows, with the sentences in the language of the request.
    pub fn new(current: &CurrentUser, shown: Shown) -> Self {
        let phrases = words::current().phrases(&PHRASES);
        Self { shown, reader_id: current.user.id.clone(), phrases }
    }

    /// As JSON that nothing in it can end the element of.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default().replace('<', "\\u003c")
    }
}

/// The composer and what stands above it.
#[component]
pub fn DockContent(shown: Shown, reader_id: String, composing: Composing) -> impl IntoView {
    let alert = composing.alert.clone();
    let silent = alert.is_none();
    let QuestionQueue { items: queue, waits } = shown.queue.clone();
    let (none_waits, waits) = (queue.is_empty(), waits && !queue.is_empty());
    let (in_room, only_reads) = (shown.room.is_some(), shown.only_reads.clone());
    let writes = only_reads.is_none();
    let manages = shown.manages;
    let rows = queue.into_iter().map(|item| {
        let takes = !in_room || manages || item.author_id == reader_id;
        let name = in_room.then(|| composing.askers.get(&item.author_id).cloned()).flatten();
        view! { <QueueRow item=Some(item) in_room name takes chooses=!in_room || manages /> }
    });
    let rows = rows.collect_view();
    let new = shown.conversation_id.clone().filter(|_| in_room).map(|id| view! { <ShowNew id /> });
    view! {
        <Dock>
            <div class="composer-area">
                <button type="button" class="to-latest" id="to-latest" aria-label=t("to-latest") title=t("to-latest") hidden>
                    <Icon name="arrow-down" />
                    <span class="count" id="unseen" hidden>
                        <span aria-hidden="true"></span>
                        <span class="visually-hidden"></span>
                    </span>
                </button>
                <div class="toast" id="toast" data-archived=t("conversation-archived") hidden>
                    <span></span>
                    <button type="button" class="button-small" id="undo">
                        {t("undo")}
                    </button>
                </div>
                <p class="alert" id="alert" role="alert" data-copy-failed=t("copy-failed") hidden=silent>
                    <span>{alert}</span>
                    " "
                    <a id="sign-in" href="/login" hidden>
                        {t("sign-in")}
                    </a>
                </p>
                <p class="connection-lost" id="connection-lost" role="status" hidden>
                    {t("connection-lost")}
                </p>
                <p class="dock-note" id="queue-waits" hidden=!waits>
                    {t("queue-waits")}
                </p>
                <ol class="queue" id="queue" aria-label=t("queue") hidden=none_waits>
                    {rows}
                </ol>
                <p class="typing" class:in-room=in_room id="typing" dir="auto" hidden></p>
                {new}
                <p class="dock-note" id="only-reads" role="status" dir="auto" hidden=writes>
                    {only_reads}
                </p>
                <Composer shown composing />
                <p class="visually-hidden" role="status" id="spoken"></p>
                <button type="button" class="reply" id="reply" hidden>
                    <Icon name="quote" />
                    {t("reply")}
                </button>
                <Rows />
            </div>
        </Dock>
    }
}

/// The way to what came since, for browsers without a script: a page of a room that loaded itself again would throw away what
/// is being typed.
#[component]
fn ShowNew(id: String) -> impl IntoView {
    view! {
        <noscript>
            <p class="dock-note">
                <a href=format!("/c/{id}")>{t("room-show-new")}</a>
            </p>
        </noscript>
    }
}

#[component]
fn Composer(shown: Shown, composing: Composing) -> impl IntoView {
    let Composing { models, text, key, reply, .. } = composing;
    let Shown { conversation_id, generating, model, model_label, room, asks, only_reads, .. } = shown;
    // Leptos writes a textarea's children without escaping them, and a browser drops the first line break.
    let text = text.map(|text| format!("\n{}", html_escape::encode_text(&text)));
    let label = model_label.unwrap_or_default();
    let named = t_with(Reason::new("model-is").with("model", label.as_str()));
    let is_generating = generating.is_some();
    let in_room = room.is_some();
    let (before_keys, after_keys) = around("answers-can-be-wrong", "keys");
    view! {
        <form
            class="composer"
            id="composer"
            method="post"
            action=if in_room { "/fn/post" } else { "/fn/ask" }
            hidden=only_reads.is_some()
        >
            <Replying reply />
            <ul class="mention-list" id="mention-list" role="listbox" aria-label=t("mention-whom") hidden></ul>
            <ul class="quotes" id="extras" aria-label=t("extras") hidden></ul>
            <input type="hidden" name="conversation_id" value=conversation_id />
            <input type="hidden" name="key" value=key autocomplete="off" />
            <textarea
                name="text"
                rows="1"
                placeholder=room.unwrap_or_else(|| t("ask-anything"))
                data-usual=t("ask-anything")
                aria-label=t("message")
                required
                autofocus
                enterkeyhint="enter"
                dir="auto"
                inner_html=text
            ></textarea>
            <div class="row">
                <button type="button" class="button-small picker-button" id="picker" aria-haspopup="dialog" aria-label=named hidden=in_room>
                    <span>{label}</span>
                    <Icon name="chevron-down" />
                </button>
                // What the bar has for it.
                <span class="tools-place"></span>
                {(!in_room).then(|| view! { <ModelChoice models chosen=model /> })}
                <span class="spacer"></span>
                <button class="button-small" id="ask-model" name="asks" value="true" hidden=!asks>
                    {t("room-ask")}
                </button>
                <button class="send" id="send" aria-label=t("send") hidden=is_generating && !in_room>
                    <Icon name="up" />
                </button>
                <button
                    class="send"
                    id="stop"
                    aria-label=t("stop")
                    formaction="/fn/stop"
                    formnovalidate
                    name="message_id"
                    value=generating.unwrap_or_default()
                    hidden=!is_generating
                >
                    <Icon name="square" />
                </button>
            </div>
        </form>
        <p class="hint">
            {before_keys} <span class="keys-hint">{t("keys-hint")}</span> {after_keys}
        </p>
    }
}

/// What one is about to answer, and the way not to. A script fills, shows and hides it.
#[component]
fn Replying(reply: Option<Original>) -> impl IntoView {
    let hidden = reply.is_none();
    let Original { id, name, begins, .. } = reply.unwrap_or_default();
    view! {
        <p class="replying" id="replying" hidden=hidden>
            <input type="hidden" name="reply_to" value=id autocomplete="off" />
            <span dir="auto">
                <strong>{name}</strong>
                " "
                <span>{begins}</span>
            </span>
            <a class="button-bare" id="drop-reply" href="?" aria-label=t("reply-drop") title=t("reply-drop")>
                <Icon name="close" />
            </a>
        </p>
    }
}

/// The choice of a model for browsers without a script.
#[component]
fn ModelChoice(models: Vec<String>, chosen: Option<String>) -> impl IntoView {
    // The conversation's model, when no provider offers it any more.
    let gone = chosen.clone().filter(|id| !models.contains(id)).map(|id| {
        let shown = t_with(Reason::new("model-no-longer-offered").with("model", id.as_str()));
        view! { <option value=id selected disabled>{shown}</option> }
    });
    let offered = models.into_iter().map(|id| {
        let selected = chosen.as_ref() == Some(&id);
        view! { <option selected=selected>{id}</option> }
    });
    view! {
        <label class="model-choice">
            <span class="visually-hidden">{t("model")}</span>
            <select name="model">{gone} {offered.collect_view()}</select>
        </label>
    }
}

/// A question that waits; its buttons need a script. In a room the text is that of the message, and `name` is the asker's.
#[component]
fn QueueRow(
    #[prop(optional_no_strip)] item: Option<Queued>,
    in_room: bool,
    #[prop(optional_no_strip)] name: Option<String>,
    /// Whether one may take it out.
    takes: bool,
    /// Whether one chooses which question is next.
    chooses: bool,
) -> impl IntoView {
    let id = item.as_ref().map(|item| item.id.clone());
    let text = item.as_ref().map(|item| item.text.clone());
    let first = item.as_ref().is_some_and(|item| item.position == 0);
    let why = item.and_then(|item| item.why_it_waits().map(str::to_owned));
    // As in the composer.
    let shown = text.as_ref().map(|text| format!("\n{}", html_escape::encode_text(text)));
    let (silent, nameless) = (why.is_none(), name.is_none());
    view! {
        <li class="queued" data-id=id data-text=text>
            <Icon name="clock" />
            <strong class="queued-by" dir="auto" hidden=nameless>
                {name}
            </strong>
            <textarea rows="1" aria-label=t("queued-question") readonly=in_room dir="auto" inner_html=shown></textarea>
            <small hidden=silent>{why}</small>
            <RowButton class="queue-up" label="queue-up" icon="up" hidden=first || !chooses />
            <RowButton class="queue-send" label="queue-send" icon="play" hidden=!chooses />
            <RowButton class="queue-remove" label="remove" icon="close" hidden=!takes />
        </li>
    }
}

#[component]
fn RowButton(
    class: &'static str,
    label: &'static str,
    icon: &'static str,
    #[prop(optional)] hidden: bool,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class=format!("button-bare {class}")
            aria-label=t(label)
            title=t(label)
            hidden=hidden
        >
            <Icon name=icon />
        </button>
    }
}

/// What a script copies for each question that waits, and for each [extra](crate::ui::islands) of a question.
#[component]
fn Rows() -> impl IntoView {
    view! {
        <template id="new-queued">
            <QueueRow item=None in_room=false name=None takes=true chooses=true />
        </template>
        <template id="new-extra">
            <li>
                <blockquote dir="auto"></blockquote>
                <button type="button" class="button-small insert-extra">
                    {t("insert-as-text")}
                </button>
                <RowButton class="remove-extra" label="remove" icon="close" />
            </li>
        </template>
    }
}
