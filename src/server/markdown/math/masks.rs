//! [`masked`]: masks lines of tags of details, so that the parser reads each as a block of its own. A mask is as long
//! as what it hides and is never shown.

use super::super::tags;
use super::MORE;
use super::scan::prefix;

/// `masked`, which is `source` with formulas masked, with these lines masked too. Only the line itself decides, so it
/// does not matter how a text is cut. If the line turns out to be code, the mask is lifted again.
pub(super) fn masked(source: &str, masked: &str) -> Option<String> {
    if !tags::is_in(source) {
        return None;
    }
    let (mut out, mut at) = (String::new(), 0);
    for line in source.split_inclusive('\n') {
        let from = at + prefix(line);
        at += line.len();
        let text = source[from..at].trim_end();
        let Some(mask) = Some(text).filter(|text| masked[from..at].trim_end() == *text).and_then(comment)
        else {
            continue;
        };
        out.push_str(&masked[out.len()..from]);
        out.push_str(&mask);
    }
    if out.is_empty() {
        return None;
    }
    out.push_str(&masked[out.len()..]);
    Some(out)
}

/// A line with nothing but tags of details, as a comment of as many bytes. A comment is a block by itself, so the
/// next line is read as markdown even without a blank line between. The comment tells [`super::super::bounds`] what
/// the line opens and ends.
fn comment(tags: &str) -> Option<String> {
    let folds = tags::folds(tags)?;
    let fill = tags.len().checked_sub(tags::MASKED.len() + folds.len() + "-->".len())?;
    Some([tags::MASKED, &folds, &MORE.to_string().repeat(fill), "-->"].concat())
}
