//! The server: never compiled for the browser.

pub mod assets;
pub mod attempts;
pub mod body;
pub mod chat;
pub mod check;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod connection;
pub mod context;
pub mod cookie;
#[cfg(test)]
pub(crate) mod corpora;
pub mod document;
pub mod error_response;
pub mod gate;
pub mod history;
pub mod instances;
pub mod journal;
pub mod jwt_hmac;
pub mod keep_alive;
pub mod llm;
pub mod login;
pub mod markdown;
pub mod models;
pub mod origin;
pub mod passwords;
pub mod recover;
pub mod render;
pub mod request_id;
pub mod rest;
pub mod router;
pub mod serve;
pub mod session;
pub mod state;
pub mod store;
pub mod telemetry;

pub use serve::{StartError, serve};
