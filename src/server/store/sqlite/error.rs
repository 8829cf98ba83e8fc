//! SQLite's errors as the store's: which of them may pass, and which should not happen.

use std::path::PathBuf;

use crate::server::store::StoreError;

/// SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_READONLY, SQLITE_INTERRUPT, SQLITE_IOERR,
/// SQLITE_CANTOPEN, SQLITE_PROTOCOL.
const PASSING: [i32; 8] = [5, 6, 7, 8, 9, 10, 14, 15];
/// SQLITE_FULL; and SQLITE_IOERR_WRITE and SQLITE_IOERR_SHMSIZE, the errors when a quota or a limit on file sizes is
/// reached.
const FULL: [i32; 3] = [13, 10 | (3 << 8), 10 | (19 << 8)];

/// The open database file no longer has its name, so what the server writes to it would be lost.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} {what} while the server had it open. Nothing is stored any more. Put it back, or stop the server, restore a backup and start it again.",
    path.display()
)]
pub(super) struct Lost {
    pub path: PathBuf,
    pub what: &'static str,
}

pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, WorkerCrashed};
    match &error {
        Io(io) if io.get_ref().is_some_and(|inner| inner.is::<Lost>()) => StoreError::Lost(error.into()),
        Io(_) | PoolTimedOut | PoolClosed | WorkerCrashed => StoreError::Unavailable(error.into()),
        _ if code(&error).is_some_and(|code| FULL.contains(&code) || code & 0xff == FULL[0]) => {
            StoreError::Full(error.into())
        }
        _ if primary_code(&error).is_some_and(|code| PASSING.contains(&code)) => {
            StoreError::Unavailable(error.into())
        }
        _ => StoreError::Broken(error.into()),
    }
}

fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// SQLite's primary result code; the upper bits of a code hold its "extended" part.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    code(error).map(|code| code & 0xff)
}
