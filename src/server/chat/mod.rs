//! [`Chat`]: takes a question from a person to a running [`job`], and does everything else with the messages of a
//! conversation.

mod ask;
mod begin;
mod choice;
mod chunk_writer;
mod job;
pub mod keys;
mod orphans;
mod prompt;
mod steer;
mod stop;
mod title;
mod tokens;
mod turn;

use std::sync::Arc;

use self::chunk_writer::ChunkWriter;
pub use self::{
    ask::{Ask, Asked, Position},
    steer::Edit,
};
use super::{
    config::Limits,
    conversations::ModelList,
    journal::Journal,
    live::Live,
    llm::registry::Providers,
    ops::{
        clock::{Clock, Ids},
        tasks::Tasks,
    },
    store::Chats,
};

/// The service for questions and answers. One per server.
pub struct Chat {
    store: Arc<dyn Chats>,
    models: Arc<ModelList>,
    providers: Arc<Providers>,
    live: Arc<Live>,
    chunk_writer: Arc<ChunkWriter>,
    /// `None`: the text of an answer is stored in the database before it is published.
    journal: Option<Arc<Journal>>,
    clock: Clock,
    ids: Arc<Ids>,
    limits: Limits,
    tasks: Tasks,
}

impl Chat {
    pub fn new(
        limits: Limits,
        store: Arc<dyn Chats>,
        (models, providers): (Arc<ModelList>, Arc<Providers>),
        live: Arc<Live>,
        journal: Option<Arc<Journal>>,
        (clock, ids, tasks): (Clock, Arc<Ids>, Tasks),
    ) -> Self {
        let chunk_writer = ChunkWriter::new(store.clone(), tasks.clone());
        Self { store, models, providers, live, chunk_writer, journal, clock, ids, limits, tasks }
    }

    /// How many answers have text that waits for the database.
    pub fn unstored_answers(&self) -> usize {
        self.chunk_writer.waiting()
    }
}
