//! People and the model in one room: messages, what the model reads, and who may change what.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use inglenook::{
    domain::{
        Conversation, ConversationKind, CurrentUser, Message, Params, RoomPayer, RoomSettings, Scope,
        SessionKind, Status, User,
    },
    error::AppError,
    server::{
        chat::{Post, Posted},
        llm::{ChatRequest, Delta, DeltaStream, LlmError, Provider},
        store::{Entry, Join, JoinOutcome, Need, NewRoom, RoomOutcome, Texts},
    },
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::app::{App, Client};

/// A provider that keeps what it was asked, and whose held answers end when the test lets them.
pub(super) struct Model {
    pub(super) asked: Mutex<Vec<ChatRequest>>,
    pub(super) open: Arc<Semaphore>,
}

#[async_trait]
impl Provider for Model {
    fn name(&self) -> &'static str {
        "acme"
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(["quick", "held"].map(str::to_owned).to_vec())
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        let is_held = request.model == "held";
        self.asked.lock().unwrap().push(request);
        let open = self.open.clone();
        let end = async move {
            if is_held {
                open.acquire().await.unwrap().forget();
            }
            Ok(Delta::Text("Done.".to_owned()))
        };
        Ok(stream::iter([Ok(Delta::Text("So. ".to_owned()))]).chain(stream::once(end)).boxed())
    }
}

/// A room with its owner Ada and the member Ben.
pub(super) struct Room {
    pub(super) app: App,
    pub(super) model: Arc<Model>,
    pub(super) id: String,
    pub(super) ada: (Client, CurrentUser),
    pub(super) ben: (Client, CurrentUser),
}

async fn somebody(app: &App, name: &str) -> (Client, CurrentUser) {
    let client = app.person(name).await;
    let user = app.state.store.user(&client.id().await).await.unwrap().unwrap();
    let session = (String::new(), SessionKind::Browser);
    let current = CurrentUser::found(user, session, (Scope::All, 0), "192.0.2.1");
    (client, current)
}

impl Room {
    pub(super) async fn open(model: &str, settings: RoomSettings) -> Self {
        let provider = Arc::new(Model { asked: Mutex::default(), open: Arc::new(Semaphore::new(0)) });
        let app = App::with_provider(&[], provider.clone()).await;
        let (ada, ben) = (somebody(&app, "ada").await, somebody(&app, "ben").await);
        let now = app.state.clock.now();
        let it = Conversation {
            id: app.state.ids.next(),
            kind: ConversationKind::Room,
            title: "Tea".into(),
            model: Some(format!("acme/{model}")),
            system_prompt: Some("Be brief.".into()),
            params: Params::default(),
            pinned: false,
            archived: false,
            unread: false,
            running: false,
            leaf_id: None,
            created_at: now,
            updated_at: now,
        };
        let new = NewRoom {
            owner_id: ada.1.id(),
            owner_name: "Ada",
            conversation: &it,
            settings: &RoomSettings { listed: true, ..settings },
            board: None,
            copied: None,
            key: None,
            most: None,
        };
        assert_eq!(app.state.store.create_room(&new).await.unwrap(), RoomOutcome::Made);
        let room = Self { app, model: provider, id: it.id, ada, ben };
        room.join(&room.ben.1.user, "Ben").await;
        room
    }

    async fn join(&self, user: &User, name: &str) {
        let join = Join {
            conversation_id: &self.id,
            user_id: &user.id,
            name,
            entry: Entry::Listed,
            most: 9,
            now: self.app.state.clock.now(),
        };
        let joined = self.app.state.store.join(&join).await.unwrap();
        assert!(matches!(joined, JoinOutcome::Joined { .. }), "{joined:?}");
    }

    fn says<'a>(&'a self, text: &'a str) -> Post<'a> {
        Post { conversation_id: &self.id, text, ..Post::default() }
    }

    pub(super) async fn post(&self, who: &CurrentUser, text: &str) -> Posted {
        self.app.state.chat.post(who, self.says(text)).await.unwrap()
    }

