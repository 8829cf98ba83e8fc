//! What is added to a conversation, in MongoDB: one transaction whose first write is to the conversation, so that of
//! two additions to one conversation at once, one collides and begins again.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error::Result,
    options::ReturnDocument,
};

use crate::{
    domain::Message,
    server::store::{
        AccessLevel, AddOutcome, AskedModel, BeginOutcome, ChangeKind, Destination, Grant, Key, Need,
        NewAnswer, NewMessage, NewQueued,
    },
};

use super::{
    Mongo,
    access::id as member_id,
    changes::{changed_as, numbered, update},
    documents::{ConversationDoc, MessageDoc},
    transaction::{Outcome, Transaction},
};

/// By how much an answer raises the conversation's number. It is larger than the number of events that a process may
/// have published on its own since the last answer, so that all processes number the events of the answer from the same
/// position on.
pub(super) const TURN_GAP: i64 = 1000;

/// Adds a person's message.
pub(super) struct Add<'a> {
    grant: &'a Grant,
    new: &'a NewMessage,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

impl<'a> Add<'a> {
    pub(super) fn new(grant: &'a Grant, new: &'a NewMessage) -> Self {
        Self { grant, new, tried: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Transaction for Add<'_> {
    type Answer = AddOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<AddOutcome>> {
        let (NewMessage { message, key, now, .. }, grant) = (self.new, self.grant);
        let (id, author_id) = (grant.conversation_id(), grant.user_id());
        if self.tried.load(Ordering::Relaxed)
            && let Some(added) = mongo.in_conversation(tx, id, &message.id).await?
            && let Some(conversation) =
                mongo.conversation_docs().find_one(doc! { "_id": id }).session(&mut *tx).await?
        {
            return Ok(Outcome::Abort(AddOutcome::Added(changed_as(conversation, added.revision))));
        }
        if let Some(key) = key
            && let Some(outcome) = added_with(mongo, tx, (grant, key, *now)).await?
        {
            return Ok(Outcome::Abort(outcome));
        }
        let Some(which) = mongo.granted(tx, grant, Need::Write).await? else {
            return Ok(Outcome::Abort(AddOutcome::NoConversation));
        };
        if grant.conversation().kind.is_shared() {
            return self.in_line(mongo, tx, which).await;
        }
        // Read in the transaction: the write that follows collides with any transaction that begins or ends an answer.
        let busy = mongo.running_in(tx, id).await?.is_some();
        let set = doc! { "updated_at": now, "revision": mongo.revision(ChangeKind::Tree) };
        let mut change = numbered(set, 1);
        let follows = doc! { "$eq": ["$leaf_id", { "$literal": &message.parent_id }] };
        let moves = doc! { "$or": [!busy, follows] };
        let leaf = doc! { "$cond": [moves, { "$literal": &message.id }, "$leaf_id"] };
        change.push(doc! { "$set": { "leaf_id": leaf } });
        let conversations = mongo.conversation_docs();
        let changed = conversations.find_one_and_update(which, change);
        let changed = changed.return_document(ReturnDocument::After).session(&mut *tx).await?;
        let Some(conversation) = changed else { return Ok(Outcome::Abort(AddOutcome::NoConversation)) };
        if let Some(parent) = &message.parent_id
            && mongo.in_conversation(tx, id, parent).await?.is_none()
        {
            return Ok(Outcome::Abort(AddOutcome::NoParent));
        }
        let doc = MessageDoc::new(author_id, id, message, conversation.last_seq);
        mongo.messages().insert_one(doc).session(&mut *tx).await?;
        if let Some(key) = key {
            mongo.use_key(tx, (author_id, id), key, &message.id, *now).await?;
        }
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(AddOutcome::Added(conversation.changed())))
    }
}

/// See [`Messages::added_with`](crate::server::store::Messages::added_with).
pub(super) struct AddedWith<'a> {
    pub(super) grant: &'a Grant,
    pub(super) key: &'a Key,
    pub(super) now: i64,
}

