//! Inspecting a database file changes nothing, whatever the file holds.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use tempfile::TempDir;

use crate::server::store::{Inspection, OpenError, OpenOptions, Outlook, inspect, open};

use super::{
    fixtures::{begin, first_turn, user},
    sqlite_upgrade::{older, schemas},
};

/// The name, length and time of change of each file in the folder.
fn tree(folder: &Path) -> Vec<(PathBuf, u64, SystemTime)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let about = fs::metadata(&folder).unwrap();
        found.push((folder.clone(), about.len(), about.modified().unwrap()));
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            match entry.metadata().unwrap() {
                about if about.is_dir() => folders.push(entry.path()),
                about => found.push((entry.path(), about.len(), about.modified().unwrap())),
            }
        }
    }
    found.sort();
    found
}

/// Inspects a file, and checks that the folder stays as it was.
async fn seen(folder: &Path, file: &str) -> Result<Inspection, OpenError> {
    let before = tree(folder);
    let url = format!("sqlite:{}", folder.join(file).display());
    let seen = inspect(&url, &OpenOptions::default()).await;
    assert_eq!(tree(folder), before, "{file}: {seen:?}");
    seen
}

fn outlook(outlook: Outlook) -> Inspection {
    Inspection { outlook, copy: None, holder: None }
}

pub(super) const NEWEST: i64 = 33;

#[tokio::test]
async fn inspecting_makes_no_missing_file() {
    let folder = TempDir::new().unwrap();
    for file in ["inglenook.db", "new/deep/inglenook.db"] {
        assert_eq!(seen(folder.path(), file).await.unwrap(), outlook(Outlook::New));
    }
    fs::write(folder.path().join("file"), "").unwrap();
    for file in ["file/inglenook.db", "file/deep/inglenook.db", ""] {
        let error = seen(folder.path(), file).await.unwrap_err();
        assert!(matches!(error, OpenError::File { .. }), "{error}");
    }
}

#[tokio::test]
async fn inspecting_changes_no_file() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    begin(&*store, &first_turn(&user(&*store).await)).await;
    // A server runs, and its tables are only in the write-ahead log.
    let running = seen(folder.path(), "a.db").await.unwrap();
    assert_eq!(running.outlook, Outlook::Ready { schema: NEWEST });
    assert_eq!(running.holder, Some(format!("process {}", std::process::id())));
    // A crash leaves the write-ahead log, with or without its index.
    for (copy, endings) in [("b.db", &["", "-wal", "-shm"][..]), ("c.db", &["", "-wal"])] {
        for ending in endings {
            let to = folder.path().join(format!("{copy}{ending}"));
            fs::copy(folder.path().join(format!("a.db{ending}")), to).unwrap();
        }
    }
    assert_eq!(seen(folder.path(), "b.db").await.unwrap(), outlook(Outlook::Ready { schema: NEWEST }));
    seen(folder.path(), "c.db").await.unwrap();
    store.close().await;
    assert_eq!(seen(folder.path(), "a.db").await.unwrap(), outlook(Outlook::Ready { schema: NEWEST }));
    // A server can still open the database after it was inspected.
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    assert!(store.any_user().await.unwrap());
}

#[tokio::test]
async fn inspecting_upgrades_no_older_database() {
    let folder = TempDir::new().unwrap();
    let schemas = schemas();
    assert_eq!(schemas.last(), Some(&NEWEST));
    for (at, &schema) in schemas.iter().enumerate().take(schemas.len() - 1) {
        let name = format!("{schema}.db");
        older(&folder.path().join(&name), at + 1).await;
        for _ in 0..2 {
            let upgrade = Outlook::Upgrade { from: schema, to: NEWEST };
            let copy = folder.path().join(format!("{name}.before-{:04}", schemas[at + 1]));
            let seen = seen(folder.path(), &name).await.unwrap();
            assert_eq!(seen, Inspection { copy: Some(copy), ..outlook(upgrade) });
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_nobody_may_write_is_left_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    older(&data.join("a.db"), 2).await;
    let mode = |mode| fs::set_permissions(&data, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    let seen = seen(folder.path(), "data/a.db").await;
    // The administrator of the machine may write in the folder all the same.
    let may = rustix::fs::access(&data, rustix::fs::Access::WRITE_OK).is_ok();
    mode(0o755);
    match seen {
        Ok(seen) => assert!(may && seen.outlook == Outlook::Upgrade { from: 2, to: NEWEST }, "{seen:?}"),
        Err(error) => assert!(!may && matches!(error, OpenError::File { .. }), "{error}"),
    }
}

#[tokio::test]
async fn inspecting_refuses_what_opening_refuses() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text.db"), "not a database, but long enough to look at. ".repeat(200)).unwrap();
    let error = seen(folder.path(), "text.db").await.unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");

    let url = format!("sqlite:{}", path("a.db").display());
    open(&url, &OpenOptions::default()).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path("a.db"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = 999 WHERE version = 1").execute(&pool).await.unwrap();
    pool.close().await;
    let error = seen(folder.path(), "a.db").await.unwrap_err();
    assert!(matches!(error, OpenError::TooNew { .. }), "{error}");

    fs::remove_file(path("a.db")).unwrap();
    let error = seen(folder.path(), "a.db").await.unwrap_err();
    assert!(matches!(error, OpenError::Gone { .. }), "{error}");
}
