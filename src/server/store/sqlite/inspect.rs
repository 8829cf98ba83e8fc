//! What a start would find and do to the database file. Looking changes nothing, beside a running
//! server too.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::server::ops::disk;
use crate::server::store::{Inspection, OpenError, Outlook, QueueView};

use super::{
    MEMORY, MIGRATIONS,
    file::{self, beside},
    queue,
};

pub(in crate::server::store) async fn inspect(path: &str) -> Result<Inspection, OpenError> {
    if path == MEMORY {
        return Ok(Inspection { outlook: Outlook::New, holder: None });
    }
    let path = &*file::named(path)?;
    let failed = |source: std::io::Error| OpenError::File { path: path.to_owned(), source: source.into() };
    let (holder, note) = disk::look(&file::lock_file(path)).map_err(failed)?;
    file::missing(path, &note)?;
    disk::can_be_written(path).map_err(failed)?;
    let outlook = match fs::metadata(path) {
        Ok(metadata) if metadata.len() > 0 => applied(path).await?,
        _ => Outlook::New,
    };
    Ok(Inspection { outlook, holder })
}

pub(in crate::server::store) async fn inspect_jobs(path: &str, limit: u32) -> Result<QueueView, OpenError> {
    let path = &*file::named(path)?;
    let failed = |error| file::open_error(path, error);
    let mut connection = SqliteConnection::connect_with(&looking(path)).await.map_err(failed)?;
    let view = queue::view(&mut connection, limit).await;
    let _ = connection.close().await;
    view.map_err(failed)
}

/// Compares the migrations that the file has seen with ours.
async fn applied(path: &Path) -> Result<Outlook, OpenError> {
    let applied = read(path).await.map_err(|error| file::open_error(path, error))?;
    let known: HashMap<i64, &[u8]> =
        MIGRATIONS.iter().map(|migration| (migration.version, &*migration.checksum)).collect();
    for (version, checksum) in &applied {
        match known.get(version) {
            None => return Err(OpenError::TooNew { place: path.display().to_string() }),
            Some(known) if known != checksum => {
                return Err(OpenError::Failed(format!("its schema {version} is not ours").into()));
            }
            Some(_) => {}
        }
    }
    let newest = known.keys().copied().max().unwrap_or_default();
    Ok(match applied.iter().map(|(version, _)| *version).max() {
        None => Outlook::New,
        Some(from) if from < newest => Outlook::Upgrade { from, to: newest },
        Some(schema) => Outlook::Ready { schema },
    })
}

async fn read(path: &Path) -> sqlx::Result<Vec<(i64, Vec<u8>)>> {
    let mut connection = SqliteConnection::connect_with(&looking(path)).await?;
    let made = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'")
        .fetch_optional(&mut connection)
        .await;
    let applied = match made {
        Ok(Some(_)) => {
            sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations").fetch_all(&mut connection).await
        }
        Ok(None) => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let _ = connection.close().await;
    applied
}

/// Without a log the file is read as it is. With one, the index of the log beside it is read too, and
/// is never written: SQLite keeps one of its own where that is out of date.
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
