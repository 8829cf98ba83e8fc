//! Fresh stores, and people, conversations and turns to fill them with.

use std::{
    sync::Arc,
    sync::atomic::{AtomicU32, Ordering},
};

pub(super) use super::asking::{Asking, NewTurn, TurnOutcome};

use tempfile::TempDir;
use ulid::Ulid;

use crate::{
    domain::{
        Conversation, ConversationKind, Message, Params, Role, Scope, SessionKind, Status, Talk, Timings,
        User,
    },
    server::store::{
        Admission, Chunk, Finish, Key, NewUser, OpenOptions, Orphans, Registered, Run, Session, Store,
        contract::mongod, open,
    },
};

/// The time in most cases. It is in 2026, so that MongoDB removes nothing for its age while a test runs.
pub(super) const NOW: i64 = 1_790_000_000_000;
/// A time in the future of these tests, in 2096.
pub(super) const LATER: i64 = 4_000_000_000_000;

pub(super) struct Fresh {
    pub store: Arc<dyn Store>,
    _folder: Option<TempDir>,
}

pub(super) async fn sqlite() -> Fresh {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new/inglenook.db").display());
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    Fresh { store, _folder: Some(folder) }
}

pub(super) async fn memory() -> Fresh {
    Fresh { store: open("sqlite::memory:", &OpenOptions::default()).await.unwrap(), _folder: None }
}

pub(super) async fn mongo() -> Fresh {
    let url = mongod::shared().await.url(&mongod::empty_database().await);
    Fresh { store: open(&url, &OpenOptions::default()).await.unwrap(), _folder: None }
}

/// A new id, which sorts after all ids before it.
pub(super) fn id() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Ulid::from_parts(NOW.unsigned_abs() + u64::from(count), count.into()).to_string()
}

/// The password hash of every account in the cases.
pub(super) const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

pub(super) fn new_user(email: &str) -> NewUser {
    NewUser {
        email_verified: false,
        identity: None,
        id: id(),
        login: email.to_owned(),
        name: "Ada".to_owned(),
        password_hash: HASH.to_owned(),
        created_at: NOW,
    }
}

pub(super) async fn user(store: &dyn Store) -> User {
    let new = new_user(&format!("{}@example.com", id().to_lowercase()));
    registered(store, &new).await.unwrap()
}

/// The registered person; `None` if the address is taken.
pub(super) async fn registered(store: &dyn Store, new: &NewUser) -> Option<User> {
    match store.create_user(new, Admission::ANYBODY).await.unwrap() {
        Registered::Made(user) => Some(user),
        Registered::LoginTaken => None,
        Registered::Closed | Registered::NotFirst => panic!("registration is open"),
    }
}

/// An idempotency key. Two keys with the same `request` stand for the same request.
pub(super) fn key(name: &str, request: &str) -> Key {
    Key { name: name.to_owned(), request: request.to_owned() }
}

/// The first run of a turn's answer.
pub(super) fn first_run(turn: &NewTurn) -> Run {
    Run {
        message_id: turn.answer.id.clone(),
        conversation_id: turn.conversation.id.clone(),
        run: turn.answer.id.clone(),
    }
}

pub(super) fn session(user: &User) -> Session {
    Session {
        id: id(),
        user_id: user.id.clone(),
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: LATER,
        user_agent: "Firefox".to_owned(),
        kind: SessionKind::Browser,
        name: String::new(),
        scope: Scope::All,
        secret_hash: None,
        address: "192.0.2.1".to_owned(),
        proved_at: NOW,
    }
}

pub(super) fn conversation(title: &str) -> Conversation {
    Conversation {
        id: id(),
        kind: ConversationKind::Private,
        title: title.to_owned(),
        model: None,
        system_prompt: None,
        params: Params::default(),
        pinned: false,
        archived: false,
        unread: false,
        running: false,
        leaf_id: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn message(
    author_id: &str,
    conversation_id: &str,
    parent_id: Option<String>,
    role: Role,
    content: &str,
) -> Message {
    let answer = role == Role::Assistant;
    Message {
        id: id(),
        conversation_id: conversation_id.to_owned(),
        author_id: author_id.to_owned(),
        parent_id,
        role,
        content: content.to_owned(),
        reasoning: String::new(),
        status: if answer { Status::Generating } else { Status::Complete },
        model: answer.then(|| "demo/echo".to_owned()),
        usage: None,
        failure: None,
        length_limited: false,
        timings: Timings::default(),
        left_out: 0,
        continued: false,
        talk: Talk::default(),
        created_at: NOW + 1,
        revision: 0,
    }
}

/// A question after `parent` and its empty answer, in a conversation that exists.
pub(super) fn turn(user: &User, conversation: &Conversation, parent: Option<&str>) -> NewTurn {
    let question =
        message(&user.id, &conversation.id, parent.map(str::to_owned), Role::User, "What is a quine?");
    let answer = message(&user.id, &conversation.id, Some(question.id.clone()), Role::Assistant, "");
    NewTurn {
        user_id: user.id.clone(),
        conversation: conversation.clone(),
        new_conversation: false,
        question: Some(question),
        answer,
        key: None,
        queued: None,
        most_running: 1000,
        now: NOW + 2,
    }
}

/// A first question and its empty answer, in a new conversation.
pub(super) fn first_turn(user: &User) -> NewTurn {
    NewTurn { new_conversation: true, ..turn(user, &conversation(""), None) }
}

/// A further answer to the question `parent`.
pub(super) fn another_answer(user: &User, conversation: &Conversation, parent: Option<&str>) -> NewTurn {
    let answer = message(&user.id, &conversation.id, parent.map(str::to_owned), Role::Assistant, "");
    NewTurn { question: None, answer, ..turn(user, conversation, None) }
}

/// A piece of a running answer's text, from the byte `at` on.
pub(super) fn chunk(turn: &NewTurn, seq: u64, at: u64, text: &str) -> Chunk {
    Chunk { message_id: turn.answer.id.clone(), seq, text_at: at, text: text.to_owned(), ..Chunk::default() }
}

/// The message without its revision, because the store gives that.
pub(super) fn unnumbered(message: Message) -> Message {
    Message { revision: 0, ..message }
}

/// Interrupts the running answers of the process that has the store open, as if that process were gone.
pub(super) async fn interrupt(store: &dyn Store) -> u64 {
    store.interrupt_unfinished(Orphans::Of(store.instance())).await.unwrap()
}

pub(super) async fn begin(store: &dyn Store, turn: &NewTurn) {
    assert_eq!(store.begin_turn(turn).await.unwrap(), TurnOutcome::Begun);
}

pub(super) fn finish(content: &str, seq: u64) -> Finish {
    Finish {
        content: content.to_owned(),
        reasoning: String::new(),
        status: Status::Complete,
        usage: None,
        failure: None,
        length_limited: false,
        timings: Timings::default(),
        seq,
        marks: Vec::new(),
    }
}

/// Begins a turn and finishes its answer.
pub(super) async fn talk(store: &dyn Store, turn: &NewTurn, answer: &str) {
    begin(store, turn).await;
    assert!(store.finish_message(&turn.answer.id, &finish(answer, 1)).await.unwrap());
}
