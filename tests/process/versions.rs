//! Every command refuses a database that a newer version wrote, with one sentence.

use mongodb::{
    Client,
    bson::{Document, doc},
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    folder::{self, tree},
    mongod,
    site::Site,
};

/// Asserts that `serve`, `check` and `passwd` each say what they found, what they know and what to do.
fn refused_everywhere(site: &Site, settings: &[(&str, &str)], found: i64) {
    let data = site.data();
    for arguments in [&["serve"][..], &["check"], &["passwd", "lin@example.org"]] {
        let done = folder::run(data.parent().unwrap(), &data, arguments, settings);
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        assert!(!done.status.success(), "{arguments:?}: {said}");
        for part in [&*format!("has schema {found}"), "knows schemas up to ", "Use the version that wrote it"]
        {
            assert_eq!(said.matches(part).count(), 1, "{arguments:?}, {part}: {said}");
        }
        assert!(arguments == ["check"] || said.lines().count() == 1, "one sentence: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_database_file_is_refused_by_every_command_and_left_as_it_is() {
    let mut site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    site.server.signal(rustix::process::Signal::TERM);
    assert!(site.server.ended_within(crate::site::PATIENCE).is_some());
    let file = site.data().join("inglenook.db");
    let run = async |sql: &'static str| {
        let options = SqliteConnectOptions::new().filename(&file);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    };
    run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (999, 'of later', TRUE, x'00', 0)")
    .await;
    let stored = std::fs::read(&file).unwrap();
    let names = |site: &Site| tree(&site.data()).into_iter().map(|(path, ..)| path).collect::<Vec<_>>();
    let before = names(&site);
    tokio::task::block_in_place(|| refused_everywhere(&site, &[], 999));
    assert_eq!(names(&site), before);
    assert!(std::fs::read(&file).unwrap() == stored, "the database was written");
    run("DELETE FROM _sqlx_migrations WHERE version = 999").await;
    site.start_again();
    assert_eq!(lin.at(&site).call("GET", "/api/v1/me", None).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_mongodb_database_is_refused_by_every_command() {
    let url = mongod::shared().await.url(&mongod::fresh_database());
    let settings = [("INGLENOOK_STORE", &*url)];
    let mut site = Site::start(&settings).await;
    let lin = site.person("lin").await;
    site.server.kill();
    let db = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    let meta = db.collection::<Document>("meta");
    let schema = meta.find_one(doc! { "_id": "schema" }).await.unwrap().unwrap();
    // The MongoDB shell writes other kinds of numbers unless told otherwise.
    for version in [999_i64.into(), 999_i32.into(), mongodb::bson::Bson::Double(999.0)] {
        meta.replace_one(doc! { "_id": "schema" }, doc! { "version": version }).await.unwrap();
        tokio::task::block_in_place(|| refused_everywhere(&site, &settings, 999));
    }
    meta.replace_one(doc! { "_id": "schema" }, schema).await.unwrap();
    site.start_again();
    assert_eq!(lin.at(&site).call("GET", "/api/v1/me", None).await.0, 200);
}
