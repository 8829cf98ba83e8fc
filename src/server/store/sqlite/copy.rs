//! The copy of a database file that is kept beside it before its schema changes: a version that wrote the old schema
//! cannot read the new one, so the copy is the only way back.
//!
//! The copy is whole or absent: SQLite writes it under another name, and it gets its own name once it is on the disk.
//! Copies are never overwritten or removed, because only the operator knows which of them are still wanted.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use sqlx::SqliteConnection;

use crate::server::{ops::disk, store::OpenError};

use super::{
    error::primary_code,
    file::{self, beside},
};

/// The path of the copy that is kept before the migration `next`, unless another copy has that path.
pub(super) fn place(path: &Path, next: i64) -> PathBuf {
    // The copy goes next to the file itself and not next to a link to it, because the operator gave that disk to the
    // database.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    beside(&real, &format!(".before-{next:04}"))
}

/// Copies the database behind the connection to [`place`], or, if other copies have that path, to the path with `.2`,
/// `.3` and so on appended. An existing copy with the same content is enough, so that a start that fails again and
/// again does not fill the disk. Answers the path of the copy, which only its owner may read.
///
/// # Errors
///
/// [`OpenError::NoCopy`], and no part of a copy is left; or the database cannot be read.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    path: &Path,
    next: i64,
) -> Result<PathBuf, OpenError> {
    let place = place(path, next);
    let part = beside(&place, ".part");
    let done = match vacuum(connection, &part).await {
        Ok(()) => settle(&part, &place).map_err(sqlx::Error::Io),
        Err(error) => Err(error),
    };
    done.map_err(|error| {
        let _ = fs::remove_file(&part);
        match primary_code(&error) {
            // The codes SQLITE_CORRUPT and SQLITE_NOTADB.
            Some(11 | 26) => file::open_error(path, error),
            _ => OpenError::NoCopy { path: path.to_owned(), copy: place, source: error.into() },
        }
    })
}

/// Makes a copy with SQLite's VACUUM, which includes the content of the write-ahead log.
async fn vacuum(connection: &mut SqliteConnection, part: &Path) -> sqlx::Result<()> {
    // SQLite accepts an existing empty file and keeps its mode.
    disk::private().write(true).create(true).truncate(true).open(part)?;
    disk::narrow(part);
    let name = part.to_str().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    sqlx::query("VACUUM INTO ?").bind(name).execute(connection).await.map(|_| ())
}

/// Gives the copy its name; answers the path.
fn settle(part: &Path, place: &Path) -> io::Result<PathBuf> {
    disk::private().write(true).open(part)?.sync_all()?;
    let mut kept = place.to_owned();
    for number in 2.. {
        if !kept.try_exists()? {
            break;
        }
        if same(part, &kept)? {
            fs::remove_file(part)?;
            return Ok(kept);
        }
        kept = beside(place, &format!(".{number}"));
    }
    fs::rename(part, &kept)?;
    #[cfg(unix)]
    if let Some(folder) = kept.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(kept)
}

/// Whether two files hold the same bytes.
fn same(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::new(one), BufReader::new(other));
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let length = left.len().min(right.len());
        if left[..length] != right[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(left.len() == right.len());
        }
        one.consume(length);
        other.consume(length);
    }
}
