//! The tests that run on both stores, and what they share with those of the router.

mod answers;
#[path = "../http/app.rs"]
pub mod app;
#[path = "../http/client.rs"]
mod client;
#[path = "../http/database.rs"]
pub mod database;
#[path = "../http/remains.rs"]
mod remains;
