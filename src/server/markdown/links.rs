//! Which addresses may be followed or shown, and where a bare address stands in a text.

use ammonia::Url;

/// The address, when a browser may follow it: http, https, mailto or tel.
pub(super) fn address(given: &str) -> Option<Url> {
    if given.contains(|c: char| c.is_control()) {
        return None;
    }
    let (scheme, rest) = given.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let ok = match scheme.as_str() {
        "http" | "https" => rest.starts_with("//"),
        "mailto" | "tel" => true,
        _ => false,
    };
    if ok { Url::parse(given).ok() } else { None }
}

/// Whether it is an image that carries its own bytes, in a format that cannot act.
pub(super) fn is_raster(given: &str) -> bool {
    let Some((kind, bytes)) = given.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"))
    else {
        return false;
    };
    matches!(kind, "png" | "jpeg" | "gif" | "webp")
        && bytes.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}

/// Where the next bare address in `text` stands at or after `from`:
/// <https://github.github.com/gfm/#autolinks-extension->, also right after letters of other scripts.
pub(super) fn next_bare(text: &str, from: usize) -> Option<std::ops::Range<usize>> {
    let mut at = from;
    loop {
        let start = at + find_start(&text[at..])?;
        let before = text[..start].chars().next_back();
        let url = &text[start..start + extent(&text[start..])];
        let host = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = host.split(['/', '?', '#', ':']).next().unwrap_or("");
        let named = host.starts_with(|c: char| c.is_alphanumeric() || c == '[');
        let dotted = url.starts_with("http") || host.split('.').filter(|part| !part.is_empty()).count() > 1;
        if named && dotted && !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '/') {
            return Some(start..start + url.len());
        }
        at = start + 4;
    }
}

fn find_start(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| match bytes[at] {
        b'h' => bytes[at..].starts_with(b"http://") || bytes[at..].starts_with(b"https://"),
        b'w' => bytes[at..].starts_with(b"www."),
        _ => false,
    })
}

/// Up to white space, `<` or the punctuation of Chinese and Japanese; without trailing punctuation,
/// and without closing parentheses that were not opened.
fn extent(text: &str) -> usize {
    let stop = |c: char| {
        c.is_whitespace() || c.is_control() || c == '<' || "。，、；：！？）】》」』”’\u{fffd}".contains(c)
    };
    let mut url = &text[..text.find(stop).unwrap_or(text.len())];
    let count = |what: char| url.chars().filter(|&c| c == what).count();
    let mut surplus = count(')').saturating_sub(count('('));
    while let Some(last) = url.chars().next_back() {
        match last {
            '?' | '!' | '.' | ',' | ':' | '*' | '_' | '~' | '\'' | '"' | ';' => {}
            ')' if surplus > 0 => surplus -= 1,
            _ => break,
        }
        url = &url[..url.len() - 1];
    }
    url.len()
}

#[cfg(test)]
mod tests {
    use super::{address, is_raster, next_bare};

    #[test]
    fn finds_bare_addresses() {
        let found = |text: &str| next_bare(text, 0).map(|at| text[at].to_owned());
        assert_eq!(found("see https://a.example/x_(y)."), Some("https://a.example/x_(y)".into()));
        assert_eq!(found("(www.a.example)"), Some("www.a.example".into()));
        assert_eq!(found("请看https://a.example/路径。好"), Some("https://a.example/路径".into()));
        assert_eq!(found("http:// www. xhttp://a.b hwww.a"), None);
    }

    #[test]
    fn judges_addresses() {
        for good in ["https://a.example", "HTTP://a.example/?q=ü", "mailto:a@b.example", "tel:+49"] {
            assert!(address(good).is_some(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "//a.example",
            "/logout",
            "x",
            "https:a",
            " https://a",
            "data:text/html,x",
        ] {
            assert!(address(bad).is_none(), "{bad}");
        }
        assert!(is_raster("data:image/png;base64,iVBO+/=="));
        assert!(!is_raster("data:image/svg+xml;base64,AAAA") && !is_raster("data:image/png,\"x"));
    }
}
