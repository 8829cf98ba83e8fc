//! Floods of wrong passwords and long addresses: what they cost, and whether others can still sign in.

use std::time::{Duration, Instant};

use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use serde_json::{Value, json};

use crate::{events::Format, first::first_code, mongod, site::Site};

const LOGIN: &str = "/api/v1/auth/login";
/// The password of all people in these tests.
const PASSWORD: &str = "correct horse";
/// Lets a test send requests from any address.
const PROXY: (&str, &str) = ("INGLENOOK_TRUSTED_PROXIES", "127.0.0.1");

/// Signs in from an address. Gives the status and the answer.
async fn sign_in(site: &Site, from: &str, email: &str, password: &str) -> (u16, Value) {
    let form = json!({ "email": email, "password": password });
    let lines = format!("x-forwarded-for: {from}\r\n");
    site.stranger().call_with("POST", LOGIN, Some(form), &lines).await.unwrap()
}

/// Registers a person; the first with the code that the server printed.
async fn register(site: &Site, from: &str, email: &str) {
    let lines = format!("x-forwarded-for: {from}\r\n");
    let send = async |code: Option<String>| {
        let form = json!({ "email": email, "password": PASSWORD, "code": code });
        site.stranger().call_with("POST", "/api/v1/auth/register", Some(form), &lines).await.unwrap()
    };
    let (status, answer) = match send(None).await {
        (403, _) => send(first_code(&site.server.log())).await,
        answer => answer,
    };
    assert_eq!(status, 201, "{answer}");
}

/// Runs `right` while five hundred wrong sign-ins, all sent at once, are under way. Gives how long it took, and how
/// many of the wrong ones were tried, told to wait, and refused because too many came.
async fn beside_a_flood(
    wrong: impl Iterator<Item = impl Future<Output = (u16, Value)>>,
    right: impl Future<Output = (u16, Value)>,
) -> (Duration, [usize; 3]) {
    let mut wrong: FuturesUnordered<_> = wrong.collect();
    // The flood has begun.
    let mut answers = vec![wrong.next().await.unwrap().0];
    let flood = async {
        while let Some((status, _)) = wrong.next().await {
            answers.push(status);
        }
    };
    let right = async {
        let begun = Instant::now();
        let (status, answer) = right.await;
        assert_eq!(status, 200, "{answer}");
        begun.elapsed()
    };
    let ((), took) = futures::join!(flood, right);
    (took, [401, 429, 503].map(|wanted| answers.iter().filter(|status| **status == wanted).count()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_wrong_ones_from_elsewhere_hold_nobody_up() {
    let site = Site::start(&[PROXY]).await;
    register(&site, "192.0.2.1", "lin@example.org").await;
    // The flood comes from one address; the person signs in from a new one.
    let flood = (0..500).map(|_| sign_in(&site, "198.51.100.7", "lin@example.org", "wrong"));
    register(&site, "192.0.2.1", "kim@example.org").await;
    let right = sign_in(&site, "203.0.113.5", "kim@example.org", PASSWORD);
    let (took, tried) = beside_a_flood(flood, right).await;
    println!("beside 500 wrong ones from one address: {took:?}, {tried:?}");
    // Behind all the others it would be half a minute.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(tried, [10, 490, 0]);
    // The owner can sign in from a known address, although new addresses are refused for the account.
    assert_eq!(sign_in(&site, "203.0.113.9", "lin@example.org", PASSWORD).await.0, 429);
    assert_eq!(sign_in(&site, "192.0.2.1", "lin@example.org", PASSWORD).await.0, 200);

    // From as many addresses, on as many accounts: people at known addresses can sign in.
    let from = |at: usize| format!("198.51.{}.{}", at / 250, at % 250);
    let flood = (0..500).map(|at| {
        let site = &site;
        async move { sign_in(site, &from(at), &format!("nobody{at}@example.org"), "wrong").await }
    });
    let right = sign_in(&site, "192.0.2.1", "lin@example.org", PASSWORD);
    let (took, tried) = beside_a_flood(flood, right).await;
    println!("beside 500 wrong ones from 500 addresses: {took:?}, {tried:?}");
    // Behind all the others it would be half a minute.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(tried.iter().sum::<usize>(), 500);
    assert!(tried[0] >= 32 && tried[2] > 0, "{tried:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_addresses_try_one_account_ten_times() {
    let site = Site::start(&[PROXY]).await;
    register(&site, "192.0.2.1", "lin@example.org").await;
    let from = |at: usize| format!("198.51.100.{at}");
    let wrong = (0..30).map(|at| {
        let site = &site;
        async move { sign_in(site, &from(at), "lin@example.org", "wrong horse").await.0 }
    });
    let answers = join_all(wrong).await;
    let count = |wanted| answers.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(401), count(429)), (10, 20), "{answers:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_addresses_leave_no_memory_behind() {
    let site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let try_many = async |count: usize, kind: &str| {
        for at in 0..count {
            let email = format!("{at}{kind}{}@example.org", "x".repeat(1_000_000));
            let form = json!({ "email": email, "password": "y".repeat(2000) });
            let (status, answer) = lin.call("POST", LOGIN, Some(form)).await;
            assert_eq!(status, 401, "{answer}");
        }
    };
    try_many(30, "first").await;
    let before = site.memory();
    try_many(150, "then").await;
    let grown = site.memory().saturating_sub(before);
    println!("150 sign-ins with 1 MB: {} KB more", grown / 1024);
    // Were the addresses kept, it would be 150 MB. What the allocator keeps varies by a few.
    assert!(grown < 32 << 20, "{grown}");
}

async fn a_lost_password(site: Site) {
    let lin = site.person("lin").await;
    let kim = site.person("kim").await;
    assert_eq!(lin.call("GET", "/api/v1/me", None).await.0, 200);
    let conversation = lin.conversation().await;
    let mut stream = lin.events(&conversation, None, Format::Text).await;
    let (done, said) = site.command(&["passwd", "Lin@example.org"], "hearth and kettle\n");
    assert!(done && said.contains("lin@example.org has a new password"), "{said}");
    assert!(!said.contains("kettle"), "{said}");
    let log_in = async |password: &str| {
        let form = json!({ "email": "lin@example.org", "password": password });
        site.stranger().call("POST", LOGIN, Some(form)).await.0
    };
    assert_eq!(lin.call("GET", "/api/v1/me", None).await.0, 401);
    let ended = async { while let Ok(Some(_)) = stream.next().await {} };
    tokio::time::timeout(Duration::from_secs(15), ended).await.expect("an open stream ends, too");
    assert_eq!(kim.call("GET", "/api/v1/me", None).await.0, 200);
    assert_eq!((log_in(PASSWORD).await, log_in("hearth and kettle").await), (401, 200));
    for (who, input, why) in [
        ("nobody@example.org", "hearth and kettle\n", "no account"),
        ("lin@example.org", "password1\n", "guess"),
        ("lin@example.org", "", "there is none"),
        ("l i n", "hearth and kettle\n", "e-mail address"),
    ] {
        let (done, said) = site.command(&["passwd", who], input);
        assert!(!done && said.contains(why), "{who}: {said}");
    }
    assert_eq!(log_in("hearth and kettle").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_password_is_replaced_beside_the_running_server() {
    a_lost_password(Site::start(&[]).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_password_is_replaced_beside_the_running_server_on_mongodb() {
    let url = mongod::shared().await.url(&mongod::fresh_database());
    a_lost_password(Site::start(&[("INGLENOOK_STORE", &url)]).await).await;
}
