//! [`AppState`]: what every handler and service is given.

use std::{ops::Deref, sync::Arc};

use crate::server::{
    accounts::{attempts::Attempts, passwords::Passwords, session::Tokens},
    chat::tail::Tails,
    cluster::relay::Relay,
    config::Config,
    conversations::models::ModelList,
    http::{cookie, flash::Flashes, readiness::Readiness},
    journal::Journal,
    live::{browsers::Browsers, reading::Reading, registry::Live},
    llm::registry::Providers,
    ops::clock::{Clock, Ids},
    render::Renderer,
    store::Store,
};

/// Cheap to clone; one per server.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub store: Arc<dyn Store>,
    pub providers: Arc<Providers>,
    pub models: ModelList,
    pub clock: Clock,
    pub ids: Ids,
    pub tokens: Tokens,
    /// See [`cookie::Cookie`].
    pub cookie_name: String,
    pub passwords: Passwords,
    pub attempts: Attempts,
    pub flashes: Flashes,
    pub renderer: Renderer,
    pub reading: Reading,
    pub browsers: Browsers,
    pub live: Live,
    pub relay: Relay,
    pub tails: Arc<Tails>,
    /// Without one the database is written before listeners are told.
    pub journal: Option<Journal>,
    pub readiness: Readiness,
}

impl AppState {
    pub fn new(
        config: Config,
        secret: &[u8],
        store: Arc<dyn Store>,
        providers: Providers,
        clock: Clock,
        journal: Option<Journal>,
    ) -> Self {
        let providers = Arc::new(providers);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self(Arc::new(Parts {
            tokens: Tokens::new(secret),
            cookie_name: cookie::name(secret),
            tails: Tails::new(store.clone()),
            journal,
            readiness: Readiness::default(),
            ids: Ids::new(clock.clone()),
            passwords: Passwords::default(),
            attempts: Attempts::new(&config.limits),
            flashes: Flashes::new(secret, clock.clone()),
            renderer: Renderer::new(cores),
            reading: Reading::default(),
            browsers: Browsers::default(),
            live: Live::default(),
            relay: Relay::default(),
            models: ModelList::new(providers.clone()),
            config,
            store,
            providers,
            clock,
        }))
    }
}

impl Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
