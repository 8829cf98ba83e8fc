//! The whole router without sockets, on a real SQLite store in a folder of its own.

#![expect(clippy::unwrap_used, reason = "a failed test is a panic")]

mod app;
mod chat;
mod conversations;
mod door;
mod endings;
mod follow;
mod forms;
mod functions;
mod keys;
mod languages;
mod limits;
mod models;
mod openapi;
mod pages;
mod people;
mod sessions;
#[path = "../support/shelf.rs"]
mod shelf;
mod steer;
mod thinking;
mod tokens;
#[path = "../support/upstream.rs"]
mod upstream;
mod windows;