#[async_trait]
impl Transaction for AddedWith<'_> {
    type Answer = Option<AddOutcome>;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<Option<AddOutcome>>> {
        Ok(Outcome::Abort(added_with(mongo, tx, (self.grant, self.key, self.now)).await?))
    }
}

async fn added_with(
    mongo: &Mongo,
    tx: &mut ClientSession,
    (grant, key, now): (&Grant, &Key, i64),
) -> Result<Option<AddOutcome>> {
    let scope = (grant.user_id(), grant.conversation_id());
    Ok(mongo.used(tx, scope, key, now).await?.map(|(used, message)| match used.request {
        Some(request) if request == key.request => AddOutcome::Repeated { message_id: message.id },
        _ => AddOutcome::KeyReused,
    }))
}

impl Add<'_> {
    /// Adds a message to a room. `which` is the filter for the conversation.
    async fn in_line(
        &self,
        mongo: &Mongo,
        tx: &mut ClientSession,
        which: Document,
    ) -> Result<Outcome<AddOutcome>> {
        let (NewMessage { message, key, asks, now }, grant) = (self.new, self.grant);
        let (id, author_id) = (grant.conversation_id(), grant.user_id());
        // Read in the transaction: the write that follows collides with any other message.
        let found = mongo.conversation_docs().find_one(which.clone()).session(&mut *tx).await?;
        let Some(found) = found else { return Ok(Outcome::Abort(AddOutcome::NoConversation)) };
        if let Some(until) = mongo.waits_until(tx, &found, grant).await?.filter(|until| until > now) {
            return Ok(Outcome::Abort(AddOutcome::TooSoon { until }));
        }
        if let Some(leaf_id) = found.leaf_id.as_ref().filter(|leaf| **leaf >= message.id) {
            return Ok(Outcome::Abort(AddOutcome::Behind { leaf_id: leaf_id.clone() }));
        }
        let set =
            doc! { "updated_at": now, "leaf_id": &message.id, "revision": mongo.revision(ChangeKind::Tree) };
        let mut change = numbered(set, 1);
        if asks.is_some() {
            // The queue has the number after the one of the message.
            let next = doc! { "$add": ["$last_seq", 1_i64] };
            change.push(doc! { "$set": { "last_seq": &next, "queue_seq": &next } });
        }
        let changed = update(mongo, tx, which, change).await?;
        let Some(conversation) = changed else { return Ok(Outcome::Abort(AddOutcome::NoConversation)) };
        let message = &Message { parent_id: found.leaf_id, ..message.clone() };
        let revision = conversation.last_seq - i64::from(asks.is_some());
        let doc = MessageDoc::new(author_id, id, message, revision);
        mongo.messages().insert_one(doc).session(&mut *tx).await?;
        let written = doc! { "$set": { "written_at": now, "read_id": &message.id } };
        mongo.member_docs().update_one(member_id(id, author_id), written).session(&mut *tx).await?;
        if let Some(AskedModel { model, most, most_own }) = asks {
            let asked = NewQueued {
                // A message is a question once at a time.
                id: &message.id,
                text: &message.content,
                message_id: Some(&message.id),
                model: model.as_deref(),
                key: None,
                most: *most,
                most_own: Some(*most_own),
                now: *now,
            };
            if let Some(full) = mongo.wait(tx, grant, &asked).await? {
                return Ok(Outcome::Abort(AddOutcome::QueueFull(full)));
            }
        }
        if let Some(key) = key {
            mongo.use_key(tx, (author_id, id), key, &message.id, *now).await?;
        }
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(AddOutcome::Added(changed_as(conversation, revision))))
    }
}

/// Begins an answer, with its question if there is one.
pub(super) struct Begin<'a> {
    new: &'a NewAnswer,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

