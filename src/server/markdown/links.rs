//! Which addresses may be followed or shown, and where bare addresses stand in a text.

use std::ops::Range;

use ammonia::Url;

use super::scripts::{is_glued, is_punctuation};

/// The address if a browser may follow it: http, https, mailto or tel.
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

/// Whether the address is an image that carries its own bytes, in a format without scripts.
pub(super) fn is_raster(given: &str) -> bool {
    let Some((kind, bytes)) = given.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"))
    else {
        return false;
    };
    matches!(kind, "png" | "jpeg" | "gif" | "webp")
        && bytes.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}

/// The host of an address, as it is shown: without `www.`.
pub(super) fn host(url: &Url) -> Option<&str> {
    url.host_str().map(without_www).filter(|host| is_host(host))
}

/// Whether a text may be a host that [`host`] gives.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>&'".contains(&b))
}

/// Whether the text of a link, which may hold tags, is an address or a name of this host.
pub(super) fn names(text: &str, host: &str) -> bool {
    let text: String =
        text.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    let text = text.trim().to_lowercase();
    let named = text.split_once("://").map_or(&*text, |(_, rest)| rest);
    let named = named.split(['/', '?', '#', ':']).next().unwrap_or("");
    without_www(named) == host
}

/// A host without `www.`, unless that leaves a mere top-level domain: `www.com` is a site of its own.
fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host)
}

/// A bare address in a text: its range, and the scheme to put before it.
pub(super) struct Bare {
    pub at: Range<usize>,
    pub scheme: &'static str,
}

/// The next bare address in `text` at or after `from`, by <https://github.github.com/gfm/#autolinks-extension-> and
/// also right after letters of scripts without spaces.
pub(super) fn next_bare(text: &str, from: usize) -> Option<Bare> {
    let mut at = from;
    loop {
        let start = at + find_start(&text[at..])?;
        let found = if text.as_bytes()[start] == b'@' { mail(text, from, start) } else { web(text, start) };
        if found.is_some() {
            return found;
        }
        at = start + 1;
    }
}

fn web(text: &str, start: usize) -> Option<Bare> {
    let before = text[..start].chars().next_back();
    let url = &text[start..start + extent(&text[start..])];
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?', '#', ':']).next().unwrap_or("");
    let named = host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[' || !c.is_ascii());
    let dotted = url.starts_with("http") || host.split('.').filter(|part| !part.is_empty()).count() > 1;
    let plain = !host.rsplit('.').take(2).any(|part| part.contains('_'));
    let free = !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '/');
    let scheme = if url.starts_with("www.") { "http://" } else { "" };
    (named && dotted && plain && free).then_some(Bare { at: start..start + url.len(), scheme })
}

/// The mail address around the `@` at `at`.
fn mail(text: &str, from: usize, at: usize) -> Option<Bare> {
    let is_local = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
    let local = text.as_bytes()[from..at].iter().rev().take(64).take_while(|&&b| is_local(b)).count();
    let rest = &text[at + 1..];
    let host =
        rest.bytes().take_while(|&b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')).count();
    let host = rest[..host].trim_end_matches('.');
    let whole = local > 0
        && host.contains('.')
        && host.split('.').all(|part| !part.is_empty())
        && !host.ends_with(['-', '_'])
        && !rest[host.len()..].starts_with(['@', '/'])
        && !text[..at - local].ends_with('/');
    whole.then_some(Bare { at: at - local..at + 1 + host.len(), scheme: "mailto:" })
}

fn find_start(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| match bytes[at] {
        b'h' => bytes[at..].starts_with(b"http://") || bytes[at..].starts_with(b"https://"),
        b'w' => bytes[at..].starts_with(b"www."),
        b'@' => true,
        _ => false,
    })
}

/// The length of an address: it ends at white space, `<`, punctuation that is not ASCII, or a letter of a script
/// without spaces; trailing punctuation and unopened closing parentheses do not count. Chinese answers go on right
/// after an address far more often than an address contains Chinese; such an address is a link if it stands in angle
/// brackets. A host that begins with such a letter may contain more of them.
fn extent(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || c == '<' || is_punctuation(c);
    let host = if text.starts_with("www.") { 0 } else { text.find("://").map_or(0, |at| at + 3) };
    let mut in_host = text[host..].starts_with(is_glued);
    let stop = |(at, c): (usize, char)| {
        in_host &= at < host || !matches!(c, '/' | '?' | '#' | ':');
        (ends(c) || is_glued(c) && !in_host).then_some(at)
    };
    let mut url = &text[..text.char_indices().find_map(stop).unwrap_or(text.len())];
    let count = |what: char| url.chars().filter(|&c| c == what).count();
    let mut surplus = count(')').saturating_sub(count('('));
    while let Some(last) = url.chars().next_back() {
        match last {
            // The end may look like a character reference, which is not part of the address.
            ';' if is_reference(url) => url = &url[..url.rfind('&').unwrap_or(0) + 1],
            '&' if text[url.len()..].contains(';') => {}
            '?' | '!' | '.' | ',' | ':' | '*' | '_' | '~' | '\'' | '"' | ';' => {}
            ')' if surplus > 0 => surplus -= 1,
            _ => break,
        }
        url = &url[..url.len() - 1];
    }
    url.len()
}

