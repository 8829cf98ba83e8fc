//! What a disk does to a database: it is full, or it loses the file. No failed write may leave anything behind.

use std::{fmt::Debug, fs, path::Path, time::Duration};

use futures::future::join_all;
use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use crate::{
    domain::{Conversation, ConversationPatch, Role, Status, User},
    server::store::{
        Admission, ContinueOutcome, Conversations, Messages, OpenError, OpenOptions, Orphans, Recovered,
        Registered, Result, Sessions, Shared, Store, StoreError, TreeOutcome, UserPatch, Users, Visit, open,
        sqlite::Sqlite,
    },
};

use super::fixtures::{
    Asking, HASH, LATER, NOW, TurnOutcome, begin, chunk, conversation, finish, first_run, first_turn, key,
    new_user, session, user,
};

/// What goes wrong in every write until the trouble ends.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// SQLite answers `SQLITE_FULL`, because the file may not grow.
    Full,
    /// SQLite rolls the whole transaction back, as it does by itself after the worst errors.
    RolledBack,
}

const TABLES: [&str; 7] =
    ["users", "sessions", "conversations", "messages", "chunks", "idempotency_keys", "probe"];

impl Trouble {
    /// Makes each write need room, and roll back while the table `trouble` has a row.
    async fn prepare(store: &Sqlite) {
        let run = async |sql: String| {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(store.writing()).await.unwrap();
        };
        run("CREATE TABLE ballast (filling BLOB); CREATE TABLE trouble (word TEXT);".into()).await;
        for table in TABLES {
            for act in ["INSERT", "UPDATE", "DELETE"] {
                run(format!(
                    "CREATE TRIGGER {table}_{act} AFTER {act} ON {table} BEGIN
                        SELECT RAISE(ROLLBACK, 'as told') WHERE EXISTS (SELECT 1 FROM trouble);
                        INSERT INTO ballast VALUES (zeroblob(50000));
                    END"
                ))
                .await;
            }
        }
    }

    async fn begin(self, store: &Sqlite) {
        let sql = match self {
            // The file may have no more pages than it has.
            Self::Full => "PRAGMA max_page_count = 1",
            Self::RolledBack => "INSERT INTO trouble VALUES ('on')",
        };
        sqlx::raw_sql(sql).execute(store.writing()).await.unwrap();
    }

    async fn end(self, store: &Sqlite) {
        let sql = match self {
            Self::Full => "PRAGMA max_page_count = 1073741823",
            Self::RolledBack => "DELETE FROM trouble",
        };
        sqlx::raw_sql(sql).execute(store.writing()).await.unwrap();
    }

    /// Checks that `act` fails each time during the trouble, and works after it as if it had never failed.
    async fn meets<T: Debug + PartialEq>(
        self,
        store: &Sqlite,
        name: &str,
        expected: T,
        act: impl AsyncFn() -> Result<T>,
    ) {
        for _ in 0..3 {
            self.begin(store).await;
            let failed = act().await;
            let right = match self {
                Self::Full => matches!(failed, Err(StoreError::Full(_))),
                Self::RolledBack => matches!(failed, Err(StoreError::Broken(_))),
            };
            assert!(right, "{self:?}, {name}: {failed:?}");
        }
        self.end(store).await;
        assert_eq!(
            act().await.unwrap_or_else(|error| panic!("{self:?}, {name}: {error}")),
            expected,
            "{name}"
        );
    }
}

