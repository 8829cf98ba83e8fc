//! Codes that somebody is handed and brings back, in a link or typed from paper: 128 random bits in letters and digits.

use sha2::{Digest, Sha256};

use crate::error::AppError;

/// Crockford's base 32: none of its signs is taken for another.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// In characters, blanks and hyphens included. A code has 26 and may be typed in groups.
pub const MAX_CHARS: usize = 64;

/// A new code.
///
/// # Errors
///
/// The system gives no random bytes.
pub fn new_code() -> Result<String, AppError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|cause| {
        tracing::error!(%cause, "no random bytes for a code");
        AppError::Internal
    })?;
    Ok(written(bytes))
}

/// The code with this number among those that `seed` stands for, which is a code itself and as secret as they are. None of
/// them tells another one.
pub fn nth(seed: &str, number: u32) -> String {
    let mut hash = Sha256::new();
    hash.update(b"inglenook: codes of a batch\0");
    hash.update(seed);
    hash.update(number.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    written(bytes)
}

fn written(bytes: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(bytes);
    let signs = (0..26).rev().map(|at| SIGNS[(bits >> (5 * at)) as usize & 31]);
    signs.map(char::from).collect()
}

/// What is stored of a code; `None` if the text cannot be one. It is the same however the code is written: in small letters,
/// in groups, with `O` for `0`.
pub fn hash(typed: &str) -> Option<String> {
    // A character has at most four bytes, so that a long text is not gone through.
    if typed.len() > MAX_CHARS * 4 || typed.chars().count() > MAX_CHARS {
        return None;
    }
    let sign = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let code: String = typed.chars().filter(|c| *c != '-' && !c.is_whitespace()).map(sign).collect();
    let is_code = !code.is_empty() && code.bytes().all(|byte| SIGNS.contains(&byte));
    is_code.then(|| Sha256::digest(code).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_differ_and_hold_128_bits() {
        let codes: HashSet<_> = (0..100).map(|_| new_code().unwrap()).collect();
        assert_eq!(codes.len(), 100);
        assert!(codes.iter().all(|code| code.len() == 26 && code.bytes().all(|byte| SIGNS.contains(&byte))));
        // The first sign holds the three bits that 25 others do not.
        assert!(codes.iter().all(|code| code.as_bytes()[0] < b'8'), "{codes:?}");
    }

    #[test]
    fn a_seed_stands_for_the_same_codes_each_time() {
        let (seed, other) = (new_code().unwrap(), new_code().unwrap());
        let codes: HashSet<_> = (0..500).map(|number| nth(&seed, number)).collect();
        assert_eq!(codes.len(), 500);
        assert!(codes.iter().all(|code| code.len() == 26 && hash(code).is_some()));
        assert!(codes.contains(&nth(&seed, 7)) && !codes.contains(&nth(&other, 7)));
    }

    #[test]
    fn a_code_is_the_same_however_it_is_written() {
        let written = hash("7ZZZ0123456789ABCDEFGH1JKM").unwrap();
        assert_eq!(written.len(), 64);
        for same in
            ["7zzz0123456789abcdefgh1jkm", " 7ZZZ-O123-4567-89AB-CDEF-GHLJ-KM ", "7zzzo123456789abcdefghijkm"]
        {
            assert_eq!(hash(same).as_ref(), Some(&written), "{same}");
        }
        assert_ne!(hash("7ZZZ0123456789ABCDEFGH1JKN"), Some(written));
        for none in ["", " - ", "7ZZZ_0123", "密码", "7ZZZ\0", &"0".repeat(65)] {
            assert_eq!(hash(none), None, "{none}");
        }
    }
}
