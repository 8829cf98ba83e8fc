//! What the store has before the server starts.

use std::path::Path;

use inglenook::{
    domain::{Conversation, ConversationKind, Message, Params, Role, RoomSettings, Status, Talk, Timings},
    server::{
        ops::clock::{Clock, Ids},
        store::{Entry, Join, JoinOutcome, Need, NewMessage, NewRoom, RoomOutcome, Store},
    },
};

use crate::asking::{Failure, add_people, open_store, person_id};

const PEOPLE: usize = 10_000;
const MESSAGES: usize = 100_000;
/// How many rooms there are for people who write and read, and how many may be in each.
pub const BUSY_ROOMS: usize = 20;

/// The ids of the rooms.
pub struct Data {
    /// Of everybody, with many messages.
    pub big: String,
    /// Of one person.
    pub empty: String,
    /// Of those who sign in, in which nothing happens by itself.
    pub quiet: String,
    pub busy: Vec<String>,
}

impl Data {
    pub async fn fill(folder: &Path) -> Result<Self, Failure> {
        let store = open_store(folder).await?;
        let (clock, store) = (Clock::system(), &*store);
        let ids = Ids::new(clock.clone());
        add_people(store, PEOPLE).await?;
        let now = clock.now();
        let data = Self {
            big: room(store, &ids, now, "Big", PEOPLE).await?,
            empty: room(store, &ids, now, "Empty", 1).await?,
            quiet: room(store, &ids, now, "Quiet", crate::SIGNED_IN).await?,
            busy: {
                let mut rooms = Vec::new();
                for number in 0..BUSY_ROOMS {
                    rooms.push(room(store, &ids, now, &format!("Busy {number}"), crate::SIGNED_IN).await?);
                }
                rooms
            },
        };
        say(store, &ids, now, &data.big).await?;
        store.close().await;
        Ok(data)
    }
}

/// A room of the first `people`.
async fn room(store: &dyn Store, ids: &Ids, now: i64, name: &str, people: usize) -> Result<String, Failure> {
    let conversation = Conversation {
        id: ids.next(),
        kind: ConversationKind::Room,
        title: name.to_owned(),
        model: None,
        system_prompt: None,
        params: Params::default(),
        pinned: false,
        archived: false,
        unread: false,
        running: false,
        leaf_id: None,
        created_at: now,
        updated_at: now,
    };
    let settings = RoomSettings { listed: true, ..RoomSettings::default() };
    let owner_id = person_id(0);
    let new = NewRoom {
        owner_id: &owner_id,
        owner_name: "Person 0",
        conversation: &conversation,
        settings: &settings,
        board: None,
        copied: None,
        key: None,
        most: None,
    };
    if store.create_room(&new).await? != RoomOutcome::Made {
        return Err("the room is not made".into());
    }
    for number in 1..people {
        let join = Join {
            conversation_id: &conversation.id,
            user_id: &person_id(number),
            name: &format!("Person {number}"),
            entry: Entry::Listed,
            most: PEOPLE as u32,
            now,
        };
        if !matches!(store.join(&join).await?, JoinOutcome::Joined { .. }) {
            return Err(format!("person {number} does not join").into());
        }
    }
    Ok(conversation.id)
}

/// Many messages, of everybody by turns.
async fn say(store: &dyn Store, ids: &Ids, now: i64, room: &str) -> Result<(), Failure> {
    let mut grants = Vec::new();
    for number in 0..100 {
        grants.push(store.access(&person_id(number), room, Need::Write).await.map_err(|_| "no access")?);
    }
    for number in 0..MESSAGES {
        let grant = &grants[number % grants.len()];
        let message = Message {
            id: ids.next(),
            conversation_id: room.to_owned(),
            author_id: grant.user_id().to_owned(),
            revision: 0,
            parent_id: None,
            role: Role::User,
            content: format!(
                "Message {number} of the big room, about as long as messages are in rooms of people."
            ),
            reasoning: String::new(),
            status: Status::Complete,
            model: None,
            usage: None,
            failure: None,
            timings: Timings::default(),
            length_limited: false,
            left_out: 0,
            continued: false,
            talk: Talk::default(),
            created_at: now,
        };
        store.add_message(grant, &NewMessage { message, key: None, asks: None, now }).await?;
    }
    Ok(())
}
