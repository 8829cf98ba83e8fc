//! The HTTP client for a provider, the proxy in between, and the reasons why a server cannot be reached.

use std::error::Error;
use std::time::Duration;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::tls;
use crate::domain::Reason;

/// A client, and the proxy that it uses.
#[derive(Debug)]
pub(super) struct HttpClient {
    pub(super) http: reqwest::Client,
    /// Host and port of the proxy, if there is one.
    pub(super) proxy: Option<String>,
}

/// Why no client could be made: the reason for the person, the detail for the log.
#[derive(Debug)]
pub(super) struct NoHttpClient {
    pub(super) reason: Reason,
    pub(super) detail: String,
}

/// Makes a client. It follows no redirects, because they would carry the key, or requests from inside the network, to
/// an address that nobody configured.
pub(super) fn client(base_url: &str, connect: Duration) -> Result<HttpClient, NoHttpClient> {
    // An error means that another part of the program was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let proxy = proxy(base_url, |name| std::env::var(name).ok())?;
    let builder = || {
        let builder = reqwest::Client::builder()
            .connect_timeout(connect)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("inglenook/", env!("CARGO_PKG_VERSION")))
            // The proxy is chosen by `proxy`, not by reqwest, so that a sentence can name it.
            .no_proxy();
        match &proxy {
            Some(proxy) => builder.proxy(proxy.used.clone()),
            None => builder,
        }
    };
    let built = match tls::from_environment() {
        Some(Ok(tls)) => builder().tls_backend_preconfigured(tls).build(),
        // A system without certificates can still reach a model in its own network.
        Some(Err(_)) => builder().tls_certs_only([]).build(),
        None => builder().build().or_else(|_| builder().tls_certs_only([]).build()),
    };
    let http = built.map_err(|error| NoHttpClient {
        reason: Reason::new("provider-no-secure-client"),
        detail: causes(&error),
    })?;
    Ok(HttpClient { http, proxy: proxy.map(|proxy| proxy.shown) })
}

/// The same client for other services that the operator named, by the same rules for proxies and certificates.
pub(crate) fn plain_client(address: &str, connect: Duration) -> Option<reqwest::Client> {
    client(address, connect).ok().map(|made| made.http)
}

#[derive(Debug)]
struct Proxy {
    used: reqwest::Proxy,
    /// Host and port without the password, for sentences.
    shown: String,
}

/// The proxy that the usual environment variables name for an address. A proxy for the outside world is never used
/// for a server on this machine.
fn proxy(base_url: &str, env: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, NoHttpClient> {
    let Ok(uri) = base_url.parse::<Uri>() else { return Ok(None) };
    let set = |name: &'static str| env(name).map(|value| (name, value.trim().to_owned()));
    let of_scheme = match uri.scheme_str() {
        Some("https") => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let named = of_scheme
        .into_iter()
        .chain(["ALL_PROXY", "all_proxy"])
        .find_map(|name| set(name).filter(|(_, value)| !value.is_empty()));
    let Some((name, value)) = named.filter(|_| !is_local(base_url)) else { return Ok(None) };
    let exceptions = ["NO_PROXY", "no_proxy"].into_iter().find_map(set).map(|(_, value)| value);
    let exceptions = exceptions.unwrap_or_default();
    let any = Matcher::builder().all("http://proxy.invalid").no(exceptions).build();
    if any.intercept(&uri).is_none() {
        return Ok(None);
    }
    let address = if value.contains("://") { value } else { format!("http://{value}") };
    let shown = address.parse::<Uri>().ok().and_then(|proxy| {
        let port = proxy.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}{port}", proxy.host()?))
    });
    let is_http =
        ["http://", "https://"].iter().any(|scheme| address.to_ascii_lowercase().starts_with(scheme));
    let used = reqwest::Proxy::all(&address);
    match (shown, used) {
        (Some(shown), Ok(used)) if is_http => Ok(Some(Proxy { used, shown })),
        _ => {
            let reason = Reason::new("provider-proxy-not-used").with("variable", name);
            Err(NoHttpClient { reason, detail: format!("{name} is not http(s)") })
        }
    }
}

/// Whether an address is on this machine.
pub(crate) fn is_local(url: &str) -> bool {
    let url = Url::parse(url).ok();
    let host = url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let host = host.trim_end_matches('.');
    host == "localhost"
        || host.ends_with(".localhost")
        // Nothing listens at the unspecified address; systems take it for their own.
        || address.is_ok_and(|it| it.to_canonical().is_loopback() || it.is_unspecified())
}

/// An error and its causes in one line, without the address, because a `base_url` may hold a password.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let kind = match error {
        error if error.is_connect() => "connect",
        error if error.is_timeout() => "timeout",
        error if error.is_body() || error.is_decode() => "body",
        _ => "request",
    };
    let mut text = kind.to_owned();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The reason why a connection could not be made.
