//! MongoDB's errors as the store's: which of them may pass, and which should not happen.

use mongodb::error::{
    Error, ErrorKind, RETRYABLE_WRITE_ERROR, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT,
    WriteFailure,
};

use crate::server::store::StoreError;

/// Codes of errors that may pass: hosts and sockets (6, 7, 89, 9001), time limits (24, 50, 262), a replica set between
/// two primaries (91, 133, 134, 189, 10058, 10107, 11600, 11602, 13435, 13436), a missing majority (64, 100), writes
/// blocked by the operator (371).
const PASSING: [i32; 20] =
    [6, 7, 24, 50, 64, 89, 91, 100, 133, 134, 189, 262, 371, 9001, 10058, 10107, 11600, 11602, 13435, 13436];

/// OutOfDiskSpace, and the code that Atlas uses for an exhausted quota, among many other things.
const OUT_OF_DISK_SPACE: i32 = 14031;
const ATLAS: i32 = 8000;

pub(super) const DUPLICATE_KEY: i32 = 11000;
const WRITE_CONFLICT: i32 = 112;

pub(super) fn store_error(error: Error) -> StoreError {
    if is_full(&error) {
        StoreError::Full(error.into())
    } else if passes(&error) {
        StoreError::Unavailable(error.into())
    } else {
        StoreError::Broken(error.into())
    }
}

/// Another transaction wrote the same documents. Inside a transaction the driver also marks the error with a label.
pub(super) fn is_collision(error: &Error) -> bool {
    error.contains_label(TRANSIENT_TRANSACTION_ERROR) || code(error) == Some(WRITE_CONFLICT)
}

fn is_full(error: &Error) -> bool {
    match code(error) {
        Some(OUT_OF_DISK_SPACE) => true,
        Some(ATLAS) => error.to_string().contains("space quota"),
        _ => false,
    }
}

fn passes(error: &Error) -> bool {
    let labels = [TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT, RETRYABLE_WRITE_ERROR];
    is_outage(error)
        || labels.iter().any(|label| error.contains_label(label))
        || code(error).is_some_and(|code| PASSING.contains(&code))
}

/// No server is reachable, after the driver waited for one.
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(
        &*error.kind,
        ErrorKind::ServerSelection { .. } | ErrorKind::DnsResolve { .. } | ErrorKind::Shutdown
    )
}

/// No server is reachable, or a connection broke.
pub(super) fn is_outage(error: &Error) -> bool {
    matches!(
        &*error.kind,
        ErrorKind::Io(_)
            | ErrorKind::ServerSelection { .. }
            | ErrorKind::ConnectionPoolCleared { .. }
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::Shutdown
    )
}

pub(super) fn is_duplicate(error: &Error) -> bool {
    code(error) == Some(DUPLICATE_KEY)
}

fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(command) => Some(command.code),
        ErrorKind::Write(WriteFailure::WriteError(write)) => Some(write.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => Some(concern.code),
        ErrorKind::InsertMany(many) => {
            let concern = many.write_concern_error.as_ref().map(|concern| concern.code);
            // A duplicate counts as the failure only if no other error occurred.
            let writes = || many.write_errors.iter().flatten().map(|write| write.code);
            concern.or_else(|| writes().find(|code| *code != DUPLICATE_KEY)).or_else(|| writes().next())
        }
        _ => None,
    }
}
