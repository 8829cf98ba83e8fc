//! The schema of a database file: the migrations that were applied to it, compared with those of this version.

use std::{collections::HashMap, path::Path};

use sqlx::{SqliteConnection, migrate::MigrateError, migrate::Migrator};

use crate::server::store::{OpenError, Outlook};

use super::file;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// What [`migrate`] would do to the database behind the connection. Reads only.
pub(super) async fn outlook(connection: &mut SqliteConnection, path: &Path) -> Result<Outlook, OpenError> {
    let applied = applied(connection).await.map_err(|error| file::open_error(path, error))?;
    let known: HashMap<i64, &[u8]> =
        MIGRATIONS.iter().map(|migration| (migration.version, &*migration.checksum)).collect();
    let newest = newest();
    let Some(from) = applied.iter().map(|(version, _)| *version).max() else { return Ok(Outlook::New) };
    if from > newest {
        return Err(too_new(path, from));
    }
    for (version, checksum) in &applied {
        if known.get(version) != Some(&&**checksum) {
            return Err(OpenError::Failed(format!("its schema {version} is not ours").into()));
        }
    }
    Ok(if from < newest { Outlook::Upgrade { from, to: newest } } else { Outlook::Ready { schema: from } })
}

/// Brings the database up to date, one transaction per migration.
pub(super) async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    MIGRATIONS.run(connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _) => too_new(path, found),
        // An error in a migration: the file has tables of another program, or only a part of ours.
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            file::open_error(path, error)
        }
        error => OpenError::Failed(error.into()),
    })
}

/// The first migration that is not applied to a database of this schema.
pub(super) fn next(schema: i64) -> i64 {
    let later = MIGRATIONS.iter().map(|migration| migration.version).filter(|version| *version > schema);
    later.min().unwrap_or(schema)
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

fn too_new(path: &Path, found: i64) -> OpenError {
    OpenError::TooNew { place: path.display().to_string(), found, known: newest() }
}

async fn applied(connection: &mut SqliteConnection) -> sqlx::Result<Vec<(i64, Vec<u8>)>> {
    let made = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'")
        .fetch_optional(&mut *connection)
        .await?;
    match made {
        Some(_) => {
            sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations").fetch_all(connection).await
        }
        None => Ok(Vec::new()),
    }
}
