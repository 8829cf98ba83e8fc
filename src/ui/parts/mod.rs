//! Markup without state, for pages and islands alike.

mod answer_head;
mod error;
mod icon;
mod marks;
mod message;
mod new_said;
mod picture;
mod reply;
mod said;
mod steer;
mod temporary;

pub use answer_head::{ReadNote, RoomAnswer};
pub use error::{Brand, ErrorPage, RefusedForm};
pub use icon::Icon;
pub use marks::{Marks, ReactionView};
pub use message::{
    Answer, AnswerFrame, Ending, Question, Templates, Unchanged, Unfold, When, is_long_question, meta_line,
    name_headings,
};
pub use picture::PersonPicture;
pub use reply::Original;
pub use said::{Said, SaidMessage};
pub use steer::{EditForm, SteerForm, as_html};
pub use temporary::{TemporaryLink, TemporaryTemplates};
