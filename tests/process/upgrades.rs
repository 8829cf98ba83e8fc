//! Databases that earlier versions left when they were killed in the middle of an answer are opened, and nothing is
//! lost. `tests/fixtures/upgrades/README.md` says how they were made.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use mongodb::{
    Client,
    bson::{Bson, Document, doc},
};
use rustix::process::Signal;
use serde_json::{Map, Value};

use crate::{
    folder::{self, mode, tree},
    mongod,
    server::command,
    site::{PATIENCE, Person, Site},
    tokens,
};

/// The commits of the versions, and the first migration that each one's SQLite database lacks.
const VERSIONS: [(&str, &str); 3] = [("c9d886f", "0002"), ("c08ce23", "0004"), ("73e2e00", "0004")];
/// The fields that a message has wherever it is shown, without its siblings, which come and go.
const FIELDS: [&str; 11] = [
    "id",
    "conversation_id",
    "parent_id",
    "role",
    "content",
    "reasoning",
    "status",
    "model",
    "usage",
    "failure",
    "created_at",
];

/// What a version left, and what it had shown before.
struct Left {
    version: &'static str,
    folder: PathBuf,
    seen: Value,
}

impl Left {
    fn by(version: &'static str, store: &str) -> Self {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/upgrades");
        let folder = Path::new(fixtures).join(version).join(store);
        let seen = serde_json::from_slice(&fs::read(folder.join("seen.json")).unwrap()).unwrap();
        Self { version, folder, seen }
    }

    /// Copies the data directory and sets the modes that the server had set, because git does not keep them.
    fn put(&self, data: &Path) {
        fs::create_dir_all(data).unwrap();
        put_all(&self.folder, data);
        for not_the_servers in ["seen.json", "database.json"] {
            let _ = fs::remove_file(data.join(not_the_servers));
        }
    }

    fn messages(&self) -> &Map<String, Value> {
        self.seen["messages"].as_object().unwrap()
    }

    fn running(&self) -> &str {
        self.seen["running"]["answer"].as_str().unwrap()
    }

    /// The text that must be there of the answer that was being written: all that was seen if the version had a
    /// journal, else what was stored.
    fn kept(&self, with_journal: bool) -> &str {
        let whole = with_journal && self.folder.join("journal").exists();
        self.seen["running"][if whole { "seen" } else { "stored" }].as_str().unwrap()
    }
}

fn put_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).unwrap();
            put_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// Asserts that every conversation, message, branch and failure is there, for a session of that time.
async fn everything_is_there(site: &Site, left: &Left, with_journal: bool) -> Person {
    let lin = site.holder(left.seen["token"].as_str().unwrap());
    let (status, me) = lin.call("GET", "/api/v1/me", None).await;
    assert_eq!((status, &me["email"]), (200, &left.seen["email"]), "{}", left.version);
    let mut listed = Map::new();
    for archived in [false, true] {
        let path = format!("/api/v1/conversations?archived={archived}");
        let (_, list) = lin.call("GET", &path, None).await;
        for it in list["items"].as_array().unwrap() {
            let conversation = it["id"].as_str().unwrap();
            lin.settled(conversation).await;
            let shown = lin.messages(conversation, "markdown").await;
            let branch: Vec<&Value> = shown.iter().map(|message| &message["id"]).collect();
            let told = serde_json::json!({
                "title": it["title"], "archived": it["archived"], "pinned": it["pinned"], "branch": branch
            });
            listed.insert(conversation.to_owned(), told);
        }
    }
    assert_eq!(Value::Object(listed), left.seen["conversations"], "{}", left.version);
    for (id, seen) in left.messages() {
        // Whether the message is on the branch on screen or not.
        let (status, selected) = lin.call("POST", &format!("/api/v1/messages/{id}/select"), None).await;
        assert_eq!(status, 200, "{}: {selected}", left.version);
        let shown = lin.messages(seen["conversation_id"].as_str().unwrap(), "markdown").await;
        let found = shown.iter().find(|message| message["id"] == **id);
        let found = found.unwrap_or_else(|| panic!("{}: {seen} is gone", left.version));
        if id == left.running() {
            is_interrupted(found, left.kept(with_journal));
        } else {
            FIELDS
                .iter()
                .for_each(|field| assert_eq!(found[field], seen[field], "{}: {field}", left.version));
        }
    }
    for conversation in left.seen["conversations"].as_object().unwrap().values() {
        let leaf = conversation["branch"].as_array().unwrap().last().unwrap().as_str().unwrap();
        lin.call("POST", &format!("/api/v1/messages/{leaf}/select"), None).await;
    }
    lin
}

fn is_interrupted(message: &Value, kept: &str) {
    let content = message["content"].as_str().unwrap();
    let whole: String = (0..200).map(|number| format!("w{number} ")).collect();
    assert_eq!(message["status"], "interrupted", "{message}");
    assert!(!kept.is_empty() && content.starts_with(kept), "{} of {} bytes", content.len(), kept.len());
    assert!(whole.starts_with(content), "never said: {content}");
}

/// Asserts that people can sign in with their old password, and that the conversation goes on where it was cut.
async fn life_goes_on(site: &Site, lin: &Person, left: &Left) {
    let again = site.stranger().signed_in_again("lin").await;
    let conversation = left.messages()[left.running()]["conversation_id"].as_str().unwrap();
    let begun = again.ask(conversation, "tokens-10-delay-0").await;
    let answer = lin.settled(conversation).await;
    assert_eq!((answer["id"].as_str(), &answer["status"]), (Some(&*begun.answer), &"complete".into()));
    assert_eq!(answer["content"], tokens::text(10));
}

