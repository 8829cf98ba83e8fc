//! The answers that an earlier run left on SQLite, which the next run recovers. On MongoDB a server that is gone is
//! found by its heartbeat: see `tests/process/instances.rs`.

use std::time::{Duration, Instant};

use inglenook::server::journal::Journal;

use crate::sqlite::app::App;

const PATIENCE: Duration = Duration::from_secs(40);

/// The recovery of an answer that the database refuses does not hold up the other answers.
#[tokio::test(flavor = "multi_thread")]
async fn one_answer_that_is_refused_does_not_keep_others_from_being_recovered() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let (conversation, other) = (lin.conversation().await, lin.conversation().await);
    let mut answers = Vec::new();
    for conversation in [&conversation, &other] {
        let begun = lin.ask(conversation, "Why?").await;
        answers.push(begun["assistant_message"]["id"].as_str().unwrap().to_owned());
    }
    let [refused, lost] = &answers[..] else { unreachable!() };
    app.database
        .rows("UPDATE messages SET status = 'generating', content = 'Some text.', instance = 'dead' WHERE role = 'assistant';")
        .await;
    let when = format!("UPDATE ON messages WHEN NEW.id = '{refused}' AND NEW.status = 'interrupted'");
    let refuse = format!("CREATE TRIGGER refuse BEFORE {when} BEGIN SELECT RAISE(ABORT, 'refused'); END;");
    app.database.rows(&refuse).await;
    let folder = tempfile::tempdir().unwrap();
    let (dead, _) = Journal::open(folder.path(), "dead").unwrap();
    let entry = dead.begin(refused, "Some text.", "");
    entry.append(3, " And more.", "").await.unwrap();
    drop((entry, dead));
    let (_journal, leftovers) = Journal::open(folder.path(), "next").unwrap();
    assert_eq!(leftovers.len(), 1);
    app.state.cluster.recover(leftovers).await;
    let interrupted = async |id: &str| {
        let begun = Instant::now();
        while app.database.status(id).await != "interrupted" {
            assert!(begun.elapsed() < PATIENCE, "{id} waits for ever");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    interrupted(lost).await;
    app.database.accept().await;
    interrupted(refused).await;
    let window = lin.get(&format!("/api/v1/conversations/{conversation}/messages")).await.is(200).json();
    assert_eq!(window["items"][1]["content"], "Some text. And more.");
}
