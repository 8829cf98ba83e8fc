//! What a person touches: islands, which hydrate, and parts, which do not.

pub mod islands;
pub mod keys;
pub mod parts;
pub mod pending;
pub mod stream;
pub mod words;
