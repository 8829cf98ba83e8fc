//! [`local`]: which addresses a redirect may lead to; and the parameter that leads back after signing in.

use axum::http::Uri;
use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// The longest address that passes; none of the site's own comes near it.
const MAX_BYTES: usize = 2048;

/// The address, if it is a path of this site; a query and a fragment may follow.
///
/// Browsers change an address before they use it: they drop tabs and line ends, take `\` for `/`, and resolve dots. The
/// site's own paths consist of letters, digits and a few marks, so nothing else passes: an address that no browser
/// changes cannot be misread.
pub fn local(address: &str) -> Option<&str> {
    let path_and_query = address.split('#').next().unwrap_or_default();
    let uri: Uri = path_and_query.parse().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let path = uri.path();
    let fits = address.len() <= MAX_BYTES
        && address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && address.starts_with('/')
        && uri.authority().is_none()
        && path.bytes().all(plain)
        && !path.contains("//")
        && !path.split('/').any(|part| part == "." || part == "..");
    fits.then_some(address)
}

/// The parameter of the sign-in page that leads on to `address` afterwards.
pub fn next_parameter(address: &str) -> String {
    format!("next={}", quoted(address))
}

/// The address of a page that asks for something and then leads on to `next`, if that is a path of this site.
pub fn leading_on(page: &str, next: Option<&str>) -> String {
    match next.and_then(local).filter(|next| *next != "/") {
        Some(next) => format!("{page}?{}", next_parameter(next)),
        None => page.to_owned(),
    }
}

/// A text as the value of a parameter in an address.
pub fn quoted(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses that lead elsewhere, or that some browser may read as such.
    const ELSEWHERE: &[&str] = &[
        "",
        " ",
        " /",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\t/evil.example",
        "/\u{0}/evil.example",
        "/\u{1f}/evil.example",
        "/\u{7f}/evil.example",
        "/\r\n/evil.example",
        "/\r\nset-cookie: inglenook=x",
        "/\n",
        "/x\u{b}y",
        "\t//evil.example",
        "/%09/evil.example",
        "/%00",
        "/%0d%0aset-cookie:x",
        "/%5C/evil.example",
        "/%5cevil.example",
        "/%2f/evil.example",
        "/%2Fevil.example",
        "/%2e%2e//evil.example",
        "/\\evil.example",
        "/\\/evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/c/..\\..\\evil.example",
        "/?q=\\evil.example",
        "/#\\evil.example",
        "/.//evil.example",
        "/./evil",
        "/..//evil.example",
        "/a/..//evil.example",
        "/a//evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://evil.example/",
        "HTTPS://evil.example/",
        "http:///evil.example",
        "evil.example",
        "evil.example/c/x",
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "mailto:x@evil.example",
        "@evil.example",
        "/@evil.example:x",
        "?next=x",
        "#x",
        "*",
        "/\u{2028}/evil.example",
        "/\u{a0}/evil.example",
        "/\u{ff0f}evil.example",
        "/\u{ff0f}\u{ff0f}evil.example",
        "/\u{2215}evil.example",
        "/\u{202e}/evil.example",
        "/é",
        "/?q=é",
        "/c/x y",
        "/?q=a b",
    ];

    #[test]
    fn only_a_path_of_this_site_is_local() {
        for bad in ELSEWHERE {
            assert_eq!(local(bad), None, "{bad:?}");
        }
        let long = format!("/?q={}", "x".repeat(MAX_BYTES));
        assert_eq!(local(&long), None);
        for byte in (0..=32_u8).chain([127]) {
            for at in ["/", "/c", "/c/x?q=", "/c/x#"] {
                let address = format!("{at}{}", char::from(byte));
                assert_eq!(local(&address), None, "{address:?}");
            }
        }
        for good in [
            "/",
            "/c/01KAXYZ",
            "/c/01KAXYZ#latest",
            "/c/01KAXYZ?before=x&edit=y#z",
            "/history?q=a%26b%20//c",
            "/settings",
            "/api/docs",
            "/?",
        ] {
            assert_eq!(local(good), Some(good));
        }
    }
}
