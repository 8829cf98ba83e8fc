//! What the calls of the route table name: an owner and what they have, and how a call is sent.

use axum::http::Method;
use inglenook::{
    domain::{
        BoardSettings, Conversation, ConversationKind, Identity, Params, Reason, RoomSettings, Tier, UserRole,
    },
    server::{
        accounts::invitations::{NewCodes, make},
        store::{ExportRun, Need, NewQueued, NewRoom, QueueChange, StoredProvider},
    },
};
use serde_json::json;

use super::{
    app::{App, Client, PASSWORD},
    client::Answer,
    route_table::IDS,
    tokens::claims_of,
};

/// The objects that a call names: an owner, and the owner's conversation and messages.
pub struct Things {
    pub owner: Client,
    conversation: String,
    question: String,
    answer: String,
    /// A question that waits.
    queued: String,
    /// Somebody else's account, and what they sign in with.
    person: String,
    login: String,
    /// Another browser in which the owner is signed in.
    session: String,
    /// An API key.
    key: String,
    /// A tier that nobody has, and a code that gives another one: its id, and what is handed out.
    tier: String,
    code: String,
    secret: String,
    /// A provider of models that was added.
    provider: String,
    /// A room of the owner in which the person takes part: its id, somebody who is banned from it, a code into it by its id and
    /// as it is typed, and a message of the owner.
    room: String,
    banned: String,
    room_code: String,
    room_secret: String,
    said: String,
    /// A report of that message by the person.
    report: String,
    /// The conversation of the owner with the person, and a note of the owner on the person's wall.
    direct: String,
    note: String,
    /// The owner's identity at a provider of sign-ins.
    identity: String,
}

