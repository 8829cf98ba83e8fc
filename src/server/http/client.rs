//! [`Client`]: who sends a request, and under which address they opened the site, as far as the peer or trusted proxies
//! say.

use std::{fmt, net::IpAddr};

use axum::http::{HeaderMap, Uri, header, uri::Authority};

use crate::server::config::Config;

/// The most entries of a forwarding header that are read: nobody has so many proxies, but anybody can send thousands.
const MAX_ENTRIES: usize = 64;

/// A name and a port as a browser shows them in its address bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// In lower case, IPv6 without its brackets.
    pub name: String,
    /// `None`: the scheme's default.
    pub port: Option<u16>,
}

impl Host {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let authority: Authority = text.parse().ok()?;
        if text.contains('@') || text.ends_with(':') {
            return None;
        }
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        (!name.is_empty()).then(|| Self { name, port: authority.port_u16() })
    }

    pub fn address(&self) -> Option<IpAddr> {
        self.name.parse().ok()
    }
}

/// `scheme://host:port`; the port may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub https: bool,
    pub host: Host,
}

impl Origin {
    /// `None` for `null`, and for the origins of extensions and of schemes other than http and https.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, host) = text.split_once("://")?;
        let https = scheme.eq_ignore_ascii_case("https");
        (https || scheme.eq_ignore_ascii_case("http")).then_some(())?;
        Some(Self { https, host: Host::parse(host)? })
    }

    fn port_or(&self, port: Option<u16>) -> u16 {
        port.unwrap_or(if self.https { 443 } else { 80 })
    }

    /// Whether a server that is asked as `host` under this scheme has this origin.
    pub fn is_at(&self, host: &Host) -> bool {
        self.host.name == host.name && self.port_or(self.host.port) == self.port_or(host.port)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        if name.contains(':') {
            write!(f, "[{name}]")?
        } else {
            f.write_str(name)?
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.host)
    }
}

/// Who sends a request, and how they opened the site.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The address of the peer, or the one that trusted proxies name.
    pub address: Option<IpAddr>,
    /// Whether the peer is a trusted proxy.
    pub by_proxy: bool,
    /// Whether the site was opened with https; `None` when the trusted proxy does not say.
    pub https: Option<bool>,
    /// What `Host` says; `None` when it is missing or malformed.
    pub host: Option<Host>,
    /// The hosts that trusted proxies say were asked for.
    pub forwarded_hosts: Vec<Host>,
}

impl Client {
    pub fn of(config: &Config, peer: Option<IpAddr>, uri: &Uri, headers: &HeaderMap) -> Self {
        let by_proxy = peer.is_some_and(|peer| config.trusts_proxy(peer));
        let host = host(uri, headers);
        if !by_proxy {
            let address = peer.map(|peer| peer.to_canonical());
            return Self { address, by_proxy, https: Some(false), host, forwarded_hosts: Vec::new() };
        }
        // The first entry is from the proxy that browsers connect to.
        let scheme = entries(headers, "x-forwarded-proto").into_iter().next();
        let https = scheme.map(|scheme| scheme.eq_ignore_ascii_case("https"));
        let port = entries(headers, "x-forwarded-port").first().and_then(|port| port.parse().ok());
        let forwarded_hosts = entries(headers, "x-forwarded-host")
            .into_iter()
            .filter_map(Host::parse)
            .map(|host| Host { port: host.port.or(port), ..host })
            .collect();
        let host = host.map(|host| Host { port: host.port.or(port), ..host });
        let address = peer.map(|peer| forwarded_for(config, peer, headers));
        Self { address, by_proxy, https, host, forwarded_hosts }
    }

    /// Every host that the request names.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.forwarded_hosts.iter().chain(&self.host)
    }

    /// What limits count by: an IPv4 address, or the first 64 bits of an IPv6 address, because one household or machine
    /// has all addresses that begin with them.
    pub fn counted_as(&self) -> String {
        self.address.map(counted_as).unwrap_or_default()
    }
}

/// See [`Client::counted_as`].
fn counted_as(address: IpAddr) -> String {
    match network(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

/// An IPv4 address itself, or the first address of the IPv6 network of 64 bits.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => std::net::Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
    }
}