async fn every_write_meets(trouble: Trouble, store: &Sqlite) {
    Trouble::prepare(store).await;
    let ada = user(store).await;
    let turn = first_turn(&ada);
    trouble.meets(store, "begin_turn", TurnOutcome::Begun, async || store.begin_turn(&turn).await).await;
    let more = [chunk(&turn, 1, 0, "half")];
    trouble.meets(store, "append_chunks", (), async || store.append_chunks(&more).await).await;
    let id = turn.answer.id.as_str();
    let end = finish("whole", 2);
    trouble.meets(store, "finish_message", true, async || store.finish_message(id, &end).await).await;

    let cut = first_turn(&ada);
    begin(store, &cut).await;
    store.append_chunks(&[chunk(&cut, 1, 0, "half")]).await.unwrap();
    let id = cut.answer.id.as_str();
    let run = first_run(&cut);
    let one = Orphans::Run(&run);
    trouble.meets(store, "interrupt", 1, async || store.interrupt_unfinished(one).await).await;
    let key = key("key", "continue");
    let continued = async || match store.go_on(&ada.id, id, Some(&key), "again", 1000, NOW).await? {
        ContinueOutcome::Begun { answer: message, .. } => Ok(message.status),
        other => panic!("{other:?}"),
    };
    trouble.meets(store, "continue_answer", Status::Generating, continued).await;
    let found = Recovered::whole(id, store.instance(), "half and half", "", 9);
    trouble.meets(store, "recover_message", true, async || store.recover_message(&found).await).await;
    let changed = |outcome| matches!(outcome, TreeOutcome::Changed(_));
    let select = async || store.select(&ada.id, id).await.map(changed);
    trouble.meets(store, "select_branch", true, select).await;
    let delete = async || store.remove(&ada.id, id).await.map(changed);
    trouble.meets(store, "delete_message", true, delete).await;
    single_statements_meet(trouble, store, &ada, &turn.conversation).await;

    // Every write that succeeded is stored, once.
    let kept = store.back(&turn.user_id, &turn.conversation.id, None, 9).await.unwrap();
    assert_eq!(
        kept.iter().map(|it| (it.role, &*it.content)).collect::<Vec<_>>(),
        [(Role::Assistant, "whole"), (Role::User, &*turn.question.as_ref().unwrap().content)]
    );
}

async fn single_statements_meet(trouble: Trouble, store: &Sqlite, ada: &User, there: &Conversation) {
    trouble.meets(store, "probe", (), async || store.probe().await).await;
    let new = new_user("new@example.com");
    let created = async || {
        store.create_user(&new, Admission::ANYBODY).await.map(|made| matches!(made, Registered::Made(_)))
    };
    trouble.meets(store, "create_user", true, created).await;
    let patch = UserPatch { name: Some("Augusta".to_owned()), ..UserPatch::default() };
    let updated =
        async || store.update_user(&ada.id, &patch, None).await.map(|made| made.done().unwrap().0.name);
    trouble.meets(store, "update_user", "Augusta".to_owned(), updated).await;
    let signed = session(ada);
    trouble
        .meets(store, "create_session", true, async || store.create_session(&signed, Some(HASH)).await)
        .await;
    let visit = Visit { at: NOW, expires_at: LATER, address: "" };
    let touched = async || store.touch_session(&signed.id, visit).await;
    trouble.meets(store, "touch_session", true, touched).await;
    trouble.meets(store, "delete_session", true, async || store.delete_session(&signed.id).await).await;
    let made = conversation("");
    trouble.meets(store, "create", (), async || store.create_conversation(&ada.id, &made).await).await;
    let titled = async || store.replace_title(&made.id, "", "Title").await.map(|it| it.is_some());
    trouble.meets(store, "set_title", true, titled).await;
    let patch = ConversationPatch { title: Some("Named".to_owned()), ..ConversationPatch::default() };
    let named = async || store.update(&ada.id, &there.id, &patch).await.map(|it| it.unwrap().title);
    trouble.meets(store, "update", "Named".to_owned(), named).await;
    trouble.meets(store, "delete", true, async || store.delete(&ada.id, &made.id).await).await;
}

