//! Inglenook: a self-hosted AI chat site in one binary. This is the map; ARCHITECTURE.md is the walk.
//!
//! `ui` and `api` are compiled for the browser and for the server, `pages` and `server` for the server
//! only. Arrows go ui → api → server → {store, llm, markdown} → domain, and never back.
//! These are the only lines of the project that ask for a feature.

pub mod domain;
pub mod error;

#[cfg(feature = "ssr")]
pub mod server;
