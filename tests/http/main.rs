//! The whole router without sockets: the same tests on a real SQLite store in a folder of its own, and on a database
//! of its own in a real MongoDB replica set.

#![expect(clippy::unwrap_used, reason = "a failed test is a panic")]
#![expect(clippy::duplicate_mod, reason = "the tests are there once for each store")]

#[expect(dead_code, reason = "the store's contract uses more of it")]
#[path = "../../src/server/store/contract/mongod.rs"]
mod mongod;
#[path = "all.rs"]
mod mongodb;
mod recovery;
#[path = "../support/shelf.rs"]
mod shelf;
#[path = "all.rs"]
mod sqlite;
#[path = "../support/upstream.rs"]
mod upstream;
