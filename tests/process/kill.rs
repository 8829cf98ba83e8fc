//! `kill -9` at any moment: text that anybody saw is there when the server comes back.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::join_all;

use crate::{
    events::{Events, Format, View},
    mongod,
    site::{Begun, Dice, Person, Site},
    tokens,
};

const ROUNDS: usize = 5;
const STREAMS: usize = 20;
const MODELS: [&str; 5] = [
    "tokens-400-delay-3",
    "tokens-150-delay-10",
    "tokens-6000-delay-0",
    "tokens-300-delay-2-think-60",
    "tokens-60-delay-0-think-400",
];

/// One answer, and what its two listeners saw of it.
struct Watched {
    conversation: String,
    model: &'static str,
    begun: Begun,
    views: [Arc<Mutex<View>>; 2],
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_with_a_hundred_answers_on_sqlite() {
    kill_again_and_again(Site::start(&[]).await, "sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_with_a_hundred_answers_on_mongodb() {
    let url = mongod::shared().await.url(&mongod::fresh_database());
    kill_again_and_again(Site::start(&[("INGLENOOK_STORE", &url)]).await, "mongodb").await;
}

async fn kill_again_and_again(mut site: Site, store: &str) {
    let mut dice = Dice::new(store);
    let mut people = Vec::new();
    for at in 0..4 {
        people.push(site.person(&format!("person{at}")).await);
    }
    let (mut seen, mut kept, mut cut, mut slowest) = (0, 0, 0, Duration::ZERO);
    for _ in 0..ROUNDS {
        for person in &mut people {
            *person = person.at(&site);
        }
        let asked = (0..STREAMS).map(|at| watch(&people[at % people.len()], MODELS[at % MODELS.len()]));
        let (watched, listeners): (Vec<_>, Vec<_>) = join_all(asked).await.into_iter().unzip();
        tokio::time::sleep(Duration::from_millis(dice.below(900))).await;
        site.server.kill();
        for listener in listeners.into_iter().flatten() {
            listener.await.unwrap();
        }
        site.start_again();
        slowest = slowest.max(site.server.start_took);
        for (at, one) in watched.iter().enumerate() {
            let person = people[at % people.len()].at(&site);
            let (saw, stored, whole) = compare(&person, one).await;
            seen += saw;
            kept += stored;
            cut += usize::from(!whole);
        }
    }
    let all = ROUNDS * STREAMS;
    println!(
        "{store}: {seen} bytes seen, {kept} kept, {cut} of {all} answers cut, ready again in {slowest:?} at the most"
    );
    assert!(seen > 0 && cut > 0, "nothing was cut: the kill came too late, or nobody listened");
    assert_eq!(site.server.log().matches("panic").count(), 0, "{}", site.server.log());
}

/// Asks, with two listeners whose tasks end with the server.
async fn watch(person: &Person, model: &'static str) -> (Watched, [tokio::task::JoinHandle<()>; 2]) {
    let conversation = person.conversation().await;
    let begun = person.ask(&conversation, model).await;
    let views: [Arc<Mutex<View>>; 2] =
        std::array::from_fn(|_| Arc::new(Mutex::new(View::after(begun.after))));
    let listeners = views.clone().map(|view| {
        let (person, conversation, after) = (person.clone(), conversation.clone(), begun.after);
        tokio::spawn(async move {
            let Ok(mut events) = Events::open(&person, &conversation, Some(after), Format::Text).await else {
                return;
            };
            while let Ok(Some(event)) = events.next().await {
                view.lock().unwrap().take(&event);
            }
        })
    });
    (Watched { conversation, model, begun, views }, listeners)
}

/// Checks one answer after the restart. Gives the bytes seen, the bytes stored, and whether it is whole.
async fn compare(person: &Person, one: &Watched) -> (usize, usize, bool) {
    // A server is ready before it has completed the answers of the last process.
    person.settled(&one.conversation).await;
    let messages = person.messages(&one.conversation, "markdown").await;
    let [question, answer] = &messages[..] else { panic!("{}: {messages:?}", one.conversation) };
    assert_eq!(question["id"], one.begun.question);
    assert_eq!(answer["id"], one.begun.answer);
    let status = answer["status"].as_str().unwrap();
    let (content, reasoning) =
        (answer["content"].as_str().unwrap(), answer["reasoning"].as_str().unwrap_or_default());
    let (whole, whole_thought) = told(one.model);
    assert!(whole.starts_with(content), "{}: what is stored was never said", one.model);
    assert!(whole_thought.starts_with(reasoning), "{}: what is stored was never thought", one.model);
    let mut most = 0;
    for view in &one.views {
        let view = view.lock().unwrap().clone();
        most = most.max(view.text.len() + view.reasoning.len());
        let about = format!(
            "{} ({status}): {} and {} bytes seen, {} and {} stored",
            one.model,
            view.reasoning.len(),
            view.text.len(),
            reasoning.len(),
            content.len()
        );
        assert!(content.starts_with(&view.text), "{about}");
        assert!(reasoning.starts_with(&view.reasoning), "{about}");
        match view.end.as_deref() {
            None => assert!(matches!(status, "interrupted" | "complete"), "{about}"),
            Some(end) => assert_eq!((end, status, content), ("complete", "complete", whole), "{about}"),
        }
        let place = view.place;
        let back = come_back(person, &one.conversation, view).await;
        let back = back.unwrap_or_else(|error| panic!("{about}, back at {place:?}: {error}"));
        assert_eq!((back.text.as_str(), back.reasoning.as_str()), (content, reasoning), "{about}");
        assert_eq!(back.end.as_deref(), Some(status), "{about}");
    }
    if status == "complete" {
        assert_eq!(content, whole, "{}", one.model);
    }
    (most, content.len() + reasoning.len(), status == "complete")
}

/// Listens again from the last place and asserts that everything comes exactly once, or again after a `reset`.
async fn come_back(person: &Person, conversation: &str, mut view: View) -> std::io::Result<View> {
    if view.end.is_none() {
        let mut events = Events::open(person, conversation, view.place, Format::Text).await?;
        while view.end.is_none() {
            view.take(&events.next().await?.ok_or(std::io::ErrorKind::UnexpectedEof)?);
        }
    }
    Ok(view)
}

/// What a model says and thinks.
fn told(model: &str) -> (&'static str, String) {
    let number = |name: &str| {
        let after = model.split(name).nth(1).unwrap_or_default();
        after.split('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    (tokens::text(number("tokens-")), tokens::thought(number("think-")))
}