pub(super) fn not_connected(error: &reqwest::Error, proxy: Option<&str>) -> Reason {
    match (tls_error(error).and_then(tls::reason), proxy) {
        (Some(reason), _) => reason,
        (None, Some(proxy)) => Reason::new("provider-unreachable-proxy").with("proxy", proxy),
        (None, None) => Reason::new("provider-unreachable"),
    }
}

/// The TLS error among the causes, however deep. Errors wrapped in an `io::Error` are unpacked by hand because
/// `source` skips them.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match held {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{is_local, proxy};

    fn shown(base_url: &str, env: &[(&str, &str)]) -> Result<Option<String>, String> {
        let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        proxy(base_url, env).map(|proxy| proxy.map(|it| it.shown)).map_err(|error| error.reason.to_string())
    }

    #[test]
    fn the_proxy_of_an_address() {
        let out = "http://models.example:8000/v1";
        let tls = "https://models.example/v1";
        for (base_url, env, expected) in [
            (out, &[("HTTP_PROXY", "http://proxy:3128")][..], Some("proxy:3128")),
            (out, &[("http_proxy", "proxy:3128")], Some("proxy:3128")),
            (out, &[("HTTP_PROXY", "http://me:secret@proxy:3128/")], Some("proxy:3128")),
            (out, &[("HTTP_PROXY", "https://proxy")], Some("proxy")),
            (out, &[("HTTP_PROXY", "http://[::2]:3128")], Some("[::2]:3128")),
            (out, &[("ALL_PROXY", "http://all:1")], Some("all:1")),
            (out, &[("ALL_PROXY", "http://all:1"), ("HTTP_PROXY", "http://one:2")], Some("one:2")),
            (out, &[("ALL_PROXY", "http://all:1"), ("HTTP_PROXY", " ")], Some("all:1")),
            (out, &[("HTTPS_PROXY", "http://proxy:3128")], None),
            (out, &[("HTTP_PROXY", "")], None),
            (out, &[], None),
            (tls, &[("HTTPS_PROXY", "http://proxy:3128")], Some("proxy:3128")),
            (tls, &[("HTTP_PROXY", "http://proxy:3128")], None),
            (out, &[("HTTP_PROXY", "p:1"), ("NO_PROXY", "models.example")], None),
            (out, &[("HTTP_PROXY", "p:1"), ("no_proxy", ".example")], None),
            (out, &[("HTTP_PROXY", "p:1"), ("NO_PROXY", "*")], None),
            (out, &[("HTTP_PROXY", "p:1"), ("NO_PROXY", "other.example, 10.0.0.0/8")], Some("p:1")),
            ("http://10.1.2.3/v1", &[("HTTP_PROXY", "p:1"), ("NO_PROXY", "other.example, 10.0.0.0/8")], None),
            (out, &[("ALL_PROXY", "socks5://p:1"), ("NO_PROXY", "models.example")], None),
        ] {
            assert_eq!(shown(base_url, env), Ok(expected.map(str::to_owned)), "{base_url} {env:?}");
        }
    }

    #[test]
    fn a_server_on_this_machine_has_none() {
        let env =
            [("HTTP_PROXY", "http://p:1"), ("HTTPS_PROXY", "http://p:1"), ("ALL_PROXY", "socks5://p:1")];
        for url in [
            "http://127.0.0.1:11434/v1",
            "http://localhost:1234",
            "http://LOCALHOST:1234",
            "http://localhost.:1/v1",
            "http://models.localhost/v1",
            "http://127.9.9.9/v1",
            "http://[::1]:8080/v1",
            "http://[::ffff:127.0.0.1]/v1",
            "http://0.0.0.0:11434/v1",
            "https://localhost/v1",
        ] {
            assert!(is_local(url), "{url}");
            assert_eq!(shown(url, &env), Ok(None), "{url}");
        }
        for url in [
            "http://10.0.0.1/v1",
            "http://localhost.example/v1",
            "http://128.0.0.1/",
            "http://[::2]/",
            "nonsense",
        ] {
            assert!(!is_local(url), "{url}");
        }
    }

    #[test]
    fn a_proxy_of_another_kind_is_named() {
        for value in [
            "socks://p:1",
            "socks5://me:secret@p:1",
            "socks5h://p:1",
            "ftp://p",
            "http://",
            "://",
            "http://a b",
        ] {
            let sentence = shown("http://models.example/v1", &[("ALL_PROXY", value)]).unwrap_err();
            assert!(sentence.contains("ALL_PROXY") && !sentence.contains("secret"), "{value}: {sentence}");
        }
    }
}
