//! Numbers and lists as they are typed into forms.

use std::str::FromStr;

use crate::{domain::Reason, error::AppError};

/// A number; an empty or missing one is none.
///
/// # Errors
///
/// [`AppError::Invalid`] of `field`: it is no whole number, or larger than any.
pub fn number<T: FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>, AppError> {
    let text = text.unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(None);
    }
    let invalid = |_| AppError::invalid(field, Reason::new("number-not-valid"));
    text.parse().map(Some).map_err(invalid)
}

/// A number that must be there.
///
/// # Errors
///
/// As [`number`].
pub fn needed<T: FromStr>(field: &str, text: &str) -> Result<T, AppError> {
    number(field, Some(text))?.ok_or_else(|| AppError::invalid(field, Reason::new("number-not-valid")))
}

/// The lines that hold something; `None` when there is none.
pub fn lines(text: Option<&str>) -> Option<Vec<String>> {
    let lines = text.unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    Some(lines).filter(|lines| !lines.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lines_are_read_as_they_are_typed() {
        assert_eq!(number::<u32>("x", None), Ok(None));
        assert_eq!(number::<u32>("x", Some("  ")), Ok(None));
        assert_eq!(number::<u32>("x", Some(" 12 ")), Ok(Some(12)));
        for wrong in ["-1", "1.5", "1e3", "twelve", "4294967296", "１"] {
            assert!(number::<u32>("x", Some(wrong)).is_err(), "{wrong}");
            assert!(needed::<u32>("x", wrong).is_err(), "{wrong}");
        }
        assert!(needed::<u32>("x", "").is_err());
        assert_eq!(lines(Some(" a/b \r\n\n c ")), Some(vec!["a/b".to_owned(), "c".to_owned()]));
        assert_eq!(lines(Some(" \n ")), None);
    }
}
