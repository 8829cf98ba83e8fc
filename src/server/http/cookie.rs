//! [`SessionCookie`]: the cookie that holds a session's token: its name, how a request sends it, and how it is set and
//! removed.
//!
//! Browsers keep one set of cookies for all ports of a host. Part of the name is therefore derived from the secret that
//! signs the tokens, so that two sites on one host do not overwrite each other's cookie.

use axum::http::{HeaderMap, header};
use axum_extra::{
    extract::cookie::{Cookie, SameSite},
    headers::{Authorization, HeaderMapExt, authorization::Bearer},
};
use sha2::{Digest, Sha256};

use super::{
    client::{Client, Origin},
    origin,
};
use crate::{
    domain::Look,
    server::{accounts::IssuedToken, config::Config, words::Language},
};

/// Sent at sign-out: the browser deletes what it stores for the site, such as drafts, because the next person at it must
/// not see them. Caches are not cleared: they hold nothing personal, and browsers take seconds to clear them.
pub const CLEAR_SITE_DATA: (http::HeaderName, &str) =
    (http::HeaderName::from_static("clear-site-data"), "\"storage\"");

/// The cookie of the language switch on the sign-in page, where there is no account yet to store the choice in.
pub const LANGUAGE: &str = "inglenook_lang";
/// The cookie of the theme and the palette, for the pages before signing in.
pub const LOOK: &str = "inglenook_look";
/// The session cookie's name in earlier versions. A session found under it is moved to the new name.
const OLD_NAME: &str = "inglenook";

/// The session cookie's name on the site that signs with this secret; servers that share the secret share the name.
pub fn name(secret: &[u8]) -> String {
    let digest = Sha256::new().chain_update("inglenook cookie name").chain_update(secret).finalize();
    let part: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{OLD_NAME}_{part}")
}

/// In seconds: how long choices are kept.
const YEAR: i64 = 365 * 24 * 60 * 60;

/// Cookies beside that of the session, for some minutes on the way to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// A ticket: the password was right, and a code is wanted.
    Code,
    /// The secret of a device that asks to be signed in from another one.
    Device,
    /// What is kept while somebody is at a provider.
    Away,
}

impl Passing {
    const COUNT: usize = 3;

    const fn ending(self) -> &'static str {
        match self {
            Self::Code => "_code",
            Self::Device => "_device",
            Self::Away => "_away",
        }
    }
}

/// The session cookie as one request sends it and as the answer to that request sets it.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    name: String,
    /// Sent over https only. The name then begins with `__Host-`, with which browsers bind the cookie to this host.
    secure: bool,
    /// The token under the present name.
    sent: Option<String>,
    /// The token under [`OLD_NAME`].
    old: Option<String>,
    /// By [`Passing`].
    passing: [Option<String>; Passing::COUNT],
}

impl SessionCookie {
    /// `name` is that of [`name`].
    pub fn of(config: &Config, name: &str, client: &Client, headers: &HeaderMap) -> Self {
        let prefixed = |name: &str| format!("__Host-{name}");
        if !config.is_https() {
            let (sent, old) = (value(headers, name), value(headers, OLD_NAME));
            return Self { name: name.into(), secure: false, sent, old, passing: passing(headers, name) };
        }
        let (sent, old) = (value(headers, &prefixed(name)), value(headers, &prefixed(OLD_NAME)));
        // The server's own machine may open an https site by http on another host name, where browsers drop secure
        // cookies.
        if sent.is_none() && old.is_none() && is_elsewhere(config, client) {
            let (plain, passing) = (value(headers, name), passing(headers, name));
            let any = plain.is_some() || passing.iter().any(Option::is_some);
            let origin = headers.get(header::ORIGIN).and_then(|origin| Origin::parse(origin.to_str().ok()?));
            if origin.map_or(any, |origin| !origin.https) {
                return Self { name: name.into(), secure: false, sent: plain, old: None, passing };
            }
        }
        let name = prefixed(name);
        let passing = passing(headers, &name);
        Self { name, secure: true, sent, old, passing }
    }

