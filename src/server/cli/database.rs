//! What the commands about accounts have in common: the database of servers that may run, and sentences for the operator.

use std::{path::Path, sync::Arc};

use crate::{
    error::AppError,
    server::{
        accounts::{Accounts, audit::Audit},
        config::Config,
        ops::{
            clock::{Clock, Ids},
            ended::Ended,
            tasks::Tasks,
        },
        store::{self, OpenError, OpenOptions, Outlook, Store, StoreError},
        words::Words,
    },
};

/// Why a command did nothing: a sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(pub(super) String);

impl From<AppError> for CommandError {
    /// Commands speak English, as the log does.
    fn from(error: AppError) -> Self {
        Self(Words::english().text(&error.reason()))
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self(format!("The database did not take it: {error}."))
    }
}

/// Opens the database, which must be there and need no upgrade, because upgrades are left to the server.
///
/// # Errors
///
/// There is none, or it is of an earlier version.
pub(super) async fn open(config: &Config) -> Result<Arc<dyn Store>, CommandError> {
    let url = &config.store.url;
    check_file(url)?;
    let options = OpenOptions { beside: true, ..OpenOptions::default() };
    let failed = |error: OpenError| CommandError(error.to_string());
    let earlier = "The database is of an earlier version. Start the server once, then run this again.";
    match store::inspect(url, &options).await.map_err(failed)?.outlook {
        Outlook::Ready { .. } => store::open(url, &options).await.map_err(failed),
        Outlook::Upgrade { .. } => Err(CommandError(earlier.to_owned())),
        Outlook::New => Err(CommandError("There is no database yet. Start the server once.".to_owned())),
    }
}

/// Refuses an SQLite database that does not exist, because opening it would make one.
fn check_file(url: &str) -> Result<(), CommandError> {
    match url.trim().strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
        Some(path) if !Path::new(path).exists() => Err(CommandError(format!(
            "There is no database at {path}. Run this where the server runs, or name its configuration with --config."
        ))),
        _ => Ok(()),
    }
}

/// The audit log of a command.
pub(super) fn audit(store: &Arc<dyn Store>) -> Audit {
    let clock = Clock::system();
    let ids = Arc::new(Ids::new(clock.clone()));
    Audit::new((store.clone(), store.clone()), (clock, ids, Tasks::default()))
}

/// The service of accounts over the same database as the servers. Nothing that a command does is signed or sealed, so a
/// secret of the moment is enough. Servers notice the sessions that it ends within a second.
pub(super) fn accounts(config: &Config, store: &Arc<dyn Store>) -> Result<Accounts, CommandError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|cause| CommandError(format!("The system gives no random numbers: {cause}.")))?;
    let clock = Clock::system();
    let ids = Arc::new(Ids::new(clock.clone()));
    let audit = Arc::new(audit(store));
    Ok(Accounts::new(config, &secret, store.clone(), (Arc::new(Ended::default()), audit), (clock, ids)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A folder with an empty database that is ready.
    pub(in super::super) struct Folder {
        pub(in super::super) config: Config,
        _folder: tempfile::TempDir,
    }

    impl Folder {
        pub(in super::super) async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("Leptos.toml");
            std::fs::write(&file, "").unwrap();
            let data = folder.path().to_string_lossy().into_owned();
            let setting = |name: &str| (name == "INGLENOOK_DATA_DIR").then(|| data.clone());
            let config = Config::load(Some(&file), setting).unwrap();
            store::open(&config.store.url, &OpenOptions::default()).await.unwrap().close().await;
            Self { config, _folder: folder }
        }
    }
}
