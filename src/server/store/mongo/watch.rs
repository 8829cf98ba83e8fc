//! The changes of other processes, from change streams: one stream for rare events, one for the new text of the answers
//! that are followed here. Without the second, MongoDB would send every text to every process.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt, stream, stream::BoxStream};
use mongodb::{
    Database,
    action::Watch,
    bson::{Document, Regex, doc, from_document},
    change_stream::{
        ChangeStream,
        event::{ChangeStreamEvent, OperationType, ResumeToken},
    },
    error::{Error, Result},
};
use tokio::sync::{mpsc, watch};

use crate::server::store::{Chunk, StoreChange};

use super::{chunk_documents::ChunkDoc, error::is_outage, revision::foreign};

/// How long MongoDB waits for an event before it answers that there was none.
const AWAIT: Duration = Duration::from_millis(250);
/// A MongoDB server that is silent for this long counts as lost.
const SILENCE: Duration = Duration::from_secs(10);
/// The pause between two tries to open a stream. Without a stream the server reads everything anew once per try.
const AGAIN: Duration = Duration::from_millis(500);
/// How many changes may wait for the reader of the stream.
const WAITING: usize = 256;

type Texts = watch::Receiver<Arc<HashSet<String>>>;
type Event = ChangeStreamEvent<Document>;
type Events = ChangeStream<Event>;

/// A stream has ended.
struct Over;

pub(super) fn watch(db: Database, instance: String, texts: Texts) -> BoxStream<'static, StoreChange> {
    let (tell, told) = mpsc::channel(WAITING);
    // If one of the two panics, both end, and so does the stream of changes; otherwise its reader would go on with one
    // half of the changes.
    tokio::spawn(async move {
        tokio::select! {
            () = rare(db.clone(), instance, tell.clone()) => {}
            () = followed(db.clone(), texts, tell.clone()) => {}
        }
    });
    let next = |mut told: mpsc::Receiver<StoreChange>| async { told.recv().await.map(|it| (it, told)) };
    stream::unfold(told, next).boxed()
}

/// A stream that resumes where it was. If it cannot, it reports that changes may have been missed.
struct Tail {
    token: Option<ResumeToken>,
    tell: mpsc::Sender<StoreChange>,
    failing: bool,
}

impl Tail {
    fn new(tell: mpsc::Sender<StoreChange>) -> Self {
        Self { token: None, tell, failing: false }
    }

    /// Opens the stream; also answers whether it resumes where it was.
    async fn open(&mut self, watch: Watch<'_>) -> Option<(Events, bool)> {
        let watch = watch.max_await_time(AWAIT);
        let resumed = self.token.is_some();
        let watch = match self.token.clone() {
            Some(token) => watch.resume_after(token),
            None => watch,
        };
        match timed(async { watch.await }).await {
            Ok(events) => {
                if self.failing {
                    tracing::info!("the database tells the changes of other servers again");
                }
                self.failing = false;
                Some((events, resumed))
            }
            Err(error) => {
                self.failed(&error);
                None
            }
        }
    }

    /// The next event, `None` if none comes within a moment; an error when the stream has ended.
    async fn next(&mut self, events: &mut Events) -> std::result::Result<Option<Event>, Over> {
        match timed(events.next_if_any()).await {
            Ok(event) if event.is_some() || events.is_alive() => {
                self.token = events.resume_token();
                Ok(event)
            }
            Ok(_) => Err(Over),
            Err(error) => {
                self.failed(&error);
                Err(Over)
            }
        }
    }

    fn failed(&mut self, error: &Error) {
        if self.failing && !is_outage(error) {
            // Perhaps MongoDB no longer knows the position of the token.
            self.token = None;
        }
        if !self.failing {
            tracing::warn!(%error, "changes of other servers are looked for, as the database does not tell them");
        }
        self.failing = true;
    }

    /// Sends a change. Fails when nobody reads the changes any more, as at the end of the process.
    async fn say(&self, change: StoreChange) {
        let _ = self.tell.send(change).await;
    }
}

async fn timed<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(SILENCE, work)
        .await
        .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

