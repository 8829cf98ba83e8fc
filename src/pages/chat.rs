//! The start page and a conversation's page, whole or as a part that a page shows in place of its own.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use leptos::{nonce::use_nonce, prelude::*};
use serde::Deserialize;

use crate::{
    domain::{Conversation, ConversationKind, CurrentUser, Picture, QuestionQueue},
    error::AppError,
    pages::{
        Fresh, Id, Notice, PageError, Query, Visitor,
        board::{FEED, StartNotes},
        choice::Choice,
        days::Days,
        dock::{Composing, DockContent, Opened},
        layout::{Bar, Frame, RowMenu, Sidebar, title_of},
        outline::OutlineButton,
        room_bar::{RoomBar, RoomTop},
        room_window::{self, RoomWindow},
        start::{Start, offered_text},
        tools::{ToolButtons, Tools},
        window::{Menu, Window},
    },
    server::{
        accounts::picture,
        chat::Chat,
        conversations::{Conversations, Grant, ModelList, Part, Thread},
        http::document::{Page, fragment, tab_title},
        live::{log::Format, reading::ReadPermit},
        rooms::Rooms,
        words,
    },
    ui::{
        islands::{Fetched, OPENED, Shown},
        parts::{SteerForm, Templates, TemporaryLink},
        words::t,
    },
};

/// How often a browser without JavaScript loads the page of an answer that is being written, in seconds.
const REFRESH_SECONDS: u32 = 2;

/// Scrolls the thread before it is painted.
const PLACE: &str = include_str!("place.js");

/// The parameters of the start page's address.
#[derive(Default, Deserialize)]
pub struct StartQuery {
    /// The text to put into the composer, such as an example's.
    text: Option<String>,
}

/// `GET /`: a new conversation.
pub async fn new(
    State(conversations): State<Arc<Conversations>>,
    (State(models), State(rooms)): (State<Arc<ModelList>>, State<Arc<Rooms>>),
    Fresh { now, key }: Fresh,
    Visitor(current, days): Visitor,
    Query(query): Query<StartQuery>,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let choice = Choice::load(&models.of(&current.user).await?, Err(&current.user.preferences)).await;
    let (model, model_label) = (choice.chosen.clone(), choice.label.clone());
    let shown = Shown { model, model_label, ..Shown::default() };
    let page = Page { islands: true, ..Page::new(words::current().say("conversation-new")) };
    let notes = StartNotes::load(&rooms, &current, (now, days)).await?;
    let start = Start::of(&current, (choice.offered(), &choice.failures), &sidebar, notes);
    let text = offered_text(query.text);
    let composing =
        Composing { models: choice.models, alert: notice.alert(), text, key, ..Composing::default() };
    let (opened, own_picture) = (Opened::new(&current, shown), picture::of(&current.user));
    let own_name = current.user.name.clone();
    let tools = Tools::of_new(&current.user.preferences);
    Ok(page.render(move || {
        view! {
            <Frame sidebar current=None>
                <NewBar tools />
                <Content opened composing name=own_name picture=own_picture empty=true>
                    {start.show()}
                </Content>
            </Frame>
        }
    }))
}

/// The parameters of a conversation's address.
#[derive(Default, Deserialize)]
pub struct ThreadQuery {
    /// Shows the window of messages before this one; without it, the newest messages.
    before: Option<String>,
    /// Shows the window that has this message, if it is on the branch on screen.
    at: Option<String>,
    /// The question whose edit is open.
    edit: Option<String>,
    /// The message of a room that one is about to answer.
    reply: Option<String>,
}

/// What a conversation's page is made from.
type Services = (State<Arc<Conversations>>, State<Arc<Chat>>, State<Arc<ModelList>>, State<Arc<Rooms>>);

