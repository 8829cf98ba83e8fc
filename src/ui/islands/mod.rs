//! The code that hydrates: one island, [`Dock`], which is the composer and what stands above it. It also brings the rest of
//! the page to life: the server makes the thread, and this code only moves it.
//!
//! - What the page knows is in [`state::PageState`], and nowhere else.
//! - What a person does is in the table of `acts`, which names who acts on what.
//! - What happens in the conversation comes as events (`follow`, `apply`), and what they changed as HTML of the server
//!   (`refresh`), which `thread` puts in place of what is there.
//! - Another conversation comes the same way (`visit`), without another document.
//! - The reader's place stays where it is (`scroll`, `place`).

mod acts;
mod announce;
mod apply;
mod blocks;
mod browser;
mod composer;
mod copy;
mod dock;
mod drafts;
mod drop;
mod editing;
mod extra;
mod extras;
mod field;
mod focus;
mod follow;
mod json;
mod keys;
mod markdown;
mod messages;
mod overlay;
mod phrases;
mod picker;
mod place;
mod queue;
mod queued;
mod quoting;
mod refresh;
mod request;
mod scroll;
mod send;
mod sidebar;
mod state;
mod steer;
mod thread;
mod toast;
mod visit;
mod waiting;

pub use dock::{Dock, OPENED, Opened};
pub use phrases::PHRASES;
pub use state::{Fetched, Shown};
