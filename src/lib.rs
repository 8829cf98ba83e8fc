//! Inglenook: a self-hosted AI chat site in one binary. ARCHITECTURE.md says how the parts work together.
//!
//! `ui` and `api` are compiled for the browser and for the server, `pages` and `server` for the server
//! only. Imports go ui → api → server → {store, llm, markdown} → domain, and never back.
//! No other file of the library asks for a feature.

#![recursion_limit = "256"]

pub mod api;
pub mod domain;
pub mod error;
pub mod ui;

#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;

/// Called by the page's script: makes the islands of the page interactive.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
