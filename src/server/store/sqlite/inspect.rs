//! What a start would find and do to the database file. Looking changes nothing, also while a server has the file open.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::server::ops::disk;
use crate::server::store::{Inspection, OpenError, Outlook, QueueView, StoredProvider};

use super::{
    MEMORY, copy,
    file::{self, beside},
    model_providers::ALL,
    queue, schema,
};

pub(in crate::server::store) async fn inspect(path: &str) -> Result<Inspection, OpenError> {
    if path == MEMORY {
        return Ok(Inspection { outlook: Outlook::New, copy: None, holder: None });
    }
    let path = &*file::named(path)?;
    let failed = |source: std::io::Error| OpenError::File { path: path.to_owned(), source: source.into() };
    let (holder, note) = disk::look(&file::lock_file(path)).map_err(failed)?;
    file::missing(path, &note)?;
    disk::can_be_written(path).map_err(failed)?;
    let outlook = match fs::metadata(path) {
        Ok(metadata) if metadata.len() > 0 => read(path).await?,
        _ => Outlook::New,
    };
    let copy = match outlook {
        Outlook::Upgrade { from, .. } => Some(copy::place(path, schema::next(from))),
        _ => None,
    };
    Ok(Inspection { outlook, copy, holder })
}

pub(in crate::server::store) async fn inspect_jobs(path: &str, limit: u32) -> Result<QueueView, OpenError> {
    let path = &*file::named(path)?;
    let failed = |error| file::open_error(path, error);
    let mut connection = SqliteConnection::connect_with(&looking(path)).await.map_err(failed)?;
    let view = queue::view(&mut connection, limit).await;
    let _ = connection.close().await;
    view.map_err(failed)
}

pub(in crate::server::store) async fn inspect_providers(
    path: &str,
) -> Result<Vec<StoredProvider>, OpenError> {
    let path = &*file::named(path)?;
    let failed = |error| file::open_error(path, error);
    let mut connection = SqliteConnection::connect_with(&looking(path)).await.map_err(failed)?;
    let found = sqlx::query_as(ALL).fetch_all(&mut connection).await;
    let _ = connection.close().await;
    found.map_err(failed)
}

async fn read(path: &Path) -> Result<Outlook, OpenError> {
    let failed = |error| file::open_error(path, error);
    let mut connection = SqliteConnection::connect_with(&looking(path)).await.map_err(failed)?;
    let outlook = schema::outlook(&mut connection, path).await;
    let _ = connection.close().await;
    outlook
}

/// Without a log the file is read as it is. With a log, SQLite also reads the index of the log and never writes it:
/// where the index is out of date, SQLite keeps one of its own in memory.
fn looking(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().read_only(true);
    let has_log = fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    if has_log && beside(path, "-shm").exists() {
        let real = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
        let escaped = real.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        return options.filename(format!("file:{escaped}?readonly_shm=1"));
    }
    options.filename(path).immutable(true)
}
