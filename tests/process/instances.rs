//! Two server processes on one MongoDB: whatever runs in one is seen, changed and stopped through the other.

use std::time::{Duration, Instant};

use futures::future::join_all;
use mongodb::{Client, bson::doc};
use serde_json::{Value, json};

use crate::{
    events::{Events, Format, View},
    mongod::{self, Mongod},
    site::{Dice, PATIENCE, Person, Site},
    tokens,
};

/// An answer that lasts long enough to be followed.
const LONG: &str = "tokens-600-delay-10";

/// Two servers with one secret on one database.
pub struct Pair {
    pub a: Site,
    pub b: Site,
}

impl Pair {
    pub async fn start() -> Self {
        Self::on(&mongod::shared().await.url(&mongod::fresh_database())).await
    }

    async fn on(url: &str) -> Self {
        let settings =
            [("INGLENOOK_STORE", url), ("INGLENOOK_SECRET", "c2VjcmV0LW9mLWJvdGgtc2VydmVycy0wMTIzNDU2Nzg5")];
        Self { a: Site::start(&settings).await, b: Site::start(&settings).await }
    }

    /// One person at both servers.
    pub async fn person(&self, name: &str) -> [Person; 2] {
        let person = self.a.person(name).await;
        [person.at(&self.a), person.at(&self.b)]
    }
}

