//! The language that a person chooses.

use crate::{domain::Reason, error::AppError, server::words::Language};

/// The language with this tag. No tag, or an empty one, is `None`: the language of the browser.
///
/// # Errors
///
/// The site has no words in that language.
pub fn chosen(tag: Option<&str>) -> Result<Option<Language>, AppError> {
    let Some(tag) = tag.map(str::trim).filter(|tag| !tag.is_empty()) else { return Ok(None) };
    let known = || Language::all().map(Language::tag).collect::<Vec<_>>().join(", ");
    let unknown = || AppError::invalid("language", Reason::new("language-unknown").with("known", known()));
    Language::exactly(tag).map(Some).ok_or_else(unknown)
}
