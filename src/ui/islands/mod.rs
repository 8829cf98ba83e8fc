//! The code that hydrates: one island, [`Dock`], in which the composer is. The server makes all HTML, and this code brings it to
//! life: it fills, shows, hides and moves elements, and makes none, because code that does was a third of all that a
//! browser loaded.
//!
//! - What the page knows is in [`state::PageState`]; `show` shows it around the composer. Besides, a file may have
//!   `thread_local!`s that it alone reads: what is under way there and how it ends (a timer, a stream, a request, a menu that
//!   is open), and what it has measured or kept for later (`scroll`, `arriving`, `visit`).
//! - What a person does is in the table of `acts`, which names who acts on what.
//! - What happens in the conversation comes as events (`follow`, `apply`), and what they changed as HTML of the server
//!   (`refresh`), which `thread` puts in place of what is there.
//! - Another conversation comes the same way (`visit`), without another document.
//! - The reader's place stays where it is (`scroll`, `place`).

mod acts;
mod announce;
mod apply;
mod arriving;
mod blocks;
mod browser;
mod composer;
mod copy;
mod dock;
mod drafts;
mod drop;
mod editing;
mod elements;
mod extra;
mod extras;
mod field;
mod files;
mod focus;
mod follow;
mod following;
mod hear;
mod json;
mod keys;
mod markdown;
mod mentions;
mod messages;
mod outbox;
mod outline;
mod overlay;
mod phrases;
mod picker;
mod place;
mod posting;
mod posts;
mod queue;
mod queued;
mod quoting;
mod reach;
mod refresh;
mod replying;
mod request;
mod room;
mod rows;
mod scroll;
mod send;
mod sheet_form;
mod show;
mod sidebar;
mod socket;
mod state;
mod steer;
mod tab;
mod tables;
mod temporary;
mod temporary_ask;
mod thread;
mod toast;
mod tools;
mod typing;
mod unfold;
mod visit;
mod waiting;
mod way;

pub use dock::Dock;
pub use phrases::PHRASES;
pub use state::{Fetched, Shown};

/// The id of the element in which the browser finds what the page was opened with, as JSON.
pub const OPENED: &str = "opened";
