//! Recovery codes: ten for the day on which a person's app is gone, each used once.

use super::codes;
use crate::error::AppError;

/// How many a person has at first.
const CODES: usize = 10;
/// In characters of five bits each, so that a code has 80 random bits and cannot be guessed.
const CODE_CHARS: usize = 16;
const GROUP_CHARS: usize = 4;
/// Longer texts are no codes, however they are written.
const MAX_TYPED_BYTES: usize = 64;

/// New codes as they are shown, in groups, and the hash of each, which is what is stored.
///
/// # Errors
///
/// The system gives no random numbers.
pub fn make() -> Result<(Vec<String>, Vec<String>), AppError> {
    let (mut shown, mut hashes) = (Vec::new(), Vec::new());
    for _ in 0..CODES {
        let code = codes::new_code()?;
        // The last ones, because the first has fewer than five bits.
        let code = &code[code.len() - CODE_CHARS..];
        hashes.push(codes::hash(code).ok_or(AppError::Internal)?);
        let groups: Vec<&str> =
            (0..CODE_CHARS).step_by(GROUP_CHARS).map(|at| &code[at..at + GROUP_CHARS]).collect();
        shown.push(groups.join("-"));
    }
    Ok((shown, hashes))
}

/// The hash of a code that somebody typed; `None` for what cannot be one. Small letters, blanks and hyphens do not matter.
pub fn hash(typed: &str) -> Option<String> {
    let fits = typed.len() <= MAX_TYPED_BYTES
        && typed.chars().filter(|c| !c.is_whitespace() && *c != '-').count() == CODE_CHARS;
    codes::hash(typed).filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ten_codes_in_groups_each_with_its_hash() {
        let (codes, hashes) = make().unwrap();
        assert_eq!((codes.iter().collect::<HashSet<_>>().len(), hashes.len()), (CODES, CODES));
        for (code, stored) in codes.iter().zip(&hashes) {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4; 4], "{code}");
            assert_eq!(hash(code).as_ref(), Some(stored));
            assert_eq!(hash(&format!(" {} ", code.to_lowercase().replace('-', "  "))).as_ref(), Some(stored));
        }
        assert_ne!(make().unwrap().0, codes);
    }

    #[test]
    fn nothing_else_is_a_recovery_code() {
        assert!(hash("0123-4567-89AB-CDEF").is_some());
        for none in
            ["", "123456", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEFG", "0123456789ABCDE_", &"0".repeat(65)]
        {
            assert_eq!(hash(none), None, "{none}");
        }
    }
}
