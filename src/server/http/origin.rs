//! Which hosts the site answers to, and whether a change comes from its own pages.

use axum::http::{HeaderMap, Method, header};

use super::client::{Client, Host, Origin};
use crate::{
    domain::reason::{Reason, Value},
    error::AppError,
    server::config::Config,
};

/// Endings that nobody can register in the public DNS. A host name with one of them, or without a dot, was given to a
/// machine by its own network.
const LOCAL_ENDINGS: [&str; 6] = [".localhost", ".local", ".internal", ".home.arpa", ".lan", ".test"];

/// Refuses a request for a host other than the site's. An attacker can point a name of their own at this machine (DNS
/// rebinding), and browsers would then take the attacker's page and this server for one site.
///
/// # Errors
///
/// [`AppError::Misdirected`], with the address that people should open if it is configured.
pub fn answers_to(config: &Config, client: &Client, headers: &HeaderMap) -> Result<(), AppError> {
    // Browsers always name a host; only old probes name none.
    if client.host.is_none() && client.forwarded_hosts.is_empty() && !headers.contains_key(header::HOST) {
        return Ok(());
    }
    let served = match public(config) {
        Some(public) => serves_public(&public, client),
        None if config.server.listen.ip().is_loopback() && config.server.trusted_proxies.is_empty() => {
            // Browsers send this header only over https, or to the machine that they run on. The server has no https of
            // its own here, so a proxy on this machine has a certificate for the name, which an attacker's name has not.
            headers.contains_key("sec-fetch-site")
                || client.host.as_ref().is_some_and(|host| !anybody_can_own(host))
        }
        None => true,
    };
    if served {
        return Ok(());
    }
    let (asked, shown) = asked(client);
    let reason = match config.server.public_url.as_deref() {
        Some(public) => {
            tracing::warn!(%asked, public_url = %public, peer_is_trusted_proxy = client.by_proxy,
                "asked for another host: set INGLENOOK_PUBLIC_URL to the address people type; a proxy has to \
                 pass Host on, or to be named in INGLENOOK_TRUSTED_PROXIES");
            Reason::new("site-elsewhere").with("asked", shown).with("address", public)
        }
        None => {
            tracing::warn!(%asked, "asked for a host that is not this machine: set INGLENOOK_PUBLIC_URL to \
                 the address people type");
            Reason::new("site-not-set-up").with("asked", shown)
        }
    };
    Err(AppError::Misdirected { reason })
}

/// The address that people type, where it is configured.
pub fn public(config: &Config) -> Option<Origin> {
    config.server.public_url.as_deref().and_then(Origin::parse)
}

/// The address of the site for links that leave it, without a slash at the end: the public one, or the one under which this
/// request came.
pub fn address(config: &Config, client: &Client) -> String {
    let asked = client.hosts().next().cloned();
    let asked = asked.map(|host| Origin { https: client.https == Some(true), host });
    public(config).or(asked).map_or_else(String::new, |origin| origin.to_string())
}

fn serves_public(public: &Origin, client: &Client) -> bool {
    let known = |host: &Host| host.name == public.host.name || is_this_machine(host);
    // A trusted proxy that does not pass the host on asks for the name or address under which it knows this server.
    let upstream = |host: &Host| !host.name.contains('.') || host.address().is_some();
    client.hosts().any(known)
        || client.by_proxy && client.forwarded_hosts.is_empty() && client.host.as_ref().is_some_and(upstream)
}

fn is_this_machine(host: &Host) -> bool {
    host.name == "localhost"
        || host.name.ends_with(".localhost")
        || host.address().is_some_and(|address| address.to_canonical().is_loopback())
}

fn anybody_can_own(host: &Host) -> bool {
    host.address().is_none()
        && host.name.contains('.')
        && !LOCAL_ENDINGS.iter().any(|ending| host.name.ends_with(ending))
}

