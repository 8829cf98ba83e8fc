//! Real server processes that are killed, stopped, cut off and asked too much, and what people see of it.

#![expect(clippy::unwrap_used, reason = "a failed test is a panic")]

mod check;
mod disk;
mod door;
mod events;
mod failures;
mod first;
mod folder;
#[path = "../support/http.rs"]
mod http;
mod instances;
mod jobs;
mod kill;
mod listeners;
mod log;
mod memory;
#[expect(dead_code, reason = "the store's contract uses more of it")]
#[path = "../../src/server/store/contract/mongod.rs"]
mod mongod;
mod once;
mod outage;
#[path = "../support/proxy.rs"]
mod proxy;
mod resume;
mod rooms;
mod secrets;
#[path = "../support/server.rs"]
mod server;
mod sign_in;
mod site;
mod socket_client;
mod socket_frames;
mod sockets;
mod sockets_access;
mod stop;
mod takeover;
#[path = "../support/tokens.rs"]
mod tokens;
mod upgrades;
#[expect(dead_code, reason = "the tests of providers use more of it")]
#[path = "../support/upstream.rs"]
mod upstream;
mod versions;
