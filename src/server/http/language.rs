//! Which language a caller reads: that of the account, else of the language switch's cookie, else of the browser.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::cookie;
use crate::{
    domain::{User, UserRole},
    server::words::{self, Language},
};

/// The middleware around everything that has words for a person. The gate corrects the language once it knows whose
/// account it is.
pub async fn find(request: Request, next: Next) -> Response {
    let language = of_headers(request.headers());
    let mut response = words::scope(language, next.run(request)).await;
    // Caches must know that an answer in words differs for callers of another language.
    if response.headers().contains_key(header::CONTENT_LANGUAGE) {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    }
    response
}

/// From here on the request is answered in this person's language, if they have chosen one, and in words for operators,
/// if they are one.
pub fn use_that_of(user: &User) {
    if let Some(language) = user.language.as_deref().and_then(Language::for_reader_of) {
        words::speak(language);
    }
    if user.role == UserRole::Admin {
        words::speak_to_operator();
    }
}

/// The header that says in which language an answer is worded.
pub fn content_language() -> (header::HeaderName, HeaderValue) {
    let tag = words::current().language.tag();
    (header::CONTENT_LANGUAGE, HeaderValue::from_static(tag))
}

fn of_headers(headers: &HeaderMap) -> Language {
    let chosen = cookie::value(headers, cookie::LANGUAGE).and_then(|tag| Language::exactly(&tag));
    let asked = || {
        let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
        Language::accepted(&lines.collect::<Vec<_>>().join(","))
    };
    chosen.or_else(asked).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[(header::HeaderName, &'static str)]) -> &'static str {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        of_headers(&headers).tag()
    }

    #[test]
    fn what_was_chosen_goes_before_what_the_browser_says() {
        use header::{ACCEPT_LANGUAGE, COOKIE};
        assert_eq!(of(&[]), "en");
        assert_eq!(of(&[(ACCEPT_LANGUAGE, "zh-TW,zh;q=0.9,en;q=0.8")]), "zh-CN");
        assert_eq!(of(&[(ACCEPT_LANGUAGE, "fr"), (ACCEPT_LANGUAGE, "zh;q=0.5")]), "zh-CN");
        assert_eq!(of(&[(ACCEPT_LANGUAGE, "zh"), (COOKIE, "a=b; inglenook_lang=en")]), "en");
        assert_eq!(of(&[(COOKIE, "inglenook_lang=zh-CN")]), "zh-CN");
        for nonsense in ["inglenook_lang=", "inglenook_lang=xx", "inglenook_lang=en; inglenook_lang=en"] {
            assert_eq!(of(&[(ACCEPT_LANGUAGE, "zh"), (COOKIE, nonsense)]), "zh-CN", "{nonsense}");
        }
    }
}
