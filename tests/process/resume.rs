//! Connections that are cut at every event: a listener that resumes misses nothing and sees nothing twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;

use crate::{
    events::{Event, Format, View},
    site::{Dice, Person, Site},
    tokens,
};

const RESUMES: usize = 10_000;
const TOKENS: usize = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_resumes() {
    let site = Site::start(&[]).await;
    let resumes = AtomicUsize::new(0);
    let dice = &std::sync::Mutex::new(Dice::new("resumes"));
    let people = join_all((0..8).map(|at| {
        let (site, name) = (&site, format!("person{at}"));
        async move { site.person(&name).await }
    }))
    .await;
    let workers = people.iter().enumerate().map(|(at, person)| {
        let resumes = &resumes;
        let format = if at % 2 == 0 { Format::Text } else { Format::Html };
        async move {
            while resumes.load(Ordering::Relaxed) < RESUMES {
                one_answer(person, format, resumes, dice).await;
            }
        }
    });
    join_all(workers).await;
    println!("{} resumes", resumes.load(Ordering::Relaxed));
}

/// Listens to an answer in pieces while it is written, and then again from many of its places.
async fn one_answer(person: &Person, format: Format, resumes: &AtomicUsize, dice: &std::sync::Mutex<Dice>) {
    let conversation = person.conversation().await;
    let begun = person.ask(&conversation, &format!("tokens-{TOKENS}-delay-4")).await;
    // A listener that stays, so that the server keeps the log.
    let mut anchor = person.events(&conversation, Some(begun.after), format).await;
    let mut view = View::after(begun.after);
    let mut places = vec![begun.after];
    // After a place the blocks that changed since are sent again until all are sent. A listener that is cut off
    // before that stays a little longer each time.
    let mut in_vain = 0;
    while view.end.is_none() {
        let wanted = if format == Format::Text { 1 } else { 1 + dice.lock().unwrap().below(6) as usize };
        let before = view.place;
        for event in some(person, &conversation, &view, format, wanted + in_vain).await {
            view.take(&event);
        }
        in_vain = if before == view.place { in_vain + 1 } else { 0 };
        assert!(in_vain < TOKENS, "there is no end of what comes after {before:?}");
        places.extend(view.place.filter(|place| before != Some(*place)));
        resumes.fetch_add(1, Ordering::Relaxed);
    }
    assert_eq!(view.resets, 0, "no place of a running answer is ever gone");
    let mut stayed = View::after(begun.after);
    assert!(anchor.until_end(&mut stayed).await);
    let whole = tokens::text(TOKENS);
    let stored = &person.messages(&conversation, "html").await[1];
    let same = |view: &View, how: &str| match format {
        Format::Text => assert_eq!(view.text, whole, "{how}"),
        Format::Html => assert_eq!(view.blocks.concat(), stored["html"].as_str().unwrap(), "{how}"),
    };
    same(&stayed, "one who stayed");
    same(&view, "one who was cut off at every event");
    places.pop();
    for place in places.into_iter().step_by(3) {
        from_place(person, &conversation, format, place, &stayed).await;
        resumes.fetch_add(1, Ordering::Relaxed);
    }
}

/// Up to `wanted` events from the last place on; then the connection is cut.
async fn some(person: &Person, conversation: &str, view: &View, format: Format, wanted: usize) -> Vec<Event> {
    let mut events = person.events(conversation, view.place, format).await;
    let mut some = Vec::new();
    while some.len() < wanted {
        let Some(event) = events.next().await.unwrap() else { break };
        let end = event.is_end();
        some.push(event);
        if end {
            break;
        }
    }
    some
}

/// Listens to the rest of an answer that has ended, from a place in it.
async fn from_place(person: &Person, conversation: &str, format: Format, place: u64, stayed: &View) {
    let mut events = person.events(conversation, Some(place), format).await;
    let mut rest = View::after(place);
    assert!(events.until_end(&mut rest).await);
    match format {
        // All of it after a reset or from the beginning, else what was missing.
        Format::Text if !rest.message_id.is_empty() => assert_eq!(rest.text, stayed.text),
        Format::Text => assert!(stayed.text.ends_with(&rest.text), "from {place}: {:?}", rest.text),
        // Blocks that come are as they are in the end; the others were so at that place.
        Format::Html => {
            for (index, block) in rest.blocks.iter().enumerate().filter(|(_, block)| !block.is_empty()) {
                assert_eq!(block, &stayed.blocks[index], "from {place}");
            }
        }
    }
}
