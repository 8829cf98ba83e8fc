//! What may become an address, a tag or a formula when more is typed.

use super::super::math::scan::is_spaced_tex;
use super::{LONG, NEAR};

/// Whether this, after a text in brackets, may become an address or a label.
pub(super) fn is_half_address(rest: &str) -> bool {
    if rest.len() > LONG || rest.contains('\n') {
        return false;
    }
    if let Some(label) = rest.strip_prefix('[') {
        return !label.contains(']');
    }
    let Some(address) = rest.strip_prefix('(') else { return false };
    let depth = address.bytes().try_fold(1, |depth: usize, byte| match byte {
        b'(' => Some(depth + 1),
        b')' if depth == 1 => None,
        b')' => Some(depth - 1),
        _ => Some(depth),
    });
    let titled = address.trim_start().split_once(' ').is_none_or(|(_, title)| {
        let title = title.trim_start();
        title.is_empty() || title.starts_with(['"', '\'', '('])
    });
    depth.is_some() && titled
}

/// Whether this, after a `<`, may become a tag or an address.
pub(super) fn is_half_tag(rest: &str) -> bool {
    rest.len() < LONG
        && rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'))
        && !rest.contains(|c: char| c.is_whitespace() || c == '>')
}

/// Whether this, after a dollar, may become a formula: what looks like TeX, or a first word.
pub(super) fn is_half_tex(rest: &str) -> bool {
    if rest.len() > NEAR || rest.contains('\n') || rest.starts_with(char::is_whitespace) {
        return false;
    }
    let amount = rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains(['\\', '^', '_', '=', '{']);
    !amount && (!rest.contains(char::is_whitespace) || is_spaced_tex(rest))
}
