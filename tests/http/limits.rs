//! The server looks up and limits everything that a caller sends, and a caller affects nobody else.

use futures::future::join_all;
use inglenook::{
    domain::{Conversation, ConversationKind, Message, Role, Status, Talk, Timings},
    server::{
        live::log::StopReason,
        store::{BeginOutcome, Destination, Finish, NewAnswer},
    },
};
use serde_json::{Value, json};

use super::app::{App, Client, PASSWORD};

/// The greatest id, one too great, one in another notation, and texts that are no ids.
const ODD_IDS: [&str; 14] = [
    "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "7ZZZZZZZZZZZZZZZZZZZZZZZZY",
    "7Z000000000000000000000000",
    "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "7zzzzzzzzzzzzzzzzzzzzzzzzz",
    "7OOOOOOOOOOOOOOOOOOOOOOOOO",
    "7LIILIILIILIILIILIILIILIIL",
    " 7ZZZZZZZZZZZZZZZZZZZZZZZZ",
    "00000000000000000000000000",
    "18446744073709551615",
    "\u{0}",
    "日本語日本語日本",
    "' OR 1=1 --",
];

const MANY_PEOPLE: &[(&str, &str)] = &[("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "100000")];

/// Does everything that makes an id: registering, signing in, a conversation, a question.
async fn all_works(app: &App, name: &str) {
    let person = app.person(name).await;
    let login = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
    app.client().post("/api/v1/auth/login", &login).await.is(200);
    for _ in 0..2 {
        let id = person.conversation().await;
        person.ask(&id, "Hello?").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_id_of_a_caller_stops_the_others() {
    let app = App::with(MANY_PEOPLE).await;
    let lin = app.person("lin").await;
    let path = format!("/api/v1/conversations/{}", lin.conversation().await);
    for (at, id) in ODD_IDS.iter().enumerate() {
        let question = json!({ "content": "x", "parent_id": id });
        lin.post(&format!("{path}/messages"), &question).await.problem(422, "parent_id");
        let written: String = id.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for call in ["edit", "regenerate", "continue", "select", "stop"] {
            let body = json!({ "content": "x" });
            let answer = lin.post(&format!("/api/v1/messages/{written}/{call}"), &body).await;
            assert!(matches!(answer.status, 404), "{call} {id}: {}", answer.status);
        }
        lin.get(&format!("{path}/messages?before={written}")).await.problem(422, "before");
        lin.get(&format!("/api/v1/conversations/{written}")).await.is(404);
        let cursor = lin.get(&format!("/api/v1/conversations?cursor={}_{written}", i64::MAX)).await;
        assert!(cursor.status < 500, "{id}: {}", cursor.status);
        all_works(&app, &format!("person{at}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_of_a_caller_does_harm() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    lin.ask(&id, "Hello?").await;
    let path = format!("/api/v1/conversations/{id}");
    for number in [
        "0",
        "1",
        "-1",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775808",
        "1e9",
        "0x7f",
        "NaN",
        " 1",
        "١",
    ] {
        let written: String = number.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for place in [
            format!("/api/v1/conversations?limit={written}"),
            format!("/api/v1/conversations?cursor={written}_{id}"),
            format!("/api/v1/conversations?archived={written}"),
            format!("{path}/messages?limit={written}"),
            format!("/c/{id}?before={written}"),
            format!("/c/{id}?edit={written}"),
        ] {
            let answer = lin.get(&place).await;
            assert!(answer.status < 500, "{place}: {}", answer.status);
        }
        // The position that a listener claims does not affect other listeners: they get the next answer from their own
        // positions.
        for format in ["text", "html"] {
            let events = format!("{path}/events?format={format}&after={written}");
            if number.parse::<u64>().is_ok() {
                let mut events = lin.events(&events).await;
                events.until_end().await;
            } else {
                assert!(lin.get(&events).await.status < 500, "{events}");
            }
        }
        if number.parse::<u64>().is_ok() {
            let behind = lin.clone().header("last-event-id", number);
            behind.events(&format!("{path}/events")).await.until_end().await;
        }
        lin.ask(&id, "And now?").await;
    }
}

/// A conversation whose newest answer has this id.
async fn poisoned(app: &App, person: &Client, question: &str, answer: &str) -> Conversation {
    let me = person.get("/api/v1/me").await.is(200).json();
    let user_id = me["id"].as_str().unwrap().to_owned();
    let now = app.state.clock.now();
    let conversation = Conversation {
        id: app.state.ids.next(),
        kind: ConversationKind::Private,
        title: "Old".into(),
        model: None,
        system_prompt: None,
        params: Default::default(),
        pinned: false,
        archived: false,
        unread: false,
        running: false,
        leaf_id: None,
        created_at: now,
        updated_at: now,
    };
    let message = |id: &str, parent: Option<&str>, role| Message {
        id: id.into(),
        conversation_id: conversation.id.clone(),
        author_id: user_id.clone(),
        parent_id: parent.map(str::to_owned),
        role,
        content: "Hello?".into(),
        reasoning: String::new(),
        status: if role == Role::User { Status::Complete } else { Status::Generating },
        model: None,
        usage: None,
        failure: None,
        length_limited: false,
        timings: Timings::default(),
        left_out: 0,
        continued: false,
        talk: Talk::default(),
        created_at: now,
        revision: 0,
    };
    let new = NewAnswer {
        to: Destination::New { owner_id: user_id.clone(), conversation: conversation.clone() },
        question: Some(message(question, None, Role::User)),
        answer: message(answer, Some(question), Role::Assistant),
        key: None,
        queued: None,
        most_running: 8,
        now,
    };
    let begun = app.state.store.begin_answer(&new).await.unwrap();
    assert!(matches!(begun, BeginOutcome::Begun { .. }), "{begun:?}");
    let finish = Finish {
        content: "Hello.".into(),
        reasoning: String::new(),
        status: Status::Complete,
        usage: None,
        failure: None,
        length_limited: false,
        timings: Timings::default(),
        seq: 1,
        marks: Vec::new(),
    };
    assert!(app.state.store.finish_message(answer, &finish).await.unwrap());
    conversation
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_the_far_future_in_the_database_harm_nobody() {
    let app = App::with(MANY_PEOPLE).await;
    let lin = app.person("lin").await;
    let future = poisoned(&app, &lin, "7Z000000000000000000000000", "7Z000000000000000000000001").await;
    for _ in 0..3 {
        lin.ask(&future.id, "And now?").await;
        all_works(&app, &format!("a{}", app.state.ids.next().to_lowercase())).await;
    }
    let path = format!("/api/v1/conversations/{}/messages", future.id);
    let window = lin.get(&path).await.is(200).json();
    assert_eq!(window["items"].as_array().unwrap().len(), 8, "{window}");
    // Nothing can follow the last possible id, because no id sorts after it. A question beside it is possible, and so
    // is everything else.
    let last = poisoned(&app, &lin, "7ZZZZZZZZZZZZZZZZZZZZZZZZY", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ").await;
    let path = format!("/api/v1/conversations/{}", last.id);
    let refused =
        lin.post(&format!("{path}/messages"), &json!({ "content": "And now?" })).await.problem(409, "");
    assert!(refused.text().contains("Nothing can follow this message"), "{}", refused.text());
    let edit = "/api/v1/messages/7ZZZZZZZZZZZZZZZZZZZZZZZZY/edit";
    lin.post(edit, &json!({ "content": "From the beginning" })).await.is(202);
    all_works(&app, "lisa").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_a_limited_number_of_running_answers() {
    let app = App::with_upstream_and(&[("INGLENOOK_LIMITS_ANSWERS_PER_USER", "3")]).await;
    let (lin, mia) = (app.person("lin").await, app.person("mia").await);
    let new = |person: &Client| {
        let person = person.clone();
        async move {
            let new = json!({ "model": "acme/slow", "title": "Set" });
            person.post("/api/v1/conversations", &new).await.is(201).id()
        }
    };
    let ids = join_all((0..12).map(|_| new(&lin))).await;
    let ask = async |person: &Client, id: &str| {
        let person = person.clone().header("idempotency-key", id);
        person.post(&format!("/api/v1/conversations/{id}/messages"), &json!({ "content": "Count" })).await
    };
    let answers = join_all(ids.iter().map(|id| ask(&lin, id))).await;
    let begun: Vec<usize> = (0..12).filter(|at| answers[*at].status == 202).collect();
    assert_eq!(begun.len(), 3, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    let refused = answers.into_iter().find(|answer| answer.status != 202).unwrap().problem(429, "").json();
    assert_eq!(refused["code"], "too_many_answers");
    assert_eq!(refused["detail"], "You have 3 answers being written. Wait until one has ended, or stop one.");
    // A repeated request gets the same reply as before, and other people have limits of their own.
    let id = &ids[begun[0]];
    let again = ask(&lin, id).await.is(202).json();
    ask(&mia, &new(&mia).await).await.is(202);
    let free = new(&lin).await;
    lin.post_form("/fn/ask", &format!("text=x&conversation_id={free}")).await.is(429);
    lin.post_form("/fn/ask", "text=x").await.is(429);
    // A stopped answer makes room for another. To continue it counts again, and so does a further answer.
    let answer = again["assistant_message"]["id"].as_str().unwrap().to_owned();
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    lin.post(&format!("/api/v1/messages/{answer}/stop"), &json!({})).await.is(200);
    ask(&lin, &free).await.is(202);
    for call in ["continue", "regenerate"] {
        let refused =
            lin.post(&format!("/api/v1/messages/{answer}/{call}"), &json!({})).await.problem(429, "");
        assert_eq!(refused.json()["code"], "too_many_answers", "{call}");
    }
    let last = lin.get(&format!("/api/v1/conversations/{free}/messages")).await.json();
    let other = last["items"][1]["id"].as_str().unwrap();
    lin.post(&format!("/api/v1/messages/{other}/stop"), &json!({})).await.is(200);
    lin.post(&format!("/api/v1/messages/{answer}/continue"), &json!({})).await.is(202);
    app.state.live.stop_all(StopReason::Person);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_of_a_caller_has_a_length() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    let begun = lin.ask(&id, "Hello?").await;
    let (question, answer) = (&begun["user_message"]["id"], &begun["assistant_message"]["id"]);
    // The title of the conversation comes after the answer.
    while lin.get(&format!("/api/v1/conversations/{id}")).await.json()["title"] == "" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let before = lin.get("/api/v1/conversations").await.text();
    let path = format!("/api/v1/conversations/{id}");
    let of = |id: &Value, call: &str| format!("/api/v1/messages/{}{call}", id.as_str().unwrap());
    // The sizes are just below the limit of a body, and a size that only a limit of the field itself refuses.
    for size in [1_000_000, 60_000] {
        let long = "x".repeat(size);
        for field in ["title", "model", "system_prompt"] {
            let patch = json!({ field: long });
            lin.post("/api/v1/conversations", &patch).await.problem(422, field);
            lin.patch(&path, &patch).await.problem(422, field);
        }
        let question_of = |more: Value| {
            let mut body = json!({ "content": "x" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        for (field, body) in [
            ("parent_id", question_of(json!({ "parent_id": long }))),
            ("model", question_of(json!({ "model": long }))),
        ] {
            lin.post(&format!("{path}/messages"), &body).await.problem(422, field);
        }
        lin.post(&of(question, "/edit"), &question_of(json!({ "model": long }))).await.problem(422, "model");
        lin.patch("/api/v1/me", &json!({ "name": long })).await.problem(422, "name");
        for form in [
            format!("text=x&key={long}"),
            format!("text=x&model={long}"),
            format!("text=x&conversation_id={long}"),
        ] {
            let refused = lin.post_form("/fn/ask", &form).await;
            assert!((400..500).contains(&refused.status), "{}: {}", &form[..20], refused.status);
        }
        for (call, form) in [
            ("rename", format!("conversation_id={id}&title={long}")),
            ("rename", format!("conversation_id={long}&title=x")),
            ("delete", format!("conversation_id={long}")),
            ("history", format!("q={long}")),
            ("history", format!("cursor=1_{long}")),
            ("source", format!("message_id={long}")),
            ("stop", format!("message_id={long}")),
            ("retry", format!("message_id={}&key={long}", answer.as_str().unwrap())),
            ("continue", format!("message_id={}&key={long}", answer.as_str().unwrap())),
            ("edit", format!("message_id={long}&text=x")),
            ("select", format!("message_id={long}")),
            ("delete-message", format!("message_id={long}")),
            ("set-name", format!("name={long}")),
        ] {
            let refused = lin.post_form(&format!("/fn/{call}"), &form).await;
            assert!((400..500).contains(&refused.status), "{call} {}: {}", &form[..20], refused.status);
        }
    }
    // The values stand in an address or in headers.
    let long = "x".repeat(50_000);
    for place in [
        format!("/api/v1/conversations?q={long}"),
        format!("/api/v1/conversations?cursor={long}"),
        format!("/api/v1/conversations?cursor=1_{long}"),
        format!("/api/v1/conversations?limit={long}"),
        format!("{path}/messages?before={long}"),
        format!("{path}/events?after={long}"),
        format!("/api/v1/conversations/{long}"),
    ] {
        let refused = lin.get(&place).await;
        assert!((400..500).contains(&refused.status), "{}: {}", &place[..40], refused.status);
    }
    let keyed = lin.clone().header("idempotency-key", &long);
    keyed.post(&format!("{path}/messages"), &json!({ "content": "x" })).await.problem(422, "Idempotency-Key");
    let behind = lin.clone().header("last-event-id", &long).get(&format!("{path}/events")).await;
    assert!((400..500).contains(&behind.status), "{}", behind.status);
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    app.client().header("user-agent", &long).post("/api/v1/auth/login", &form).await.is(200);
    assert_eq!(lin.get("/api/v1/conversations").await.text(), before, "nothing was stored");
}
