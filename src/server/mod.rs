//! The server: never compiled for the browser.

pub mod accounts;
pub mod app;
pub mod chat;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod conversations;
#[cfg(test)]
pub(crate) mod corpora;
pub mod http;
pub mod journal;
pub mod lifecycle;
pub mod live;
pub mod llm;
pub mod markdown;
pub mod ops;
pub mod render;
pub mod rest;
pub mod store;
pub mod words;

pub use lifecycle::{StartError, serve};
