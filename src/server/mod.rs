//! The server: never compiled for the browser.
//!
//! Which part may name which. `tests/map` reads this table and compares it with the code, so it is always true:
//! an arrow that is not here, one that is here and unused, and a circle of parts or files are failures.
//!
//! ```text
//! main → server::cli
//! server::cli → server::lifecycle, server::providers, server::accounts, server::llm, server::words, server::store, server::config, server::ops, error, domain
//! server::lifecycle → server::router, server::app, server::http, server::cluster, server::providers, server::live, server::accounts, server::journal, server::llm, server::store, server::config, server::ops
//! server::router → server::app, pages, server::rest, server::http, error
//! server::app → server::http, server::exports, server::rooms, server::chat, server::cluster, server::conversations, server::providers, server::live, server::accounts, server::journal, server::render, server::llm, server::store, server::config, server::ops
//! pages → ui::islands, ui::parts, ui::words, server::http, server::exports, server::rooms, server::chat, server::conversations, server::providers, server::live, server::accounts, server::words, server::ops, error, domain
//! api → ui::parts, ui::words, server::http, server::exports, server::rooms, server::chat, server::conversations, server::providers, server::live, server::accounts, server::words, error, domain
//! server::rest → server::http, server::exports, server::rooms, server::chat, server::conversations, server::providers, server::live, server::accounts, server::words, server::ops, error, domain
//! ui::islands → ui::parts, ui::stream, ui::keys, ui::pending, domain
//! ui::parts → ui::words, error, domain
//! ui::words → domain
//! ui::stream →
//! ui::keys →
//! ui::pending →
//! server::http → ui::parts, ui::words, server::live, server::accounts, server::words, server::store, server::config, server::ops, error, domain
//! server::rooms → server::chat, server::conversations, server::live, server::accounts, server::render, server::markdown, server::words, server::store, server::ops, error, domain
//! server::chat → server::accounts, server::conversations, server::live, server::journal, server::llm, server::store, server::config, server::ops, error, domain
//! server::exports → server::cluster, server::accounts, server::words, server::store, server::ops, error, domain
//! server::cluster → server::live, server::journal, server::store, server::ops, domain
//! server::conversations → server::live, server::render, server::llm, server::markdown, server::words, server::store, server::ops, error, domain
//! server::providers → server::conversations, server::accounts, server::llm, server::store, server::config, server::ops, error, domain
//! server::live → server::render, server::markdown, server::words, server::store, server::ops, error, domain
//! server::accounts → server::oidc, server::words, server::store, server::config, server::ops, error, domain
//! server::oidc → server::llm, server::config, server::ops
//! server::journal → server::store, server::ops
//! server::render → server::markdown, error, domain
//! server::llm → server::ops, domain
//! server::markdown →
//! server::words → domain
//! server::store → server::ops, domain
//! server::config → server::ops, domain
//! server::ops →
//! error → domain
//! domain →
//! ```

pub mod accounts;
pub mod app;
pub mod chat;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod conversations;
pub mod exports;
pub mod http;
pub mod journal;
pub mod lifecycle;
pub mod live;
pub mod llm;
pub mod markdown;
pub mod oidc;
pub mod ops;
pub mod providers;
pub mod render;
pub mod rest;
pub mod rooms;
pub mod router;
pub mod store;
pub mod words;
