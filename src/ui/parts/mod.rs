//! Markup without state, for pages and islands alike.

mod error;
mod icon;
mod message;
mod picture;
mod steer;
mod temporary;

pub use error::{Brand, ErrorPage, RefusedForm};
pub use icon::Icon;
pub use message::{
    Answer, AnswerFrame, Ending, Question, Templates, Unchanged, Unfold, When, is_long_question, meta_line,
    name_headings,
};
pub use picture::PersonPicture;
pub use steer::{EditForm, SteerForm, as_html};
pub use temporary::{TemporaryLink, TemporaryTemplates};
