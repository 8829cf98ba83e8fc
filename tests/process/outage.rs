//! The database goes away in mid-stream, or refuses a write: answers go on or end with a sentence, and no text is lost.

use std::time::{Duration, Instant};

use futures::future::join_all;
use mongodb::{Client, bson::doc};

use crate::{
    events::{Events, Format, View},
    mongod,
    proxy::{Network, Proxy},
    site::{Begun, PATIENCE, Person, Site},
    tokens,
};

const TOKENS: usize = 300;
/// How long the database is away, which is about as long as the answers take.
const AWAY: Duration = Duration::from_secs(4);

async fn behind_a_proxy() -> (Proxy, Site) {
    let database = mongod::fresh_database();
    let mongod = mongod::shared().await.url(&database);
    let address = mongod.split('/').nth(2).unwrap().parse().unwrap();
    let proxy = Proxy::before(address).await.unwrap();
    // A call fails after twice a second. A direct connection does not ask for the members' own addresses.
    let url = format!(
        "mongodb://{}/{database}?directConnection=true&serverSelectionTimeoutMS=1000&connectTimeoutMS=1000",
        proxy.address
    );
    let site = Site::start(&[("INGLENOOK_STORE", &url)]).await;
    (proxy, site)
}

struct Asked {
    conversation: String,
    begun: Begun,
    events: Events,
    view: View,
}

async fn ask(person: &Person, model: &str) -> Asked {
    let conversation = person.conversation().await;
    let begun = person.ask(&conversation, model).await;
    let events = person.events(&conversation, Some(begun.after), Format::Text).await;
    let view = View::after(begun.after);
    Asked { conversation, begun, events, view }
}

/// Whether the conversation can be read at the moment.
async fn works(person: &Person, conversation: &str) -> bool {
    let path = format!("/api/v1/conversations/{conversation}");
    let (status, answer) = person.call("GET", &path, None).await;
    assert!(matches!(status, 200 | 503), "{answer}");
    status == 200
}