/// The host that the request line or `Host` names. A `Host` that occurs twice counts as absent.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<Host> {
    if let Some(authority) = uri.authority() {
        return Host::parse(authority.as_str());
    }
    let mut given = headers.get_all(header::HOST).iter();
    let host = given.next().and_then(|host| host.to_str().ok());
    if given.next().is_some() { None } else { host.and_then(Host::parse) }
}

/// The client's address from `X-Forwarded-For`. The search goes from the last entry, which the peer wrote, back past all
/// trusted proxies: the first entry that is none of them is the client. An entry that cannot be read ends the search at
/// the proxy that passed it on. `Forwarded` (RFC 7239) is not read, because most proxies pass on what a client sends.
fn forwarded_for(config: &Config, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut seen = peer.to_canonical();
    let hops = entries(headers, "x-forwarded-for").into_iter().map(address);
    for hop in hops.rev() {
        let Some(hop) = hop else { break };
        seen = hop;
        if !config.trusts_proxy(hop) {
            break;
        }
    }
    seen
}

/// All entries of all lines of a header, in their order; only the last [`MAX_ENTRIES`] of them.
fn entries<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter();
    // A line that is not ASCII counts as one entry that cannot be read.
    let mut all: Vec<&str> = lines
        .flat_map(|line| line.to_str().unwrap_or("unreadable").split(','))
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .collect();
    all.split_off(all.len().saturating_sub(MAX_ENTRIES))
}