async fn in_folder(folder: &TempDir) -> Sqlite {
    let file = folder.path().join("inglenook.db");
    Sqlite::open(file.to_str().unwrap(), &OpenOptions::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_work_again_when_a_full_disk_has_room() {
    let folder = TempDir::new().unwrap();
    every_write_meets(Trouble::Full, &in_folder(&folder).await).await;
    every_write_meets(Trouble::Full, &Sqlite::open(":memory:", &OpenOptions::default()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_by_sqlite_itself_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    every_write_meets(Trouble::RolledBack, &in_folder(&folder).await).await;
    every_write_meets(Trouble::RolledBack, &Sqlite::open(":memory:", &OpenOptions::default()).await.unwrap())
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writes_that_fail_at_once_do_not_block_the_next() {
    let folder = TempDir::new().unwrap();
    let store = in_folder(&folder).await;
    Trouble::prepare(&store).await;
    let ada = user(&store).await;
    for _ in 0..5 {
        let turns: Vec<_> = (0..20).map(|_| first_turn(&ada)).collect();
        Trouble::RolledBack.begin(&store).await;
        let failed = join_all(turns.iter().map(|turn| store.begin_turn(turn))).await;
        assert!(failed.iter().all(Result::is_err), "{failed:?}");
        Trouble::RolledBack.end(&store).await;
        for begun in join_all(turns.iter().map(|turn| store.begin_turn(turn))).await {
            assert_eq!(begun.unwrap(), TurnOutcome::Begun);
        }
    }
}

/// The caller drops the call in the middle of a transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_call_does_not_block_the_next() {
    let folder = TempDir::new().unwrap();
    let store = in_folder(&folder).await;
    let ada = user(&store).await;
    for micros in (0..2000).step_by(20) {
        let given_up = first_turn(&ada);
        let _ = tokio::time::timeout(Duration::from_micros(micros), store.begin_turn(&given_up)).await;
        if micros % 100 == 0 {
            begin(&store, &first_turn(&ada)).await;
        }
    }
}

async fn assert_lost(store: &Sqlite, ada: &User, what: &str) {
    let lost = [
        store.ping().await,
        store.probe().await,
        store.begin_turn(&first_turn(ada)).await.map(|_| ()),
        store.create_session(&session(ada), Some(HASH)).await.map(|_| ()),
        store.user(&ada.id).await.map(|_| ()),
    ];
    for found in lost {
        match found {
            Err(StoreError::Lost(error)) => assert!(error.to_string().contains(what), "{error}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_written_into_a_file_that_is_gone_or_another_one() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join("data").join(name);
    let file = path("inglenook.db");
    let store = Sqlite::open(file.to_str().unwrap(), &OpenOptions::default()).await.unwrap();
    let ada = user(&store).await;
    fs::rename(&file, path("away.db")).unwrap();
    assert_lost(&store, &ada, "inglenook.db was deleted or moved away").await;
    // A backup is restored while the server runs.
    fs::copy(path("away.db"), &file).unwrap();
    let before = fs::read(&file).unwrap();
    assert_lost(&store, &ada, "inglenook.db was replaced by another file").await;
    assert_eq!(fs::read(&file).unwrap(), before);
    // The whole folder is moved away.
    fs::rename(path(""), folder.path().join("elsewhere")).unwrap();
    assert_lost(&store, &ada, "was deleted or moved away").await;
    fs::rename(folder.path().join("elsewhere"), path("")).unwrap();
    fs::rename(path("away.db"), &file).unwrap();
    // The folder and the file are back.
    store.ping().await.unwrap();
    begin(&store, &first_turn(&ada)).await;
    fs::rename(path("inglenook.db-wal"), path("log")).unwrap();
    assert_lost(&store, &ada, "inglenook.db-wal was deleted or moved away").await;
    fs::write(path("inglenook.db-wal"), "").unwrap();
    assert_lost(&store, &ada, "inglenook.db-wal was replaced").await;
    // The server writes the contents of its write-ahead log into the database when it stops.
    store.close().await;
    let store = open(&format!("sqlite:{}", file.display()), &OpenOptions::default()).await.unwrap();
    assert_eq!(store.user(&ada.id).await.unwrap(), Some(ada));
}

#[tokio::test]
async fn a_database_that_was_lost_is_not_begun_anew() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("inglenook.db");
    let url = format!("sqlite:{}", file.display());
    open(&url, &OpenOptions::default()).await.unwrap().close().await;
    let refused = async |how: &str| {
        let error = open(&url, &OpenOptions::default()).await.err().unwrap_or_else(|| panic!("{how}"));
        assert!(matches!(error, OpenError::Gone { .. }), "{how}: {error}");
        assert!(error.to_string().contains("inglenook.db.lock"), "{error}");
        assert!(fs::metadata(&file).is_ok_and(|it| it.len() == 0) || !Path::exists(&file), "{how}");
    };
    fs::rename(&file, folder.path().join("backup")).unwrap();
    refused("deleted").await;
    refused("deleted, tried again").await;
    fs::write(&file, "").unwrap();
    refused("emptied").await;
    // The file is restored from the backup.
    fs::rename(folder.path().join("backup"), &file).unwrap();
    open(&url, &OpenOptions::default()).await.unwrap().close().await;
    // The operator begins anew on purpose, by deleting the lock file as the error says.
    fs::remove_file(&file).unwrap();
    fs::remove_file(folder.path().join("inglenook.db.lock")).unwrap();
    open(&url, &OpenOptions::default()).await.unwrap();
}
