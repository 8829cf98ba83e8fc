//! [`open`]: the store that a URL names, or one sentence that says why there is none.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{
    QueueView, Store, StoredProvider,
    mongo::{self, Mongo},
    sqlite::{self, Sqlite},
};

/// Settings that are not part of the URL. The defaults suit a server for a family or a team.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// How many connections of an SQLite store read at a time.
    pub sqlite_readers: u32,
    /// How long the driver may look for a MongoDB server, unless the URL sets `serverSelectionTimeoutMS`. A whole call
    /// may take twice as long.
    pub mongo_patience: Duration,
    /// The name of this process among those that use the database: a new name for each start.
    pub instance: String,
    /// Identifies the signing secret of this process without revealing it, because servers that share a database must
    /// have the same secret. `None` skips the check.
    pub fingerprint: Option<String>,
    /// For a command that runs beside a server: an SQLite file is not locked, created or upgraded. [`inspect`] says
    /// whether the file can be used in this state.
    pub beside: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            sqlite_readers: 4,
            mongo_patience: Duration::from_secs(5),
            instance: new_instance(),
            fingerprint: None,
            beside: false,
        }
    }
}

fn new_instance() -> String {
    ulid::Ulid::from_datetime(std::time::SystemTime::now()).to_string()
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a store could not be opened. No message contains the URL, because the URL may contain a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "The store's URL begins with `{found}`; it must begin with `sqlite:` (like sqlite:data/inglenook.db), `mongodb://` or `mongodb+srv://`."
    )]
    UnknownScheme { found: String },
    #[error("The store's URL is not understood: {reason}.")]
    BadUrl { reason: String },
    #[error("The database file {} cannot be opened or made: {source}. Check that the folder exists and can be written.", path.display())]
    File { path: PathBuf, source: Source },
    #[error(
        "The file {} is not an Inglenook database, or it is damaged: {source}. Restore a backup, or move it and the .lock file beside it away to begin anew.", path.display()
    )]
    NotADatabase { path: PathBuf, source: Source },
    #[error(
        "The database {place} has schema {found}, which a newer Inglenook wrote; this one knows schemas up to {known}. Use the version that wrote it or a newer one, or go back to a copy of the database from before it was upgraded."
    )]
    TooNew { place: String, found: i64, known: i64 },
    #[error(
        "The database file {} must be upgraded, and the copy of it that is kept first, {}, cannot be written: {source}. Nothing was changed. See that its folder can be written and has room for as much again, then start again.", path.display(), copy.display()
    )]
    NoCopy { path: PathBuf, copy: PathBuf, source: Source },
    #[error(
        "The database file {} is in use by another Inglenook, {holder}. Stop that one first, or name another file in INGLENOOK_STORE.", path.display()
    )]
    Taken { path: PathBuf, holder: String },
    #[error(
        "The database file {0} is gone, and an empty one in its place would begin a new site. Restore it from a backup; or, to begin anew, delete {1}.", path.display(), lock.display()
    )]
    Gone { path: PathBuf, lock: PathBuf },
    #[error(
        "Another server on the MongoDB database {place} has another secret, so people would be signed out on every second request. Give both the same INGLENOOK_SECRET."
    )]
    OtherSecret { place: String },
    #[error(
        "MongoDB at {hosts} does not answer within {} ms: {source}. Check that it runs, that this address reaches it, and that its replica set has a primary.", within.as_millis()
    )]
    NoAnswer { hosts: String, within: Duration, source: Source },
    #[error("MongoDB at {hosts} refuses the user name or password of the store's URL: {source}.")]
    Refused { hosts: String, source: Source },
    #[error(
        "MongoDB at {hosts} is not a replica set, and transactions need one. Start mongod with `--replSet rs0` and run `rs.initiate()` once in mongosh; one member is enough."
    )]
    NotAReplicaSet { hosts: String },
    #[error("The database could not be made ready: {0}.")]
    Failed(#[source] Source),
}

