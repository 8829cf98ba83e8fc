//! What only a file can do: last, be opened twice, be damaged, stand where nothing can be written.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::server::store::{Leftovers, OpenError, OpenOptions, open};

use super::fixtures::{begin, chunk, first_turn, user};

fn url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

async fn refusal(file: &Path) -> OpenError {
    match open(&url(file), &OpenOptions::default()).await {
        Ok(_) => panic!("{} was opened", file.display()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn what_was_stored_survives_closing() {
    let folder = TempDir::new().unwrap();
    let url = url(&folder.path().join("deep/er/inglenook.db"));
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    let turn = first_turn(&ada);
    begin(&*store, &turn).await;
    store.append_chunks(&[chunk(&turn, 1, 0, "half")]).await.unwrap();
    store.close().await;
    // Opening again runs no migration a second time.
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    assert_eq!(store.user(&ada.id).await.unwrap(), Some(ada.clone()));
    assert_eq!(store.interrupt_unfinished(Leftovers::Ownerless).await.unwrap(), 1);
    assert_eq!(store.message(&ada.id, &turn.answer.id).await.unwrap().unwrap().content, "half");
    store.close().await;
}

/// Dropped without `close`, as by a crash: the log beside the file has what was acknowledged.
#[tokio::test]
async fn what_was_stored_survives_a_crash() {
    let folder = TempDir::new().unwrap();
    let (file, copy) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let store = open(&url(&file), &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", file.display());
        fs::copy(from, format!("{}{suffix}", copy.display())).unwrap();
    }
    let other = open(&url(&copy), &OpenOptions::default()).await.unwrap();
    assert_eq!(other.user(&ada.id).await.unwrap(), Some(ada));
}

#[tokio::test]
async fn one_has_it_open_whichever_way_it_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("inglenook.db");
    let one = open(&url(&file), &OpenOptions::default()).await.unwrap();
    let mut names = vec![file.clone(), folder.path().join("./inglenook.db")];
    #[cfg(unix)]
    {
        let (link, beside) = (folder.path().join("link"), folder.path().join("other.db"));
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        std::os::unix::fs::symlink(&file, &beside).unwrap();
        names.extend([link.join("inglenook.db"), beside]);
    }
    for name in names {
        let error = refusal(&name).await;
        assert!(matches!(error, OpenError::Taken { .. }), "{}: {error}", name.display());
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    }
    let ada = user(&*one).await;
    one.close().await;
    let two = open(&url(&file), &OpenOptions::default()).await.unwrap();
    assert_eq!(two.user(&ada.id).await.unwrap(), Some(ada));
    // Dropped without a word, as by a crash.
    drop(two);
    open(&url(&file), &OpenOptions::default()).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("inglenook.db");
    let _store = open(&url(&file), &OpenOptions::default()).await.unwrap();
    for name in ["inglenook.db", "inglenook.db-wal"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("inglenook.db");
    fs::write(&file, "not a database, but long enough to look at. ".repeat(200)).unwrap();
    let error = refusal(&file).await;
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
    assert!(error.to_string().contains("inglenook.db"), "{error}");
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("newer.db");
    let store = open(&url(&file), &OpenOptions::default()).await.unwrap();
    store.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = 999 WHERE version = 1").execute(&pool).await.unwrap();
    pool.close().await;
    let error = refusal(&file).await;
    assert!(matches!(error, OpenError::TooNew { .. }), "{error}");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let in_the_way = folder.path().join("data");
    fs::write(&in_the_way, "a file, not a folder").unwrap();
    for file in [in_the_way.join("inglenook.db"), folder.path().to_owned()] {
        let error = refusal(&file).await;
        assert!(matches!(error, OpenError::File { .. }), "{error}");
        assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_closed_store_does_not_answer() {
    let store = open("sqlite::memory:", &OpenOptions::default()).await.unwrap();
    store.close().await;
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, crate::server::store::StoreError::Unavailable(_)), "{error}");
}
