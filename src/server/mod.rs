//! The server: never compiled for the browser.

#[cfg(test)]
pub(crate) mod corpora;
pub mod llm;
pub mod markdown;
pub mod store;
