//! [`mended`]: repairs JSON that servers write wrongly: Python's `NaN`, half of a surrogate pair, control characters
//! in texts.

/// The repaired JSON; `None` when nothing of that kind is wrong with it.
pub(super) fn mended(json: &str) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    let (mut rest, mut in_text, mut changed) = (json, false, false);
    while let Some(c) = rest.chars().next() {
        let (len, instead) = if in_text { in_a_text(rest, c) } else { between_texts(rest, c) };
        in_text ^= c == '"';
        changed |= instead.is_some();
        out.push_str(instead.as_deref().unwrap_or(&rest[..len]));
        rest = &rest[len..];
    }
    changed.then_some(out)
}

/// The number of bytes to skip, and what to write for them if not the same.
fn between_texts(rest: &str, c: char) -> (usize, Option<String>) {
    for word in ["NaN", "Infinity", "-Infinity"] {
        if rest.starts_with(word) {
            return (word.len(), Some("null".into()));
        }
    }
    (c.len_utf8(), None)
}

fn in_a_text(rest: &str, c: char) -> (usize, Option<String>) {
    if c.is_control() {
        return (c.len_utf8(), Some(format!("\\u{:04x}", u32::from(c))));
    }
    if c != '\\' {
        return (c.len_utf8(), None);
    }
    match (half(rest), rest.get(6..).and_then(half)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, None),
        // The other half of the pair is in another chunk, or nowhere.
        (Some(0xd800..=0xdfff), _) => (6, Some("\\ufffd".into())),
        // An escaped quotation mark does not end the text.
        _ => (1 + rest[1..].chars().next().map_or(0, char::len_utf8), None),
    }
}

/// The number of a `\uXXXX` at the start.
fn half(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::mended;

    #[test]
    fn what_is_wrong_is_replaced_and_nothing_else() {
        let read = |json: &str| serde_json::from_str::<Value>(&mended(json).unwrap()).unwrap().to_string();
        assert_eq!(
            read(r#"{"a":NaN,"b":-Infinity,"c":[Infinity,"NaN"]}"#),
            r#"{"a":null,"b":null,"c":[null,"NaN"]}"#
        );
        assert_eq!(
            read(r#"["\ud83d","x\ude00y","\ud83d\ude00\ud83d"]"#),
            "[\"\u{fffd}\",\"x\u{fffd}y\",\"😀\u{fffd}\"]"
        );
        assert_eq!(read("[\"a\tb\", NaN]"), r#"["a\tb",null]"#);
        assert_eq!(read(r#"["\"NaN", NaN, "\\"]"#), r#"["\"NaN",null,"\\"]"#);
        for fine in ["{}", r#"{"a":"\ud83d\ude00 \" NaN \\"}"#, "é", "\\", "\"\\"] {
            assert_eq!(mended(fine), None, "{fine}");
        }
    }
}
