//! The whole router without sockets, on a real SQLite store in a folder of its own.

#![expect(clippy::unwrap_used, reason = "a failed test is a panic")]

mod app;
mod chat;
mod conversations;
mod door;
mod forms;
mod functions;
mod openapi;
mod pages;
mod people;
mod steer;
mod tokens;
#[path = "../support/upstream.rs"]
mod upstream;
