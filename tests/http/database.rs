//! The database of one test, and the changes that tests make in it without the server.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use ::mongodb::{
    Client,
    bson::{Bson, Document, doc},
};
use futures::TryStreamExt;
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::mongod;

/// Whether this copy of the tests runs on MongoDB; the binary has a copy for each store.
pub fn on_mongodb() -> bool {
    module_path!().contains("::mongodb::")
}

#[derive(Clone)]
pub enum Database {
    Sqlite(PathBuf),
    Mongo(::mongodb::Database),
}

/// A write that the database refuses by a rule of its own, although it is up.
pub enum Refusal<'a> {
    /// Writes that give an answer one of these statuses.
    Statuses(&'a [&'a str]),
    /// Ends of answers that have text.
    EndsWithText,
    /// Chunks of this answer.
    PartsOf(&'a str),
}

impl Database {
    /// Makes an empty database. Returns it with its URL.
    pub async fn fresh(folder: &Path) -> (Self, String) {
        if on_mongodb() {
            let name = mongod::empty_database().await;
            let url = mongod::shared().await.url(&name);
            return (Self::Mongo(Client::with_uri_str(&url).await.unwrap().database(&name)), url);
        }
        let file = folder.join("test.db");
        let url = format!("sqlite:{}", file.display());
        (Self::Sqlite(file), url)
    }

    pub async fn refuse(&self, refusal: Refusal<'_>) {
        match self {
            Self::Sqlite(_) => {
                let when = match refusal {
                    Refusal::Statuses(statuses) => {
                        format!("UPDATE ON messages WHEN NEW.role = 'assistant' AND NEW.status IN ('{}')", statuses.join("', '"))
                    }
                    Refusal::EndsWithText => {
                        "UPDATE ON messages WHEN NEW.role = 'assistant' AND NEW.status != 'generating' AND length(NEW.content) > 0"
                            .into()
                    }
                    Refusal::PartsOf(id) => format!("INSERT ON chunks WHEN NEW.message_id = '{id}'"),
                };
                let abort = "BEGIN SELECT RAISE(ABORT, 'refused by a test'); END;";
                self.rows(&format!("CREATE TRIGGER refuse BEFORE {when} {abort}")).await;
            }
            Self::Mongo(_) => {
                let (collection, only) = match refusal {
                    Refusal::Statuses(statuses) => {
                        ("messages", doc! { "$or": [{ "role": "user" }, { "status": { "$nin": statuses } }] })
                    }
                    Refusal::EndsWithText => (
                        "messages",
                        doc! { "$or": [{ "role": "user" }, { "status": "generating" }, { "content": "" }] },
                    ),
                    Refusal::PartsOf(id) => ("chunks", doc! { "_id.m": { "$ne": id } }),
                };
                self.validate(collection, only).await;
            }
        }
    }

    /// Makes the database accept all writes again.
    pub async fn accept(&self) {
        match self {
            Self::Sqlite(_) => drop(self.rows("DROP TRIGGER refuse;").await),
            Self::Mongo(_) => {
                self.validate("messages", doc! {}).await;
                self.validate("chunks", doc! {}).await;
            }
        }
    }

    async fn validate(&self, collection: &str, only: Document) {
        let Self::Mongo(database) = self else { unreachable!("SQLite has triggers") };
        database.run_command(doc! { "collMod": collection, "validator": only }).await.unwrap();
    }

    pub async fn set_status(&self, message_id: &str, status: &str) {
        match self {
            Self::Sqlite(_) => {
                let sql = format!("UPDATE messages SET status = '{status}' WHERE id = '{message_id}'");
                self.rows(&sql).await;
            }
            Self::Mongo(database) => {
                let set = doc! { "$set": { "status": status } };
                let messages = database.collection::<Document>("messages");
                messages.update_one(doc! { "_id": message_id }, set).await.unwrap();
            }
        }
    }