fn is_reference(url: &str) -> bool {
    let name = url.rsplit_once('&').map(|(_, name)| name.trim_end_matches(';'));
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::{address, host, is_raster, names, next_bare};

    #[test]
    fn finds_bare_addresses() {
        let found = |text: &str| next_bare(text, 0).map(|bare| format!("{}{}", bare.scheme, &text[bare.at]));
        assert_eq!(found("see https://a.example/x_(y)."), Some("https://a.example/x_(y)".into()));
        assert_eq!(found("(www.a.example)"), Some("http://www.a.example".into()));
        for (text, end) in [
            ("https://example.com查看", "https://example.com"),
            ("请看https://a.example/路径。好", "https://a.example/"),
            ("见https://a.example/b?c=d#e的说明", "https://a.example/b?c=d#e"),
            ("https://a.example/b（见c）", "https://a.example/b"),
            ("https://a.example/b(c)中", "https://a.example/b(c)"),
            ("https://a.example/b.。", "https://a.example/b"),
            ("https://a.exampleです、https://b.example", "https://a.example"),
            ("https://a.example/에서", "https://a.example/"),
            ("https://a.example，", "https://a.example"),
            ("https://a.example／b", "https://a.example"),
            ("https://a.example、b", "https://a.example"),
            ("https://a.example“b”", "https://a.example"),
            ("https://a.example…", "https://a.example"),
            ("https://a.example—b", "https://a.example"),
            ("https://a.example·b", "https://a.example"),
            ("https://a.example/b، و", "https://a.example/b"),
            ("https://a.example/b؟", "https://a.example/b"),
            ("https://a.example/b।", "https://a.example/b"),
            ("https://a.example\u{3000}b", "https://a.example"),
            ("https://a.exampleที่", "https://a.example"),
            ("https://a.example/👍", "https://a.example/👍"),
            ("https://ru.example/wiki/Москва.", "https://ru.example/wiki/Москва"),
            ("https://fr.example/été,", "https://fr.example/été"),
            ("https://hi.example/हिन्दी", "https://hi.example/हिन्दी"),
            ("https://例え.example/a中", "https://例え.example/a"),
            ("https://中文.example:80/中", "https://中文.example:80/"),
            ("www.a.example查看", "http://www.a.example"),
            ("邮箱ada@a.example查", "mailto:ada@a.example"),
            ("http://127.0.0.1:8080/中", "http://127.0.0.1:8080/"),
        ] {
            assert_eq!(found(text).as_deref(), Some(end), "{text}");
        }
        assert_eq!(found("https://查看"), Some("https://查看".into()));
        assert_eq!(found("to ada+b@a-b.example."), Some("mailto:ada+b@a-b.example".into()));
        for text in ["a@b", "@a.example", "a@b.example-", "http://x_y.a_b", "a@b..example"] {
            assert_eq!(found(text), None, "{text}");
        }
        assert_eq!(found("http:// www. xhttp://a.b hwww.a"), None);
    }

    #[test]
    fn the_text_of_a_link_may_name_its_host() {
        let url = address("https://www.A.example:80/x").expect("an address");
        assert_eq!(host(&url), Some("a.example"));
        assert_eq!(host(&address("https://www.com/").expect("an address")), Some("www.com"));
        assert!(names("www.com", "www.com") && !names("www.com", "com"));
        assert_eq!(host(&address("mailto:a@b.example").expect("an address")), None);
        for text in [
            "a.example",
            "www.a.example",
            "http://a.example:80/x",
            "A.Example",
            "<strong>a.<em>example</em></strong>",
            "a.example/x y",
        ] {
            assert!(names(text, "a.example"), "{text}");
        }
        for text in [
            "here",
            "",
            "other.example",
            "https://other.example/a.example",
            "https://a.example@other.example",
            "a.example.other",
            "See a.example",
        ] {
            assert!(!names(text, "a.example"), "{text}");
        }
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
