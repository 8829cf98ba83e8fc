//! The people of the site as others see them: their list, a profile with its wall, and the bar of a direct conversation.

pub mod acts;
pub mod direct_bar;
pub mod list;
pub mod profile;
mod wall;
