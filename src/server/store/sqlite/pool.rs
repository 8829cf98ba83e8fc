//! [`Pool`]: connections to the database file. The pool drops a connection whose state is uncertain, and hands out none
//! for a file that was replaced or removed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::{
    TryStreamExt,
    future::{self, BoxFuture, FutureExt},
    stream::{self, BoxStream, StreamExt},
};
use sqlx::{
    Connection, Describe, Either, Execute, Executor, SqlStr, Sqlite as Db, SqliteConnection, SqlitePool,
    Transaction,
    sqlite::{
        SqliteConnectOptions, SqlitePoolOptions, SqliteQueryResult, SqliteRow, SqliteStatement,
        SqliteTypeInfo,
    },
};

use super::{error::primary_code, file::DatabaseFile};

/// SQLITE_NOMEM, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB: after these errors a new connection may work where the
/// old one does not.
const SUSPICIOUS: [i32; 4] = [7, 10, 11, 26];

/// Cheap to clone. `&Pool` executes single statements as sqlx's own pools do.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    connections: SqlitePool,
    file: Arc<DatabaseFile>,
    /// A single statement failed in a way that makes its connection untrustworthy.
    suspect: Arc<AtomicBool>,
    /// The connections of the writing pool.
    writer: SqlitePool,
}

impl Pool {
    /// A pool of the one connection that writes.
    pub(super) async fn writing(
        options: SqlitePoolOptions,
        connect: SqliteConnectOptions,
        file: Arc<DatabaseFile>,
    ) -> sqlx::Result<Self> {
        let suspect = Arc::<AtomicBool>::default();
        let opened = file.clone();
        let connections = options
            .max_connections(1)
            .min_connections(1)
            .after_connect(move |connection, _| note_log(connection, opened.clone()).boxed())
            .after_release(trusted(suspect.clone()))
            .connect_with(connect)
            .await?;
        Ok(Self { writer: connections.clone(), connections, file, suspect })
    }

    /// A pool of connections that read what `writer` writes.
    pub(super) fn reading(options: SqlitePoolOptions, connect: SqliteConnectOptions, writer: &Self) -> Self {
        let suspect = Arc::<AtomicBool>::default();
        let connections = options.after_release(trusted(suspect.clone())).connect_lazy_with(connect);
        Self { connections, file: writer.file.clone(), suspect, writer: writer.connections.clone() }
    }

    /// A transaction that holds the writing connection from its first statement on. A transaction dropped without a
    /// commit is rolled back.
    pub(super) async fn begin(&self) -> sqlx::Result<Transaction<'static, Db>> {
        self.check()?;
        self.connections.begin_with("BEGIN IMMEDIATE").await
    }

    pub(super) fn sqlx(&self) -> &SqlitePool {
        &self.connections
    }

    fn check(&self) -> sqlx::Result<()> {
        // While no connection is open for writing there may be no log, because the last connection that closes removes
        // it.
        self.file.check(self.writer.size() > 0)
    }

    fn look_at(&self, error: &sqlx::Error) {
        if primary_code(error).is_some_and(|code| SUSPICIOUS.contains(&code)) {
            self.suspect.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether a returned connection may be used again. After some errors (a full disk, I/O, no memory) SQLite rolls back
/// by itself. Then sqlx's own rollback fails and its count of open transactions stays up, so that no further
/// transaction could begin on this connection.
fn trusted(
    suspect: Arc<AtomicBool>,
) -> impl for<'c> Fn(
    &'c mut SqliteConnection,
    sqlx::pool::PoolConnectionMetadata,
) -> BoxFuture<'c, sqlx::Result<bool>>
+ Send
+ Sync
+ 'static {
    move |connection, _| {
        let suspect = suspect.clone();
        async move {
            if connection.is_in_transaction() {
                // The rollback of a dropped transaction may still be queued; the ping waits behind it.
                connection.ping().await?;
            }
            let suspect = suspect.swap(false, Ordering::Relaxed);
            let trusted = !suspect && !connection.is_in_transaction();
            if !trusted {
                tracing::warn!(
                    "a connection to the database failed in the middle of its work and is replaced"
                );
            }
            Ok(trusted)
        }
        .boxed()
    }
}

/// Reads from the database, because reading opens the write-ahead log, whose identity is then remembered.
async fn note_log(connection: &mut SqliteConnection, file: Arc<DatabaseFile>) -> sqlx::Result<()> {
    if let Err(error) =
        sqlx::query("SELECT 1 FROM sqlite_schema LIMIT 1").fetch_optional(&mut *connection).await
    {
        tracing::debug!(%error, "the log of the database is not looked after");
    }
    file.note_log();
    Ok(())
}

impl<'p> Executor<'p> for &'_ Pool {
    type Database = Db;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, sqlx::Result<Either<SqliteQueryResult, SqliteRow>>>
    where
        E: 'q + Execute<'q, Db>,
    {
        if let Err(error) = self.check() {
            return stream::once(future::ready(Err(error))).boxed();
        }
        let this = self.clone();
        (&self.connections).fetch_many(query).inspect_err(move |error| this.look_at(error)).boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<SqliteRow>>>
    where
        E: 'q + Execute<'q, Db>,
    {
        let this = self.clone();
        async move {
            this.check()?;
            let mut connection = this.connections.acquire().await?;
            // `look_at` runs before the connection goes back to the pool, because the pool then checks the flag that it
            // sets.
            (&mut *connection).fetch_optional(query).await.inspect_err(|error| this.look_at(error))
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [SqliteTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<SqliteStatement>>
    where
        'p: 'e,
    {
        (&self.connections).prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Db>>>
    where
        'p: 'e,
    {
        (&self.connections).describe(sql)
    }
}