async fn goes_away(network: Network) {
    let (proxy, site) = behind_a_proxy().await;
    let person = site.person("ada").await;
    let model = format!("tokens-{TOKENS}-delay-20-think-20");
    let mut asked = join_all((0..6).map(|_| ask(&person, &model))).await;
    let short = ask(&person, "tokens-100-delay-20").await;
    let idle = person.conversation().await;
    let outage = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let began = Instant::now();
        proxy.set(network);
        let refused = person.try_ask(&idle, "acme", "tokens-5-delay-0", "").await.unwrap();
        assert_eq!(refused.0, 503, "{}", refused.1);
        assert!(!works(&person, &idle).await);
        tokio::time::sleep(AWAY.saturating_sub(began.elapsed())).await;
        let ended = Instant::now();
        proxy.set(Network::Works);
        (began, ended)
    };
    // The bytes seen at each time.
    let watch = join_all(asked.iter_mut().map(async |one| {
        let mut progress = Vec::new();
        while one.view.end.is_none() {
            let event = one.events.next().await.unwrap().expect("it goes on to the end");
            one.view.take(&event);
            progress.push((Instant::now(), one.view.text.len()));
        }
        progress
    }));
    let short = async {
        let Asked { conversation, begun, mut events, mut view } = short;
        assert!(events.until_end(&mut view).await);
        (conversation, begun, view, Instant::now())
    };
    let ((began, ended), progress, short) = futures::join!(outage, watch, short);
    for (one, progress) in asked.iter().zip(&progress) {
        let during: Vec<_> = progress.iter().filter(|(at, _)| *at > began && *at < ended).collect();
        let (first, last) = (during.first().map_or(0, |it| it.1), during.last().map_or(0, |it| it.1));
        assert!(last > first + 200, "the answer stood still while the database was away: {first} to {last}");
        assert_eq!(
            (one.view.text.as_str(), one.view.end.as_deref()),
            (tokens::text(TOKENS), Some("complete"))
        );
        assert_eq!((one.view.reasoning.as_str(), one.view.resets), (tokens::thought(20).as_str(), 0));
        let stored = person.messages(&one.conversation, "markdown").await;
        assert_eq!(stored.len(), 2);
        assert_eq!(
            (stored[1]["id"].as_str(), stored[1]["content"].as_str()),
            (Some(&*one.begun.answer), Some(tokens::text(TOKENS)))
        );
        assert_eq!(stored[1]["status"], "complete");
    }
    // The end came while nothing could be stored, and was sent once it was stored.
    let (conversation, _, view, told) = short;
    let stored = person.settled(&conversation).await;
    assert!(told > ended, "an end was told that was not stored: {stored}");
    assert_eq!((view.text.as_str(), view.end.as_deref()), (tokens::text(100), Some("complete")), "{stored}");
    assert_eq!(stored["content"], tokens::text(100));
    // Refused questions left nothing behind.
    let begun = Instant::now();
    loop {
        let (status, answer) = person.try_ask(&idle, "acme", "tokens-5-delay-0", "").await.unwrap();
        if status == 202 {
            break;
        }
        assert!(matches!(status, 409 | 503) && begun.elapsed() < PATIENCE, "{answer}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(person.settled(&idle).await["content"], tokens::text(5));
    assert_eq!(site.server.log().matches("panic").count(), 0, "{}", site.server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_cut_off_in_mid_stream() {
    goes_away(Network::Cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_freezes_in_mid_stream() {
    goes_away(Network::Frozen).await;
}

/// The database is cut off again and again while people ask: each question that was acknowledged is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_between_cuts_is_there() {
    let (proxy, site) = behind_a_proxy().await;
    let person = site.person("ada").await;
    let mut conversations = Vec::new();
    for _ in 0..8 {
        conversations.push(person.conversation().await);
    }
    let cuts = async {
        for at in 0..6 {
            tokio::time::sleep(Duration::from_millis(300 + 130 * at)).await;
            let how = if at % 2 == 0 { Network::Cut } else { Network::Frozen };
            proxy.for_a_while(how, Duration::from_millis(200 + 250 * at)).await;
        }
    };
    let ended = std::sync::atomic::AtomicBool::new(false);
    let work = join_all(conversations.iter().map(async |conversation| {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            if ended.load(std::sync::atomic::Ordering::Relaxed) {
                break;
            }
            // The same key again, as long as the outcome is unknown.
            let key = format!("idempotency-key: {conversation}-{number}\r\n");
            loop {
                let asked = person.try_ask(conversation, "acme", "tokens-20-delay-2", &key).await;
                match asked {
                    Ok((202, begun)) => {
                        acknowledged.push(begun["assistant_message"]["id"].as_str().unwrap().to_owned());
                        break;
                    }
                    Ok((409 | 503, _)) => tokio::time::sleep(Duration::from_millis(100)).await,
                    other => panic!("{other:?}"),
                }
            }
        }
        acknowledged
    }));
    let (acknowledged, ()) = futures::join!(work, async {
        cuts.await;
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let mut all = 0;
    for (conversation, acknowledged) in conversations.iter().zip(&acknowledged) {
        person.settled(conversation).await;
        let stored = person.messages(conversation, "markdown").await;
        let answers: Vec<&str> = stored
            .iter()
            .filter(|it| it["role"] == "assistant")
            .map(|it| it["id"].as_str().unwrap())
            .collect();
        assert_eq!(answers, acknowledged.iter().map(String::as_str).collect::<Vec<_>>(), "{conversation}");
        assert_eq!(stored.len(), acknowledged.len() * 2);
        for answer in stored.iter().filter(|it| it["status"] == "complete") {
            if answer["role"] == "assistant" {
                assert_eq!(answer["content"], tokens::text(20));
            }
        }
        all += acknowledged.len();
    }
    println!("{all} questions acknowledged");
    assert!(all >= 16, "{all}");
}

/// A write that MongoDB refuses ends the answer and frees the conversation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_end_is_told_as_failed() {
    let url = mongod::shared().await.url(&mongod::fresh_database());
    let site = Site::start(&[("INGLENOOK_STORE", &url)]).await;
    let person = site.person("ada").await;
    let conversation = person.conversation().await;
    let database = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    let rule = |rule| doc! { "collMod": "messages", "validator": rule };
    let refuse = doc! { "$nor": [{ "status": "complete", "role": "assistant" }] };
    database.run_command(rule(refuse)).await.unwrap();
    let begun = person.ask(&conversation, "tokens-20-delay-0").await;
    let mut view = View::after(begun.after);
    let mut events = person.events(&conversation, Some(begun.after), Format::Text).await;
    assert!(events.until_end(&mut view).await);
    let stored = person.messages(&conversation, "markdown").await.pop().unwrap();
    assert_eq!(
        (stored["status"].as_str(), stored["content"].as_str()),
        (Some("failed"), Some(tokens::text(20)))
    );
    database.run_command(rule(doc! {})).await.unwrap();
    person.ask(&conversation, "tokens-5-delay-0").await;
    assert_eq!(person.settled(&conversation).await["status"], "complete");
}
