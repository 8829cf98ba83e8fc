//! Parts without state, used by pages and islands alike.

mod error;
mod icon;
mod message;
mod steer;

pub use error::{Again, Brand, ErrorPage};
pub use icon::Icon;
pub use message::{Answer, AnswerActions, AnswerEnd, LeftOut, Question, Written, meta_line, name_headings};
pub use steer::{EditForm, SteerForm};
