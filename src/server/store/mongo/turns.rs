//! The beginning of a turn, in MongoDB: one transaction whose first write is the conversation, so that
//! two turns in one conversation collide there and one of them begins again.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error::Result,
};

use crate::server::store::{NewTurn, TurnOutcome, What};

use super::{
    Mongo,
    documents::{ConversationDoc, MessageDoc},
    transaction::{Step, Work},
};

/// More than the events that a process may have told on its own account since the last answer: all of
/// them number the events of an answer from the same place on.
pub(super) const TURN_GAP: i64 = 1000;

pub(super) struct BeginTurn<'a> {
    turn: &'a NewTurn,
    /// An earlier try got as far as its commit, and it is not known what became of that.
    tried: AtomicBool,
}

impl<'a> BeginTurn<'a> {
    pub(super) fn new(turn: &'a NewTurn) -> Self {
        Self { turn, tried: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Work for BeginTurn<'_> {
    type Answer = TurnOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Step<TurnOutcome>> {
        let turn = self.turn;
        if self.tried.load(Ordering::Relaxed) && self.is_there(mongo, tx).await? {
            return Ok(Step::Abort(TurnOutcome::Begun));
        }
        if let Some(outcome) = self.repeated(mongo, tx).await? {
            return Ok(Step::Abort(outcome));
        }
        if !self.move_on(mongo, tx).await? {
            return Ok(Step::Abort(TurnOutcome::NoConversation));
        }
        if !self.parent_known(mongo, tx).await? {
            return Ok(Step::Abort(TurnOutcome::NoParent));
        }
        let conversation = &turn.conversation.id;
        let running = doc! { "conversation_id": conversation, "status": "generating" };
        if let Some(running) = mongo.messages().find_one(running).session(&mut *tx).await? {
            return Ok(Step::Abort(TurnOutcome::Busy { answer_id: running.id }));
        }
        if mongo.running_of(tx, &turn.user_id).await? >= u64::from(turn.most_running) {
            return Ok(Step::Abort(TurnOutcome::TooMany));
        }
        let mut answer = MessageDoc::new(&turn.user_id, conversation, &turn.answer);
        answer.instance = Some(mongo.instance.clone());
        answer.run = Some(turn.answer.id.clone());
        answer.question_id = turn.question.as_ref().map(|question| question.id.clone());
        let question = turn.question.iter().map(|it| MessageDoc::new(&turn.user_id, conversation, it));
        for message in question.chain([answer]) {
            mongo.messages().insert_one(message).session(&mut *tx).await?;
        }
        if let Some(key) = &turn.key {
            let scope = (turn.user_id.as_str(), turn.key_scope());
            mongo.use_key(tx, scope, key, &turn.answer.id, turn.now).await?;
        }
        self.tried.store(true, Ordering::Relaxed);
        Ok(Step::Commit(TurnOutcome::Begun))
    }
}

impl Mongo {
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

impl BeginTurn<'_> {
    async fn is_there(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<bool> {
        let answer = doc! { "_id": &self.turn.answer.id, "conversation_id": &self.turn.conversation.id };
        Ok(mongo.messages().find_one(answer).session(tx).await?.is_some())
    }

    async fn repeated(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Option<TurnOutcome>> {
        let turn = self.turn;
        let Some(key) = &turn.key else { return Ok(None) };
        let used = mongo.used(tx, (&turn.user_id, turn.key_scope()), key, turn.now).await?;
        Ok(used.map(|(used, answer)| {
            if !used.is_for(key, turn) {
                return TurnOutcome::KeyReused;
            }
            TurnOutcome::Repeated {
                conversation_id: answer.conversation_id,
                question_id: answer.question_id,
                answer_id: answer.id,
            }
        }))
    }

    /// Writes the conversation as it is after the turn; `false` when there is none.
    async fn move_on(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<bool> {
        let turn = self.turn;
        if turn.new_conversation {
            let mut conversation = ConversationDoc::new(&turn.user_id, &turn.conversation);
            conversation.leaf_id = Some(turn.answer.id.clone());
            conversation.updated_at = turn.now;
            conversation.revision = Some(mongo.revision(What::Begun));
            mongo.conversation_docs().insert_one(conversation).session(tx).await?;
            return Ok(true);
        }
        let which = doc! { "_id": &turn.conversation.id, "user_id": &turn.user_id };
        let mut set: Document = doc! {
            "leaf_id": &turn.answer.id,
            "updated_at": turn.now,
            // A write that changes nothing would not collide, and so not keep two turns apart.
            "revision": mongo.revision(What::Begun),
        };
        if let Some(model) = &turn.conversation.model {
            set.insert("model", model);
        }
        let change = doc! { "$set": set, "$inc": { "last_seq": TURN_GAP } };
        let moved = mongo.conversation_docs().update_one(which, change).session(tx).await?;
        Ok(moved.matched_count == 1)
    }

    async fn parent_known(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<bool> {
        let turn = self.turn;
        let Some(parent) = &turn.question.as_ref().unwrap_or(&turn.answer).parent_id else {
            return Ok(turn.question.is_some());
        };
        let which = doc! { "_id": parent, "conversation_id": &turn.conversation.id };
        Ok(mongo.messages().find_one(which).session(tx).await?.is_some())
    }
}
