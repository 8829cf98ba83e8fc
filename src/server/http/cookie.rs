//! [`Cookie`]: the session's cookie: its name, how a request brings it, and how it is set and taken away.
//!
//! Browsers keep one set of cookies for all ports of a host, so the name says which site it belongs to: a
//! part of it comes from the secret that signs the tokens.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use super::{
    client::{Client, Origin},
    origin,
};
use crate::server::{accounts::IssuedToken, config::Config, words::Language};

/// At sign-out: what was typed and not sent is kept in the browser, and is not for who comes next. Caches
/// hold nothing of a person, and browsers take long to clear them.
pub const CLEAR_SITE_DATA: (http::HeaderName, &str) =
    (http::HeaderName::from_static("clear-site-data"), "\"storage\"");

/// The cookie of the switch on the sign-in page, for those who have no account yet.
pub const LANGUAGE: &str = "inglenook_lang";
/// The name before sites had names of their own; a session in it is moved to the new one.
const OLD_NAME: &str = "inglenook";

/// The name for the site that signs with this secret. Servers that share a secret share it.
pub fn name(secret: &[u8]) -> String {
    let digest = Sha256::new().chain_update("inglenook cookie name").chain_update(secret).finalize();
    let part: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{OLD_NAME}_{part}")
}

/// How the cookie of one request is called, and what that request brings.
#[derive(Clone, Debug)]
pub struct Cookie {
    name: String,
    /// Kept by browsers for https only, under a name with `__Host-`, which binds it to this host.
    secure: bool,
    brought: Option<String>,
    old: Option<String>,
}

impl Cookie {
    /// `name` is that of [`name`].
    pub fn of(config: &Config, name: &str, client: &Client, headers: &HeaderMap) -> Self {
        let https = config.is_https();
        let prefixed = |name: &str| format!("__Host-{name}");
        let read = |name: &str| brought(headers, name).map(str::to_owned);
        if !https {
            return Self { name: name.into(), secure: false, brought: read(name), old: read(OLD_NAME) };
        }
        let (brought, old) = (read(&prefixed(name)), read(&prefixed(OLD_NAME)));
        // On the machine itself the site can be opened without https, where browsers drop secure cookies.
        if brought.is_none() && old.is_none() && is_elsewhere(config, client) {
            let plain = read(name);
            let origin = headers.get(header::ORIGIN).and_then(|origin| Origin::parse(origin.to_str().ok()?));
            if origin.map_or(plain.is_some(), |origin| !origin.https) {
                return Self { name: name.into(), secure: false, brought: plain, old: None };
            }
        }
        Self { name: prefixed(name), secure: true, brought, old }
    }

    /// The token in the cookie; that in one of the old name is second.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.brought.iter().chain(&self.old).map(String::as_str)
    }

    pub fn is_brought(&self) -> bool {
        self.tokens().next().is_some()
    }

    /// The token that came under the old name.
    pub fn old(&self) -> Option<&str> {
        self.old.as_deref()
    }

    /// `Set-Cookie` for a token, or for none (which removes the cookie).
    pub fn set(&self, token: Option<&IssuedToken>, now: i64) -> String {
        let (value, age) =
            token.map_or(("", 0), |t| (t.token.as_str(), ((t.expires_at - now) / 1000).max(0)));
        self.line(&self.name, value, age)
    }

    /// Whether this `Set-Cookie` is for the session.
    pub fn is_in(&self, line: &str) -> bool {
        line.split('=').next() == Some(&self.name)
    }

    /// `Set-Cookie` for the language that was chosen; `None` takes the choice back.
    pub fn language(&self, chosen: Option<Language>) -> String {
        const YEAR: i64 = 365 * 24 * 60 * 60;
        self.line(LANGUAGE, chosen.map_or("", Language::tag), if chosen.is_some() { YEAR } else { 0 })
    }

    /// `Set-Cookie` that removes the one of the old name.
    pub fn remove_old(&self) -> String {
        self.line(if self.secure { "__Host-inglenook" } else { OLD_NAME }, "", 0)
    }

    fn line(&self, name: &str, value: &str, age: i64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
    }
}

/// Whether the request names no host that is the public one.
fn is_elsewhere(config: &Config, client: &Client) -> bool {
    origin::public(config).is_some_and(|public| client.hosts().all(|host| host.name != public.host.name))
}

/// The value of a cookie. One that is sent twice is not ours to choose from, and counts as none.
pub fn brought<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() { None } else { first }
}

/// The token of `Authorization: Bearer`. A header that is there decides, also when it holds no token.
pub fn bearer(headers: &HeaderMap) -> Option<Option<&str>> {
    let value = headers.get(header::AUTHORIZATION)?;
    let pair = value.to_str().ok().and_then(|value| value.split_once(' '));
    Some(pair.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim()))
}