/// What a listener sees from a place on to the answer's end.
pub async fn seen(mut events: Events, place: Option<u64>) -> View {
    let mut view = place.map(View::after).unwrap_or_default();
    assert!(events.until_end(&mut view).await, "{view:?}");
    view
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_followed_through_the_other_server() {
    let pair = Pair::start().await;
    let [at_a, at_b] = pair.person("ada").await;
    let model = "tokens-200-delay-10-think-30";
    let conversation = at_a.conversation().await;
    let early = at_b.events(&conversation, Some(0), Format::Text).await;
    let html = at_b.events(&conversation, Some(0), Format::Html).await;
    let begun = at_a.ask(&conversation, model).await;
    let placed = at_b.events(&conversation, Some(begun.after), Format::Text).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let late = at_b.events(&conversation, None, Format::Text).await;
    let shown = at_b.messages(&conversation, "markdown").await.pop().unwrap();
    assert_eq!(shown["status"], "generating");
    assert!(!shown["reasoning"].as_str().unwrap_or_default().is_empty(), "{shown}");
    let (status, refused) = at_b.try_ask(&conversation, "acme", model, "").await.unwrap();
    assert_eq!(status, 409, "{refused}");

    let (early, placed, late, html) = futures::join!(
        seen(early, Some(0)),
        seen(placed, Some(begun.after)),
        seen(late, None),
        seen(html, Some(0))
    );
    for view in [&early, &placed, &late] {
        assert_eq!(
            (view.text.as_str(), view.reasoning.as_str()),
            (tokens::text(200), tokens::thought(30).as_str())
        );
        assert_eq!(
            (view.end.as_deref(), view.message_id.as_str()),
            (Some("complete"), begun.answer.as_str())
        );
    }
    assert_eq!((placed.resets, late.resets), (0, 0));
    let stored = at_b.messages(&conversation, "html").await.pop().unwrap();
    assert_eq!(html.blocks.concat(), stored["html"].as_str().unwrap());
}

/// Answers that are over before the other server could look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_answer_is_told_whole_too() {
    let pair = Pair::start().await;
    let [at_a, at_b] = pair.person("ada").await;
    let conversation = at_a.conversation().await;
    let mut events = at_b.events(&conversation, Some(0), Format::Text).await;
    let mut view = View::after(0);
    for number in 1..=25 {
        let begun = at_a.ask(&conversation, &format!("tokens-{number}-delay-0")).await;
        loop {
            assert!(events.until_end(&mut view).await);
            if view.message_id == begun.answer {
                break;
            }
        }
        assert_eq!((view.text.as_str(), view.end.as_deref()), (tokens::text(number), Some("complete")));
        at_a.settled(&conversation).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_moves_between_the_servers_and_sees_everything_once() {
    let pair = Pair::start().await;
    let people = join_all((0..4).map(|at| {
        let pair = &pair;
        async move { pair.person(&format!("person{at}")).await }
    }))
    .await;
    let dice = &std::sync::Mutex::new(Dice::new("moves"));
    let moves = join_all(people.iter().enumerate().flat_map(|(at, person)| {
        let formats = [Format::Text, Format::Html];
        formats.map(|format| move_about(person, format, at % 2, dice))
    }))
    .await;
    println!("{} moves", moves.iter().sum::<usize>());
    assert!(moves.iter().all(|moves| *moves > 3), "{moves:?}");
}

/// Listens to one answer at both servers in turn. Gives how often the listener moved.
async fn move_about(
    person: &[Person; 2],
    format: Format,
    writer: usize,
    dice: &std::sync::Mutex<Dice>,
) -> usize {
    let tokens = 300;
    let conversation = person[writer].conversation().await;
    let begun = person[writer].ask(&conversation, &format!("tokens-{tokens}-delay-10")).await;
    // Listeners that stay, so that the servers keep the logs.
    let mut stay = Vec::new();
    for person in person {
        stay.push(person.events(&conversation, Some(begun.after), format).await);
    }
    let mut view = View::after(begun.after);
    let mut moves = 0;
    while view.end.is_none() {
        let mut events = person[moves % 2].events(&conversation, view.place, format).await;
        let wanted = 1 + dice.lock().unwrap().below(8);
        for _ in 0..wanted {
            let Some(event) = events.next().await.unwrap() else { break };
            view.take(&event);
            if event.is_end() {
                break;
            }
        }
        moves += 1;
    }
    assert_eq!((view.resets, view.end.as_deref()), (0, Some("complete")), "{format:?} after {moves} moves");
    let stored = person[1 - writer].messages(&conversation, "html").await.pop().unwrap();
    match format {
        Format::Text => assert_eq!(view.text, tokens::text(tokens), "after {moves} moves"),
        Format::Html => {
            assert_eq!(view.blocks.concat(), stored["html"].as_str().unwrap(), "after {moves} moves")
        }
    }
    moves
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_stopped_through_the_other_server() {
    let pair = Pair::start().await;
    let [at_a, at_b] = pair.person("ada").await;
    let conversation = at_a.conversation().await;
    let begun = at_a.ask(&conversation, LONG).await;
    let mut events = at_a.events(&conversation, Some(begun.after), Format::Text).await;
    let mut view = View::after(begun.after);
    while view.text.is_empty() {
        view.take(&events.next().await.unwrap().unwrap());
    }
    let (status, stopped) = at_b.call("POST", &format!("/api/v1/messages/{}/stop", begun.answer), None).await;
    assert_eq!((status, stopped["status"].as_str()), (200, Some("stopped")), "{stopped}");
    assert!(events.until_end(&mut view).await);
    assert_eq!(
        (view.end.as_deref(), Some(view.text.as_str())),
        (Some("stopped"), stopped["content"].as_str())
    );

    // The other server continues the answer, and the first one stops it again.
    let (status, continued) =
        at_b.call("POST", &format!("/api/v1/messages/{}/continue", begun.answer), None).await;
    assert_eq!(status, 202, "{continued}");
    let mut on = View::after(view.place.unwrap());
    while on.text.len() <= view.text.len() {
        on.take(&events.next().await.unwrap().unwrap());
    }
    assert!(on.text.starts_with(&view.text) && on.resets == 0, "{on:?}");
    let (status, stopped) = at_a.call("POST", &format!("/api/v1/messages/{}/stop", begun.answer), None).await;
    assert_eq!((status, stopped["status"].as_str()), (200, Some("stopped")), "{stopped}");
    assert!(events.until_end(&mut on).await);
    assert_eq!(Some(on.text.as_str()), stopped["content"].as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_through_one_server_is_told_by_the_other() {
    let pair = Pair::start().await;
    let [at_a, at_b] = pair.person("ada").await;
    let conversation = at_a.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}");
    for model in ["tokens-5-delay-0", "tokens-6-delay-0"] {
        at_a.ask(&conversation, model).await;
        at_a.settled(&conversation).await;
    }
    let mut events = at_b.events(&conversation, None, Format::Text).await;
    assert!(events.until_end(&mut View::default()).await);
    let told = async |events: &mut Events, wanted: Value| {
        while events.next().await.unwrap().expect("it goes on").data != wanted {}
    };
    let (status, _) = at_a.call("PATCH", &path, Some(json!({ "title": "Renamed" }))).await;
    assert_eq!(status, 200);
    told(&mut events, json!({ "event": "title", "title": "Renamed" })).await;
    let first = at_a.messages(&conversation, "markdown").await.remove(0);
    let (status, _) =
        at_a.call("DELETE", &format!("/api/v1/messages/{}", first["id"].as_str().unwrap()), None).await;
    assert_eq!(status, 204);
    told(&mut events, json!({ "event": "changed" })).await;
    let (status, _) = at_a.call("DELETE", &path, None).await;
    assert_eq!(status, 204);
    while events.next().await.unwrap().is_some() {}

    let other = at_a.conversation().await;
    let mut events = at_b.events(&other, None, Format::Text).await;
    let (status, _) = at_a.call("POST", "/api/v1/auth/logout", None).await;
    assert_eq!(status, 204);
    while events.next().await.unwrap().is_some() {}
    assert_eq!(at_b.call("GET", "/api/v1/me", None).await.0, 401);
}

/// If the database does not report changes, the servers look for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_change_streams_the_servers_look() {
    let mongod = Mongod::start(&["--replSet", "rs0", "--setParameter", "enableTestCommands=1"]).await;
    let url = mongod.url("inglenook");
    let admin = Client::with_uri_str(&url).await.unwrap().database("admin");
    let refuse = doc! {
        "configureFailPoint": "failCommand",
        "mode": "alwaysOn",
        "data": {
            "failCommands": ["aggregate"], "errorCode": 13, "namespace": "inglenook.$cmd.aggregate",
        },
    };
    admin.run_command(refuse).await.unwrap();
    let pair = Pair::on(&url).await;
    let [at_a, at_b] = pair.person("ada").await;
    let conversation = at_a.conversation().await;
    let mut events = at_b.events(&conversation, Some(0), Format::Text).await;
    let mut view = View::after(0);
    for number in [150, 1] {
        let begun = at_a.ask(&conversation, &format!("tokens-{number}-delay-10")).await;
        while view.message_id != begun.answer || view.end.is_none() {
            view.take(&events.next().await.unwrap().unwrap());
        }
        assert_eq!((view.text.as_str(), view.end.as_deref()), (tokens::text(number), Some("complete")));
    }
    let begun = at_a.ask(&conversation, LONG).await;
    let (status, stopped) = at_b.call("POST", &format!("/api/v1/messages/{}/stop", begun.answer), None).await;
    assert_eq!((status, stopped["status"].as_str()), (200, Some("stopped")), "{stopped}");
    assert!(pair.b.server.log().contains("changes of other servers are looked for"));
    sign_outs_end_streams(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_outs_through_one_server_end_streams_of_the_other() {
    sign_outs_end_streams(&Pair::start().await).await;
}

/// Signs out, and sets a new password, which ends all sessions but the one that sets it.
async fn sign_outs_end_streams(pair: &Pair) {
    let [at_a, at_b] = pair.person("eve").await;
    let [_, stays] = pair.person("stays").await;
    let again = at_a.signed_in_again("eve").await.at(&pair.b);
    let mut others = stays.events(&stays.conversation().await, None, Format::Text).await;
    let conversation = at_a.conversation().await;
    let mut kept = at_b.events(&conversation, None, Format::Text).await;
    let mut ends = again.events(&conversation, None, Format::Text).await;
    let over = async |events: &mut Events| {
        let begun = Instant::now();
        let over = async { while events.next().await.unwrap().is_some() {} };
        tokio::time::timeout(PATIENCE, over).await.expect("the stream ends with its session");
        println!("a stream ended {:?} after its session", begun.elapsed());
    };
    let change = json!({ "password": "correct horse", "new_password": "another horse" });
    let (status, changed) = at_a.call("PATCH", "/api/v1/me", Some(change)).await;
    assert_eq!(status, 200, "{changed}");
    over(&mut ends).await;
    let still = tokio::time::timeout(Duration::from_secs(2), kept.next()).await;
    assert!(still.is_err(), "the stream of the one who changed it goes on");
    let (status, _) = at_a.call("POST", "/api/v1/auth/logout", None).await;
    assert_eq!(status, 204);
    over(&mut kept).await;
    let still = tokio::time::timeout(Duration::from_millis(500), others.next()).await;
    assert!(still.is_err(), "the streams of others go on");
}
