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
        islands::{AnswerSoFar, Chat, Opened, PHRASES},
        parts::{Answer, AnswerFrame, EditForm, Ending, Icon, Question, meta_line},
        words::{Localizer, around, t, t_with},
    },
};

/// How often a browser without JavaScript loads the page of an answer that is being written, in seconds.
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
    let (reader_id, name) = (current.user.id, current.user.name);
    let failures = if is_admin { choice.failures } else { Vec::new() };
    let page = Page { islands: true, ..Page::new(words::current().say("conversation-new")) };
    let phrases = words::current().phrases(&PHRASES);
    let (models, model) = (choice.models, choice.chosen);
    let opened = Opened { models, model, alert, reader_id, key, phrases, ..Opened::default() };
    Ok(page.render(move || {
        let (before, after) = around("welcome", "name");
        view! {
            <Frame sidebar current=None>
                <Bar title=t("conversation-new")>""</Bar>
                <Chat opened>
                    <section class="welcome">
                        <Icon name="flame" />
                        <h2>{before} <span dir="auto">{name}</span> {after}</h2>
                        {failures
                            .into_iter()
                            .map(|failure| view! { <p class="hint">{t_with(failure)}</p> })
                            .collect_view()}
                    </section>
                </Chat>
            </Frame>
        }
    }))
}

/// The parameters of a conversation's address.
#[derive(Default, Deserialize)]
pub struct ThreadQuery {
    /// Shows the window of messages before this one; without it, the newest messages.
    before: Option<String>,
    /// The question whose edit is open.
    edit: Option<String>,
}

/// `GET /c/{id}`: a conversation, window by window.
pub async fn open(
    State(conversations): State<Arc<Conversations>>,
    State(models): State<Arc<ModelList>>,
    Fresh { now, key }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    Query(query): Query<ThreadQuery>,
    notice: Notice,
) -> Result<Response, PageError> {
    let grant = conversations.open(&current, &id).await?;
    let (sidebar, thread, choice) = tokio::join!(
        Sidebar::load(&conversations, &current, (now, days)),
        conversations.thread(&current, &grant, query.before.as_deref(), None, Format::Html),
        Choice::load(&models, grant.conversation().model.as_deref()),
    );
    let (sidebar, thread, conversation) = (sidebar?, thread?, grant.into_conversation());
    let alert = notice.alert();
    let reader_id = current.user.id;
    let generating = thread.messages.last().is_some_and(|last| last.message.status == Status::Generating);
    let page = Page {
        islands: true,
        // The time makes the address another one, because a browser only scrolls when nothing but the fragment differs.
        refresh: generating.then(|| format!("{REFRESH_SECONDS};url=/c/{id}?t={}#latest", now)),
        ..Page::new(title_of(&conversation))
    };
    let Thread { mut messages, previous_cursor, after, permit } = thread;
    let response = page.render(move || {
        let last_id = messages.last().map(|last| last.message.id.clone());
        let generating = messages.pop_if(|last| last.message.status == Status::Generating);
        let generating = generating.map(|last| AnswerSoFar {
            id: last.message.id,
            html: last.html.to_string(),
            siblings: last.siblings,
            left_out: last.message.left_out,
        });
        let path = format!("/c/{id}");
        let older = query.before.is_some();
        let window = Window {
            newest: last_id.clone().filter(|_| !older),
            edited: query.edit,
            query: query.before.map(|before| format!("before={before}&")).unwrap_or_default(),
            key: key.clone(),
        };
        let opened = Opened {
            conversation_id: Some(id.clone()),
            last_id,
            generating,
            after: (!older).then_some(after),
            models: choice.models,
            model: choice.chosen,
            alert,
            reader_id,
            key,
            phrases: words::current().phrases(&PHRASES),
        };
        view! {
            <Frame sidebar current=Some(id)>
                <Bar title=title_of(&conversation)>
                    <Menu conversation=conversation.clone() />
                </Bar>
                <Chat opened>
                    {previous_cursor
                        .map(|cursor| {
                            view! {
                                <p class="page-link">
                                    <a href=format!("{path}?before={cursor}")>{t("messages-earlier")}</a>
                                </p>
                            }
                        })}
                    {messages.into_iter().map(|message| window.show(message)).collect_view()}
                    {older
                        .then(|| {
                            view! {
                                <p class="page-link">
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

/// What the views of all messages of a page need.
struct Window {
    /// The last message of the branch, when the page shows it.
    newest: Option<String>,
    /// The question whose edit is open.
    edited: Option<String>,
    /// The parameters of the page's address that links keep, each with `&` at its end.
    query: String,
    /// The idempotency key of the page's forms.
    key: String,
}

impl Window {
    /// A question, or an answer that has ended.
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
        let frame = AnswerFrame {
            ending: Ending {
                status: message.status,
                failure: message.failure.map(|failure| t_with(failure.reason)),
                length_limited: message.length_limited,
            },
            left_out: message.left_out,
            siblings,
            newest: self.newest.as_ref() == Some(&id),
            meta: meta_line(&Localizer::current(), &message.model.unwrap_or_default(), message.usage),
        };
        view! { <Answer id html=html.to_string() reasoning=message.reasoning frame /> }.into_any()
    }
}

/// The menu of a conversation, with forms to rename and to delete it. It needs no script.
#[component]
fn Menu(conversation: Conversation) -> impl IntoView {
    let Conversation { id, title, .. } = conversation;
    view! {
        <details class="menu">
            <summary class="button-bare" aria-label=t("conversation-menu") title=t("more")>
                <Icon name="more" />
            </summary>
            <div class="menu-content">
                <form method="post" action="/fn/rename">
                    <input type="hidden" name="conversation_id" value=id.clone() />
                    <label>
                        {t("field-title")} <input name="title" value=title maxlength="200" required dir="auto" />
                    </label>
                    <button class="button-small">
                        <Icon name="edit" />
                        {t("rename")}
                    </button>
                </form>
                <details class="confirm">
                    <summary class="button-small danger">
                        <Icon name="bin" />
                        {t("delete")}
                    </summary>
                    <form method="post" action="/fn/delete">
                        <input type="hidden" name="conversation_id" value=id />
                        <p>{t("delete-conversation-hint")}</p>
                        <button class="button-small danger">{t("delete-for-good")}</button>
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
    /// Why the models of some providers are missing.
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
        // A model whose provider does not answer now is not on offer, and can be asked all the same.
        if let Some(id) = used.as_ref().filter(|id| !models.contains(id)) {
            models.insert(0, id.clone());
        }
        // A model that no provider offers any more is shown, because the conversation used it, and cannot be chosen.
        let chosen = used.or_else(|| of_conversation.map(str::to_owned));
        Self { models, chosen, failures: offer.failures }
    }
}
