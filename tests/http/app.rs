//! A server for one test.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use inglenook::server::{
    app::App as Services,
    config::Config,
    journal::Journal,
    llm::{Provider, demo::Demo, registry::Providers},
    ops::clock::Clock,
    router::router,
    store,
};
use serde_json::json;
use tokio::runtime::RuntimeFlavor;

pub use super::client::{Client, text_of};
use super::{database::Database, remains};
use crate::upstream::Upstream;

pub const SECRET: &[u8] = b"a secret of thirty-two bytes here";
pub const PASSWORD: &str = "correct horse";

pub struct App {
    pub router: Router,
    pub state: Services,
    pub upstream: Option<Upstream>,
    pub database: Database,
    url: String,
    /// How many answers the test leaves in the journal on purpose, for the next start.
    pub in_journal: AtomicUsize,
    _folder: tempfile::TempDir,
}

impl App {
    /// Starts a server with the demo model, which answers without delay.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::at(settings, Clock::system()).await
    }

    /// Starts a server whose time is that of `clock`.
    pub async fn at(settings: &[(&str, &str)], clock: Clock) -> Self {
        Self::build(settings, SECRET, Arc::new(Demo::new(Duration::ZERO)), None, clock, None).await
    }

    /// Starts a server of another site, which signs its tokens with `secret`.
    pub async fn with_secret(secret: &[u8]) -> Self {
        Self::build(&[], secret, Arc::new(Demo::new(Duration::ZERO)), None, Clock::system(), None).await
    }

    /// Starts a second server on the same MongoDB database.
    #[allow(dead_code, reason = "the tests of faults use it")]
    pub async fn beside(&self, clock: Clock) -> Self {
        let database = Some((self.database.clone(), self.url.clone()));
        Self::build(&[], SECRET, Arc::new(Demo::new(Duration::ZERO)), None, clock, database).await
    }

    /// Starts a server with the fake model server, whose models are slow or fail.
    pub async fn with_upstream() -> Self {
        Self::with_upstream_and(&[]).await
    }

    /// Starts a server whose models are those of `provider`.
    pub async fn with_provider(settings: &[(&str, &str)], provider: Arc<dyn Provider>) -> Self {
        Self::build(settings, SECRET, provider, None, Clock::system(), None).await
    }

    /// Starts a server with the fake model server and these settings.
    pub async fn with_upstream_and(settings: &[(&str, &str)]) -> Self {
        let upstream = Upstream::start();
        let provider = upstream.provider();
        Self::build(settings, SECRET, provider, Some(upstream), Clock::system(), None).await
    }

    async fn build(
        settings: &[(&str, &str)],
        secret: &[u8],
        provider: Arc<dyn Provider>,
        upstream: Option<Upstream>,
        clock: Clock,
        database: Option<(Database, String)>,
    ) -> Self {
        let flavor = tokio::runtime::Handle::current().runtime_flavor();
        assert_eq!(
            flavor,
            RuntimeFlavor::MultiThread,
            "what a test leaves must be able to end: see `remains`"
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Leptos.toml");
        std::fs::write(&file, "").unwrap();
        let setting =
            |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let config = Config::load(Some(&file), setting).unwrap();
        let (database, url) = match database {
            Some(shared) => shared,
            None => Database::fresh(folder.path()).await,
        };
        let store = store::open(&url, &store::OpenOptions::default()).await.unwrap();
        let (journal, _) = Journal::open(&folder.path().join("journal"), store.instance()).unwrap();
        let providers = Providers::new(vec![provider]);
        let state = Services::new(config, secret, store, providers, clock, Some(journal));
        Self {
            router: router(state.clone()),
            state,
            upstream,
            database,
            url,
            in_journal: AtomicUsize::new(0),
            _folder: folder,
        }
    }

    /// The same server when it has an administrator. Where others reach it, nobody becomes that by being the first.
    pub async fn begun(self) -> Self {
        let first = store::NewUser {
            email_verified: false,
            identity: None,
            id: self.state.ids.next(),
            login: "first@example.org".to_owned(),
            name: "First".to_owned(),
            password_hash: String::new(),
            created_at: self.state.clock.now(),
        };
        self.state.store.create_user(&first, store::Admission::ONLY_FIRST).await.unwrap();
        self
    }

    /// A client that is not signed in.
    pub fn client(&self) -> Client {
        Client::of(self.router.clone())
    }

    /// Registers a person, and returns the person's client, which sends a bearer token.
    pub async fn person(&self, name: &str) -> Client {
        let form = json!({ "email": format!("{name}@example.org"), "password": PASSWORD, "name": name });
        let answer = self.client().post("/api/v1/auth/register", &form).await;
        let token = answer.is(201).json()["token"].as_str().unwrap().to_owned();
        self.client().bearer(&token)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if !std::thread::panicking()
            && let Err(remains) = remains::wait_for_none(&self.state, self.in_journal.load(Ordering::Relaxed))
        {
            panic!("the test leaves behind: {remains}");
        }
    }
}