/// An address as proxies write it: quoted or not, with a port or not, IPv6 in brackets or not.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim_matches('"');
    let bare = || {
        let inside = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
        // The zone of a link-local address.
        inside.split('%').next().and_then(|address| address.parse::<IpAddr>().ok())
    };
    let with_port = || entry.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    bare().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn config() -> Config {
        let trusted = "127.0.0.1,10.0.0.0/8,2001:db8:ffff::/48";
        Config::load(None, |name| (name == "INGLENOOK_TRUSTED_PROXIES").then(|| trusted.to_owned())).unwrap()
    }

    fn client(peer: &str, lines: &[(&'static str, &str)]) -> Client {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Client::of(&config(), Some(peer.parse().unwrap()), &Uri::from_static("/"), &headers)
    }

    #[test]
    fn the_first_from_the_right_that_is_no_proxy_of_ours_is_the_client() {
        const XFF: &str = "x-forwarded-for";
        /// The peer, the lines that it sends, and who asks.
        type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);
        let cases: &[Case] = &[
            // nginx adds to the line that came.
            ("127.0.0.1", &[(XFF, "203.0.113.7")], "203.0.113.7"),
            ("127.0.0.1", &[(XFF, "6.6.6.6, 203.0.113.7")], "203.0.113.7"),
            // HAProxy adds a line of its own.
            ("127.0.0.1", &[(XFF, "6.6.6.6"), (XFF, "203.0.113.7")], "203.0.113.7"),
            ("127.0.0.1", &[(XFF, "6.6.6.6, 10.0.0.1"), (XFF, "203.0.113.7")], "203.0.113.7"),
            // Two proxies, and three.
            ("127.0.0.1", &[(XFF, "6.6.6.6, 203.0.113.7, 10.1.2.3")], "203.0.113.7"),
            ("10.9.9.9", &[(XFF, "203.0.113.7,10.1.2.3"), (XFF, "10.4.5.6")], "203.0.113.7"),
            // All of them ours: somebody inside asks.
            ("127.0.0.1", &[(XFF, "10.0.0.5, 10.1.2.3")], "10.0.0.5"),
            // Nonsense: who passed it on is all that is known.
            ("127.0.0.1", &[(XFF, "203.0.113.7, unknown")], "127.0.0.1"),
            ("127.0.0.1", &[(XFF, "unknown, 10.0.0.5")], "10.0.0.5"),
            ("127.0.0.1", &[(XFF, "203.0.113.7, é")], "127.0.0.1"),
            ("127.0.0.1", &[(XFF, "999.1.1.1")], "127.0.0.1"),
            ("127.0.0.1", &[(XFF, "")], "127.0.0.1"),
            ("127.0.0.1", &[(XFF, "203.0.113.7,, ,")], "203.0.113.7"),
            // With a port, in brackets, IPv4 in IPv6.
            ("127.0.0.1", &[(XFF, "203.0.113.7:51234")], "203.0.113.7"),
            ("127.0.0.1", &[(XFF, "[2001:db8::7]:443")], "2001:db8::7"),
            ("127.0.0.1", &[(XFF, "[2001:db8::7]")], "2001:db8::7"),
            ("127.0.0.1", &[(XFF, "2001:db8::7")], "2001:db8::7"),
            ("127.0.0.1", &[(XFF, "::ffff:203.0.113.7")], "203.0.113.7"),
            ("127.0.0.1", &[(XFF, "203.0.113.7, ::ffff:10.0.0.1")], "203.0.113.7"),
            ("::ffff:127.0.0.1", &[(XFF, "203.0.113.7")], "203.0.113.7"),
            ("2001:db8:ffff::1", &[(XFF, "203.0.113.7")], "203.0.113.7"),
            // Of `Forwarded` nobody knows who wrote it.
            ("127.0.0.1", &[("forwarded", "for=6.6.6.6, for=203.0.113.7;proto=https")], "127.0.0.1"),
            ("127.0.0.1", &[("forwarded", "for=6.6.6.6"), (XFF, "203.0.113.7")], "203.0.113.7"),
            // A stranger says what it likes.
            ("203.0.113.9", &[(XFF, "127.0.0.1")], "203.0.113.9"),
            ("203.0.113.9", &[(XFF, "6.6.6.6"), ("forwarded", "for=6.6.6.6")], "203.0.113.9"),
            ("127.0.0.1", &[], "127.0.0.1"),
        ];
        for (peer, lines, wanted) in cases {
            assert_eq!(client(peer, lines).address, Some(wanted.parse().unwrap()), "{peer} {lines:?}");
        }
        let many = "6.6.6.6,".repeat(10_000) + "203.0.113.7";
        assert_eq!(client("127.0.0.1", &[(XFF, &many)]).counted_as(), "203.0.113.7");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        for (address, wanted) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(counted_as(address.parse().unwrap()), wanted);
        }
    }

    #[test]
    fn scheme_and_host_are_believed_of_our_own_proxies_only() {
        let lines = [
            ("host", "Inner:3000"),
            ("x-forwarded-proto", "HTTPS, http"),
            ("x-forwarded-host", "Chat.Example.org, inner"),
            ("x-forwarded-port", "8443"),
        ];
        let ours = client("10.0.0.1", &lines);
        assert_eq!((ours.https, ours.by_proxy), (Some(true), true));
        let hosts: Vec<_> = ours.hosts().map(|host| (&*host.name, host.port)).collect();
        assert_eq!(hosts, [("chat.example.org", Some(8443)), ("inner", Some(8443)), ("inner", Some(3000))]);
        let stranger = client("203.0.113.9", &lines);
        assert_eq!((stranger.https, stranger.by_proxy), (Some(false), false));
        assert_eq!(stranger.hosts().count(), 1);
        assert_eq!(client("10.0.0.1", &[]).https, None);
    }

    #[test]
    fn origins_compare_as_browsers_mean_them() {
        let same = |origin: &str, host: &str| {
            Origin::parse(origin)
                .is_some_and(|origin| Host::parse(host).is_some_and(|host| origin.is_at(&host)))
        };
        assert!(same("http://a.example", "A.Example") && same("http://a.example:80", "a.example"));
        assert!(same("http://a.example", "a.example:80") && same("https://a.example", "a.example:443"));
        assert!(same("http://[::1]:3000", "[::1]:3000") && same("http://a.example", "a.example."));
        assert!(!same("http://a.example:8080", "a.example") && !same("https://a.example", "a.example:80"));
        assert!(!same("http://a.example.evil", "a.example") && !same("http://a.example", "b@a.example"));
        for none in
            ["null", "", "chrome-extension://a.example", "file://", "http://", "a.example", "http://a/b"]
        {
            assert_eq!(Origin::parse(none), None, "{none}");
        }
        for origin in ["http://a.example:8080", "https://[::1]:3000", "https://a.example"] {
            assert_eq!(Origin::parse(origin).unwrap().to_string(), origin);
        }
    }
}
