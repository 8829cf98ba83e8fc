//! Databases of earlier versions, with answers that were being written, can be opened and keep every text.

use std::{fs, path::Path};

use sqlx::{AssertSqlSafe, SqlitePool, migrate::Migrator, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::fixtures::Asking;
use crate::{
    domain::{Failure, FailureCode, Status},
    server::{
        store::{Chunk, OpenOptions, Orphans, Recovered, Store, open},
        words::{Language, Words},
    },
};

/// The numbers of all migrations, in order. Some numbers are missing.
pub(super) fn schemas() -> Vec<i64> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let names = fs::read_dir(all).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut numbers: Vec<i64> = names.map(|name| name[..4].parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

/// Makes a database as a version with the first `schema` migrations left it: with a person and three answers.
pub(super) async fn older(file: &Path, schema: usize) {
    let folder = TempDir::new().unwrap();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut migrations: Vec<_> = fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path()).collect();
    migrations.sort();
    for migration in migrations.iter().take(schema) {
        fs::copy(migration, folder.path().join(migration.file_name().unwrap())).unwrap();
    }
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    Migrator::new(folder.path()).await.unwrap().run(&pool).await.unwrap();
    let run = async |sql: &str| {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&pool)
            .await
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
    };
    run("INSERT INTO users (id, email, name, password_hash, role, state, created_at)
            VALUES ('ada', 'ada@example.com', 'Ada', 'hash', 'admin', 'active', 1)")
    .await;
    let [owner, author] = if schema < 10 { ["user_id", "user_id"] } else { ["owner_id", "author_id"] };
    for (name, status, content) in
        [("running", "generating", ""), ("begun", "generating", ""), ("done", "complete", "All of it.")]
    {
        run(&format!(
            "INSERT INTO conversations
                (id, {owner}, title, title_lower, pinned, archived, created_at, updated_at)
                VALUES ('of {name}', 'ada', 'Title', 'title', 0, 0, 1, 1);
            INSERT INTO messages
                (id, conversation_id, {author}, role, content, reasoning, status, created_at)
                VALUES ('{name}', 'of {name}', 'ada', 'assistant', '{content}', '', '{status}', 1)"
        ))
        .await;
    }
    let chunks = match schema {
        1 | 2 => {
            "(message_id, seq, text) VALUES ('running', 3, 'Half '), ('running', 10, 'an ä'), ('running', 200, 'nswer')"
        }
        _ => {
            "(message_id, seq, text, text_at) VALUES ('running', 3, 'Half ', 0), ('running', 10, 'an ä', 5), ('running', 200, 'nswer', 10)"
        }
    };
    run(&format!("INSERT INTO chunks {chunks}")).await;
    if schema >= 3 {
        run("UPDATE messages SET instance = 'old process'").await;
    }
    pool.close().await;
}

async fn upgraded(schema: usize) -> (TempDir, std::sync::Arc<dyn Store>) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("inglenook.db");
    older(&file, schema).await;
    let store = open(&format!("sqlite:{}", file.display()), &OpenOptions::default()).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn answers_that_an_earlier_version_was_writing_are_kept() {
    for schema in 1..=3 {
        let (_folder, store) = upgraded(schema).await;
        assert_eq!(store.interrupt_unfinished(Orphans::Ownerless).await.unwrap(), 2, "{schema}");
        for (id, status, content) in [
            ("running", Status::Interrupted, "Half an änswer"),
            ("begun", Status::Interrupted, ""),
            ("done", Status::Complete, "All of it."),
        ] {
            let message = store.stored("ada", id).await.unwrap().unwrap();
            assert_eq!((message.status, &*message.content), (status, content), "{schema}: {id}");
        }
        assert!(store.last_seq("ada", "of running").await.unwrap() > 200);
        assert_eq!(store.user("ada").await.unwrap().unwrap().login, "ada@example.com");
    }
}

#[tokio::test]
async fn a_failure_that_an_earlier_version_stored_keeps_its_sentence() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("inglenook.db");
    older(&file, 6).await;
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&file)).await.unwrap();
    sqlx::raw_sql(
        "UPDATE messages SET status = 'failed', failure_code = 'timeout', failure_message = 'acme stopped.',
            failure_retryable = 1 WHERE id = 'begun'",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    let store = open(&format!("sqlite:{}", file.display()), &OpenOptions::default()).await.unwrap();
    let failure = store.stored("ada", "begun").await.unwrap().unwrap().failure.unwrap();
    assert_eq!(failure, Failure::earlier(FailureCode::Timeout, "acme stopped.", true));
    assert_eq!(Words::english().text(&failure.reason), "acme stopped.");
    let chinese = Words::new(Language::exactly("zh-CN").unwrap()).text(&failure.reason);
    assert!(chinese.contains("超时") && chinese.contains("acme stopped."), "{chinese}");
    assert_eq!(store.user("ada").await.unwrap().unwrap().language, None);
}

#[tokio::test]
async fn a_journal_completes_answers_that_an_earlier_version_was_writing() {
    let (_folder, store) = upgraded(3).await;
    // The journal has more than the store for one answer, and nothing for the other.
    for (id, text, kept) in [("running", "Half an änswer, whole", "Half an änswer, whole"), ("begun", "", "")]
    {
        let found = Recovered::whole(id, "old process", text, "", 300);
        assert!(store.recover_message(&found).await.unwrap());
        assert_eq!(store.stored("ada", id).await.unwrap().unwrap().content, kept);
    }
    let (_folder, store) = upgraded(3).await;
    let chunks = vec![Chunk { text: "Half".to_owned(), ..Chunk::default() }];
    let found = Recovered { chunks, ..Recovered::whole("running", "old process", "", "", 300) };
    assert!(store.recover_message(&found).await.unwrap());
    assert_eq!(store.stored("ada", "running").await.unwrap().unwrap().content, "Half an änswer");
}