impl<'a> Begin<'a> {
    pub(super) fn new(new: &'a NewAnswer) -> Self {
        Self { new, tried: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Transaction for Begin<'_> {
    type Answer = BeginOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<BeginOutcome>> {
        let new = self.new;
        let (id, author_id) = (new.to.conversation_id(), new.to.author_id());
        if let Some(begun) = self.earlier(mongo, tx).await? {
            return Ok(Outcome::Abort(begun));
        }
        if let Some(outcome) = self.repeated(mongo, tx).await? {
            return Ok(Outcome::Abort(outcome));
        }
        let mut answer = new.answer.clone();
        if let Some(queued) = new.queued_in_room() {
            if let Some(running) = mongo.running_in(tx, id).await? {
                return Ok(Outcome::Abort(BeginOutcome::Busy { answer_id: running.id }));
            }
            let Some(asked) = mongo.take_message(tx, (id, queued)).await? else {
                return Ok(Outcome::Abort(BeginOutcome::NotQueued));
            };
            let found = mongo.conversation_docs().find_one(doc! { "_id": id }).session(&mut *tx).await?;
            answer.talk.reply_to = asked;
            answer.parent_id = found.and_then(|conversation| conversation.leaf_id);
            if let Some(leaf_id) = answer.parent_id.as_ref().filter(|leaf| **leaf >= answer.id) {
                return Ok(Outcome::Abort(BeginOutcome::Behind { leaf_id: leaf_id.clone() }));
            }
        }
        let Some(conversation) = self.move_on(mongo, tx).await? else {
            let moved = new.queued.is_some() && self.is_there(mongo, tx).await?;
            let outcome = if moved { BeginOutcome::NotQueued } else { BeginOutcome::NoConversation };
            return Ok(Outcome::Abort(outcome));
        };
        if let (Some(queued), Some(question)) = (&new.queued, &new.question)
            && !mongo.take_queued(tx, (id, queued), &question.content).await?
        {
            return Ok(Outcome::Abort(BeginOutcome::NotQueued));
        }
        if !self.parent_known(mongo, tx).await? {
            return Ok(Outcome::Abort(BeginOutcome::NoParent));
        }
        if let Some(running) = mongo.running_in(tx, id).await? {
            return Ok(Outcome::Abort(BeginOutcome::Busy { answer_id: running.id }));
        }
        if mongo.running_of(tx, author_id).await? >= u64::from(new.most_running) {
            return Ok(Outcome::Abort(BeginOutcome::TooMany));
        }
        let revision = conversation.last_seq;
        let doc = |message: &Message| MessageDoc::new(author_id, id, message, revision);
        let mut answer = doc(&answer);
        answer.began_seq = Some(revision);
        answer.instance = Some(mongo.instance.clone());
        answer.run = Some(new.answer.id.clone());
        answer.question_id = new.question.as_ref().map(|question| question.id.clone());
        for message in new.question.iter().map(doc).chain([answer]) {
            mongo.messages().insert_one(message).session(&mut *tx).await?;
        }
        if let Some(key) = &new.key {
            mongo.use_key(tx, (author_id, new.to.key_scope()), key, &new.answer.id, new.now).await?;
        }
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(self.begun(conversation, revision)))
    }
}

impl Begin<'_> {
    /// The outcome of an earlier try, if that has begun the answer.
    async fn earlier(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Option<BeginOutcome>> {
        if !self.tried.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let id = self.new.to.conversation_id();
        let Some(answer) = mongo.in_conversation(tx, id, &self.new.answer.id).await? else { return Ok(None) };
        let found = mongo.conversation_docs().find_one(doc! { "_id": id }).session(tx).await?;
        Ok(found.map(|conversation| self.begun(conversation, answer.began_seq.unwrap_or_default())))
    }

    fn begun(&self, conversation: ConversationDoc, revision: i64) -> BeginOutcome {
        let to = &self.new.to;
        let level = to.grant().map_or(AccessLevel::Owner, Grant::level);
        match conversation.standing(to.author_id(), level).grant(Need::Write) {
            Ok(grant) => BeginOutcome::Begun { grant, after: revision.unsigned_abs() },
            Err(_) => BeginOutcome::NoConversation,
        }
    }

    async fn repeated(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Option<BeginOutcome>> {
        let new = self.new;
        let Some(key) = &new.key else { return Ok(None) };
        let used = mongo.used(tx, (new.to.author_id(), new.to.key_scope()), key, new.now).await?;
        Ok(used.map(|(used, answer)| {
            if !used.is_for(key, new) {
                return BeginOutcome::KeyReused;
            }
            BeginOutcome::Repeated {
                conversation_id: answer.conversation_id,
                question_id: answer.question_id,
                answer_id: answer.id,
            }
        }))
    }

    /// Whether the person may write in the conversation.
    async fn is_there(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<bool> {
        let Some(grant) = self.new.to.grant() else { return Ok(false) };
        let Some(which) = mongo.granted(tx, grant, Need::Write).await? else { return Ok(false) };
        Ok(mongo.conversation_docs().find_one(which).session(tx).await?.is_some())
    }

    /// Updates or inserts the conversation for the answer; `None` when there is no conversation, the person may not write
    /// in it, or the question that waited would follow another message than the leaf.
    async fn move_on(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Option<ConversationDoc>> {
        let answer = &self.new.answer;
        // The revision differs each time, because a write that changes nothing would not collide and so not keep two
        // answers apart.
        let revision = mongo.revision(ChangeKind::Begun);
        match &self.new.to {
            Destination::New { owner_id, conversation } => {
                let mut doc = ConversationDoc::new(owner_id, conversation);
                doc.leaf_id = Some(answer.id.clone());
                doc.updated_at = self.new.now;
                doc.model = answer.model.clone().or(doc.model);
                (doc.last_seq, doc.changed_seq, doc.running) = (1, 1, true);
                doc.revision = Some(revision);
                mongo.conversation_docs().insert_one(&doc).session(tx).await?;
                Ok(Some(doc))
            }
            Destination::There(grant) => {
                let Some(mut which) = mongo.granted(tx, grant, Need::Write).await? else { return Ok(None) };
                if let (Some(_), Some(question)) = (&self.new.queued, &self.new.question) {
                    which.insert("leaf_id", question.parent_id.as_deref());
                }
                let mut set: Document = doc! { "leaf_id": &answer.id, "updated_at": self.new.now, "running": true, "revision": revision };
                if let Some(model) = self.new.model_of_conversation() {
                    set.insert("model", model);
                }
                let conversations = mongo.conversation_docs();
                let mut change = numbered(set, TURN_GAP);
                if self.new.queued.is_some() {
                    change.push(doc! { "$set": { "queue_seq": "$last_seq" } });
                }
                let moved = conversations.find_one_and_update(which, change);
                moved.return_document(ReturnDocument::After).session(tx).await
            }
        }
    }

    async fn parent_known(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<bool> {
        let new = self.new;
        if new.queued_in_room().is_some() {
            return Ok(true);
        }
        let Some(parent) = &new.question.as_ref().unwrap_or(&new.answer).parent_id else {
            return Ok(new.question.is_some());
        };
        Ok(mongo.in_conversation(tx, new.to.conversation_id(), parent).await?.is_some())
    }
}

impl Mongo {
    pub(super) async fn in_conversation(
        &self,
        tx: &mut ClientSession,
        conversation_id: &str,
        message_id: &str,
    ) -> Result<Option<MessageDoc>> {
        let which = doc! { "_id": message_id, "conversation_id": conversation_id };
        self.messages().find_one(which).session(tx).await
    }

    /// The answer that is being written in a conversation.
    pub(super) async fn running_in(
        &self,
        tx: &mut ClientSession,
        conversation_id: &str,
    ) -> Result<Option<MessageDoc>> {
        let running = doc! { "conversation_id": conversation_id, "status": "generating" };
        self.messages().find_one(running).session(tx).await
    }

    /// How many answers of the user are being written.
    pub(super) async fn running_of(&self, tx: &mut ClientSession, user_id: &str) -> Result<u64> {
        let running = doc! { "user_id": user_id, "status": "generating" };
        let messages = self.messages().clone_with_type::<Document>();
        let mut found = messages.find(running).projection(doc! { "_id": 1 }).session(&mut *tx).await?;
        let mut count = 0;
        while found.advance(&mut *tx).await? {
            count += 1;
        }
        Ok(count)
    }
}
