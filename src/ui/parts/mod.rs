//! Parts without state, used by pages and islands alike.

mod icon;
mod message;

pub use icon::Icon;
pub use message::{Answer, AnswerEnd, Question, RetryForm, meta_line};