/// Reports changes of conversations, requests to stop, sessions that ended, and who is writing.
async fn rare(db: Database, instance: String, tell: mpsc::Sender<StoreChange>) {
    let others = Regex { pattern: format!("^(?!{instance}:)"), options: String::new() };
    let of = |collection: &str, operation: &str| doc! { "ns.coll": collection, "operationType": operation };
    let with = |mut filter: Document, field: &str| {
        filter.insert(format!("updateDescription.updatedFields.{field}"), others.clone());
        filter
    };
    let filter = doc! { "$match": { "$or": [
        with(of("conversations", "update"), "revision"),
        of("conversations", "delete"),
        with(of("messages", "update"), "stop"),
        of("sessions", "delete"),
        with(of("members", "update"), "writes"),
    ] } };
    let mut tail = Tail::new(tell);
    while !tail.tell.is_closed() {
        let opened = tail.open(db.watch().pipeline([filter.clone()])).await;
        if opened.as_ref().is_none_or(|(_, resumed)| !resumed) {
            tail.say(StoreChange::Missed).await;
        }
        let Some((mut events, _)) = opened else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        while let Ok(event) = tail.next(&mut events).await {
            if let Some(change) = event.and_then(|event| change(event, &instance)) {
                tail.say(change).await;
            }
            if tail.tell.is_closed() {
                return;
            }
        }
    }
}

fn change(event: Event, instance: &str) -> Option<StoreChange> {
    let (key, collection) = (event.document_key?, event.ns?.coll?);
    if collection == "members" {
        return writing(key.get_document("_id").ok()?, &event.update_description?.updated_fields);
    }
    let id = key.get_str("_id").ok()?.to_owned();
    Some(match (collection.as_str(), event.operation_type) {
        ("conversations", OperationType::Update) => {
            let fields = event.update_description?.updated_fields;
            StoreChange::Conversation { id, kind: foreign(fields.get_str("revision").ok()?, instance)? }
        }
        ("conversations", OperationType::Delete) => StoreChange::Deleted { conversation_id: id },
        ("messages", OperationType::Update) => StoreChange::Stop { message_id: id },
        ("sessions", OperationType::Delete) => StoreChange::SessionEnded { session_id: id },
        _ => return None,
    })
}

/// See [`Shared::tell_writing`](crate::server::store::Shared::tell_writing).
fn writing(member: &Document, fields: &Document) -> Option<StoreChange> {
    let text = |field: &str| member.get_str(field).ok().map(str::to_owned);
    let (_, rest) = fields.get_str("writes").ok()?.split_once(':')?;
    let (_, name) = rest.split_once(':')?;
    Some(StoreChange::Writing { conversation_id: text("c")?, user_id: text("u")?, name: name.to_owned() })
}

/// Reports the new text of the answers in `texts`. The filter of a stream is fixed, so each new set of answers needs a
/// new stream, which resumes where the old one was.
async fn followed(db: Database, mut texts: Texts, tell: mpsc::Sender<StoreChange>) {
    let chunks = db.collection::<Document>("chunks");
    let mut tail = Tail::new(tell);
    let mut known = Arc::default();
    while !tail.tell.is_closed() {
        let wanted = texts.borrow_and_update().clone();
        if wanted.is_empty() {
            tail.token = None;
            known = wanted;
            tokio::select! {
                changed = texts.changed() => if changed.is_err() { return },
                () = tail.tell.closed() => return,
            }
            continue;
        }
        let of: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let filter = doc! { "$match": { "operationType": "insert", "documentKey._id.m": { "$in": of } } };
        let opened = tail.open(chunks.watch().pipeline([filter])).await;
        if opened.as_ref().is_none_or(|(_, resumed)| !resumed) {
            known = Arc::default();
        }
        let new: Vec<String> = wanted.difference(&known).cloned().collect();
        known = wanted;
        if !new.is_empty() {
            tail.say(StoreChange::TextsFrom { message_ids: new }).await;
        }
        let Some((mut events, _)) = opened else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        while !texts.has_changed().unwrap_or_default() && !tail.tell.is_closed() {
            let Ok(event) = tail.next(&mut events).await else { break };
            let doc = event.and_then(|event| event.full_document);
            if let Some(Ok(chunk)) = doc.map(from_document::<ChunkDoc>) {
                tail.say(StoreChange::Text(Chunk::from(chunk))).await;
            }
        }
    }
}
