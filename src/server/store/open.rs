//! [`open`]: the store that a URL names, or one sentence that says why there is none.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{Store, mongo::Mongo, sqlite::Sqlite};

/// What the URL does not say. The defaults suit a server for a family or a team.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// How many connections of an SQLite store read at the same time.
    pub sqlite_readers: u32,
    /// How long MongoDB may take to be found, unless the URL sets `serverSelectionTimeoutMS`. A whole
    /// call may take twice as long.
    pub mongo_patience: Duration,
    /// The name of this process among those that use the database: a new one for each start.
    pub instance: String,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { sqlite_readers: 4, mongo_patience: Duration::from_secs(5), instance: new_instance() }
    }
}

fn new_instance() -> String {
    ulid::Ulid::from_datetime(std::time::SystemTime::now()).to_string()
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a store could not be opened. No sentence holds the URL: it may carry a password.
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
        "The file {} is not an Inglenook database, or it is damaged: {source}. Restore a backup, or move it away to begin anew.", path.display()
    )]
    NotADatabase { path: PathBuf, source: Source },
    #[error("The database file {} was written by a newer Inglenook; use that version or a newer one.", path.display())]
    TooNew { path: PathBuf },
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
    let url = url.trim();
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return Ok(Arc::new(Sqlite::open(path, options).await?));
    }
    if url.starts_with("mongodb://") || url.starts_with("mongodb+srv://") {
        return Ok(Arc::new(Mongo::open(url, options).await?));
    }
    Err(OpenError::UnknownScheme { found: scheme(url) })
}

/// As much of a URL as can be shown: what stands before the first colon.
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