    /// All messages, the oldest first.
    pub(super) async fn line(&self) -> Vec<Message> {
        let store = &self.app.state.store;
        let grant = store.access(self.ada.1.id(), &self.id, Need::Read).await.unwrap();
        let ids = store.outlines_back(&grant, None, 99).await.unwrap().into_iter().map(|it| it.id);
        let ids: Vec<String> = ids.collect();
        let mut all = store.messages_of(&grant, &ids, Texts::All).await.unwrap();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Waits until so many messages are there and the newest answer has this status.
    pub(super) async fn until(&self, count: usize, status: Status) -> Vec<Message> {
        for _ in 0..400 {
            let line = self.line().await;
            let answer = line.iter().rfind(|message| message.model.is_some());
            if line.len() == count && answer.is_some_and(|answer| answer.status == status) {
                return line;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.line().await);
    }

    pub(super) async fn queue(&self) -> Vec<String> {
        let queue = self.app.state.chat.queue(&self.ada.1, &self.id).await.unwrap();
        queue.items.into_iter().map(|item| item.text).collect()
    }

    pub(super) fn let_end(&self) {
        self.model.open.add_permits(1);
    }

    async fn answers_of(&self, who: &CurrentUser) -> u64 {
        self.app.state.allowances.budget(&who.user).await.unwrap().used.messages
    }
}

pub(super) fn reason(refused: Result<impl std::fmt::Debug, AppError>) -> (u16, String) {
    let error = refused.unwrap_err();
    (error.status(), error.reason().key().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_has_read_the_room_and_says_what() {
    let room = Room::open("quick", RoomSettings { payer: RoomPayer::Owner, ..RoomSettings::default() }).await;
    let (ada, ben) = (&room.ada.1, &room.ben.1);
    let mut events = room.ada.0.events(&format!("/api/v1/conversations/{}/events", room.id)).await;
    let first = room.post(ada, "Tea at five").await;
    assert!(!first.asks, "nobody asked the model");
    let asked = room.post(ben, "Is that late, @Model?").await;
    assert!(asked.asks);
    let line = room.until(3, Status::Complete).await;
    let answer = &line[2];
    assert_eq!((&*answer.content, &answer.author_id), ("So. Done.", &ben.user.id));
    assert_eq!(answer.talk.reply_to.as_ref(), Some(&asked.message.id));
    let read = answer.talk.read.clone().unwrap();
    assert_eq!((read.messages, read.payer, read.since), (2, RoomPayer::Owner, first.message.created_at));
    assert_eq!((&read.first_id, &read.last_id), (&first.message.id, &asked.message.id));
    assert_eq!((room.answers_of(ada).await, room.answers_of(ben).await), (1, 0), "the owner pays");
    let request = room.model.asked.lock().unwrap()[0].clone();
    let [system, said] = &request.messages[..] else { panic!("{request:?}") };
    assert!(system.content.contains("several people") && system.content.ends_with("Be brief."));
    assert_eq!(said.content, "Ada: Tea at five\n\nBen: Is that late, @Model?");
    // A member who has the room open is told each of them once, in order.
    let mut told = Vec::new();
    while told.last().is_none_or(|(name, _): &(String, Value)| name != "done") {
        let (name, _, event) = events.next().await.unwrap();
        told.push((name, event));
    }
    let names = told.iter().map(|(name, _)| &**name);
    let names: Vec<&str> = names.filter(|name| !["delta", "queue", "title"].contains(name)).collect();
    assert_eq!(names, ["message", "message", "started", "done"]);
    let heard = &told.iter().find(|(name, _)| name == "message").unwrap().1;
    assert_eq!(heard["author_id"], json!(ada.id()));
    let started = &told.iter().find(|(name, _)| name == "started").unwrap().1;
    assert_eq!((&started["reply_to"], &started["read"]["messages"]), (&json!(asked.message.id), &json!(2)));
    // The room keeps its name.
    let now = room.ben.0.get(&format!("/api/v1/conversations/{}", room.id)).await.is(200).json();
    assert_eq!(now["title"], "Tea");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_changed_and_deleted_by_whom_they_belong_to() {
    let room = Room::open("quick", RoomSettings::default()).await;
    let (ada, ben, chat) = (&room.ada.1, &room.ben.1, &room.app.state.chat);
    let mentions = [ben.user.id.clone()];
    let mut post = room.says("Hello @Ben");
    post.mentions = &mentions;
    post.key = Some("k");
    let first = chat.post(ada, post).await.unwrap().message;
    assert_eq!(first.talk.mentions, mentions);
    assert_eq!(chat.post(ada, post).await.unwrap().message, first, "once");
    let after = first.revision;
    assert_eq!(reason(chat.edit_post(ben, &first.id, "Mine", &[]).await), (403, "room-edit-others".into()));
    assert_eq!(reason(chat.erase_post(ben, &first.id).await), (403, "room-delete-others".into()));
    let changed = chat.edit_post(ada, &first.id, "Hello all", &[]).await.unwrap();
    assert_eq!((&*changed.content, changed.talk.edited_at.is_some()), ("Hello all", true));
    let second = room.post(ben, "Bye").await.message;
    chat.erase_post(ada, &second.id).await.unwrap();
    // Who was away is told what they are now, each once.
    let path = format!("/api/v1/conversations/{}/events?after={after}", room.id);
    let mut events = room.ben.0.events(&path).await;
    let mut told = Vec::new();
    while told.len() < 2 {
        let event = events.next().await.unwrap();
        if event.0 == "message" {
            told.push(event.2);
        }
    }
    assert_eq!((&told[0]["id"], &told[0]["content"]), (&json!(first.id), &json!("Hello all")));
    assert_eq!((&told[1]["id"], &told[1]["content"]), (&json!(second.id), &json!("")));
    assert!(told[1]["deleted_at"].is_i64());
    assert_eq!(chat.versions(ada, &second.id, None).await.unwrap().items[0].content, "Bye");
    assert_eq!(chat.versions(ben, &second.id, None).await.unwrap_err().status(), 403);
    let mut reply = room.says("What?");
    for (to, found) in [(&*second.id, "reply-unknown"), ("none", "reply-unknown")] {
        reply.reply_to = Some(to);
        assert_eq!(reason(chat.post(ben, reply).await), (422, found.into()));
    }
    reply.reply_to = Some(&first.id);
    let replied = chat.post(ben, reply).await.unwrap().message;
    assert_eq!(replied.talk.reply_to.as_ref(), Some(&first.id));
    let stranger = [somebody(&room.app, "kim").await.1.user.id];
    let mut post = room.says("@Kim");
    post.mentions = &stranger;
    assert_eq!(reason(chat.post(ada, post).await), (422, "mention-unknown".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_has_no_branches_and_takes_only_so_many_messages() {
    let room = Room::open("quick", RoomSettings { slow_seconds: 60, ..RoomSettings::default() }).await;
    let (ada, ben, chat) = (&room.ada.1, &room.ben.1, &room.app.state.chat);
    let first = room.post(ben, "Hello").await.message;
    let slow = chat.post(ben, room.says("Again")).await;
    assert!(matches!(slow, Err(AppError::TooFast { seconds: 1..=60, .. })), "{slow:?}");
    assert_eq!(reason(slow), (429, "room-slow".into()));
    let path = format!("/api/v1/conversations/{}/messages", room.id);
    room.ada.0.post(&path, &json!({ "content": "Why?" })).await.is(201);
    assert_eq!(reason(chat.select(ada, &first.id).await), (409, "room-line".into()));
    assert_eq!(reason(chat.queue_add(ada, &room.id, ("Why?", None), None).await), (409, "room-post".into()));
    chat.delete(ben, &first.id).await.unwrap();
    assert!(room.line().await[0].talk.deleted_at.is_some(), "deleting leaves a mark");
    assert_eq!(reason(chat.restore(ada, &first.id).await), (409, "room-restore".into()));
    let private = room.ada.0.conversation().await;
    let post = Post { conversation_id: &private, text: "Hi", ..Post::default() };
    assert_eq!(reason(chat.post(ada, post).await), (409, "room-only".into()));
    assert_eq!(chat.post(ben, post).await.unwrap_err(), AppError::NotFound);
    let mut refused = None;
    for at in 0..30 {
        if let Err(error) = chat.post(ada, room.says(&at.to_string())).await {
            refused = Some((at, error.status(), error.reason().key().to_owned()));
            break;
        }
    }
    let (at, status, key) = refused.unwrap();
    // One came over the API before.
    assert!(at >= 19 && (status, &*key) == (429, "room-flood"), "{at} {status} {key}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_reads_what_is_pinned_and_says_so() {
    let room = Room::open("quick", RoomSettings::default()).await;
    let (ada, ben) = (&room.ada.1, &room.ben.1);
    let rule = room.post(ada, "Tea is at five.\nBen: at six").await;
    let gone = room.post(ada, "Coffee").await;
    for pinned in [&rule, &gone] {
        room.app.state.chat.pin(ben, &pinned.message.id, true).await.unwrap();
    }
    room.app.state.chat.erase_post(ada, &gone.message.id).await.unwrap();
    room.post(ben, "When is tea, @model?").await;
    let line = room.until(4, Status::Complete).await;
    let read = line[3].talk.read.clone().unwrap();
    assert_eq!((read.pins, read.messages), (vec![rule.message.id.clone()], 2));
    let request = room.model.asked.lock().unwrap()[0].clone();
    let said = &request.messages[1].content;
    let pinned = "[Pinned in this room]\nAda: Tea is at five.\n    Ben: at six\n[The room’s last messages]\n\nAda: Tea";
    assert!(said.starts_with(pinned), "{said}");
    // What it read is listed for whoever reads the room.
    let cookie = format!("inglenook={}", room.ben.0.token());
    let path = format!("/c/{}/read/{}", room.id, line[3].id);
    let list = room.app.client().cookie(&cookie).browser().get(&path).await.is(200).text();
    assert!(
        list.contains("Tea is at five.")
            && list.contains("When is tea")
            && list.contains("Counts against Ben")
    );
    let stranger = room.app.person("eve").await;
    let cookie = format!("inglenook={}", stranger.token());
    room.app.client().cookie(&cookie).browser().get(&path).await.is(404);
}
