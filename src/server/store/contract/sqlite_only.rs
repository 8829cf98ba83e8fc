//! What only a file can do: outlast the server, be opened twice, be damaged, be where nothing can be written.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::server::store::{ContinueOutcome, ConversationQuery, OpenError, OpenOptions, Orphans, open};

use super::{
    fixtures::{Asking, NOW, NewTurn, TurnOutcome, begin, chunk, first_turn, id, key, talk, turn, user},
    people::erased_with_rows_everywhere,
};

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
async fn stored_data_survives_closing() {
    let folder = TempDir::new().unwrap();
    let url = url(&folder.path().join("deep/er/inglenook.db"));
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    let turn = first_turn(&ada);
    begin(&*store, &turn).await;
    store.append_chunks(&[chunk(&turn, 1, 0, "half")]).await.unwrap();
    store.close().await;
    // Opening the file again runs no migration a second time.
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    assert_eq!(store.user(&ada.id).await.unwrap(), Some(ada.clone()));
    assert_eq!(store.interrupt_unfinished(Orphans::Ownerless).await.unwrap(), 1);
    assert_eq!(store.stored(&ada.id, &turn.answer.id).await.unwrap().unwrap().content, "half");
    store.close().await;
}

/// The store is not closed, as in a crash. The write-ahead log beside the file has every acknowledged write.
#[tokio::test]
async fn stored_data_survives_a_crash() {
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
async fn a_file_is_open_once_whatever_name_it_is_opened_by() {
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
    // The store is dropped without `close`, as in a crash.
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
async fn a_path_that_cannot_be_written_is_named() {
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

async fn beside(file: &Path) -> sqlx::SqlitePool {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).create_if_missing(true);
    sqlx::SqlitePool::connect_with(options).await.unwrap()
}

/// A database of a version that stored the idempotency keys on the answers.
#[tokio::test]
async fn keys_of_an_earlier_version_still_count() {
    let folder = TempDir::new().unwrap();
    let (file, old) = (folder.path().join("old.db"), folder.path().join("migrations"));
    fs::create_dir(&old).unwrap();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for name in ["0001_begin.sql", "0002_steering.sql", "0003_instances.sql"] {
        fs::copy(all.join(name), old.join(name)).unwrap();
    }
    let pool = beside(&file).await;
    sqlx::migrate::Migrator::new(old).await.unwrap().run(&pool).await.unwrap();
    let script = format!(
        "INSERT INTO users VALUES ('u', 'ada@example.com', 'Ada', '$', 'admin', 'active', {NOW});
         INSERT INTO conversations VALUES ('c', 'u', '', '', NULL, NULL, 0, 0, 'a', {NOW}, {NOW}, 0);
         INSERT INTO messages (id, conversation_id, user_id, parent_id, role, content, reasoning, status, created_at,
            idempotency_key, question_id) VALUES
            ('q', 'c', 'u', NULL, 'user', 'Why?', '', 'complete', {NOW}, NULL, NULL),
            ('a', 'c', 'u', 'q', 'assistant', 'So', '', 'stopped', {NOW}, 'k', 'q');
         INSERT INTO continuations VALUES ('u', 'c1', 'a');"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&pool).await.unwrap();
    pool.close().await;

    let store = open(&url(&file), &OpenOptions::default()).await.unwrap();
    let ada = store.user("u").await.unwrap().unwrap();
    let it = store.conversation("u", "c").await.unwrap().unwrap();
    let asked = |text: &str, new: bool| {
        let mut turn = if new { first_turn(&ada) } else { turn(&ada, &it, Some("a")) };
        turn.question.as_mut().unwrap().content = text.to_owned();
        NewTurn { key: Some(key("k", text)), ..turn }
    };
    for new in [false, true] {
        let again = store.begin_turn(&asked("Why?", new)).await.unwrap();
        assert!(matches!(&again, TurnOutcome::Repeated { answer_id, .. } if answer_id == "a"), "{again:?}");
        assert_eq!(store.begin_turn(&asked("Why not?", new)).await.unwrap(), TurnOutcome::KeyReused);
    }
    let go_on = async |name: &str| {
        store.go_on("u", "a", Some(&key(name, "continue")), &id(), 1000, NOW).await.unwrap()
    };
    assert!(matches!(go_on("c1").await, ContinueOutcome::Repeated(_)));
    assert_eq!(go_on("k").await, ContinueOutcome::KeyReused);
    assert!(matches!(go_on("c2").await, ContinueOutcome::Begun { .. }));
}

/// The deletion of a very long conversation does not hold the only writing connection for long.
#[tokio::test(flavor = "multi_thread")]
async fn a_very_long_conversation_is_deleted_without_holding_up_others() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("inglenook.db");
    let store = open(&url(&file), &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    let long = first_turn(&ada);
    talk(&*store, &long, "Yes.").await;
    let pool = beside(&file).await;
    let many = "
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
        INSERT INTO messages (id, conversation_id, author_id, parent_id, role, content, reasoning, status, created_at)
        SELECT id || n, conversation_id, author_id, id, role, hex(randomblob(1000)), '', 'complete', created_at
        FROM messages, numbers WHERE id = ?1";
    sqlx::query(many).bind(&long.answer.id).execute(&pool).await.unwrap();
    pool.close().await;
    let grant = store.grant(&ada.id, &long.conversation.id).await.unwrap().unwrap();
    let begun = Instant::now();
    assert!(store.delete(&ada.id, &long.conversation.id).await.unwrap());
    let deleted = begun.elapsed();
    assert!(store.conversation(&ada.id, &long.conversation.id).await.unwrap().is_none());
    assert!(!store.delete(&ada.id, &long.conversation.id).await.unwrap());
    let listed = ConversationQuery { limit: 10, ..ConversationQuery::default() };
    assert!(store.conversations(&ada.id, &listed).await.unwrap().is_empty());
    let below = turn(&ada, &long.conversation, Some(&long.answer.id));
    assert_eq!(store.begin_turn(&below).await.unwrap(), TurnOutcome::NoConversation);
    // The next process goes on with the deletion, as after a crash.
    store.close().await;
    let store = open(&url(&file), &OpenOptions::default()).await.unwrap();
    let mut longest = Duration::ZERO;
    let others = async {
        for _ in 0..20 {
            let asked = Instant::now();
            begin(&*store, &first_turn(&ada)).await;
            longest = longest.max(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let purge = async { while store.purge(NOW + crate::server::store::BIN_LIFE).await.unwrap() {} };
    futures::join!(purge, others);
    println!("hidden within {deleted:?}, gone within {:?}, others waited {longest:?}", begun.elapsed());
    assert!(deleted < Duration::from_millis(500) && longest < Duration::from_secs(1));
    assert!(store.messages_back(&grant, None, 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_row_names_an_erased_account() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.db");
    let store = open(&url(&file), &OpenOptions::default()).await.unwrap();
    let id = erased_with_rows_everywhere(&*store).await;
    store.close().await;
    let pool = beside(&file).await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(columns.len() > 100);
    for (table, column) in columns {
        let look = format!("SELECT count(*) FROM \"{table}\" WHERE instr(CAST(\"{column}\" AS TEXT), ?1)");
        let named: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(look)).bind(&id).fetch_one(&pool).await.unwrap();
        assert_eq!(named, 0, "{table}.{column}");
    }
}
