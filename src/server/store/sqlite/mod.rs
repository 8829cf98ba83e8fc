//! [`Sqlite`]: a store in one file, for a server that needs no set-up.
//!
//! One connection writes and a few read: SQLite has one writer at a time anyway, and a queue for the writing connection
//! is better than errors of "busy". With the write-ahead log, readers and the writer never wait for each other.

mod access;
mod audit;
mod bin;
mod blocks;
mod boards;
mod changes;
mod codes;
mod conversations;
mod copy;
mod device_links;
mod directory;
mod directs;
mod error;
mod exports;
mod facts;
mod file;
mod identities;
mod inspect;
mod joining;
mod keys;
mod line;
mod marks;
mod members;
mod messages;
mod model_providers;
mod pairs;
mod people;
mod pool;
mod presences;
mod queue;
mod reports;
mod rooms;
mod rows;
mod schema;
mod second_factors;
mod sessions;
mod shared;
mod tail;
mod talks;
mod tiers;
mod tree;
mod turns;
mod users;
mod waiting;
mod walls;

use std::{path::Path, str::FromStr, sync::Arc, sync::Mutex, time::Duration};

use async_trait::async_trait;
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{OpenError, OpenOptions, Outlook, Result, Store};
use crate::server::ops::disk::Lock;
use error::store_error;
use file::DatabaseFile;
use pool::Pool;

pub(super) use inspect::{inspect, inspect_jobs, inspect_providers};

const MEMORY: &str = ":memory:";
/// How long a call waits for another process that holds the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a call waits for a connection, because thousands of calls may come at once.
const TURN: Duration = Duration::from_secs(60);
/// How long a reader stays open with nothing to do; closing it frees its memory.
const READER_IDLE: Duration = Duration::from_secs(120);

/// Writes about as much to the log as a question does: a disk without room for this is full. The bytes are random,
/// because SQLite does not write a page that has not changed.
const PROBE: &str = "INSERT INTO probe (id, filling) VALUES (1, randomblob(32768))
    ON CONFLICT (id) DO UPDATE SET filling = excluded.filling";

pub(super) struct Sqlite {
    /// A pool of one connection. Calls read statements with `RETURNING` to their end (`fetch_all`), because only then
    /// the statement has committed and readers see it.
    writer: Pool,
    readers: Pool,
    instance: String,
    kept: Mutex<Kept>,
}

/// What the store holds as long as it is open.
enum Kept {
    /// The lock of the file: no other server may write it.
    File(Lock),
    /// A connection that does nothing. A database in memory is gone with its last connection, and the writing
    /// connection may have to be replaced.
    Memory(SqliteConnection),
    Nothing,
}

impl Sqlite {
    /// `path` may be `:memory:`: such a store is gone when it is closed.
    pub(super) async fn open(path: &str, options: &OpenOptions) -> std::result::Result<Self, OpenError> {
        if path == MEMORY { Self::in_memory(options).await } else { Self::in_file(path, options).await }
    }

    async fn in_file(path: &str, options: &OpenOptions) -> std::result::Result<Self, OpenError> {
        let path = &*file::named(path)?;
        let mut lock = if options.beside { None } else { Some(file::prepare(path)?) };
        let file = Arc::new(DatabaseFile::at(path));
        let connect = connect_options(SqliteConnectOptions::new().filename(path));
        let writing =
            connect.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
        let failed = |error| file::open_error(path, error);
        let writer = Pool::writing(pool_options(), writing, file).await.map_err(failed)?;
        if let Some(lock) = &mut lock {
            if let Err(error) = bring_up_to_date(&writer, path).await {
                // The connection closes before the lock is released, so that no log is left beside a file that was not
                // changed.
                writer.sqlx().close().await;
                return Err(error);
            }
            if lock.note != file::MADE
                && let Err(error) = lock.write(file::MADE)
            {
                tracing::warn!(%error, "a database that is lost would not be missed at the next start");
            }
        }
        let readers = pool_options().max_connections(options.sqlite_readers.max(1)).idle_timeout(READER_IDLE);
        let readers = Pool::reading(readers, connect.read_only(true), &writer);
        let kept = Mutex::new(lock.map_or(Kept::Nothing, Kept::File));
        Ok(Self { writer, readers, instance: options.instance.clone(), kept })
    }

    async fn in_memory(options: &OpenOptions) -> std::result::Result<Self, OpenError> {
        let path = Path::new(MEMORY);
        let failed = |error| file::open_error(path, error);
        let connect = connect_options(SqliteConnectOptions::from_str("sqlite::memory:").map_err(failed)?);
        let keeper = SqliteConnection::connect_with(&connect).await.map_err(failed)?;
        let writer = Pool::writing(pool_options(), connect, Arc::default()).await.map_err(failed)?;
        bring_up_to_date(&writer, path).await?;
        let kept = Mutex::new(Kept::Memory(keeper));
        Ok(Self { readers: writer.clone(), writer, instance: options.instance.clone(), kept })
    }
}

fn pool_options() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(TURN)
        .test_before_acquire(false)
}

/// The page cache of each connection is small, because the operating system caches the file anyway.
fn connect_options(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .foreign_keys(true)
        .with_regexp()
        .collation(directory::ANY_CASE, directory::in_any_case)
        .busy_timeout(PATIENCE)
        .statement_cache_capacity(64)
        .disable_statement_logging()
        .pragma("cache_size", "-2000")
        .pragma("mmap_size", "67108864")
        .pragma("temp_store", "MEMORY")
}

/// Upgrades the database. If it has an earlier schema, a copy is kept first.
async fn bring_up_to_date(writer: &Pool, path: &Path) -> std::result::Result<(), OpenError> {
    let mut connection = writer.sqlx().acquire().await.map_err(|error| file::open_error(path, error))?;
    if let Outlook::Upgrade { from, to } = schema::outlook(&mut connection, path).await? {
        let copy = copy::keep(&mut connection, path, schema::next(from)).await?;
        tracing::info!(
            "the database is upgraded from schema {from} to {to}; a copy of it as it was is kept at {}",
            copy.display()
        );
    }
    schema::migrate(&mut connection, path).await
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

    async fn probe(&self) -> Result<()> {
        sqlx::query(PROBE).execute(&self.writer).await.map(|_| ()).map_err(store_error)
    }

    async fn close(&self) {
        self.readers.sqlx().close().await;
        self.writer.sqlx().close().await;
        let kept = {
            let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            std::mem::replace(&mut *kept, Kept::Nothing)
        };
        match kept {
            Kept::File(lock) => lock.release(),
            Kept::Memory(keeper) => {
                let _ = keeper.close().await;
            }
            Kept::Nothing => {}
        }
    }
}

#[cfg(test)]
impl Sqlite {
    /// The writing connection, for tests that interfere with it.
    pub(super) fn writing(&self) -> &sqlx::SqlitePool {
        self.writer.sqlx()
    }
}