/// Opens `sqlite:path`, `sqlite::memory:`, `mongodb://…` or `mongodb+srv://…`, and brings tables and
/// indexes up to date.
///
/// # Errors
///
/// [`OpenError`]: a sentence for the operator.
pub async fn open(url: &str, options: &OpenOptions) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match Kind::of(url)? {
        Kind::Sqlite(path) => Arc::new(Sqlite::open(path, options).await?),
        Kind::Mongo(url) => Arc::new(Mongo::open(url, options).await?),
    })
}

/// What a start would do to a database, and which process uses it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    pub outlook: Outlook,
    /// The file in which the start keeps a copy of the database before it upgrades it. Only SQLite does so.
    pub copy: Option<PathBuf>,
    /// A process such as "process 1234" that must end before another can start.
    pub holder: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// There is no database yet; the first start creates it.
    New,
    /// The database has the schema of this version.
    Ready { schema: i64 },
    /// The first start upgrades the database.
    Upgrade { from: i64, to: i64 },
}

/// What [`open`] would find; changes nothing.
///
/// # Errors
///
/// Those of [`open`].
pub async fn inspect(url: &str, options: &OpenOptions) -> Result<Inspection, OpenError> {
    match Kind::of(url)? {
        Kind::Sqlite(path) => sqlite::inspect(path).await,
        Kind::Mongo(url) => mongo::inspect(url, options).await,
    }
}

/// The queue of a database that [`inspect`] found ready, with at most `limit` jobs; changes nothing.
///
/// # Errors
///
/// Those of [`open`].
pub async fn inspect_jobs(url: &str, options: &OpenOptions, limit: u32) -> Result<QueueView, OpenError> {
    match Kind::of(url)? {
        Kind::Sqlite(path) => sqlite::inspect_jobs(path, limit).await,
        Kind::Mongo(url) => mongo::inspect_jobs(url, options, limit).await,
    }
}

/// The providers of models in a database that [`inspect`] found ready; changes nothing.
///
/// # Errors
///
/// Those of [`open`].
pub async fn inspect_providers(url: &str, options: &OpenOptions) -> Result<Vec<StoredProvider>, OpenError> {
    match Kind::of(url)? {
        Kind::Sqlite(path) => sqlite::inspect_providers(path).await,
        Kind::Mongo(url) => mongo::inspect_providers(url, options).await,
    }
}

enum Kind<'a> {
    /// The path.
    Sqlite(&'a str),
    /// The URL.
    Mongo(&'a str),
}

impl<'a> Kind<'a> {
    fn of(url: &'a str) -> Result<Self, OpenError> {
        let url = url.trim();
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path)));
        }
        if url.starts_with("mongodb://") || url.starts_with("mongodb+srv://") {
            return Ok(Self::Mongo(url));
        }
        Err(OpenError::UnknownScheme { found: scheme(url) })
    }
}

/// The part of a URL that can be shown: the text before the first colon.
fn scheme(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, rest)) if rest.starts_with("//") => format!("{scheme}://"),
        Some((scheme, _)) => format!("{scheme}:"),
        None => url.chars().take(20).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sentence(url: &str) -> String {
        open(url, &OpenOptions::default()).await.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[tokio::test]
    async fn an_unknown_scheme_is_named_and_the_password_is_not() {
        let said = sentence("postgres://me:secret@db/inglenook").await;
        assert!(said.contains("`postgres://`") && said.contains("`sqlite:`"), "{said}");
        assert!(!said.contains("secret"), "{said}");
        assert!(sentence("data/inglenook.db").await.contains("`data/inglenook.db`"));
    }

    #[tokio::test]
    async fn a_url_without_a_path_or_host_is_not_understood() {
        assert!(sentence("sqlite:").await.contains("sqlite:data/inglenook.db"));
        assert!(sentence("sqlite:a.db?mode=rwc").await.contains('?'));
        assert!(sentence("mongodb://").await.starts_with("The store's URL is not understood"));
    }
}
