//! The database file: made with its folder, readable by its owner only; and what is said when that
//! fails.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::server::store::OpenError;

use super::error::primary_code;

/// Checks the path and makes folder and file when they are missing.
pub(super) fn prepare(path: &str) -> Result<PathBuf, OpenError> {
    let bad = |reason: &str| Err(OpenError::BadUrl { reason: reason.to_owned() });
    if path.is_empty() {
        return bad("it names no file; write it like sqlite:data/inglenook.db");
    }
    if path.contains('?') {
        return bad("`?` and what follows is not used with sqlite:; write the path only");
    }
    let file = PathBuf::from(path);
    if path == ":memory:" {
        return Ok(file);
    }
    match make(&file) {
        Ok(()) => Ok(file),
        Err(source) => Err(OpenError::File { path: file, source: source.into() }),
    }
}

fn make(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    // What people write is for them alone; the log beside it takes over the mode.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(|_| ())
}

/// SQLITE_ERROR from a migration, SQLITE_CORRUPT and SQLITE_NOTADB: the file is not what it should be.
pub(super) fn open_error(file: &Path, error: sqlx::Error) -> OpenError {
    let path = file.to_owned();
    match primary_code(&error) {
        Some(1 | 11 | 26) => OpenError::NotADatabase { path, source: error.into() },
        _ => OpenError::File { path, source: error.into() },
    }
}
