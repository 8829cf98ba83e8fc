//! Every message of `/ws`, sent by everybody who has no business to: it is refused, and nothing changes.

use serde_json::{Value, json};

use crate::{
    site::{Person, Site},
    socket_client::{Socket, room},
};

const MISSING: &str = "01JD3Z7K8M0000000000000000";

/// Each message about a conversation, and whether it writes what others see.
fn messages(conversation: &str, message: &str) -> [(Value, bool); 5] {
    [
        (json!({ "type": "listen", "conversation_id": conversation }), false),
        (json!({ "type": "leave", "conversation_id": conversation }), false),
        (
            json!({ "type": "post", "conversation_id": conversation, "key": "walk", "content": "Let me in" }),
            true,
        ),
        (json!({ "type": "read", "conversation_id": conversation, "message_id": message }), false),
        (json!({ "type": "typing", "conversation_id": conversation }), true),
    ]
}

/// What the server says to a message: the status of a refusal, 200 for anything else. What is no message is refused after
/// it, so that silence has an end.
async fn answered(socket: &mut Socket, message: &Value) -> u64 {
    socket.send(message.clone()).await;
    socket.send(json!({ "type": "the end" })).await;
    let mut status = 200;
    loop {
        let said = socket.next().await.unwrap_or_else(|code| panic!("closed with {code} after {message}"));
        match said["problem"]["status"].as_u64() {
            Some(422) if said["conversation_id"].is_null() => return status,
            Some(refused) => status = refused,
            None => {}
        }
    }
}

async fn id(person: &Person) -> String {
    let (_, me) = person.call("GET", "/api/v1/me", None).await;
    me["id"].as_str().unwrap().to_owned()
}

struct Walk {
    site: Site,
    owner: Person,
    room: String,
    private: String,
    said: String,
}

impl Walk {
    async fn new() -> Self {
        let site = Site::start(&[]).await;
        let owner = site.person("lin").await;
        let (room, private) = (room(&owner, &[]).await, owner.conversation().await);
        let path = format!("/api/v1/conversations/{room}/messages");
        let (status, posted) = owner.call("POST", &path, Some(json!({ "content": "Mine" }))).await;
        assert_eq!(status, 201, "{posted}");
        let said = posted["message"]["id"].as_str().unwrap().to_owned();
        Self { site, owner, room, private, said }
    }

    async fn member(&self, name: &str) -> Person {
        let person = self.site.person(name).await;
        let (status, said) = person.call("POST", &format!("/api/v1/rooms/{}/join", self.room), None).await;
        assert!(status < 300, "{said}");
        person
    }

    async fn manage(&self, method: &str, whom: &Person, act: &str, body: Option<Value>) {
        let path = format!("/api/v1/rooms/{}/members/{}{act}", self.room, id(whom).await);
        let (status, said) = self.owner.call(method, &path, body).await;
        assert!(status < 300, "{said}");
    }

    /// What a walk could change: the messages, the members, and what the owner has seen.
    async fn stored(&self) -> Value {
        let members = self.owner.call("GET", &format!("/api/v1/rooms/{}/members", self.room), None).await.1;
        let of_private = self.owner.messages(&self.private, "markdown").await;
        json!([self.owner.messages(&self.room, "markdown").await, members, of_private])
    }

