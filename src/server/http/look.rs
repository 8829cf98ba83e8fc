//! How the pages of a request look: as the account says, else as the cookie of the last choice does. Every page is
//! painted right from its first byte, the sign-in page included.

use std::cell::Cell;

use axum::{extract::Request, http::HeaderMap, middleware::Next, response::Response};

use super::cookie;
use crate::domain::{
    Look, User,
    preferences::{Palette, Theme},
};

tokio::task_local! {
    static CURRENT: Cell<Look>;
}

/// The middleware around everything that answers with pages. The gate corrects the look once it knows whose account it
/// is.
pub async fn find(request: Request, next: Next) -> Response {
    CURRENT.scope(Cell::new(of_headers(request.headers())), next.run(request)).await
}

/// From here on the request's pages look as this person chose.
pub fn use_that_of(user: &User) {
    let _ = CURRENT.try_with(|current| current.set(user.preferences.look()));
}

/// The look of the pages of the request that this task answers; the default outside of a request.
pub fn current() -> Look {
    CURRENT.try_with(Cell::get).unwrap_or_default()
}

fn of_headers(headers: &HeaderMap) -> Look {
    cookie::value(headers, cookie::LOOK).and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// What `<meta name="color-scheme">` says.
pub fn scheme(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "light dark",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

/// The colours of the browser's own bars in light and in dark, near those of the page below them (`--paper` of
/// `style/tokens.css`): a page states them in its head, before any style sheet.
pub fn bars(palette: Palette) -> [&'static str; 2] {
    match palette {
        Palette::Ember => ["#fcfaf7", "#191614"],
        Palette::Sea => ["#f8fbfc", "#12181b"],
        Palette::Plum => ["#fcf9fc", "#191519"],
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header::COOKIE};

    use super::*;

    #[test]
    fn only_known_words_of_a_cookie_count() {
        let of = |line: &'static str| {
            of_headers(&HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(line))]))
        };
        let chosen = Look { theme: Theme::Dark, palette: Palette::Sea };
        assert_eq!(of("a=b; inglenook_look=dark.sea"), chosen);
        for nonsense in [
            "",
            "inglenook_look=",
            "inglenook_look=dark",
            "inglenook_look=dark.\"><b>",
            "inglenook_look=dark.sea; inglenook_look=dark.sea",
            "look=dark.sea",
        ] {
            assert_eq!(of(nonsense), Look::default(), "{nonsense}");
        }
    }
}
