//! SQLite's errors, as the store's: what may pass, and what should not happen.

use crate::server::store::StoreError;

/// SQLITE_BUSY, SQLITE_LOCKED, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN.
const PASSING: [i32; 5] = [5, 6, 10, 13, 14];

pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, WorkerCrashed};
    let passing = match &error {
        Io(_) | PoolTimedOut | PoolClosed | WorkerCrashed => true,
        error => primary_code(error).is_some_and(|code| PASSING.contains(&code)),
    };
    if passing { StoreError::Unavailable(error.into()) } else { StoreError::Broken(error.into()) }
}

/// SQLite's result code; the finer "extended" part is in the upper bits.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
