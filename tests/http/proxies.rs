//! Behind proxies, limits count the client that trusted proxies name, and not a client that the request makes up.

use std::net::{IpAddr, SocketAddr};

use serde_json::json;

use super::app::{App, PASSWORD};

const REGISTER: &str = "/api/v1/auth/register";
const TRUSTED: (&str, &str) = ("INGLENOOK_TRUSTED_PROXIES", "10.0.0.0/8,2001:db8:ffff::/48");
const ONE_EACH: (&str, &str) = ("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1");
const PROXY: &str = "10.0.0.1";

/// A peer, and the lines of `X-Forwarded-For` that it sends.
type From = (&'static str, &'static [&'static str]);

/// Registers from this peer and returns the status.
async fn register(app: &App, (peer, lines): From, name: &str) -> u16 {
    let peer: IpAddr = peer.parse().unwrap();
    let mut client = app.client().from(SocketAddr::new(peer, 4711));
    for line in lines {
        client = client.also("x-forwarded-for", line);
    }
    let form = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
    client.post(REGISTER, &form).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_client_is_counted_as_one_and_another_as_another() {
    let app = App::with(&[TRUSTED, ONE_EACH]).await.begun().await;
    let same: &[(From, From)] = &[
        // An entry that the client made up stands before the entry that the trusted proxy added.
        ((PROXY, &["203.0.113.1"]), (PROXY, &["6.6.6.6, 203.0.113.1"])),
        // HAProxy adds a line of its own.
        ((PROXY, &["203.0.113.2"]), (PROXY, &["6.6.6.6", "203.0.113.2"])),
        ((PROXY, &["203.0.113.3"]), (PROXY, &["6.6.6.6, 10.0.0.9", "203.0.113.3"])),
        // There are two proxies, whose own addresses do not count.
        ((PROXY, &["203.0.113.4"]), ("10.0.0.2", &["203.0.113.4, 10.0.0.1"])),
        ((PROXY, &["203.0.113.5"]), ("10.0.0.3", &["6.6.6.6, 203.0.113.5", "10.0.0.1, 10.0.0.2"])),
        // The address has a port, or is in the notation of IPv6.
        ((PROXY, &["203.0.113.6"]), (PROXY, &["203.0.113.6:50000"])),
        ((PROXY, &["203.0.113.7"]), (PROXY, &["::ffff:203.0.113.7"])),
        // All addresses of an IPv6 network of 64 bits are one client.
        ((PROXY, &["2001:db8:1:2::1"]), (PROXY, &["[2001:db8:1:2:ffff::9]:443"])),
        ((PROXY, &["2001:db8:1:3::1"]), ("2001:db8:ffff::1", &["2001:db8:1:3::2"])),
        // A peer that is not a trusted proxy counts itself, whatever the header says.
        (("203.0.113.8", &[]), ("203.0.113.8", &["6.6.6.6"])),
        (("203.0.113.9", &["6.6.6.6"]), ("203.0.113.9", &["7.7.7.7", "10.0.0.1"])),
        (("2001:db8:1:4::1", &[]), ("2001:db8:1:4::2", &["2001:db8:1:5::1"])),
        // If an entry cannot be read, the proxy that passed it on counts.
        (("10.0.0.4", &["203.0.113.10, nonsense"]), ("10.0.0.4", &["203.0.113.11, \"\""])),
    ];
    for (at, (first, second)) in same.iter().enumerate() {
        assert_eq!(register(&app, *first, &format!("a{at}")).await, 201, "{first:?}");
        assert_eq!(register(&app, *second, &format!("b{at}")).await, 429, "{second:?} is {first:?}");
    }
    let others: &[From] = &[
        (PROXY, &["203.0.113.101"]),
        (PROXY, &["203.0.113.101, 203.0.113.102"]),
        (PROXY, &["2001:db8:1:20::1"]),
        (PROXY, &["2001:db8:1:21::1"]),
        ("203.0.113.103", &["203.0.113.101"]),
        ("203.0.113.104", &["203.0.113.101"]),
    ];
    for (at, from) in others.iter().enumerate() {
        assert_eq!(register(&app, *from, &format!("c{at}")).await, 201, "{from:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_proxies_the_header_says_nothing() {
    let app = App::with(&[ONE_EACH]).await;
    assert_eq!(register(&app, ("127.0.0.1", &["203.0.113.1"]), "ada").await, 201);
    for (at, line) in ["203.0.113.2", "127.0.0.2, 203.0.113.3", "::1"].into_iter().enumerate() {
        let lines: &'static [&'static str] = Box::leak(Box::new([line]));
        assert_eq!(register(&app, ("127.0.0.1", lines), &format!("b{at}")).await, 429, "{line}");
    }
    assert_eq!(register(&app, ("127.0.0.2", &["203.0.113.1"]), "cid").await, 201);
}
