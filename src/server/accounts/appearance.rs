//! The words of a theme, a palette or a rule that somebody chooses.

use std::str::FromStr;

use strum::VariantArray;

use crate::{domain::Reason, error::AppError};

/// What a form's field says: `None` when it is missing, and the default (`Some(None)`) when it is empty.
///
/// # Errors
///
/// [`AppError::Invalid`] of `field`: no such word is known.
pub fn chosen<T>(field: &'static str, word: Option<&str>) -> Result<Option<Option<T>>, AppError>
where
    T: FromStr + VariantArray + Copy + Into<&'static str>,
{
    let Some(word) = word.map(str::trim) else { return Ok(None) };
    if word.is_empty() {
        return Ok(Some(None));
    }
    let known = || T::VARIANTS.iter().map(|word| (*word).into()).collect::<Vec<&str>>().join(", ");
    let unknown = |_| AppError::invalid(field, Reason::new("choice-unknown").with("known", known()));
    word.parse().map(|value| Some(Some(value))).map_err(unknown)
}
