//! The addresses of the board.

/// The page.
pub const HERE: &str = "/board";
/// The feed of its newest notes.
pub const FEED: &str = "/board.atom";
