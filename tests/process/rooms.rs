//! A room on two servers: what is said at one is told at the other, also when one of them dies.

use serde_json::json;

use crate::{
    events::{Events, Format},
    instances::Pair,
    site::Person,
    socket_client::Socket,
};

/// The id, the text and the number of what is said next. `strictly`: nothing has to be read anew for it.
async fn heard(events: &mut Events, strictly: bool) -> (String, String, u64) {
    loop {
        let event = events.next().await.unwrap().expect("the stream goes on");
        assert!(
            !strictly || event.name != "changed",
            "what was said is told, and not only that something was"
        );
        if event.name == "message" {
            let text = |name: &str| event.data[name].as_str().unwrap().to_owned();
            return (text("id"), text("content"), event.id);
        }
    }
}

async fn say(person: &Person, room: &str, text: &str) -> String {
    let path = format!("/api/v1/conversations/{room}/messages");
    let (status, said) = person.call("POST", &path, Some(json!({ "content": text }))).await;
    assert_eq!(status, 201, "{said}");
    said["message"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_at_one_server_is_told_at_the_other_and_lives_through_its_death() {
    let mut pair = Pair::start().await;
    let [ada_at_a, ada_at_b] = pair.person("ada").await;
    let [bea_at_a, bea_at_b] = pair.person("bea").await;
    let wanted = json!({ "name": "Both", "listed": true });
    let (status, made) = ada_at_a.call("POST", "/api/v1/rooms", Some(wanted)).await;
    assert_eq!(status, 201, "{made}");
    let room = made["id"].as_str().unwrap().to_owned();
    let (status, joined) = bea_at_b.call("POST", &format!("/api/v1/rooms/{room}/join"), None).await;
    assert_eq!(status, 200, "{joined}");

    let mut at_a = ada_at_a.events(&room, Some(0), Format::Text).await;
    let mut at_b = bea_at_b.events(&room, Some(0), Format::Text).await;
    let id = say(&ada_at_a, &room, "Hello").await;
    assert_eq!(heard(&mut at_a, false).await.0, id);
    assert_eq!(heard(&mut at_b, false).await.0, id);
    // Each message comes once and in order, wherever it was said, and has the same number at both.
    let mut place = 0;
    for round in 0..6 {
        let writer = if round % 2 == 0 { &ada_at_a } else { &bea_at_b };
        let text = format!("round {round}");
        let id = say(writer, &room, &text).await;
        let here = heard(&mut at_a, true).await;
        place = here.2;
        assert_eq!(here, (id, text, place));
        assert_eq!(heard(&mut at_b, true).await, here);
    }

    // Who is writing at one is told at the other, and no number is taken.
    let mut socket = Socket::open(&ada_at_a).await;
    socket.send(json!({ "type": "typing", "conversation_id": room })).await;
    let hint = at_b.next().await.unwrap().expect("the stream goes on");
    assert_eq!((&*hint.name, &hint.data["name"]), ("typing", &json!("ada")));

    // The server that Ada listens to dies. She goes on at the other from where she was, and misses nothing.
    pair.a.server.kill();
    let gone = say(&bea_at_b, &room, "One of us is gone").await;
    let mut moved = ada_at_b.events(&room, Some(place), Format::Text).await;
    assert_eq!(heard(&mut moved, true).await.0, gone);
    assert_eq!(heard(&mut at_b, true).await.0, gone);
    let id = say(&ada_at_b, &room, "Not any more").await;
    assert_eq!(heard(&mut moved, true).await.0, id);
    assert_eq!(heard(&mut at_b, true).await.0, id);

    // It comes back, and whoever is at either hears both again.
    pair.a.start_again();
    pair.a.until_ready(200).await;
    let (ada_at_a, bea_at_a) = (ada_at_a.at(&pair.a), bea_at_a.at(&pair.a));
    let mut again = bea_at_a.events(&room, Some(place), Format::Text).await;
    assert_eq!(heard(&mut again, true).await.0, gone);
    assert_eq!(heard(&mut again, true).await.0, id);
    let id = say(&ada_at_a, &room, "Back").await;
    for events in [&mut again, &mut moved, &mut at_b] {
        assert_eq!(heard(events, true).await.0, id);
    }
    assert_eq!(ada_at_b.messages(&room, "markdown").await.len(), 10);

    // Whoever leaves at one server hears nothing more at the other.
    let (status, _) = bea_at_a.call("POST", &format!("/api/v1/rooms/{room}/leave"), None).await;
    assert_eq!(status, 204);
    while let Some(event) = at_b.next().await.unwrap() {
        assert_ne!(event.name, "message");
    }
}