/// Refuses a request that changes something and carries the cookie, unless it comes from a page of this site. Browsers say
/// where a request comes from. A program sends `Authorization` and no cookie, and no other site can make a browser send
/// that header.
///
/// # Errors
///
/// [`AppError::Forbidden`]; [`AppError::Misdirected`] for a page that was opened over http where the site needs https.
pub fn same_origin(
    config: &Config,
    client: &Client,
    method: &Method,
    headers: &HeaderMap,
    has_cookie: bool,
) -> Result<(), AppError> {
    if method.is_safe() {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let (site, origin) = (text("sec-fetch-site"), text("origin"));
    let from = origin.and_then(Origin::parse);
    if let (Some(from), Some(public)) = (&from, public(config)) {
        opened_with_https(from, &public, config)?;
    }
    let proven = match (site, origin, &from) {
        (Some(site), ..) => site == "same-origin" || site == "none",
        (None, Some(_), Some(from)) => is_ours(config, client, from),
        (None, Some(_), None) => false,
        (None, None, _) => !has_cookie || headers.contains_key(header::AUTHORIZATION),
    };
    if proven { Ok(()) } else { Err(from_elsewhere(client, from.as_ref().filter(|_| site.is_none()))) }
}

/// Refuses a page of an https site that was opened over http, because the browser would drop the session cookie and
/// signing in would have no effect.
fn opened_with_https(from: &Origin, public: &Origin, config: &Config) -> Result<(), AppError> {
    if from.https || !public.https || from.host.name != public.host.name {
        return Ok(());
    }
    let address = config.server.public_url.as_deref().unwrap_or_default();
    Err(AppError::Misdirected { reason: Reason::new("site-wants-https").with("address", address) })
}

fn is_ours(config: &Config, client: &Client, from: &Origin) -> bool {
    public(config).is_some_and(|public| public.https == from.https && public.is_at(&from.host))
        || client.https.is_none_or(|https| https == from.https) && client.hosts().any(|host| from.is_at(host))
}

/// `from` is the origin of the page that sent the request, if nothing else speaks against the request: then an operator
/// can put it right.
fn from_elsewhere(client: &Client, from: Option<&Origin>) -> AppError {
    let Some(from) = from else {
        return AppError::Forbidden { reason: Reason::new("request-from-elsewhere") };
    };
    let (asked, shown) = asked(client);
    tracing::warn!(page = %from, server_asked_as = %asked,
        "a change was refused as one of another site: if the page's address is right, set INGLENOOK_PUBLIC_URL to it");
    AppError::Forbidden {
        reason: Reason::new("request-from-page-elsewhere")
            .with("page", from.to_string())
            .with("asked", shown),
    }
}

/// The host that was asked for, for the log and for the caller. It can hold nothing but a name and a port.
fn asked(client: &Client) -> (String, Value) {
    match client.hosts().next() {
        Some(host) => (host.to_string(), host.to_string().into()),
        None => ("an unreadable host".to_owned(), Reason::new("host-unreadable").into()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderName, HeaderValue, Uri};

    use super::*;
    use crate::server::words::Words;

    type Lines<'a> = &'a [(&'static str, &'a str)];

    fn headers(lines: Lines) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn config(set: Lines) -> Config {
        let find =
            |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::load(None, find).unwrap()
    }

    const PUBLIC: (&str, &str) = ("INGLENOOK_PUBLIC_URL", "https://chat.example.org");
    const PROXY: (&str, &str) = ("INGLENOOK_TRUSTED_PROXIES", "10.0.0.0/8");
    const EVERYWHERE: (&str, &str) = ("INGLENOOK_LISTEN", "[::]:3000");
    const OURS: &str = "10.0.0.1";
    const STRANGER: &str = "203.0.113.9";

    fn client(config: &Config, peer: &str, headers: &HeaderMap) -> Client {
        Client::of(config, Some(peer.parse::<IpAddr>().unwrap()), &Uri::from_static("/"), headers)
    }

    #[test]
    fn other_hosts_are_not_answered() {
        let xfh = "x-forwarded-host";
        let cases: &[(Lines, &str, Lines, bool)] = &[
            // With the address known.
            (&[PUBLIC], STRANGER, &[("host", "Chat.Example.Org")], true),
            (&[PUBLIC], STRANGER, &[("host", "chat.example.org:443")], true),
            (&[PUBLIC], STRANGER, &[("host", "chat.example.org:8443")], true),
            (&[PUBLIC], STRANGER, &[("host", "127.0.0.1:3000")], true),
            (&[PUBLIC], STRANGER, &[("host", "[::1]:3000")], true),
            (&[PUBLIC], STRANGER, &[("host", "LocalHost:3000")], true),
            (&[PUBLIC], STRANGER, &[], true),
            (&[PUBLIC], STRANGER, &[("host", "evil.example")], false),
            (&[PUBLIC], STRANGER, &[("host", "evil.example"), ("sec-fetch-site", "same-origin")], false),
            (&[PUBLIC], STRANGER, &[("host", "chat.example.org.evil.example")], false),
            (&[PUBLIC], STRANGER, &[("host", "192.168.1.5:3000")], false),
            (&[PUBLIC], STRANGER, &[("host", "nas")], false),
            (&[PUBLIC], STRANGER, &[("host", "")], false),
            (&[PUBLIC], STRANGER, &[("host", "a@chat.example.org")], false),
            (&[PUBLIC], STRANGER, &[("host", "chat.example.org"), ("host", "evil.example")], false),
            (&[PUBLIC], STRANGER, &[("host", "evil.example"), (xfh, "chat.example.org")], false),
            // Through our own proxy, whatever it does to Host.
            (&[PUBLIC, PROXY], OURS, &[("host", "inglenook:3000")], true),
            (&[PUBLIC, PROXY], OURS, &[("host", "10.0.0.7:3000")], true),
            (&[PUBLIC, PROXY], OURS, &[("host", "inglenook:3000"), (xfh, "chat.example.org")], true),
            (&[PUBLIC, PROXY], OURS, &[("host", "inner.example"), (xfh, "chat.example.org, inner")], true),
            (&[PUBLIC, PROXY], OURS, &[("host", "evil.example")], false),
            (&[PUBLIC, PROXY], OURS, &[("host", "inglenook:3000"), (xfh, "evil.example")], false),
            (&[PUBLIC, PROXY], STRANGER, &[("host", "inglenook:3000")], false),
            // On this machine only, and no more known.
            (&[], "127.0.0.1", &[("host", "127.0.0.1:3000")], true),
            (&[], "127.0.0.1", &[("host", "localhost:3000")], true),
            (&[], "127.0.0.1", &[("host", "chat.localhost")], true),
            (&[], "127.0.0.1", &[("host", "laptop")], true),
            (&[], "127.0.0.1", &[("host", "laptop.local.:3000")], true),
            (&[], "127.0.0.1", &[("host", "evil.example")], false),
            (&[], "127.0.0.1", &[("host", "evil.example:3000")], false),
            (&[], "127.0.0.1", &[("host", "127.0.0.1.evil.example")], false),
            (&[], "127.0.0.1", &[("host", "localhost.evil.example")], false),
            (&[], "127.0.0.1", &[("host", "evil.example"), (xfh, "localhost")], false),
            // A proxy on this machine that has a certificate.
            (&[], "127.0.0.1", &[("host", "chat.example.org"), ("sec-fetch-site", "none")], true),
            // For a whole network, names are what people made them.
            (&[EVERYWHERE], STRANGER, &[("host", "chat.example.org")], true),
            (&[PROXY], OURS, &[("host", "chat.example.org")], true),
        ];
        for (set, peer, lines, served) in cases {
            let (config, headers) = (config(set), headers(lines));
            let answer = answers_to(&config, &client(&config, peer, &headers), &headers);
            assert_eq!(answer.is_ok(), *served, "{set:?} {peer} {lines:?}: {answer:?}");
            if let Err(refused) = answer {
                let sentence = Words::english().text(&refused.reason());
                let told = if set.contains(&PUBLIC) { PUBLIC.1 } else { "INGLENOOK_PUBLIC_URL" };
                assert!(refused.status() == 421 && sentence.contains(told), "{sentence}");
            }
        }
    }

    #[test]
    fn a_change_comes_from_our_own_pages() {
        let https = ("INGLENOOK_PUBLIC_URL", "https://chat.example.org:8443");
        let cases: &[(Lines, &str, Lines, bool)] = &[
            (&[], STRANGER, &[("host", "a.test"), ("origin", "http://a.test")], true),
            (&[], STRANGER, &[("host", "A.Test"), ("origin", "http://a.test")], true),
            (&[], STRANGER, &[("host", "a.test:80"), ("origin", "http://a.test")], true),
            (&[], STRANGER, &[("host", "a.test"), ("origin", "http://a.test:80")], true),
            (&[], STRANGER, &[("host", "[::1]:3000"), ("origin", "http://[::1]:3000")], true),
            (&[], STRANGER, &[("host", "a.test"), ("origin", "http://a.test:8080")], false),
            (&[], STRANGER, &[("host", "a.test"), ("origin", "https://a.test")], false),
            (&[], STRANGER, &[("host", "a.test"), ("origin", "chrome-extension://a.test")], false),
            (&[], STRANGER, &[("host", "a.test"), ("origin", "null")], false),
            (&[], STRANGER, &[("host", "a.test"), ("origin", "")], false),
            (
                &[],
                STRANGER,
                &[("host", "a.test"), ("origin", "http://b.test"), ("x-forwarded-host", "b.test")],
                false,
            ),
            (
                &[],
                STRANGER,
                &[("host", "a.test"), ("origin", "https://a.test"), ("x-forwarded-proto", "https")],
                false,
            ),
            // The browser's own word goes before all guessing.
            (
                &[],
                STRANGER,
                &[("host", "b"), ("origin", "https://a.test"), ("sec-fetch-site", "same-origin")],
                true,
            ),
            (
                &[],
                STRANGER,
                &[("host", "a.test"), ("origin", "http://a.test"), ("sec-fetch-site", "same-site")],
                false,
            ),
            (
                &[],
                STRANGER,
                &[("host", "a.test"), ("origin", "http://a.test"), ("sec-fetch-site", "")],
                false,
            ),
            // Behind our proxy, which ends https.
            (
                &[PROXY],
                OURS,
                &[("host", "a.test"), ("origin", "https://a.test"), ("x-forwarded-proto", "https")],
                true,
            ),
            (&[PROXY], OURS, &[("host", "a.test"), ("origin", "https://a.test")], true),
            (
                &[PROXY],
                OURS,
                &[("host", "a.test"), ("origin", "https://a.test"), ("x-forwarded-proto", "http")],
                false,
            ),
            (
                &[PROXY],
                OURS,
                &[("host", "app"), ("origin", "https://a.test"), ("x-forwarded-host", "A.test:443")],
                true,
            ),
            (
                &[PROXY],
                OURS,
                &[("host", "a.test"), ("origin", "http://a.test:8080"), ("x-forwarded-port", "8080")],
                true,
            ),
            (&[PROXY], OURS, &[("host", "a.test"), ("origin", "http://a.test:8080")], false),
            (&[PROXY], OURS, &[("host", "a.test"), ("origin", "moz-extension://a.test")], false),
            // The configured address, whatever a proxy does to Host.
            (&[https], STRANGER, &[("host", "app"), ("origin", "https://Chat.example.org:8443")], true),
            (&[https], STRANGER, &[("host", "app"), ("origin", "https://chat.example.org")], false),
            (&[PUBLIC], STRANGER, &[("host", "app"), ("origin", "https://chat.example.org:443")], true),
        ];
        for (set, peer, lines, taken) in cases {
            let (config, headers) = (config(set), headers(lines));
            let client = client(&config, peer, &headers);
            let answer = same_origin(&config, &client, &Method::POST, &headers, true);
            assert_eq!(answer.is_ok(), *taken, "{set:?} {peer} {lines:?}: {answer:?}");
            assert!(same_origin(&config, &client, &Method::GET, &headers, true).is_ok());
        }
    }

    #[test]
    fn a_refusal_says_what_to_set() {
        let headers = headers(&[("host", "chat.example.org"), ("origin", "http://chat.example.org:8080")]);
        let config = config(&[]);
        let client = client(&config, STRANGER, &headers);
        let refused = same_origin(&config, &client, &Method::POST, &headers, true).unwrap_err();
        let refused = Words::english().text(&refused.reason());
        for part in ["INGLENOOK_PUBLIC_URL to http://chat.example.org:8080", "asked as chat.example.org"] {
            assert!(refused.contains(part), "{refused}");
        }
    }

    #[test]
    fn a_site_of_https_that_was_opened_without_says_so() {
        let headers =
            headers(&[("host", "chat.example.org:3000"), ("origin", "http://chat.example.org:3000")]);
        let config = config(&[PUBLIC]);
        let client = client(&config, STRANGER, &headers);
        let refused = same_origin(&config, &client, &Method::POST, &headers, false).unwrap_err();
        assert!(refused.status() == 421 && refused.to_string().contains(PUBLIC.1), "{refused}");
    }
}