    /// Sends each message about this conversation; the statuses of the answers.
    async fn sent(&self, who: &Person, conversation: &str, message: &str) -> Vec<(String, u64)> {
        let mut socket = Socket::open(who).await;
        let mut statuses = Vec::new();
        for (sent, _) in messages(conversation, message) {
            let kind = sent["type"].as_str().unwrap().to_owned();
            statuses.push((kind, answered(&mut socket, &sent).await));
        }
        statuses
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_takes_no_part_is_told_that_there_is_nothing() {
    let walk = Walk::new().await;
    let (stranger, left) = (walk.site.person("tom").await, walk.member("eve").await);
    let (removed, banned) = (walk.member("rem").await, walk.member("ban").await);
    let (status, _) = left.call("POST", &format!("/api/v1/rooms/{}/leave", walk.room), None).await;
    assert!(status < 300);
    walk.manage("DELETE", &removed, "", None).await;
    walk.manage("POST", &banned, "/ban", Some(json!({}))).await;
    let before = walk.stored().await;
    let large = "9".repeat(300);
    let with_nul = format!("\u{0}{}", walk.room);
    let lower = walk.room.to_lowercase();
    for (who, name) in [(&stranger, "stranger"), (&left, "left"), (&removed, "removed"), (&banned, "banned")]
    {
        for place in [&*walk.room, &*walk.private, MISSING, "", "../me", &*large, &*with_nul, &*lower] {
            for (kind, status) in walk.sent(who, place, &walk.said).await {
                // Leaving what one does not hear is nothing.
                let expected = if kind == "leave" { 200 } else { 404 };
                assert_eq!(status, expected, "{name} sends {kind} to {place:?}");
            }
        }
    }
    assert_eq!(walk.stored().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_hears_and_writes_nothing() {
    let walk = Walk::new().await;
    let reader = walk.member("rea").await;
    walk.manage("PATCH", &reader, "", Some(json!({ "role": "reader" }))).await;
    let before = walk.stored().await;
    let mut hears = Socket::open(&walk.owner).await;
    hears.listen(&walk.room, None).await;
    for (kind, status) in walk.sent(&reader, &walk.room, &walk.said).await {
        let writes =
            messages("", "").iter().any(|(message, writes)| message["type"] == kind.as_str() && *writes);
        assert_eq!(status, if writes { 403 } else { 200 }, "{kind}");
    }
    assert_eq!(walk.stored().await, before);
    // The owner heard nothing of it: the next event is that of a message of their own.
    hears.post(&walk.room, "k", "Mine too").await;
    assert_eq!(hears.until("event").await["content"], "Mine too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_take_part_may_say_what_their_role_allows() {
    let walk = Walk::new().await;
    let (member, moderator) = (walk.member("mem").await, walk.member("mod").await);
    walk.manage("PATCH", &moderator, "", Some(json!({ "role": "moderator" }))).await;
    for who in [&member, &moderator, &walk.owner] {
        for (kind, status) in walk.sent(who, &walk.room, &walk.said).await {
            assert_eq!(status, 200, "{kind}");
        }
    }
    assert_eq!(walk.owner.messages(&walk.room, "markdown").await.len(), 4);
    // In a private conversation there is nobody to write to.
    for (kind, status) in walk.sent(&walk.owner, &walk.private, &walk.said).await {
        let expected = match kind.as_str() {
            "listen" | "leave" => 200,
            "read" => 404,
            _ => 409,
        };
        assert_eq!(status, expected, "{kind}");
    }
    // The message of a room is none of another one.
    let before = walk.stored().await;
    let mut socket = Socket::open(&walk.owner).await;
    let read = json!({ "type": "read", "conversation_id": walk.room, "message_id": MISSING });
    answered(&mut socket, &read).await;
    assert_eq!(walk.stored().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_says_what_its_scope_allows() {
    let walk = Walk::new().await;
    let before = walk.stored().await;
    for scope in ["read", "chat", "all"] {
        let new = json!({ "name": scope, "scope": scope });
        let (status, made) = walk.owner.call("POST", "/api/v1/me/keys", Some(new)).await;
        assert_eq!(status, 201, "{made}");
        let key = walk.owner.with_key(made["key"].as_str().unwrap());
        let mut socket = Socket::open(&key).await;
        for (message, _) in messages(&walk.room, &walk.said) {
            let hears = message["type"] == "listen" || message["type"] == "leave";
            let expected = if hears || scope != "read" { 200 } else { 403 };
            assert_eq!(answered(&mut socket, &message).await, expected, "{scope} {message}");
        }
        let presence = json!({ "type": "presence", "active": true });
        assert_eq!(answered(&mut socket, &presence).await, if scope == "read" { 403 } else { 200 });
        if scope == "read" {
            assert_eq!(walk.stored().await, before);
            socket.listen(&walk.room, None).await;
            // Whoever takes a key away ends what it hears.
            let path = format!("/api/v1/me/keys/{}", made["id"].as_str().unwrap());
            assert!(walk.owner.call("DELETE", &path, None).await.0 < 300);
            assert_eq!(socket.closed().await, 1008);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_a_socket_before_they_sign_in() {
    let walk = Walk::new().await;
    let nobody = walk.site.stranger();
    assert_eq!(Socket::try_open(&nobody, &[]).await.err(), Some(401));
    assert_eq!(Socket::try_open(&nobody.with_key("ink_nothing"), &[]).await.err(), Some(401));
    // Without the lines of a WebSocket it is an address for others.
    assert_eq!(walk.owner.call("GET", "/ws", None).await.0, 426);
    assert_eq!(nobody.call("GET", "/ws", None).await.0, 401);
    let disabled = walk.site.person("dora").await;
    let mut open = Socket::open(&disabled).await;
    let path = format!("/api/v1/admin/people/{}", id(&disabled).await);
    let (status, said) = walk.owner.call("PATCH", &path, Some(json!({ "state": "disabled" }))).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(open.closed().await, 1008);
    assert_eq!(Socket::try_open(&disabled, &[]).await.err(), Some(401));
}
