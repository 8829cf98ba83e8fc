//! The start page and a conversation's page.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::{Conversation, Reason, Role, Status, UserRole},
    pages::{
        Fresh, Id, Notice, PageError, Query, Visitor,
        layout::{Bar, Frame, Sidebar, title_of},
    },
    server::{
        conversations::{Conversations, ModelList, Thread, ThreadMessage},
        http::document::Page,
        live::log::Format,
        words,
    },
    ui::{
        islands::{Chat, PHRASES, Running},
        parts::{Answer, EditForm, Icon, Question, Written, meta_line},
        words::{Localizer, around, t, t_with},
    },
};

/// How often a browser without JavaScript looks for more of a running answer, in seconds.
const REFRESH_SECONDS: u32 = 2;

/// `GET /`: a new conversation.
pub async fn new(
    State(conversations): State<Arc<Conversations>>,
    State(models): State<Arc<ModelList>>,
    Fresh { now, key }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let choice = Choice::load(&models, None).await;
    let alert = notice.alert();
    let is_admin = current.user.role == UserRole::Admin;
    let (reader, name) = (current.user.id, current.user.name);
    let failures = if is_admin { choice.failures } else { Vec::new() };
    let page = Page { islands: true, ..Page::new(words::current().say("conversation-new")) };
    Ok(page.render(move || {
        let (before, after) = around("welcome", "name");
        view! {
            <Frame sidebar current=None>
                <Bar title=t("conversation-new")>""</Bar>
                <Chat
                    conversation_id=None
                    last_id=None
                    running=None
                    after=None
                    models=choice.models
                    model=choice.chosen
                    alert
                    reader
                    key
                    phrases=words::current().phrases(&PHRASES)
                >
                    <section class="welcome">
                        <Icon name="flame" />
                        <h2>{before} <span dir="auto">{name}</span> {after}</h2>
                        {failures
                            .into_iter()
                            .map(|failure| view! { <p class="note">{t_with(failure)}</p> })
                            .collect_view()}
                    </section>
                </Chat>
            </Frame>
        }
    }))
}

#[derive(Default, Deserialize)]
pub struct Place {
    /// The oldest message that has been seen; the window before it is shown.
    before: Option<String>,
    /// The question that is being edited.
    edit: Option<String>,
}

/// `GET /c/{id}`: a window of a conversation.
pub async fn open(
    State(conversations): State<Arc<Conversations>>,
    State(models): State<Arc<ModelList>>,
    Fresh { now, key }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    Query(place): Query<Place>,
    notice: Notice,
) -> Result<Response, PageError> {
    let conversation = conversations.open(&current, &id).await?;
    let (sidebar, thread, choice) = tokio::join!(
        Sidebar::load(&conversations, &current, (now, days)),
        conversations.thread(&current, &conversation, place.before.as_deref(), None, Format::Html),
        Choice::load(&models, conversation.model.as_deref()),
    );
    let (sidebar, thread) = (sidebar?, thread?);
    let alert = notice.alert();
    let reader = current.user.id;
    let generating = thread.messages.last().is_some_and(|last| last.message.status == Status::Generating);
    let page = Page {
        islands: true,
        // A changing address: to the same one with a fragment a browser only scrolls.
        refresh: generating.then(|| format!("{REFRESH_SECONDS};url=/c/{id}?t={}#latest", now)),
        ..Page::new(title_of(&conversation))
    };
    let Thread { mut messages, previous_cursor, after, permit } = thread;
    let response = page.render(move || {
        let last_id = messages.last().map(|last| last.message.id.clone());
        let running = messages.pop_if(|last| last.message.status == Status::Generating).map(|last| Running {
            answer_id: last.message.id,
            html: last.html.to_string(),
            siblings: last.siblings,
            left_out: last.message.left_out,
        });
        let path = format!("/c/{id}");
        let older = place.before.is_some();
        let after = (!older).then_some(after);
        let window = Window {
            newest: last_id.clone().filter(|_| !older),
            edited: place.edit,
            query: place.before.map(|before| format!("before={before}&")).unwrap_or_default(),
            key: key.clone(),
        };
        view! {
            <Frame sidebar current=Some(id.clone())>
                <Bar title=title_of(&conversation)>
                    <Menu conversation=conversation.clone() />
                </Bar>
                <Chat
                    conversation_id=Some(id)
                    last_id
                    running
                    after
                    models=choice.models
                    model=choice.chosen
                    alert
                    reader
                    key
                    phrases=words::current().phrases(&PHRASES)
                >
                    {previous_cursor
                        .map(|cursor| {
                            view! {
                                <p class="older">
                                    <a href=format!("{path}?before={cursor}")>{t("messages-earlier")}</a>
                                </p>
                            }
                        })}
                    {messages.into_iter().map(|message| window.show(message)).collect_view()}
                    {older
                        .then(|| {
                            view! {
                                <p class="older">
                                    <a href=format!("{path}#latest")>{t("messages-newest")}</a>
                                </p>
                            }
                        })}
                </Chat>
            </Frame>
        }
    });
    Ok(permit.until_sent(response))
}

