//! The disk under a running server fills up, or files on it are deleted.
//!
//! A limit on the size of files stands for the full disk, because it needs no rights and can be lifted again.

use std::fs;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::{
    events::{Format, View},
    site::{Person, Site},
    tokens,
};

/// Limits the size of the server's files, in bytes; `None` lifts the limit.
fn limit(site: &Site, bytes: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(site.server.pid()).unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

/// Asserts a problem of this status and code whose sentence says what to do.
fn is_problem((status, problem): &(u16, Value), code: &str) {
    assert_eq!((*status, problem["code"].as_str()), (503, Some(code)), "{problem}");
    let sentence = problem["detail"].as_str().unwrap();
    assert!(sentence.contains("Ask the administrator"), "{sentence}");
}

async fn ask(person: &Person, conversation: &str) -> (u16, Value) {
    person.try_ask(conversation, "acme", "tokens-10-delay-0", "").await.unwrap()
}

async fn works_again(site: &Site, person: &Person, conversations: &[String]) {
    site.until_ready(200).await;
    for conversation in conversations {
        let (status, begun) = ask(person, conversation).await;
        assert_eq!(status, 202, "{begun}");
        assert_eq!(person.settled(conversation).await["content"], tokens::text(10));
    }
    assert!(!site.server.log().contains("panic"), "{}", site.server.log());
}

/// Neither the database nor the journal can be written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_was_full_is_forgotten() {
    let site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let mut conversations = Vec::new();
    for _ in 0..6 {
        conversations.push(lin.conversation().await);
    }
    let running = lin.conversation().await;
    let begun = lin.ask(&running, "tokens-2000-delay-5").await;
    let mut events = lin.events(&running, Some(begun.after), Format::Text).await;
    let mut view = View::after(begun.after);
    while view.text.is_empty() {
        view.take(&events.next().await.unwrap().unwrap());
    }
    for _ in 0..2 {
        limit(&site, Some(0));
        for conversation in &conversations {
            is_problem(&ask(&lin, conversation).await, "storage_full");
        }
        let form = json!({ "email": "new@example.org", "password": "correct horse" });
        is_problem(&lin.call("POST", "/api/v1/auth/register", Some(form)).await, "storage_full");
        let path = format!("/api/v1/conversations/{running}");
        is_problem(&lin.call("PATCH", &path, Some(json!({ "title": "x" }))).await, "storage_full");
        assert_eq!(site.until_ready(503).await, "the disk of the database is full");
        // Reading still works.
        assert_eq!(lin.messages(&running, "markdown").await.len(), 2);
        limit(&site, None);
        works_again(&site, &lin, &conversations).await;
    }
    // The answer that was being written has ended, and says why.
    assert!(events.until_end(&mut view).await);
    let ended = lin.settled(&running).await;
    assert_eq!((view.end.as_deref(), &ended["status"]), (Some("failed"), &"failed".into()), "{ended}");
    let content = ended["content"].as_str().unwrap();
    assert!(content.starts_with(&view.text) && tokens::text(2000).starts_with(content), "{ended}");
    assert!(ended["failure"]["message"].as_str().unwrap().contains("Ask the administrator"), "{ended}");
    works_again(&site, &lin, &[running]).await;
}

/// The journal has room and the database has none: answers go on, and end when there is room again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_goes_on_while_the_database_is_full() {
    let site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let (running, idle) = (lin.conversation().await, lin.conversation().await);
    let begun = lin.ask(&running, "tokens-300-delay-5").await;
    let mut events = lin.events(&running, Some(begun.after), Format::Text).await;
    let mut view = View::after(begun.after);
    while view.text.is_empty() {
        view.take(&events.next().await.unwrap().unwrap());
    }
    // The log is far longer than the journal by now.
    let log = fs::metadata(site.data().join("inglenook.db-wal")).unwrap().len();
    limit(&site, Some(log));
    is_problem(&ask(&lin, &idle).await, "storage_full");
    assert_eq!(site.until_ready(503).await, "the disk of the database is full");
    while view.text.len() < tokens::text(300).len() {
        view.take(&events.next().await.unwrap().unwrap());
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(lin.messages(&running, "markdown").await[1]["status"], "generating");
    limit(&site, None);
    assert!(events.until_end(&mut view).await);
    assert_eq!((view.end.as_deref(), view.text.as_str()), (Some("complete"), tokens::text(300)));
    assert_eq!(lin.settled(&running).await["content"], tokens::text(300));
    works_again(&site, &lin, &[running, idle]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_deleted_is_missed() {
    let mut site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let conversation = lin.conversation().await;
    assert_eq!(site.ready().await, (200, "ready".into()));
    for ending in ["", "-wal", "-shm"] {
        fs::remove_file(site.data().join(format!("inglenook.db{ending}"))).unwrap();
    }
    assert_eq!(site.until_ready(503).await, "the database file is gone or was replaced");
    is_problem(&ask(&lin, &conversation).await, "storage_lost");
    is_problem(&lin.call("POST", "/api/v1/conversations", Some(json!({}))).await, "storage_lost");
    let log = site.server.log();
    assert!(log.contains("inglenook.db was deleted or moved away"), "{log}");
    assert!(!site.data().join("inglenook.db").exists(), "another one was begun");
    // The next start does not begin one either.
    site.server.kill();
    let refused = site.refused("data", &[]);
    assert!(refused.contains("is gone") && refused.contains("inglenook.db.lock"), "{refused}");
    fs::remove_file(site.data().join("inglenook.db.lock")).unwrap();
    site.start_again();
    site.until_ready(200).await;
}

/// Answers go to the database first then, and the text that was seen is there after a crash.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_deleted_takes_no_text_along() {
    let mut site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let conversation = lin.conversation().await;
    let begun = lin.ask(&conversation, "tokens-2000-delay-5").await;
    let mut events = lin.events(&conversation, Some(begun.after), Format::Text).await;
    let mut view = View::after(begun.after);
    while view.text.len() < 500 {
        view.take(&events.next().await.unwrap().unwrap());
    }
    fs::remove_dir_all(site.data().join("journal")).unwrap();
    while view.text.len() < 2000 {
        view.take(&events.next().await.unwrap().unwrap());
    }
    site.server.kill();
    while let Ok(Some(event)) = events.next().await {
        view.take(&event);
    }
    site.start_again();
    let kept = lin.at(&site).settled(&conversation).await;
    let content = kept["content"].as_str().unwrap();
    assert!(content.starts_with(&view.text), "{} of {} bytes are kept", content.len(), view.text.len());
    assert!(tokens::text(2000).starts_with(content));
}
