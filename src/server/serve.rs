//! From a configuration to a running server, and to its end.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpListener;

use super::{
    chat::channel::StopReason,
    clock::Clock,
    config::{self, Config, make_private_dir},
    connection, instances,
    journal::{Journal, Leftover},
    llm::{
        Provider, Secret,
        demo::Demo,
        openai::{OpenAi, OpenAiConfig, Timeouts},
        registry::Providers,
    },
    recover,
    router::router,
    state::AppState,
    store::{self, Store},
};

/// Why the server did not start, or ended before it was asked to: one clear sentence.
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

/// How long open connections may take to end after the last answer has.
const LAST_BYTES: Duration = Duration::from_secs(2);
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// Serves until the process is asked to stop.
pub async fn serve(config: Config) -> Result<(), StartError> {
    let folder = config.server.data_dir.display();
    make_private_dir(&config.server.data_dir).map_err(|cause| {
        StartError::new(format!(
            "The data directory {folder} cannot be made: {cause}. Set INGLENOOK_DATA_DIR to one that can."
        ))
    })?;
    let secret = config.signing_secret()?;
    // Taken first: a second server on the same address ends here, before it touches the store.
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen).await.map_err(|cause| {
        StartError::new(format!(
            "Cannot listen on {listen}: {cause}. Choose another address with --listen or INGLENOOK_LISTEN."
        ))
    })?;
    let store = store::open(&config.store.url, &store::OpenOptions::default())
        .await
        .map_err(|error| StartError::new(error.to_string()))?;
    let (journal, leftovers) = begin_journal(&config, &*store).await?;
    let providers = Providers::new(providers(&config));
    let state = AppState::new(config, secret.expose().as_bytes(), store, providers, Clock::system())
        .with_journal(journal);
    recover::recover(state.clone(), leftovers).await;
    let address = listener.local_addr().unwrap_or(listen);
    let shown = state.config.server.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    // Nobody may be reading it, or the other end be closed.
    let _ = writeln!(io::stdout(), "Inglenook is ready at {shown}");
    tokio::spawn(sweep(state.clone()));
    tokio::spawn(instances::run(state.clone()));
    run(state, listener).await;
    Ok(())
}

/// The journal of this process, and those of dead ones.
async fn begin_journal(config: &Config, store: &dyn Store) -> Result<(Journal, Vec<Leftover>), StartError> {
    let root = config.server.data_dir.join("journal");
    let (journal, leftovers) = Journal::open(&root, store.instance()).map_err(|cause| {
        StartError::new(format!(
            "The journal in {} cannot be begun: {cause}. Set INGLENOOK_DATA_DIR to a folder that can be written.",
            root.display()
        ))
    })?;
    // Before it begins an answer, so that no other process takes that for nobody's.
    let unheard = |error| StartError::new(format!("The database takes no sign of life: {error}"));
    store.beat().await.map_err(unheard)?;
    Ok((journal, leftovers))
}

/// The configured providers, or the demo model.
pub fn providers(config: &Config) -> Vec<Arc<dyn Provider>> {
    if config.providers.is_empty() {
        return vec![Arc::new(Demo::new(Demo::DELAY))];
    }
    let timeouts = Timeouts {
        connect: config.timeouts.connect,
        first_token: config.timeouts.first_token,
        idle: config.timeouts.idle,
    };
    config
        .providers
        .iter()
        .map(|provider| {
            Arc::new(OpenAi::new(OpenAiConfig {
                name: provider.name.clone(),
                base_url: provider.base_url.to_string(),
                api_key: provider.api_key.as_ref().map(|key| Secret::new(key.expose())),
                models: provider.models.clone(),
                timeouts,
            })) as Arc<dyn Provider>
        })
        .collect()
}

/// Serves until a signal: then new answers are refused, running ones may finish, and a second signal
/// ends at once.
async fn run(state: AppState, listener: TcpListener) {
    let stopping = state.clone();
    let stop = async move {
        signal().await;
        tracing::info!(running = stopping.live.running(), "stopping");
        drain(&stopping).await;
    };
    let server = connection::serve(listener, router(state.clone()), &state.config, stop);
    let last_bytes = async {
        let mut changes = state.live.changes();
        while !state.live.is_draining() {
            if changes.changed().await.is_err() {
                break;
            }
        }
        tokio::select! {
            () = drained(&state) => tokio::time::sleep(LAST_BYTES).await,
            () = signal() => tracing::warn!("stopped at once"),
        }
    };
    tokio::select! {
        () = server => {}
        () = last_bytes => {}
    }
    if let Some(journal) = &state.journal {
        journal.close();
    }
    state.store.close().await;
}

/// Lets running answers finish for as long as is configured, then ends them as interrupted.
async fn drain(state: &AppState) {
    state.live.drain();
    if tokio::time::timeout(state.config.server.shutdown, drained(state)).await.is_err() {
        state.live.stop_all(StopReason::Shutdown);
        let _ = tokio::time::timeout(LAST_BYTES, drained(state)).await;
    }
}

async fn drained(state: &AppState) {
    let mut changes = state.live.changes();
    while state.live.running() > 0 {
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

/// Removes what has run out.
async fn sweep(state: AppState) {
    let mut hours = tokio::time::interval(SWEEP_EVERY);
    loop {
        hours.tick().await;
        if let Err(error) = state.store.delete_expired_sessions(state.clock.now()).await {
            tracing::warn!(%error, "ended sessions could not be removed");
        }
    }
}