/// `GET /c/{id}`: a conversation, window by window.
pub async fn open(
    (State(conversations), State(chat), State(models), State(rooms)): Services,
    Fresh { now, key }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    Query(query): Query<ThreadQuery>,
    notice: Notice,
) -> Result<Response, PageError> {
    let grant = conversations.open(&current, &id).await?;
    let (edits, at) = (query.edit.is_some(), query.at.or_else(|| query.edit.clone()));
    let before = end_of_window(&conversations, &grant, query.before, at).await?;
    // Without a script nothing else tells that the newest answer was read. One that is being written is not read yet.
    let in_room = grant.conversation().kind != ConversationKind::Private;
    let ended = grant.conversation().unread && !grant.conversation().running;
    if (in_room || ended) && before.is_none() {
        conversations.seen(&current, &id).await?;
    }
    let reply = match query.reply.filter(|_| in_room) {
        Some(id) => room_window::original_of(&rooms, &grant, &id).await?,
        None => None,
    };
    let part = Part::Window { before: before.as_deref(), limit: None };
    let model = grant.conversation().model.clone();
    let of_conversation = model.as_deref().ok_or(&current.user.preferences);
    let models = models.of(&current.user).await?;
    let (sidebar, choice, view) = tokio::join!(
        Sidebar::load(&conversations, &current, (now, days)),
        Choice::load(&models, of_conversation),
        ThreadView::load(
            (&conversations, &chat, &rooms),
            &current,
            grant,
            part,
            query.edit,
            (key.clone(), now, days)
        ),
    );
    let (sidebar, mut view) = (sidebar?, view?);
    view.shown.queue = queue_of(&chat, &current, &id, days).await?;
    view.shown.model = choice.chosen;
    view.shown.model_label = choice.label;
    let askers = match &view.window.room {
        Some(room) => room.askers(&view.shown.queue),
        None => HashMap::new(),
    };
    let page = Page {
        islands: true,
        // It would throw away what is being typed: an edit, and in a room, where others are answered, a message.
        refresh: view
            .shown
            .generating
            .as_ref()
            .filter(|_| !in_room && !edits)
            .map(|_| format!("{REFRESH_SECONDS};url=/c/{id}")),
        feed: (view.conversation.kind == ConversationKind::Board).then_some(FEED),
        ..Page::new(title_of(&view.conversation))
    };
    let composing =
        Composing { models: choice.models, alert: notice.alert(), text: None, reply, key, askers };
    let (opened, own_picture) = (Opened::new(&current, view.shown), picture::of(&current.user));
    let own_name = current.user.name.clone();
    let ThreadView { top, conversation, window, thread, tools, permit, .. } = view;
    let response = page.render(move || {
        view! {
            <Frame sidebar current=Some(id.clone())>
                <ConversationBar conversation top days tools />
                <Content opened composing name=own_name picture=own_picture empty=false>
                    {window.show(&id, thread)}
                </Content>
            </Frame>
        }
    });
    Ok(permit.until_sent(response))
}

/// Where the window ends that an address asks for; `None` for the newest one.
async fn end_of_window(
    conversations: &Conversations,
    grant: &Grant,
    before: Option<String>,
    at: Option<String>,
) -> Result<Option<String>, AppError> {
    match (before, at) {
        (None, Some(at)) => conversations.window_with(grant, &at).await,
        (before, _) => Ok(before),
    }
}

/// The parameters of [`part`].
#[derive(Default, Deserialize)]
pub struct PartQuery {
    /// The conversation; without it, the start page.
    conversation: Option<String>,
    /// As [`ThreadQuery::before`] and [`ThreadQuery::at`].
    before: Option<String>,
    at: Option<String>,
    /// The oldest message that the page shows, the newest one, and the event up to which it shows them: see
    /// [`Part::Since`].
    from: Option<String>,
    leaf: Option<String>,
    since: Option<u64>,
}

/// `GET /fn/part`: what a page that is open shows of a conversation, or of the start page, in place of what it shows now.
pub async fn part(
    (State(conversations), State(chat), State(models), State(rooms)): Services,
    Fresh { now, key }: Fresh,
    current: CurrentUser,
    headers: HeaderMap,
    Query(query): Query<PartQuery>,
) -> Result<Response, AppError> {
    let (words, days) = (words::current(), Days::of(&headers));
    let Some(id) = query.conversation else {
        let choice = Choice::load(&models.of(&current.user).await?, Err(&current.user.preferences)).await;
        let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
        let notes = StartNotes::load(&rooms, &current, (now, days)).await?;
        let start = Start::of(&current, (choice.offered(), &choice.failures), &sidebar, notes);
        let shown = Shown { model: choice.chosen, model_label: choice.label, ..Shown::default() };
        return Ok(Json(Fetched {
            shown,
            title: tab_title(&words.say("conversation-new")),
            bar: fragment(|| view! { <NewBar tools=Tools::of_new(&current.user.preferences) /> }),
            thread: fragment(|| start.show()),
        })
        .into_response());
    };
    let grant = conversations.open(&current, &id).await?;
    let before = end_of_window(&conversations, &grant, query.before, query.at).await?;
    let part = match (&query.from, &query.leaf, query.since) {
        (Some(from), Some(leaf), Some(since)) => Part::Since { from, leaf, since },
        _ => Part::Window { before: before.as_deref(), limit: None },
    };
    let model = grant.conversation().model.clone();
    let of_conversation = model.as_deref().ok_or(&current.user.preferences);
    let models = models.of(&current.user).await?;
    let (choice, view) = tokio::join!(
        Choice::load(&models, of_conversation),
        ThreadView::load((&conversations, &chat, &rooms), &current, grant, part, None, (key, now, days)),
    );
    let ThreadView { top, mut shown, conversation, window, thread, tools, permit } = view?;
    shown.queue = queue_of(&chat, &current, &id, days).await?;
    shown.model = choice.chosen;
    shown.model_label = choice.label;
    let title = tab_title(&title_of(&conversation));
    let fetched = Fetched {
        shown,
        title,
        bar: fragment(|| view! { <ConversationBar conversation top days tools /> }),
        thread: fragment(|| window.show(&id, thread)),
    };
    Ok(permit.until_sent(Json(fetched).into_response()))
}

