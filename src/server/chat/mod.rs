//! [`Chat`]: takes a question from a person to a running [`job`], and does everything else with the messages of a
//! conversation.

mod ask;
mod begin;
mod choice;
mod chunk_writer;
pub mod context;
mod emoji;
mod job;
pub mod keys;
mod marks;
mod orphans;
mod post;
mod prompt;
mod queue;
mod room;
mod spent;
mod steer;
mod stop;
mod temporary;
mod title;
mod tokens;
mod turn;
mod typing;

use std::sync::Arc;

pub use self::{
    ask::{Ask, Asked, Position, parts_of_retry},
    emoji::USUAL,
    marks::{NamedReaction, typed_reaction},
    post::{Post, Posted},
    steer::Edit,
    temporary::parts_of_kept,
};
use self::{chunk_writer::ChunkWriter, temporary::Temporary};
use super::{
    accounts::attempts::Limit,
    config::Limits,
    conversations::{ModelList, allowance::Allowances},
    journal::Journal,
    live::Live,
    llm::registry::Providers,
    ops::{
        clock::{Clock, Ids},
        tasks::Tasks,
    },
    store::{Chats, Users},
};

/// The service for questions and answers. One per server.
pub struct Chat {
    store: Arc<dyn Chats>,
    users: Arc<dyn Users>,
    models: Arc<ModelList>,
    allowances: Arc<Allowances>,
    providers: Arc<Providers>,
    live: Arc<Live>,
    chunk_writer: Arc<ChunkWriter>,
    /// `None`: the text of an answer is stored in the database before it is published.
    journal: Option<Arc<Journal>>,
    clock: Clock,
    ids: Arc<Ids>,
    limits: Limits,
    tasks: Tasks,
    temporary: Temporary,
    /// Messages of rooms, by person and room.
    posts: Limit,
    /// What people say of writing, for each person and room.
    hints: typing::Hints,
    /// Reactions and pins, by person.
    marks: Limit,
}

impl Chat {
    pub fn new(
        limits: Limits,
        (store, users): (Arc<dyn Chats>, Arc<dyn Users>),
        (models, allowances, providers): (Arc<ModelList>, Arc<Allowances>, Arc<Providers>),
        live: Arc<Live>,
        journal: Option<Arc<Journal>>,
        (clock, ids, tasks): (Clock, Arc<Ids>, Tasks),
    ) -> Self {
        let chunk_writer = ChunkWriter::new(store.clone(), tasks.clone());
        Self {
            store,
            users,
            models,
            allowances,
            providers,
            live,
            chunk_writer,
            journal,
            clock,
            ids,
            limits,
            tasks,
            temporary: Temporary::default(),
            posts: post::limit(),
            hints: typing::Hints::default(),
            marks: marks::limit(),
        }
    }

    /// How many answers have text that waits for the database.
    pub fn unstored_answers(&self) -> usize {
        self.chunk_writer.waiting()
    }
}