/// What the messages of a page have in common.
struct Window {
    /// The message that nothing follows.
    newest: Option<String>,
    edited: Option<String>,
    /// What the address of the page says already, with `&` at its end.
    query: String,
    /// Makes each change that is sent from the page one change.
    key: String,
}

impl Window {
    fn show(&self, shown: ThreadMessage) -> AnyView {
        let ThreadMessage { message, html, siblings } = shown;
        let (id, query) = (message.id, self.query.clone());
        if message.role == Role::User {
            let edit = self.edited.as_ref().filter(|edited| **edited == id).map(|_| {
                let (id, text) = (id.clone(), format!("\n{}", message.content));
                view! { <EditForm id text key=self.key.clone() query=query.clone() /> }.into_any()
            });
            return view! { <Question id text=message.content siblings edit query /> }.into_any();
        }
        let written = Written {
            status: message.status,
            failure: message.failure.map(|failure| failure.reason),
            length_limited: message.length_limited,
            left_out: message.left_out,
            siblings,
            newest: self.newest.as_ref() == Some(&id),
        };
        let meta = meta_line(&Localizer::current(), &message.model.unwrap_or_default(), message.usage);
        view! { <Answer id html=html.to_string() reasoning=message.reasoning written meta /> }.into_any()
    }
}

/// Rename and delete, as plain forms behind a menu that needs no script.
#[component]
fn Menu(conversation: Conversation) -> impl IntoView {
    let Conversation { id, title, .. } = conversation;
    view! {
        <details class="menu">
            <summary class="plain" aria-label=t("conversation-menu") title=t("more")>
                <Icon name="more" />
            </summary>
            <div class="sheet">
                <form method="post" action="/fn/rename">
                    <input type="hidden" name="conversation_id" value=id.clone() />
                    <label>
                        {t("field-title")} <input name="title" value=title maxlength="200" required dir="auto" />
                    </label>
                    <button class="small">
                        <Icon name="edit" />
                        {t("rename")}
                    </button>
                </form>
                <details class="sure">
                    <summary class="small danger">
                        <Icon name="bin" />
                        {t("delete")}
                    </summary>
                    <form method="post" action="/fn/delete">
                        <input type="hidden" name="conversation_id" value=id />
                        <p>{t("delete-conversation-hint")}</p>
                        <button class="small danger">{t("delete-for-good")}</button>
                    </form>
                </details>
            </div>
        </details>
    }
}

/// The models to choose from, and the one that is chosen.
struct Choice {
    models: Vec<String>,
    chosen: Option<String>,
    /// Why models of some providers are missing.
    failures: Vec<Reason>,
}

impl Choice {
    async fn load(list: &ModelList, of_conversation: Option<&str>) -> Self {
        let used = match of_conversation {
            Some(id) => list.find_chosen(id).await,
            None => list.default().await,
        };
        let offer = list.offer().await;
        let mut models: Vec<String> = offer.models().map(|model| model.id.clone()).collect();
        let used = used.map(|model| model.id);
        // The one of a provider that does not answer.
        if let Some(id) = used.as_ref().filter(|id| !models.contains(id)) {
            models.insert(0, id.clone());
        }
        // One that is offered no longer is shown as what it was, and cannot be chosen.
        let chosen = used.or_else(|| of_conversation.map(str::to_owned));
        Self { models, chosen, failures: offer.failures }
    }
}
