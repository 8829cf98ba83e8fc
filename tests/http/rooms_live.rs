//! Who takes no part in a room any more is told nothing more, on whichever server.

use inglenook::{
    domain::{ChatEvent, Conversation, ConversationKind, Params, RoomSettings, User},
    server::{
        ops::clock::Clock,
        store::{
            Entry, Join, JoinOutcome, LeaveOutcome, MemberChange, MemberOutcome, Need, NewRoom, RoomOutcome,
        },
    },
};

use super::{
    app::{App, Client},
    client::Events,
};

async fn somebody(app: &App, name: &str) -> (Client, User) {
    let client = app.person(name).await;
    let user = app.state.store.user(&client.id().await).await.unwrap().unwrap();
    (client, user)
}

/// A room in which these people take part; the first owns it.
async fn room(app: &App, people: &[&User]) -> String {
    let now = app.state.clock.now();
    let it = Conversation {
        id: app.state.ids.next(),
        kind: ConversationKind::Room,
        title: String::new(),
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
    let (owner_id, owner_name) = (&*people[0].id, &*people[0].name);
    let new = NewRoom {
        owner_id,
        owner_name,
        conversation: &it,
        settings: &settings,
        board: None,
        copied: None,
        key: None,
        most: None,
    };
    assert_eq!(app.state.store.create_room(&new).await.unwrap(), RoomOutcome::Made);
    for person in &people[1..] {
        let (user_id, name) = (&*person.id, &*person.name);
        let join = Join { conversation_id: &it.id, user_id, name, entry: Entry::Listed, most: 9, now };
        let joined = app.state.store.join(&join).await.unwrap();
        assert!(matches!(joined, JoinOutcome::Joined { .. }), "{joined:?}");
    }
    it.id
}

async fn listen(app: &App, client: &Client, room: &str, after: u64) -> Events {
    let client = app.client().bearer(client.token());
    client.events(&format!("/api/v1/conversations/{room}/events?after={after}")).await
}

/// The names of the events until the stream ends.
async fn to_the_end(mut events: Events) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((name, ..)) = events.next().await {
        names.push(name);
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_no_part_any_more_is_told_nothing_more() {
    let app = App::start().await;
    let (_, ada) = somebody(&app, "ada").await;
    let ((ben_here, ben), (cleo_here, cleo)) = (somebody(&app, "ben").await, somebody(&app, "cleo").await);
    let room = room(&app, &[&ada, &ben, &cleo]).await;
    let store = &app.state.store;
    // Two servers share a MongoDB alone.
    let beside = if store.is_alone() { None } else { Some(app.beside(Clock::system()).await) };
    let relay = beside.as_ref().map(|beside| {
        let relay = beside.state.relay.clone();
        tokio::spawn(async move { relay.run().await })
    });
    let owner = store.access(&ada.id, &room, Need::Own).await.unwrap();
    let after = owner.last_seq();
    let bens = listen(&app, &ben_here, &room, after).await;
    let mut cleos = listen(&app, &cleo_here, &room, after).await;
    let bens_elsewhere = match &beside {
        Some(beside) => Some(listen(beside, &ben_here, &room, after).await),
        None => None,
    };
    let removed = store.change_member(&owner, &ben.id, MemberChange::Remove).await.unwrap();
    let MemberOutcome::Changed { revision, .. } = removed else { panic!("{removed:?}") };
    let log = app.state.live.log(&room);
    log.publish(ChatEvent::members(vec![ben.id.clone()]), revision);
    log.publish(ChatEvent::Queue {}, revision + 1);
    assert!(to_the_end(bens).await.is_empty());
    for expected in ["members", "queue"] {
        assert_eq!(cleos.next().await.unwrap().0, expected);
    }
    if let Some(elsewhere) = bens_elsewhere {
        assert!(to_the_end(elsewhere).await.is_empty());
    }
    // Who leaves is not told either where nobody knows who it was, as with a change of another server.
    let grant = store.access(&cleo.id, &room, Need::Read).await.unwrap();
    let left = store.leave(&grant).await.unwrap();
    let LeaveOutcome::Left { .. } = left else { panic!("{left:?}") };
    log.doubt();
    log.publish(ChatEvent::members(Vec::new()), revision + 2);
    assert!(to_the_end(cleos).await.is_empty());
    if let Some(relay) = relay {
        relay.abort();
        let _ = relay.await;
    }
}
