//! The database file: the server finds and locks it, creates it with its folder, makes it readable by its owner only,
//! and watches it while it is open; this file also has the errors of all that.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::server::ops::disk::{self, Lock, LockError};
use crate::server::store::OpenError;

use super::error::{Lost, primary_code};

/// The content of the lock file once there is a database beside it.
pub(super) const MADE: &str = "A database stands beside this file. Should it be missing, it was lost.\n";

/// Device and inode.
type Identity = (u64, u64);

/// The open database file, and how to recognize it.
#[derive(Debug, Default)]
pub(super) struct DatabaseFile {
    /// `None` for a database in memory.
    path: Option<PathBuf>,
    identity: Option<Identity>,
    /// The identity of the write-ahead log beside the file.
    log: Mutex<Option<Identity>>,
}

impl DatabaseFile {
    pub(super) fn at(path: &Path) -> Self {
        Self { path: Some(path.to_owned()), identity: identity(path).ok().flatten(), log: Mutex::default() }
    }

    /// Remembers the write-ahead log that a new connection has opened.
    pub(super) fn note_log(&self) {
        let log = self.path.as_deref().and_then(|path| identity(&beside(path, "-wal")).ok().flatten());
        *self.log.lock().unwrap_or_else(PoisonError::into_inner) = log;
    }

    /// Fails unless the file at the path, and with `log` its write-ahead log, is still the file that is open.
    pub(super) fn check(&self, log: bool) -> sqlx::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        same(path, self.identity)?;
        let known = *self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log { same(&beside(path, "-wal"), known) } else { Ok(()) }
    }
}

fn same(path: &Path, known: Option<Identity>) -> sqlx::Result<()> {
    let Some(known) = known else { return Ok(()) };
    let what = match identity(path) {
        Ok(Some(found)) if found == known => return Ok(()),
        Ok(Some(_)) => "was replaced by another file",
        Ok(None) => "was deleted or moved away",
        Err(error) => return Err(sqlx::Error::Io(error)),
    };
    Err(sqlx::Error::Io(io::Error::other(Lost { path: path.to_owned(), what })))
}

/// `Ok(None)`: there is no such file.
#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Option<Identity>> {
    use std::os::unix::fs::MetadataExt;
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some((metadata.dev(), metadata.ino()))),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// On systems other than Unix an open file cannot be deleted, so nothing needs to be compared.
#[cfg(not(unix))]
fn identity(_: &Path) -> io::Result<Option<Identity>> {
    Ok(None)
}

/// The path of a file with `ending` appended.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The path in a URL, if the URL has one.
pub(super) fn named(path: &str) -> Result<PathBuf, OpenError> {
    let bad = |reason: &str| Err(OpenError::BadUrl { reason: reason.to_owned() });
    if path.is_empty() {
        return bad("it names no file; write it like sqlite:data/inglenook.db");
    }
    if path.contains('?') {
        return bad("`?` and what follows is not used with sqlite:; write the path only");
    }
    Ok(PathBuf::from(path))
}

/// Locks the file for this process, and creates the folder and the file when they are missing. The lock is a separate
/// file, because SQLite has locks of its own on the database file.
pub(super) fn prepare(path: &Path) -> Result<Lock, OpenError> {
    let failed = |source: io::Error| OpenError::File { path: path.to_owned(), source: source.into() };
    if let Some(folder) = path.parent() {
        disk::make_dir(folder).map_err(failed)?;
    }
    if path.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    let lock_file = lock_file(path);
    let lock = Lock::take(&lock_file).map_err(|error| match error {
        LockError::Taken { holder } => OpenError::Taken { path: path.to_owned(), holder },
        LockError::Io(error) => failed(error),
    })?;
    missing(path, &lock.note)?;
    disk::private().write(true).create(true).truncate(false).open(path).map_err(failed)?;
    // The files of an earlier version, or files copied here, may have another mode. SQLite gives the log the mode of
    // the file.
    for ending in ["", "-wal", "-shm"] {
        disk::narrow(&beside(path, ending));
    }
    Ok(lock)
}

/// The path of the lock file, the same for every path that leads to the database file.
pub(super) fn lock_file(path: &Path) -> PathBuf {
    let real = fs::canonicalize(path).or_else(|error| {
        let (folder, name) = path.parent().zip(path.file_name()).ok_or(error)?;
        let folder = if folder == Path::new("") { Path::new(".") } else { folder };
        Ok::<_, io::Error>(fs::canonicalize(folder)?.join(name))
    });
    beside(real.as_deref().unwrap_or(path), ".lock")
}

/// Fails if the database existed before and is missing now, because an empty database in its place would look like a
/// new site and make its first visitor the administrator.
pub(super) fn missing(path: &Path, note: &str) -> Result<(), OpenError> {
    let is_there = fs::metadata(path).is_ok_and(|file| !file.is_file() || file.len() > 0);
    if note == MADE && !is_there {
        return Err(OpenError::Gone { path: path.to_owned(), lock: lock_file(path) });
    }
    Ok(())
}

/// SQLITE_ERROR from a migration, SQLITE_CORRUPT and SQLITE_NOTADB mean that the file is not a database of this
/// program.
pub(super) fn open_error(file: &Path, error: sqlx::Error) -> OpenError {
    let path = file.to_owned();
    match primary_code(&error) {
        Some(1 | 11 | 26) => OpenError::NotADatabase { path, source: error.into() },
        _ => OpenError::File { path, source: error.into() },
    }
}
