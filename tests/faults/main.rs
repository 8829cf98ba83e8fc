//! What becomes of answers when the server fails at one place: a panic, a full disk. The places are the
//! `fail_point!`s of `src`. They count for the whole process, so these tests have a process of their own.

#![expect(clippy::unwrap_used, reason = "a failed test is a panic")]
#![expect(clippy::duplicate_mod, reason = "the tests are there once for each store")]
#![expect(dead_code, reason = "the tests of the router use more of what they share")]

#[path = "../../src/server/store/contract/mongod.rs"]
mod mongod;
#[path = "all.rs"]
mod mongodb;
mod relay;
#[path = "all.rs"]
mod sqlite;
#[path = "../support/upstream.rs"]
mod upstream;