/// Stops the server in order and starts it again, which logs nothing unusual.
fn starts_again(site: &mut Site) {
    site.server.signal(Signal::TERM);
    assert!(site.server.ended_within(PATIENCE).is_some_and(|status| status.success()));
    let before = site.server.log().len();
    site.start_again();
    let log = site.server.log().split_off(before);
    for word in ["WARN", "ERROR", "panic", "upgraded", "interrupted"] {
        assert!(!log.contains(word), "{log}");
    }
}

fn copies(data: &Path) -> Vec<String> {
    let names = fs::read_dir(data).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name.contains("before")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_files_of_earlier_versions_keep_everything_and_a_copy_aside() {
    for (version, next) in VERSIONS {
        let left = Left::by(version, "sqlite");
        let name = format!("inglenook.db.before-{next}");
        looking_changes_nothing(&left, &name);

        let mut site = Site::over(&[], |data| left.put(data)).await;
        let lin = everything_is_there(&site, &left, true).await;
        let copy = site.data().join(&name);
        assert!(site.server.log().contains(&*copy.to_string_lossy()), "{}", site.server.log());
        life_goes_on(&site, &lin, &left).await;
        starts_again(&mut site);
        assert_eq!(lin.at(&site).call("GET", "/api/v1/me", None).await.0, 200);
        assert_eq!(copies(&site.data()), [name]);
        assert_eq!(mode(&copy), 0o600);

        // The copy opens as the database did.
        let restored = Site::over(&[], |data| {
            fs::create_dir(data).unwrap();
            fs::copy(&copy, data.join("inglenook.db")).unwrap();
            fs::copy(site.data().join("secret"), data.join("secret")).unwrap();
        });
        everything_is_there(&restored.await, &left, false).await;
    }
}

/// Asserts that neither `check` nor `passwd` upgrades or copies anything, and that `check` says what a start will do.
fn looking_changes_nothing(left: &Left, name: &str) {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    left.put(&data);
    let before = tree(&data);
    let checked = folder::run(home.path(), &data, &["check"], &[]);
    let report = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success() && report.contains("will be upgraded from schema "), "{report}");
    assert!(report.contains(name), "{report}");
    let changed = folder::run(home.path(), &data, &["passwd", "lin@example.org"], &[]);
    let said = String::from_utf8(changed.stderr).unwrap();
    assert!(!changed.status.success() && said.contains("Start the server once"), "{said}");
    assert_eq!(tree(&data), before, "{}", left.version);
}

/// A limit on the size of files stands for the full disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_for_the_copy_nothing_is_upgraded() {
    let left = Left::by("73e2e00", "sqlite");
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    left.put(&data);
    let program = home.path().join("limited");
    let script = format!("#!/bin/sh\nulimit -f 80\nexec {} serve\n", env!("CARGO_BIN_EXE_inglenook"));
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for _ in 0..2 {
        let refused = command(&program, home.path(), &[]).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.lines().count() == 1, "{said}");
        for part in ["inglenook.db.before-0004", "room for as much again", "Nothing was changed"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(copies(&data), [""; 0]);
    }
    let checked = folder::run(home.path(), &data, &["check"], &[]);
    let report = String::from_utf8(checked.stdout).unwrap();
    assert!(report.contains("will be upgraded from schema 3 "), "{report}");
    let site = Site::over(&[], |fresh| fs::rename(&data, fresh).unwrap()).await;
    everything_is_there(&site, &left, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mongodb_databases_of_earlier_versions_keep_everything() {
    for (version, _) in VERSIONS {
        let left = Left::by(version, "mongodb");
        let url = mongod::shared().await.url(&mongod::fresh_database());
        restore(&url, &left.folder.join("database.json")).await;
        let settings = [("INGLENOOK_STORE", &*url)];
        let home = tempfile::tempdir().unwrap();
        let checked = folder::run(home.path(), &home.path().join("data"), &["check"], &settings);
        let report = String::from_utf8(checked.stdout).unwrap();
        assert!(report.contains("will be upgraded from schema 0 to "), "{report}");

        let mut site = Site::over(&settings, |data| left.put(data)).await;
        let lin = everything_is_there(&site, &left, true).await;
        life_goes_on(&site, &lin, &left).await;
        starts_again(&mut site);
        assert_eq!(lin.at(&site).call("GET", "/api/v1/me", None).await.0, 200);
        let (_, report) = site.command(&["check"], "");
        assert!(report.contains("answers, schema "), "{report}");
    }
}

/// Collections, documents and indexes, from MongoDB's extended JSON.
async fn restore(url: &str, dump: &Path) {
    let db = Client::with_uri_str(url).await.unwrap().default_database().unwrap();
    let dump: Value = serde_json::from_slice(&fs::read(dump).unwrap()).unwrap();
    let Bson::Document(dump) = Bson::try_from(dump).unwrap() else { panic!("collections by name") };
    for (name, found) in dump {
        let found = found.as_document().unwrap();
        db.create_collection(&name).await.unwrap();
        let indexes = found.get_array("indexes").unwrap();
        if !indexes.is_empty() {
            db.run_command(doc! { "createIndexes": &name, "indexes": indexes.clone() }).await.unwrap();
        }
        let documents: Vec<Document> = found
            .get_array("documents")
            .unwrap()
            .iter()
            .map(|document| document.as_document().unwrap().clone())
            .collect();
        if !documents.is_empty() {
            db.collection::<Document>(&name).insert_many(documents).await.unwrap();
        }
    }
}
