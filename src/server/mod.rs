//! The server: never compiled for the browser.

pub mod llm;
pub mod markdown;
pub mod store;