    pub async fn status(&self, message_id: &str) -> String {
        match self {
            Self::Sqlite(_) => {
                let sql = format!("SELECT status FROM messages WHERE id = '{message_id}'");
                self.rows(&sql).await.remove(0)
            }
            Self::Mongo(database) => {
                let messages = database.collection::<Document>("messages");
                let found = messages.find_one(doc! { "_id": message_id }).await.unwrap().unwrap();
                found.get_str("status").unwrap().to_owned()
            }
        }
    }

    /// The text of an answer's stored chunks.
    pub async fn parts(&self, message_id: &str) -> String {
        match self {
            Self::Sqlite(_) => {
                let sql = format!("SELECT text FROM chunks WHERE message_id = '{message_id}' ORDER BY seq");
                self.rows(&sql).await.concat()
            }
            Self::Mongo(database) => {
                let ids = doc! { "$gte": { "m": message_id, "s": Bson::MinKey }, "$lte": { "m": message_id, "s": Bson::MaxKey } };
                let chunks = database.collection::<Document>("chunks");
                let found = chunks.find(doc! { "_id": ids }).sort(doc! { "_id": 1 }).await.unwrap();
                let found: Vec<Document> = found.try_collect().await.unwrap();
                found.iter().map(|chunk| chunk.get_str("text").unwrap()).collect()
            }
        }
    }

    /// Disables an account but leaves its sessions.
    pub async fn disable(&self, user_id: &str) {
        match self {
            Self::Sqlite(_) => {
                self.rows(&format!("UPDATE users SET state = 'disabled' WHERE id = '{user_id}'")).await;
            }
            Self::Mongo(database) => {
                let set = doc! { "$set": { "state": "disabled" } };
                let users = database.collection::<Document>("users");
                users.update_one(doc! { "_id": user_id }, set).await.unwrap();
            }
        }
    }

    pub async fn users(&self) -> u64 {
        match self {
            Self::Sqlite(_) => {
                self.rows("SELECT cast(count(*) AS TEXT) FROM users").await[0].parse().unwrap()
            }
            Self::Mongo(database) => {
                database.collection::<Document>("users").count_documents(doc! {}).await.unwrap()
            }
        }
    }

    /// All that is stored, by the name of its table or collection, without what servers note of themselves.
    pub async fn contents(&self) -> BTreeMap<String, String> {
        let mut contents = BTreeMap::new();
        match self {
            Self::Sqlite(_) => {
                for name in self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'").await {
                    let columns = self.rows(&format!("SELECT name FROM pragma_table_info('{name}')")).await;
                    let row = columns
                        .iter()
                        .map(|it| format!("quote(\"{it}\")"))
                        .collect::<Vec<_>>()
                        .join("||','||");
                    let rows = self.rows(&format!("SELECT {row} FROM \"{name}\" ORDER BY 1")).await;
                    contents.insert(name, rows.join("\n"));
                }
            }
            Self::Mongo(database) => {
                for name in database.list_collection_names().await.unwrap() {
                    let collection = database.collection::<Document>(&name);
                    let found = collection.find(doc! {}).sort(doc! { "_id": 1 });
                    let rows: Vec<Document> = found.await.unwrap().try_collect().await.unwrap();
                    contents.insert(name, format!("{rows:?}"));
                }
            }
        }
        contents.retain(|name, _| !["instances", "probe", "jobs"].contains(&name.as_str()));
        contents
    }

    /// How much there is of everything, by the name of its table or collection.
    pub async fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        match self {
            Self::Sqlite(_) => {
                for name in self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'").await {
                    let count = self.rows(&format!("SELECT cast(count(*) AS TEXT) FROM \"{name}\"")).await;
                    counts.insert(name, count[0].parse().unwrap());
                }
            }
            Self::Mongo(database) => {
                for name in database.list_collection_names().await.unwrap() {
                    let all = database.collection::<Document>(&name).count_documents(doc! {}).await.unwrap();
                    counts.insert(name, all);
                }
            }
        }
        counts
    }

    /// The first column of an SQLite query's rows, as text.
    pub async fn rows(&self, script: &str) -> Vec<String> {
        let Self::Sqlite(file) = self else { panic!("MongoDB knows no SQL") };
        let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(10));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(script)).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}
