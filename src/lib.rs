//! Inglenook: a self-hosted AI chat site in one binary. This is the map; ARCHITECTURE.md is the walk.
//!
//! `ui` and `api` are compiled for the browser and for the server, `pages` and `server` for the server
//! only. Arrows go ui → api → server → {store, llm, markdown} → domain, and never back.
//! These are the only lines of the project that ask for a feature.

#![recursion_limit = "256"]

pub mod api;
pub mod domain;
pub mod error;
pub mod ui;

#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;

/// Where the browser begins: the islands of the page come alive.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
