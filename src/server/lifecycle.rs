//! [`serve`]: from a configuration to a running server, and to its end.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;

use crate::server::{
    accounts::welcome,
    app::App,
    cluster::{
        Relay,
        jobs::{Handler, Jobs, Pace},
        sweep,
    },
    config::{self, Config, ProviderConfig, fingerprint},
    http::connection,
    journal::{Journal, Leftover},
    live::{log::StopReason, presence},
    llm::{
        Provider,
        demo::Demo,
        openai::{OpenAi, OpenAiConfig, ProviderTimeouts},
        registry::Providers,
    },
    ops::{
        clock::Clock,
        disk::{self, Lock, LockError},
    },
    providers::ModelProviders,
    router::router,
    store::{self, Store},
};

/// Why the server did not start, or ended before it was asked to, in a sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StartError {
    pub message: String,
    pub exit_code: u8,
}

impl StartError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: 1 }
    }
}

impl From<config::SecretFileError> for StartError {
    fn from(error: config::SecretFileError) -> Self {
        Self::new(error.to_string())
    }
}

/// How long connections may take to end after the last answer, and after that the server's tasks.
const LAST_BYTES: Duration = Duration::from_secs(2);
/// The interval where the database announces nothing.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often a server without announcements looks for sessions that a command ended: the command says "within a second".
const LOOK_AT_SESSIONS_EVERY: Duration = Duration::from_secs(1);
/// How often accounts are looked for whose time to be deleted has come.
const REMOVE_ACCOUNTS_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often exports are looked for that have ended, or whose job is lost.
const TIDY_EXPORTS_EVERY: Duration = Duration::from_secs(60 * 60);
/// The interval where the database announces ended sessions, but not those that expire.
const LOOK_FOR_EXPIRED_EVERY: Duration = Duration::from_secs(60 * 60);

/// Serves until the process is asked to stop.
pub async fn serve(config: Config) -> Result<(), StartError> {
    survive_size_limits();
    let _lock = lock_data_dir(&config.server.data_dir)?;
    let secret = config.signing_secret()?;
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen).await.map_err(|cause| {
        StartError::new(format!(
            "Cannot listen on {listen}: {cause}. Choose another address with --listen or INGLENOOK_LISTEN."
        ))
    })?;
    let store = open_store(&config, &secret).await?;
    let (journal, leftovers) = begin_journal(&config, &*store).await?;
    let providers = Providers::new(providers(&config));
    let secret = secret.expose_secret().as_bytes();
    let app = App::new(config, secret, store, providers, Clock::system(), Some(journal));
    app.cluster.recover(leftovers).await;
    look_at_providers(&app.providers).await;
    if let Some(sentence) = app.providers.missing_default() {
        tracing::warn!("{sentence}");
    }
    let address = listener.local_addr().unwrap_or(listen);
    let first = welcome::print(&app.accounts, &app.site.config, address).await;
    first.map_err(|_| StartError::new("The database does not take the code for the first account."))?;
    let shown = welcome::addresses(&app.site.config, address);
    // Standard output may be closed, which is no reason not to serve.
    let _ = writeln!(io::stdout(), "Inglenook is ready at {shown}");
    run_in_background(&app);
    app.cluster.run();
    run(app, listener).await;
    Ok(())
}

/// Begins the background tasks of the server, except those of the cluster.
fn run_in_background(app: &App) {
    let (store, clock, tasks) = (&app.store, &app.clock, &app.tasks);
    let jobs = Jobs::new(store.clone(), store.instance(), tasks.clone(), clock.clone(), Pace::default());
    let mut handlers = sweep::handlers(store, clock, app.site.config.auth.audit);
    let accounts = app.accounts.clone();
    handlers.push(Handler::periodic("remove deleted accounts", REMOVE_ACCOUNTS_EVERY, move |_| {
        let accounts = accounts.clone();
        async move { accounts.delete_due_accounts().await.map_err(|error| error.to_string()) }
    }));
    let exports = app.exports.clone();
    handlers.push(Handler::periodic("remove old exports", TIDY_EXPORTS_EVERY, move |_| {
        let exports = exports.clone();
        async move { exports.tidy().await.map_err(|error| error.to_string()) }
    }));
    jobs.run(handlers);
    app.exports.run();
    // Each server knows only its own open streams, so this is no job of the queue.
    let every = if store.is_alone() { LOOK_AT_SESSIONS_EVERY } else { LOOK_FOR_EXPIRED_EVERY };
    tasks.every("look at sessions", every, app.relay.clone(), |relay| look_at_sessions(relay).boxed());
    tasks.every("renew presence", presence::LOOK_EVERY, app.presences.clone(), |presences| {
        async { presences.renew().await }.boxed()
    });
    tasks.every("look at providers", LOOK_EVERY, app.providers.clone(), |providers| {
        look_at_providers(providers).boxed()
    });
    tasks.keep("watch over queues", (app.chat.clone(), tasks.clone()), |(chat, tasks)| {
        async move {
            // A look that is dropped in its middle is made at the next start.
            let _ = tasks.unless_ending(chat.watch_queues()).await;
        }
        .boxed()
    });
    tasks.keep("watch over answers", (app.chat.clone(), tasks.clone()), |(chat, tasks)| {
        async {
            // The soft end may drop a look in its middle, because the next start interrupts the same answers.
            let _ = tasks.unless_ending(chat.watch_orphans()).await;
        }
        .boxed()
    });
}

