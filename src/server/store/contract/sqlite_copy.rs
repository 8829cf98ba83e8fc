//! Before the server upgrades a database file it keeps a copy: whole, private, and never in the place of another copy.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::server::store::{Inspection, OpenError, OpenOptions, Outlook, inspect, open};

use super::fixtures::Asking;
use super::{
    sqlite_inspect::NEWEST,
    sqlite_upgrade::{older, schemas},
};

fn url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

async fn look(file: &Path) -> Inspection {
    inspect(&url(file), &OpenOptions::default()).await.unwrap()
}

/// Opens the file, which upgrades it, and closes it.
async fn upgrade(file: &Path) -> Result<(), OpenError> {
    open(&url(file), &OpenOptions::default()).await?.close().await;
    Ok(())
}

/// The names of the files beside the database, sorted, without its lock.
fn beside(file: &Path) -> Vec<String> {
    let names = fs::read_dir(file.parent().unwrap()).unwrap().flatten();
    let mut names: Vec<String> = names.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "a.db" && name != "a.db.lock");
    names.sort();
    names
}

async fn old(schema: usize) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.db");
    older(&file, schema).await;
    (folder, file)
}

#[tokio::test]
async fn every_earlier_schema_is_kept_as_it_was() {
    for (at, both) in schemas().windows(2).enumerate() {
        let (schema, next) = (both[0], both[1]);
        let (folder, file) = old(at + 1).await;
        let name = format!("a.db.before-{next:04}");
        let copy = folder.path().join(&name);
        assert_eq!(
            look(&file).await.copy.map(|copy| copy.file_name().unwrap().to_owned()),
            Some(name.clone().into())
        );
        upgrade(&file).await.unwrap();
        assert_eq!(beside(&file), [name]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(look(&copy).await.outlook, Outlook::Upgrade { from: schema, to: NEWEST });
        // The copy can take the place of the database.
        let store = open(&url(&copy), &OpenOptions::default()).await.unwrap();
        assert_eq!(store.stored("ada", "done").await.unwrap().unwrap().content, "All of it.");
    }
}

#[tokio::test]
async fn a_new_or_current_database_is_not_copied() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.db");
    for _ in 0..2 {
        upgrade(&file).await.unwrap();
        assert_eq!(beside(&file), [""; 0]);
        assert_eq!(look(&file).await.copy, None);
    }
}

#[tokio::test]
async fn a_copy_is_not_overwritten_and_the_same_is_not_kept_twice() {
    let (folder, file) = old(3).await;
    let before = fs::read(&file).unwrap();
    let put_back = || fs::write(&file, &before).unwrap();
    upgrade(&file).await.unwrap();
    for _ in 0..2 {
        put_back();
        upgrade(&file).await.unwrap();
        assert_eq!(beside(&file), ["a.db.before-0004"], "the same again");
    }
    let copy = folder.path().join("a.db.before-0004");
    let kept = fs::read(&copy).unwrap();
    fs::write(&copy, "somebody's").unwrap();
    for _ in 0..2 {
        put_back();
        upgrade(&file).await.unwrap();
        assert_eq!(beside(&file), ["a.db.before-0004", "a.db.before-0004.2"]);
    }
    assert_eq!(fs::read(&copy).unwrap(), b"somebody's");
    assert!(fs::read(folder.path().join("a.db.before-0004.2")).unwrap() == kept);
}

#[tokio::test]
async fn half_a_copy_that_a_killed_start_left_is_written_anew() {
    let (folder, file) = old(5).await;
    fs::write(folder.path().join("a.db.before-0006.part"), "half").unwrap();
    upgrade(&file).await.unwrap();
    assert_eq!(beside(&file), ["a.db.before-0006"]);
    let copy = folder.path().join("a.db.before-0006");
    assert_eq!(look(&copy).await.outlook, Outlook::Upgrade { from: 5, to: NEWEST });
}

#[tokio::test]
async fn without_a_copy_nothing_is_upgraded() {
    let (folder, file) = old(2).await;
    let part = folder.path().join("a.db.before-0003.part");
    fs::create_dir(&part).unwrap();
    let error = upgrade(&file).await.unwrap_err();
    assert!(matches!(error, OpenError::NoCopy { .. }), "{error}");
    let said = error.to_string();
    assert!(
        said.contains("a.db.before-0003, cannot be written") && said.contains("Nothing was changed"),
        "{said}"
    );
    assert_eq!(look(&file).await.outlook, Outlook::Upgrade { from: 2, to: NEWEST });
    fs::remove_dir(&part).unwrap();
    upgrade(&file).await.unwrap();
    assert_eq!(beside(&file), ["a.db.before-0003"]);
}

#[tokio::test]
async fn an_unreadable_database_is_damaged_and_left_alone() {
    let (_folder, file) = old(3).await;
    let mut bytes = fs::read(&file).unwrap();
    // Every page is damaged but the first, which has the names of the tables.
    bytes[4096..].fill(0xff);
    fs::write(&file, &bytes).unwrap();
    let error = upgrade(&file).await.unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
    assert!(!beside(&file).iter().any(|name| name.contains("before")), "{:?}", beside(&file));
}