impl Things {
    pub async fn of(app: &App, name: &str) -> Self {
        Self::forget_providers(app).await;
        let owner = app.person(name).await;
        let conversation = owner.conversation().await;
        let asked = owner.ask(&conversation, "Mine alone").await;
        let id = |which: &str| asked[which]["id"].as_str().unwrap().to_owned();
        // Behind a question that was refused, it waits although the answer before it is complete.
        let owner_id = owner.id().await;
        let grant = app.state.store.access(&owner_id, &conversation, Need::Write).await.unwrap();
        for text in ["Refused", "Later"] {
            let id = format!("{conversation}{text}");
            let new = NewQueued { id: &id, text, most: 9, ..NewQueued::default() };
            app.state.store.add_queued(&grant, &new).await.unwrap();
            let refused = QueueChange::Refuse(&Reason::new("error-internal"));
            if text == "Refused" {
                app.state.store.change_queued(&grant, new.id, refused).await.unwrap();
            }
        }
        let export =
            ExportRun { user_id: owner_id, export_id: app.state.ids.next(), run: app.state.ids.next() };
        let (store, now) = (&app.state.store, app.state.clock.now());
        assert!(store.ask_export(&export.user_id, &export.export_id, now, now + 60_000).await.unwrap());
        assert!(store.start_export(&export, 0).await.unwrap());
        assert!(store.add_export_part(&export, 0, b"zip", 0).await.unwrap());
        assert!(store.finish_export(&export, now + 60_000).await.unwrap());
        let identity = Identity {
            id: app.state.ids.next(),
            user_id: export.user_id.clone(),
            provider: "acme".to_owned(),
            subject: name.to_owned(),
            made_at: now,
            used_at: now,
        };
        assert!(store.connect_identity(&identity).await.unwrap());
        let queued = format!("{conversation}Later");
        let (tier, code, secret) = Self::tier_and_code(app, name).await;
        let provider = Self::provider(app, name).await;
        let login = format!("other-{name}@example.org");
        let other = app.person(&format!("other-{name}")).await;
        let person = other.id().await;
        let room = RoomThings::of(app, &owner, &other, name).await;
        let of_person = format!("/api/v1/people/{person}");
        let direct = owner.post(&format!("{of_person}/direct"), &json!({})).await.is(200).id();
        let note = owner.post(&format!("{of_person}/wall"), &json!({ "text": "Mine" })).await.is(201).id();
        let block = format!("/api/v1/people/{}/block", room.banned);
        owner.send_json("PUT", &block, &json!({})).await.is(204);
        Self::board(app, &export.user_id).await;
        let form = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        let other = app.client().post("/api/v1/auth/login", &form).await.is(200).json();
        let session = claims_of(other["token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned();
        let new = json!({ "name": "Bot", "scope": "read" });
        let key = owner.post("/api/v1/me/keys", &new).await.is(201).id();
        Self {
            room: room.id,
            banned: room.banned,
            room_code: room.code,
            room_secret: room.secret,
            said: room.said,
            report: room.report,
            direct,
            note,
            person,
            login,
            session,
            key,
            provider,
            identity: identity.id,
            tier,
            code,
            secret,
            question: id("user_message"),
            answer: id("assistant_message"),
            queued,
            owner,
            conversation,
        }
    }

    /// So that the demo model is there again, and one of a new provider is not asked.
    async fn forget_providers(app: &App) {
        for provider in app.state.store.model_providers().await.unwrap() {
            app.state.store.remove_model_provider(&provider.id).await.unwrap();
        }
        app.state.providers.refresh().await.unwrap();
    }

    async fn provider(app: &App, name: &str) -> String {
        let provider = StoredProvider {
            id: app.state.ids.next(),
            name: format!("of-{name}"),
            label: String::new(),
            base_url: "http://127.0.0.1:9".to_owned(),
            sealed_key: None,
            models: vec!["x".to_owned()],
            context: None,
        };
        app.state.store.add_model_provider(&provider).await.unwrap();
        provider.id
    }

    /// The board, which the first of the owners makes.
    async fn board(app: &App, owner_id: &str) {
        let now = app.state.clock.now();
        let it = Conversation {
            id: app.state.ids.next(),
            kind: ConversationKind::Board,
            title: "Board".to_owned(),
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
        let new = NewRoom {
            owner_id,
            owner_name: "Owner",
            conversation: &it,
            settings: &RoomSettings::default(),
            board: Some(&BoardSettings::default()),
            copied: None,
            key: None,
            most: None,
        };
        app.state.store.create_room(&new).await.unwrap();
    }

    async fn tier_and_code(app: &App, name: &str) -> (String, String, String) {
        let [tier, given] = ["a tier", "another tier"].map(|kind| Tier {
            id: app.state.ids.next(),
            name: format!("{kind} of {name}"),
            ..Tier::default()
        });
        for tier in [&tier, &given] {
            app.state.store.create_tier(tier).await.unwrap();
        }
        let new = NewCodes {
            count: 1,
            registers: false,
            role: UserRole::Member,
            tier: Some(&given.id),
            tier_days: None,
            uses: 1,
            days: None,
            label: name,
        };
        let made =
            make((&*app.state.store, &*app.state.store), &app.state.ids, new, (None, 0)).await.unwrap();
        let made = made.codes.into_iter().next().unwrap();
        (tier.id, made.code.id, made.secret)
    }

    /// [`Self::fill`] with each id written otherwise. What people type, a login or a code, is left as it is.
    pub fn spelled(&self, text: &str, otherwise: impl Fn(&str) -> String) -> String {
        let ids = [
            ("{c}", &self.conversation),
            ("{m}", &self.answer),
            ("{q}", &self.question),
            ("{k}", &self.queued),
            ("{p}", &self.person),
            ("{s}", &self.session),
            ("{a}", &self.key),
            ("{t}", &self.tier),
            ("{d}", &self.code),
            ("{v}", &self.provider),
            ("{i}", &self.identity),
            ("{o}", &self.room),
            ("{b}", &self.banned),
            ("{w}", &self.room_code),
            ("{u}", &self.said),
            ("{f}", &self.report),
            ("{g}", &self.direct),
            ("{j}", &self.note),
        ];
        let text = ids.iter().fold(text.to_owned(), |text, (mark, id)| text.replace(mark, &otherwise(id)));
        self.fill(&text, "x")
    }

    pub fn fill(&self, text: &str, name: &str) -> String {
        text.replace("{c}", &self.conversation)
            .replace("{m}", &self.answer)
            .replace("{q}", &self.question)
            .replace("{k}", &self.queued)
            .replace("{p}", &self.person)
            .replace("{l}", &self.login)
            .replace("{s}", &self.session)
            .replace("{a}", &self.key)
            .replace("{t}", &self.tier)
            .replace("{d}", &self.code)
            .replace("{v}", &self.provider)
            .replace("{i}", &self.identity)
            .replace("{r}", &self.secret)
            .replace("{o}", &self.room)
            .replace("{b}", &self.banned)
            .replace("{w}", &self.room_code)
            .replace("{e}", &self.room_secret)
            .replace("{u}", &self.said)
            .replace("{f}", &self.report)
            .replace("{g}", &self.direct)
            .replace("{j}", &self.note)
            .replace("{n}", name)
    }
}

const NOTHING: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

pub fn nothing(text: &str) -> String {
    IDS.iter().fold(text.to_owned(), |text, id| text.replace(id, NOTHING)).replace("{n}", "x")
}

/// Sends a call with a body of JSON or of a form. The body of a reply that streams is not waited for.
pub async fn call(client: &Client, method: &str, path: &str, body: &str, kind: &str) -> Answer {
    let method: Method = method.parse().unwrap();
    let kind = (!body.is_empty() || path.starts_with("/fn/")).then_some(kind);
    client.send_head_first(method, path, body.to_owned().into(), kind).await
}

/// Whether an answer says to sign in.
pub fn keeps_out(answer: &Answer) -> bool {
    answer.status == 401 || answer.header("location").starts_with("/login")
}

/// A room and what is in it.
struct RoomThings {
    id: String,
    banned: String,
    code: String,
    secret: String,
    said: String,
    report: String,
}

impl RoomThings {
    /// The room of `owner`, in which `other` takes part. A third person is banned from it.
    async fn of(app: &App, owner: &Client, other: &Client, name: &str) -> Self {
        let rooms = "/api/v1/rooms";
        // The default tier lets everybody make rooms.
        let id = owner.post(rooms, &json!({ "name": format!("Room of {name}") })).await.is(201).id();
        let path = format!("{rooms}/{id}");
        let made = owner.post(&format!("{path}/codes"), &json!({ "uses": 9 })).await.is(201).json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let (code, secret) = (text(&made["code"]["id"]), text(&made["secret"]));
        let third = app.person(&format!("third-{name}")).await;
        for who in [other, &third] {
            who.post("/api/v1/rooms/join", &json!({ "code": secret })).await.is(200);
        }
        let banned = third.id().await;
        owner.post(&format!("{path}/members/{banned}/ban"), &json!({})).await.is(200);
        let say = json!({ "content": "Said in the room" });
        let said = owner.post(&format!("/api/v1/conversations/{id}/messages"), &say).await.is(201).json();
        let said = text(&said["message"]["id"]);
        other.post(&format!("/api/v1/messages/{said}/report"), &json!({})).await.is(204);
        let reports = owner.get(&format!("{path}/reports")).await.is(200).json();
        let report = text(&reports["items"][0]["id"]);
        Self { id, banned, code, secret, said, report }
    }
}