/// Makes the data directory if it is missing, and locks it before anything in it is touched: a second server on it would
/// take the answers that the first one is writing for interrupted ones.
fn lock_data_dir(dir: &Path) -> Result<Lock, StartError> {
    let folder = dir.display();
    disk::make_dir(dir).map_err(|cause| {
        StartError::new(format!(
            "The data directory {folder} cannot be made: {cause}. Set INGLENOOK_DATA_DIR to one that can."
        ))
    })?;
    Lock::take(&lock_file(dir)).map_err(|error| {
        StartError::new(match error {
            LockError::Taken { holder } => format!(
                "Another Inglenook, {holder}, is running on the data directory {folder}. Stop that one first, or give this one a folder of its own with INGLENOOK_DATA_DIR."
            ),
            LockError::Io(cause) => format!(
                "The data directory {folder} cannot be locked: {cause}. Set INGLENOOK_DATA_DIR to a folder that can be written."
            ),
        })
    })
}

/// Locked while a server runs on the data directory.
pub fn lock_file(data_dir: &Path) -> PathBuf {
    data_dir.join("lock")
}

async fn open_store(config: &Config, secret: &SecretString) -> Result<Arc<dyn Store>, StartError> {
    let options =
        store::OpenOptions { fingerprint: Some(fingerprint(secret)), ..store::OpenOptions::default() };
    store::open(&config.store.url, &options).await.map_err(|error| StartError::new(error.to_string()))
}

/// Makes a write beyond the limit on file sizes fail, as on a full disk, instead of ending the process.
fn survive_size_limits() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let exceeded = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        // The handler stays installed although nobody listens.
        if let Err(error) = signal(exceeded) {
            tracing::debug!(%error, "a limit on the size of files would end the process");
        }
    }
}

/// Begins the journal of this process, and reads those that dead processes left.
async fn begin_journal(config: &Config, store: &dyn Store) -> Result<(Journal, Vec<Leftover>), StartError> {
    let root = config.server.data_dir.join("journal");
    let (journal, leftovers) = Journal::open(&root, store.instance()).map_err(|cause| {
        StartError::new(format!(
            "The journal in {} cannot be begun: {cause}. Set INGLENOOK_DATA_DIR to a folder that can be written.",
            root.display()
        ))
    })?;
    // Before this process begins an answer, because other processes interrupt the answers of one without a sign of life.
    let unheard = |error| StartError::new(format!("The database takes no sign of life: {error}"));
    store.heartbeat().await.map_err(unheard)?;
    Ok((journal, leftovers))
}

/// The configured providers, or the demo model.
pub fn providers(config: &Config) -> Vec<Arc<dyn Provider>> {
    if config.providers.is_empty() {
        return vec![Arc::new(Demo::new(Demo::DELAY))];
    }
    let timeouts = ProviderTimeouts {
        connect: config.timeouts.connect,
        first_token: config.timeouts.first_token,
        idle: config.timeouts.idle,
    };
    let kept = |provider: &ProviderConfig| {
        let name = config.chat.default_model.as_deref()?.strip_prefix(&*provider.name)?.strip_prefix('/')?;
        Some(name.to_owned())
    };
    config
        .providers
        .iter()
        .map(|provider| {
            Arc::new(OpenAi::new(OpenAiConfig {
                name: provider.name.clone(),
                label: provider.label.clone(),
                kept: kept(provider),
                base_url: provider.base_url.to_string(),
                api_key: provider.api_key.clone(),
                models: provider.models.clone(),
                title_model: provider.title_model.clone(),
                traits: provider.traits.clone(),
                timeouts,
            })) as Arc<dyn Provider>
        })
        .collect()
}

/// Serves until a signal. Then new answers are refused and running ones may finish; a second signal ends the server at
/// once.
async fn run(app: App, listener: TcpListener) {
    let stopping = app.clone();
    let stop = async move {
        signal().await;
        tracing::info!(running = stopping.live.running(), "stopping");
        drain(&stopping).await;
    };
    let server = connection::serve(listener, router(app.clone()), &app.site.config, stop);
    let last_bytes = async {
        let mut changes = app.live.changes();
        while !app.live.is_draining() {
            if changes.changed().await.is_err() {
                break;
            }
        }
        tokio::select! {
            () = drained(&app) => {
                tokio::time::sleep(LAST_BYTES).await;
                LAST_BYTES
            }
            () = signal() => {
                tracing::warn!("stopped at once");
                Duration::ZERO
            }
        }
    };
    let soft_time = tokio::select! {
        () = server => LAST_BYTES,
        soft_time = last_bytes => soft_time,
    };
    app.tasks.end(soft_time).await;
    if let Some(journal) = &app.journal {
        journal.close();
    }
    app.store.close().await;
}

/// Waits for running answers as long as is configured, then ends them as interrupted.
async fn drain(app: &App) {
    app.live.drain();
    if tokio::time::timeout(app.site.config.server.shutdown, drained(app)).await.is_err() {
        app.live.stop_all(StopReason::Shutdown);
        let _ = tokio::time::timeout(LAST_BYTES, drained(app)).await;
    }
}

async fn drained(app: &App) {
    let mut changes = app.live.changes();
    while app.live.running() > 0 {
        if changes.changed().await.is_err() {
            return;
        }
    }
}

async fn signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// Uses the providers that another server added, and no longer those that it removed.
async fn look_at_providers(providers: &ModelProviders) {
    if let Err(error) = providers.refresh().await {
        tracing::warn!(%error, "it is not known which providers of models were added");
    }
}

/// Ends the streams of sessions that ended elsewhere: they expired, or a command such as `user` ended them in the database.
async fn look_at_sessions(relay: &Relay) {
    if let Err(error) = relay.end_stale_sessions().await {
        tracing::warn!(%error, "it is not known which sessions have ended");
    }
}