    /// The tokens that the request sends: the one under the present name first, then the one under the old name.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.sent.iter().chain(&self.old).map(String::as_str)
    }

    /// Whether the request sends any token, or another cookie that leads to one.
    pub fn is_sent(&self) -> bool {
        self.tokens().next().is_some() || self.passing.iter().any(Option::is_some)
    }

    /// What the request sends in a cookie of this kind.
    pub fn passing(&self, kind: Passing) -> Option<&str> {
        self.passing[kind as usize].as_deref()
    }

    /// `Set-Cookie` for a cookie of this kind, for so many seconds; `None` removes it.
    pub fn set_passing(&self, kind: Passing, value: Option<&str>, seconds: i64) -> String {
        let name = format!("{}{}", self.name, kind.ending());
        self.line(&name, value.unwrap_or_default(), if value.is_some() { seconds } else { 0 })
    }

    /// The token under the old name.
    pub fn old(&self) -> Option<&str> {
        self.old.as_deref()
    }

    /// `Set-Cookie` for a token, or for none (which removes the cookie). `now` is in UTC milliseconds.
    pub fn set(&self, token: Option<&IssuedToken>, now: i64) -> String {
        let (value, age) =
            token.map_or(("", 0), |t| (t.token.as_str(), ((t.expires_at - now) / 1000).max(0)));
        self.line(&self.name, value, age)
    }

    /// Whether this `Set-Cookie` sets or removes the session cookie.
    pub fn is_in(&self, line: &str) -> bool {
        Cookie::parse(line).is_ok_and(|cookie| cookie.name() == self.name)
    }

    /// `Set-Cookie` for the language that was chosen; `None` removes the choice.
    pub fn language(&self, chosen: Option<Language>) -> String {
        self.line(LANGUAGE, chosen.map_or("", Language::tag), if chosen.is_some() { YEAR } else { 0 })
    }

    /// `Set-Cookie` for the look that was chosen; the default one removes the choice.
    pub fn look(&self, chosen: Look) -> String {
        match chosen == Look::default() {
            true => self.line(LOOK, "", 0),
            false => self.line(LOOK, &chosen.word(), YEAR),
        }
    }

    /// `Set-Cookie` that removes the cookie of the old name.
    pub fn remove_old(&self) -> String {
        self.line(if self.secure { "__Host-inglenook" } else { OLD_NAME }, "", 0)
    }

    /// `Set-Cookie`; `age` is in seconds.
    fn line(&self, name: &str, value: &str, age: i64) -> String {
        let cookie = Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Lax);
        cookie.secure(self.secure).max_age(time::Duration::seconds(age)).to_string()
    }
}

/// The cookies of each [`Passing`], beside a session cookie of this name.
fn passing(headers: &HeaderMap, name: &str) -> [Option<String>; Passing::COUNT] {
    [Passing::Code, Passing::Device, Passing::Away]
        .map(|kind| value(headers, &format!("{name}{}", kind.ending())))
}

/// Whether the request names only hosts other than the public one.
fn is_elsewhere(config: &Config, client: &Client) -> bool {
    origin::public(config).is_some_and(|public| client.hosts().all(|host| host.name != public.host.name))
}

/// The value of a cookie. One that occurs twice counts as absent, because there is no telling which of them is ours:
/// another site on a parent domain may have set one. `CookieJar` keeps the last of them, so it is not used.
pub fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let mut found = cookies.filter(|cookie| cookie.name() == name);
    let first = found.next()?;
    found.next().is_none().then(|| first.value().to_owned())
}

/// The token of `Authorization: Bearer`: `None` without the header, `Some(None)` for one that holds no such token. The
/// header decides even then: a request that has one is not signed in by its cookie.
pub fn bearer(headers: &HeaderMap) -> Option<Option<Authorization<Bearer>>> {
    headers.typed_try_get().map_or(Some(None), |found| found.map(Some))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: header::HeaderName, lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn a_cookie_that_occurs_twice_counts_as_absent() {
        let value = |lines: &[&'static str]| value(&headers(header::COOKIE, lines), "a");
        for once in [&["a=1"][..], &["b=2; a=1; c"], &["b=2", "=; a=1;; "], &["aa=2;a=1"]] {
            assert_eq!(value(once).as_deref(), Some("1"), "{once:?}");
        }
        for none in [&[][..], &["b=1"], &["A=1"], &["a"], &["a=1; a=1"], &["a=1", "a=2"], &["a=; a=2"]] {
            assert_eq!(value(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_header_that_holds_no_token_still_decides() {
        let of = |lines: &[&'static str]| {
            let found = bearer(&headers(header::AUTHORIZATION, lines));
            found.map(|token| token.map(|token| token.token().to_owned()))
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["Bearer abc"]), Some(Some("abc".into())));
        assert_eq!(of(&["bearer  abc"]), Some(Some("abc".into())));
        for other in ["", "Bearer", "Basic abc", "Bearerabc", "abc"] {
            assert_eq!(of(&[other]), Some(None), "{other:?}");
        }
    }
}
