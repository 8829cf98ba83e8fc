//! [`Sqlite`]: a store in one file, for a server that needs no set-up.
//!
//! One connection writes and a few read: SQLite has one writer at a time anyway, and a queue in front
//! of it beats answers of "busy". With the write-ahead log readers and the writer never wait for each
//! other.

mod conversations;
mod error;
mod files;
mod messages;
mod rows;
mod sessions;
mod shared;
mod tail;
mod tree;
mod turns;
mod users;

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use sqlx::{
    ConnectOptions, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{OpenError, OpenOptions, Result, Store};
use error::store_error;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long a call waits for another process that holds the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a call waits for its turn: thousands may ask in one instant.
const TURN: Duration = Duration::from_secs(60);
/// Readers that had nothing to do for this long give their memory back.
const READER_IDLE: Duration = Duration::from_secs(120);

pub(super) struct Sqlite {
    /// One connection. Statements with `RETURNING` are read to their end (`fetch_all`): only then have
    /// they committed, and readers see them.
    writer: SqlitePool,
    readers: SqlitePool,
    instance: String,
}

impl Sqlite {
    /// `path` may be `:memory:`: a store that is gone when it is closed.
    pub(super) async fn open(path: &str, options: &OpenOptions) -> std::result::Result<Self, OpenError> {
        let in_memory = path == ":memory:";
        let file = files::prepare(path)?;
        let connect = connect_options(path);
        let writing = if in_memory {
            connect.clone().in_memory(true)
        } else {
            connect.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal)
        };
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(TURN)
            .test_before_acquire(false)
            .connect_with(writing)
            .await
            .map_err(|error| files::open_error(&file, error))?;
        MIGRATIONS.run(&writer).await.map_err(|error| migrate_error(&file, error))?;
        let readers = if in_memory {
            writer.clone()
        } else {
            SqlitePoolOptions::new()
                .max_connections(options.sqlite_readers.max(1))
                .idle_timeout(READER_IDLE)
                .max_lifetime(None)
                .acquire_timeout(TURN)
                .test_before_acquire(false)
                .connect_lazy_with(connect.read_only(true))
        };
        Ok(Self { writer, readers, instance: options.instance.clone() })
    }
}

/// A small page cache per connection; the operating system caches the file anyway.
fn connect_options(path: &str) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .statement_cache_capacity(64)
        .disable_statement_logging()
        .pragma("cache_size", "-2000")
        .pragma("mmap_size", "67108864")
        .pragma("temp_store", "MEMORY")
}

fn migrate_error(file: &std::path::Path, error: MigrateError) -> OpenError {
    let path = PathBuf::from(file);
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => OpenError::TooNew { path },
        MigrateError::Execute(error) => files::open_error(file, error),
        // Tables of another program, or half of ours.
        MigrateError::ExecuteMigration(error, _) => files::open_error(file, error),
        error => OpenError::Failed(error.into()),
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1 FROM users LIMIT 1")
            .fetch_optional(&self.readers)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
