//! Whatever people do in a room: who may listen is told each message once and in one order, wherever they left, and nobody
//! else is told anything.

use std::{collections::BTreeMap, time::Duration};

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use super::{
    app::{App, Client},
    client::Events,
};

/// The people besides the owner, who comes first.
const NAMES: [&str; 4] = ["ada", "ben", "cleo", "dan"];

/// What happens. A number chooses one of the people, or of what was said.
#[derive(Clone, Copy, Debug)]
enum Act {
    Join(usize),
    Leave(usize),
    Remove(usize),
    Ban(usize),
    Unban(usize),
    Say(usize),
    Edit(usize),
    Erase(usize),
    /// Begins to listen, or comes back to where they left.
    Listen(usize),
    /// Reads all that was said so far.
    Read(usize),
    /// The connection is lost.
    Lose(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let who = || 1..NAMES.len();
    let any_one = || 0..NAMES.len();
    prop_oneof![
        4 => who().prop_map(Act::Join),
        1 => who().prop_map(Act::Leave),
        1 => who().prop_map(Act::Remove),
        1 => who().prop_map(Act::Ban),
        1 => who().prop_map(Act::Unban),
        6 => any_one().prop_map(Act::Say),
        2 => any::<usize>().prop_map(Act::Edit),
        1 => any::<usize>().prop_map(Act::Erase),
        4 => any_one().prop_map(Act::Listen),
        3 => any_one().prop_map(Act::Read),
        2 => any_one().prop_map(Act::Lose),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Outside,
    Inside,
    Banned,
}

struct Person {
    client: Client,
    id: String,
    part: Part,
    /// The position after what they were told.
    after: u64,
    events: Option<Events>,
    /// What each message said, as often as they were told of it.
    told: BTreeMap<String, Vec<String>>,
}

/// A message as it is, and who wrote it.
struct Said {
    id: String,
    by: usize,
    text: String,
}

struct World {
    room: String,
    people: Vec<Person>,
    said: Vec<Said>,
    /// Counts the texts, so that no two are the same.
    texts: u32,
    app: App,
}

impl World {
    async fn new() -> Self {
        let app = App::start().await;
        let mut people = Vec::new();
        for name in NAMES {
            let client = app.person(name).await;
            let id = client.id().await;
            let (events, told) = (None, BTreeMap::new());
            people.push(Person { client, id, part: Part::Outside, after: 0, events, told });
        }
        people[0].part = Part::Inside;
        let wanted = json!({ "name": "Any", "listed": true });
        let room = people[0].client.post("/api/v1/rooms", &wanted).await.is(201).id();
        Self { room, people, said: Vec::new(), texts: 0, app }
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        format!("text {}", self.texts)
    }

    async fn act(&mut self, act: Act) {
        let room = format!("/api/v1/rooms/{}", self.room);
        match act {
            Act::Join(who) => {
                let person = &mut self.people[who];
                let answer = person.client.post(&format!("{room}/join"), &json!({})).await;
                match person.part {
                    Part::Banned => drop(answer.is(403)),
                    Part::Inside | Part::Outside => {
                        answer.is(200);
                        person.part = Part::Inside;
                    }
                }
            }
            Act::Leave(who) => {
                let person = &self.people[who];
                let status = if person.part == Part::Inside { 204 } else { 404 };
                person.client.post(&format!("{room}/leave"), &json!({})).await.is(status);
                self.out(who, Part::Outside).await;
            }
            Act::Remove(who) if self.people[who].part == Part::Inside => {
                self.people[0]
                    .client
                    .delete(&format!("{room}/members/{}", self.people[who].id))
                    .await
                    .is(200);
                self.out(who, Part::Outside).await;
            }
            Act::Ban(who) if self.people[who].part == Part::Inside => {
                let path = format!("{room}/members/{}/ban", self.people[who].id);
                self.people[0].client.post(&path, &json!({})).await.is(200);
                self.out(who, Part::Banned).await;
            }
            Act::Unban(who) if self.people[who].part == Part::Banned => {
                let path = format!("{room}/members/{}/unban", self.people[who].id);
                self.people[0].client.post(&path, &json!({})).await.is(200);
                self.people[who].part = Part::Outside;
            }
            Act::Remove(_) | Act::Ban(_) | Act::Unban(_) => {}
            Act::Say(who) => self.say(who).await,
            Act::Edit(at) => self.edit(at).await,
            Act::Erase(at) => self.erase(at).await,
            Act::Listen(who) => self.listen(who).await,
            Act::Read(who) => self.read(who).await,
            Act::Lose(who) => self.people[who].events = None,
        }
    }

    /// The person takes no part any more: their stream ends, and nothing more comes in it that is said from now on.
    async fn out(&mut self, who: usize, part: Part) {
        if self.people[who].part != Part::Inside {
            return;
        }
        self.people[who].part = part;
        self.say(0).await;
        let secret = self.said.last().unwrap().id.clone();
        let person = &mut self.people[who];
        if let Some(mut events) = person.events.take() {
            while let Some(event) = events.next().await {
                person.take(event);
            }
        }
        assert!(!person.told.contains_key(&secret), "somebody who is out is told what is said");
    }

    async fn say(&mut self, who: usize) {
        let text = self.text();
        let path = format!("/api/v1/conversations/{}/messages", self.room);
        let answer = loop {
            let answer = self.people[who].client.post(&path, &json!({ "content": text })).await;
            // Nobody may say much at once.
            match (answer.status, answer.header("retry-after").parse()) {
                (429, Ok(seconds)) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                _ => break answer,
            }
        };
        if self.people[who].part != Part::Inside {
            answer.is(404);
            return;
        }
        let id = answer.is(201).json()["message"]["id"].as_str().unwrap().to_owned();
        self.said.push(Said { id, by: who, text });
    }

    async fn edit(&mut self, at: usize) {
        let Some(at) = at.checked_rem(self.said.len()) else { return };
        let text = self.text();
        let said = &mut self.said[at];
        let path = format!("/api/v1/messages/{}", said.id);
        let answer = self.people[said.by].client.patch(&path, &json!({ "content": text })).await;
        if self.people[said.by].part == Part::Inside && !said.text.is_empty() {
            answer.is(200);
            said.text = text;
        } else {
            answer.is(404);
        }
    }

    async fn erase(&mut self, at: usize) {
        let Some(at) = at.checked_rem(self.said.len()) else { return };
        let said = &mut self.said[at];
        let answer = self.people[said.by].client.delete(&format!("/api/v1/messages/{}", said.id)).await;
        if self.people[said.by].part == Part::Inside {
            answer.is(204);
            said.text.clear();
        } else {
            answer.is(404);
        }
    }

    async fn listen(&mut self, who: usize) {
        let path = format!("/api/v1/conversations/{}/events?after={}", self.room, self.people[who].after);
        let client = &self.people[who].client;
        if self.people[who].part == Part::Inside {
            // A client of its own, because a stream holds its request for as long as it is open.
            let listener = self.app.client().bearer(client.token());
            self.people[who].events = Some(listener.events(&path).await);
        } else {
            client.get(&path).await.problem(404, "");
        }
    }

    /// Reads until what was said last has come, as it is now.
    async fn read(&mut self, who: usize) {
        let person = &mut self.people[who];
        let Some(events) = &mut person.events else { return };
        let current = |told: &BTreeMap<String, Vec<String>>| {
            self.said.iter().all(|said| {
                told.get(&said.id).and_then(|texts| texts.last()).is_some_and(|text| *text == said.text)
            })
        };
        while !current(&person.told) {
            let event = events.next().await.expect("the stream of a member goes on");
            take(&mut person.after, &mut person.told, event);
        }
    }
}

impl Person {
    fn take(&mut self, event: (String, String, Value)) {
        take(&mut self.after, &mut self.told, event);
    }
}

fn take(
    after: &mut u64,
    told: &mut BTreeMap<String, Vec<String>>,
    (name, seq, data): (String, String, Value),
) {
    let seq: u64 = seq.parse().unwrap();
    assert!(seq >= *after, "the numbers of events never fall: {seq} comes after {after}");
    *after = seq;
    assert_ne!(name, "reset", "so little was missed that it is told one by one");
    if name == "message" {
        let (id, text) = (data["id"].as_str().unwrap(), data["content"].as_str().unwrap().to_owned());
        let texts = told.entry(id.to_owned()).or_default();
        assert!(!texts.contains(&text), "{text:?} is told twice: {told:?}");
        texts.push(text);
    }
}

async fn hold(acts: Vec<Act>) {
    let mut world = World::new().await;
    for act in acts {
        world.act(act).await;
    }
    // In the end everybody who may comes back, and has all of it, in the order in which it was said.
    world.say(0).await;
    for who in 0..NAMES.len() {
        world.listen(who).await;
        world.read(who).await;
        world.people[who].events = None;
        if world.people[who].part == Part::Inside {
            let told: Vec<&String> = world.people[who].told.keys().collect();
            let said: Vec<&String> = world.said.iter().map(|said| &said.id).collect();
            assert_eq!(told, said);
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, max_shrink_iters: 200, ..Config::default() })]
    #[test]
    fn who_takes_part_is_told_each_message_once_and_nobody_else_is(acts in proptest::collection::vec(act(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(hold(acts));
    }
}