/// The questions that wait in a conversation.
async fn queue_of(
    chat: &Chat,
    current: &CurrentUser,
    id: &str,
    days: Days,
) -> Result<QuestionQueue, AppError> {
    let (words, zone) = (words::current(), days.zone());
    Ok(chat.queue(current, id).await?.worded(|reason| words.text(reason), |at| zone.named_clock(at)))
}

/// A part of a conversation, and how it is shown.
struct ThreadView {
    /// What stands above the thread of a room.
    top: Option<RoomTop>,
    shown: Shown,
    conversation: Conversation,
    window: Window,
    thread: Thread,
    tools: Tools,
    permit: ReadPermit,
}

impl ThreadView {
    async fn load(
        (conversations, chat, rooms): (&Conversations, &Chat, &Rooms),
        current: &CurrentUser,
        grant: Grant,
        part: Part<'_>,
        edited: Option<String>,
        (key, now, days): (String, i64, Days),
    ) -> Result<Self, AppError> {
        let (thread, permit) = conversations.thread(current, &grant, part, Format::Html).await?;
        let room = match grant.conversation().kind {
            ConversationKind::Private => None,
            _ => Some(RoomWindow::load(rooms, &grant, &thread).await?),
        };
        let top = match &room {
            Some(_) => Some(RoomTop::load(rooms, current, &grant).await?),
            None => None,
        };
        // After the thread, because a page whose answer is complete is not loaded again.
        let tools = Tools::of(grant.conversation(), chat.context_use(current, &grant).await?);
        let before = match part {
            Part::Window { before, .. } => before,
            Part::Since { .. } => None,
        };
        let conversation = grant.into_conversation();
        let shown = Shown {
            conversation_id: Some(conversation.id.clone()),
            generating: thread.generating.clone(),
            after: before.is_none().then_some(thread.after),
            model: None,
            model_label: None,
            queue: QuestionQueue::default(),
            room: top.as_ref().map(RoomTop::placeholder),
            asks: top.as_ref().is_some_and(RoomTop::asks),
            manages: top.as_ref().is_some_and(RoomTop::manages),
            only_reads: top.as_ref().and_then(RoomTop::only_reads),
        };
        let window = Window {
            edited,
            picture: picture::of(&current.user),
            older: before.is_some(),
            query: before.map(|before| format!("before={before}&")).unwrap_or_default(),
            key,
            now,
            days,
            copied: top.as_ref().and_then(|top| top.copied(days)),
            room,
        };
        Ok(Self { top, shown, conversation, window, thread, tools, permit })
    }
}

/// The bar of a new conversation.
#[component]
fn NewBar(tools: Tools) -> impl IntoView {
    view! {
        <Bar title=t("conversation-new")>
            <ToolButtons tools />
            <TemporaryLink />
        </Bar>
    }
}

/// The bar of a conversation. On paper it has the day of the last change in place of its buttons.
#[component]
fn ConversationBar(
    conversation: Conversation,
    top: Option<RoomTop>,
    days: Days,
    tools: Tools,
) -> impl IntoView {
    if let Some(top) = top {
        return view! { <RoomBar top /> }.into_any();
    }
    view! {
        <Bar title=title_of(&conversation)>
            <p class="print-only">{days.date(conversation.updated_at)}</p>
            <OutlineButton id=conversation.id.clone() />
            <ToolButtons tools />
            <Menu conversation />
        </Bar>
    }
    .into_any()
}

/// The thread with `children` as its messages, and the composer. Above the thread stands a `note`; `templates` are in place
/// of those of a conversation that is stored; `name` and `picture` are those of the person who reads the page.
#[component]
pub(super) fn Content(
    opened: Opened,
    composing: Composing,
    picture: Picture,
    #[prop(optional)] name: String,
    empty: bool,
    #[prop(optional)] note: Option<AnyView>,
    #[prop(optional)] templates: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    view! {
        {note}
        <div class="thread" class:empty=empty id="thread" role="log" aria-live="off" aria-label=t("messages") tabindex="0">
            <div class="messages" id="messages">
                {children()}
            </div>
        </div>
        <script nonce=use_nonce() inner_html=PLACE></script>
        <SteerForm key=composing.key.clone() />
        <RowMenu />
        {templates.unwrap_or_else(|| view! { <Templates name picture /> }.into_any())}
        <dialog id="sheet" aria-labelledby="sheet-title"></dialog>
        <script type="application/json" id=OPENED nonce=use_nonce() inner_html=opened.written()></script>
        <DockContent shown=opened.shown reader_id=opened.reader_id composing />
    }
}
