//! Rooms: who makes, finds, joins, changes and leaves them, and who of their people may do what.

use serde_json::{Value, json};

use super::{
    app::{App, Client},
    openapi::Document,
};

const ROOMS: &str = "/api/v1/rooms";

fn room(id: &str) -> String {
    format!("{ROOMS}/{id}")
}

/// A room of this person, with these settings besides its name.
async fn made(owner: &Client, mut wanted: Value) -> String {
    wanted["name"] = json!("Garden");
    owner.post(ROOMS, &wanted).await.is(201).id()
}

/// What is handed out of a new code into the room.
async fn code(owner: &Client, id: &str, wanted: Value) -> String {
    let made = owner.post(&format!("{}/codes", room(id)), &wanted).await.is(201).json();
    made["secret"].as_str().unwrap().to_owned()
}

async fn join(person: &Client, code: &str) {
    person.post(&format!("{ROOMS}/join"), &json!({ "code": code })).await.is(200);
}

fn names(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_made_found_joined_and_left() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let id = made(&lin, json!({ "topic": " Beds and beans ", "listed": true })).await;
    let own = lin.get(&room(&id)).await.is(200).json();
    assert_eq!(
        (&own["name"], &own["topic"], &own["role"]),
        (&json!("Garden"), &json!("Beds and beans"), &json!("moderator"))
    );
    assert_eq!(
        (&own["member_count"], &own["kind"], &own["answers"]),
        (&json!(1), &json!("room"), &json!("mention"))
    );
    // Somebody else finds it in the list, and nowhere else.
    kim.get(&room(&id)).await.problem(404, "");
    assert_eq!(names(&kim.get(ROOMS).await.is(200).json()), Vec::<String>::new());
    assert_eq!(names(&kim.get(&format!("{ROOMS}/listed?q=GARD")).await.is(200).json()), ["Garden"]);
    assert_eq!(names(&kim.get(&format!("{ROOMS}/listed?q=x")).await.is(200).json()), Vec::<String>::new());
    let joined = kim.post(&format!("{}/join", room(&id)), &json!({})).await.is(200).json();
    assert_eq!((&joined["role"], &joined["member_count"]), (&json!("member"), &json!(2)));
    assert_eq!(names(&kim.get(&format!("{}/members", room(&id))).await.is(200).json()), ["kim", "lin"]);
    assert_eq!(names(&kim.get(&format!("{}/members?q=Li", room(&id))).await.is(200).json()), ["lin"]);
    // What is listed for whoever may join it is no more for who did.
    assert_eq!(names(&kim.get(&format!("{ROOMS}/listed")).await.is(200).json()), Vec::<String>::new());
    // A member changes nothing, and the owner does not leave.
    kim.patch(&room(&id), &json!({ "name": "Mine" })).await.problem(403, "");
    kim.delete(&room(&id)).await.problem(403, "");
    lin.post(&format!("{}/leave", room(&id)), &json!({})).await.problem(409, "");
    kim.post(&format!("{}/leave", room(&id)), &json!({})).await.is(204);
    kim.get(&room(&id)).await.problem(404, "");
    lin.delete(&room(&id)).await.is(204);
    lin.get(&room(&id)).await.problem(404, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_room_is_named() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = made(&lin, json!({})).await;
    for (wanted, field) in [
        (json!({ "name": " " }), "name"),
        (json!({ "name": "a\nb" }), "name"),
        (json!({ "name": "x".repeat(201) }), "name"),
        (json!({ "name": "x", "topic": "x".repeat(501) }), "topic"),
        (json!({ "name": "x", "initial": "abc" }), "initial"),
        (json!({ "name": "x", "colour": "beige" }), "colour"),
        (json!({ "name": "x", "slow_seconds": 3601 }), "slow_seconds"),
        (json!({ "name": "x", "model": "nobody/offers" }), "model"),
        (json!({ "name": "x", "system_prompt": "x".repeat(32 * 1024 + 1) }), "system_prompt"),
        (json!({ "name": "x", "answers": "never" }), "answers"),
    ] {
        lin.post(ROOMS, &wanted).await.problem(422, field);
        lin.patch(&room(&id), &wanted).await.problem(422, field);
    }
    lin.post(ROOMS, &json!({})).await.problem(422, "name");
    // A private conversation is no room, whoever owns it.
    let private = lin.conversation().await;
    lin.get(&room(&private)).await.problem(404, "");
    lin.patch(&room(&private), &json!({ "name": "x" })).await.problem(404, "");
    lin.delete(&room(&private)).await.problem(404, "");
    lin.get(&format!("{}/members", room(&private))).await.problem(404, "");
    lin.post(&format!("{}/codes", room(&private)), &json!({})).await.problem(404, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_says_how_many_rooms_one_owns_and_a_key_makes_one() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let tier = json!({ "name": "Two rooms", "rooms": 2 });
    let tier = lin.post("/api/v1/admin/tiers", &tier).await.is(201).id();
    let given = format!("/api/v1/admin/people/{}/tier", kim.id().await);
    lin.send_json("PUT", &given, &json!({ "tier": tier })).await.is(200);
    let keyed = kim.clone().header("idempotency-key", "k");
    let first = keyed.post(ROOMS, &json!({ "name": "One" })).await.is(201).id();
    assert_eq!(keyed.post(ROOMS, &json!({ "name": "One" })).await.is(201).id(), first);
    keyed.post(ROOMS, &json!({ "name": "Other" })).await.problem(422, "Idempotency-Key");
    kim.post(ROOMS, &json!({ "name": "Two" })).await.is(201);
    kim.post(ROOMS, &json!({ "name": "Three" })).await.problem(403, "");
    kim.delete(&room(&first)).await.is(204);
    let third = kim.post(ROOMS, &json!({ "name": "Three" })).await.is(201).id();
    kim.patch(&room(&third), &json!({ "name": "Gar\u{202e}den" })).await.problem(422, "name");
    // Neither the bin nor another owner leads past the number.
    let restore = format!("/api/v1/conversations/{first}/restore");
    kim.post(&restore, &json!({})).await.problem(403, "");
    let lins = made(&lin, json!({})).await;
    join(&kim, &code(&lin, &lins, json!({ "uses": 1 })).await).await;
    let hand_over = format!("{}/members/{}/hand-over", room(&lins), kim.id().await);
    lin.post(&hand_over, &json!({})).await.problem(409, "");
    kim.delete(&room(&third)).await.is(204);
    kim.post(&restore, &json!({})).await.is(200);
    lin.post(&hand_over, &json!({})).await.problem(409, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_leads_into_the_room_as_often_as_it_says() {
    let app = App::start().await;
    let (lin, kim, ann) = (app.person("lin").await, app.person("kim").await, app.person("ann").await);
    let id = made(&lin, json!({})).await;
    for (wanted, field) in
        [(json!({ "uses": 0 }), "uses"), (json!({ "uses": 1001 }), "uses"), (json!({ "days": 366 }), "days")]
    {
        lin.post(&format!("{}/codes", room(&id)), &wanted).await.problem(422, field);
    }
    let secret = code(&lin, &id, json!({ "uses": 1, "label": "For Kim" })).await;
    join(&kim, &secret).await;
    // Who is in already uses none, and others have none left.
    let again = kim.post(&format!("{ROOMS}/join"), &json!({ "code": secret })).await;
    assert!([200, 422].contains(&again.status), "{}", again.text());
    ann.post(&format!("{ROOMS}/join"), &json!({ "code": secret })).await.problem(422, "code");
    ann.post(&format!("{ROOMS}/join"), &json!({ "code": "nothing" })).await.problem(422, "code");
    kim.get(&format!("{}/codes", room(&id))).await.problem(403, "");
    ann.get(&format!("{}/codes", room(&id))).await.problem(404, "");
    let secret = code(&lin, &id, json!({ "uses": 5, "days": 1 })).await;
    let listed = lin.get(&format!("{}/codes", room(&id))).await.is(200).json();
    assert!(!listed.to_string().contains(&secret), "{listed}");
    let code_id = listed["items"][0]["id"].as_str().unwrap();
    lin.delete(&format!("{}/codes/{code_id}", room(&id))).await.is(204);
    lin.delete(&format!("{}/codes/{code_id}", room(&id))).await.problem(404, "");
    ann.post(&format!("{ROOMS}/join"), &json!({ "code": secret })).await.problem(422, "code");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lets_nobody_register_whom_the_site_keeps_out() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let of_kim = made(&kim, json!({})).await;
    let of_lin = made(&lin, json!({})).await;
    let (by_kim, by_lin) =
        (code(&kim, &of_kim, json!({ "uses": 9 })).await, code(&lin, &of_lin, json!({ "uses": 9 })).await);
    lin.patch("/api/v1/admin/registration", &json!({ "registration": "invite" })).await.is(200);
    let register = async |name: &str, code: &str| {
        let form =
            json!({ "email": format!("{name}@example.org"), "password": "correct horse", "code": code });
        app.client().post("/api/v1/auth/register", &form).await
    };
    register("ann", &by_kim).await.problem(422, "code");
    let ann = register("ann", &by_lin).await.is(201).json();
    let ann = app.client().bearer(ann["token"].as_str().unwrap());
    assert_eq!(names(&ann.get(ROOMS).await.is(200).json()), ["Garden"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_and_the_owner_do_what_is_theirs() {
    let app = App::start().await;
    let (lin, kim, ann) = (app.person("lin").await, app.person("kim").await, app.person("ann").await);
    let id = made(&lin, json!({})).await;
    let secret = code(&lin, &id, json!({ "uses": 9 })).await;
    for who in [&kim, &ann] {
        join(who, &secret).await;
    }
    let of = |who: &str| format!("{}/members/{who}", room(&id));
    let [lin_id, kim_id, ann_id] = [lin.id().await, kim.id().await, ann.id().await];
    kim.patch(&of(&ann_id), &json!({ "role": "reader" })).await.problem(403, "");
    lin.patch(&of(&kim_id), &json!({ "role": "moderator" })).await.is(200);
    kim.patch(&of(&ann_id), &json!({ "role": "reader" })).await.is(200);
    // Nobody is above the owner, and only the owner makes moderators.
    kim.patch(&of(&ann_id), &json!({ "role": "moderator" })).await.problem(403, "");
    kim.delete(&of(&lin_id)).await.problem(403, "");
    kim.post(&format!("{}/hand-over", of(&ann_id)), &json!({})).await.problem(403, "");
    // So is whose allowance answers count against, which a page offers to nobody else.
    lin.patch(&room(&id), &json!({ "payer": "owner" })).await.is(200);
    kim.patch(&room(&id), &json!({ "payer": "asker" })).await.problem(403, "");
    for (who, offers) in [(&lin, true), (&kim, false)] {
        let browser = app.client().cookie(&format!("inglenook={}", who.token())).browser();
        let page = browser.get(&format!("/rooms/{id}/settings")).await.is(200).text();
        assert_eq!(page.contains("name=\"payer\""), offers);
    }
    // A reader writes nothing.
    let say = json!({ "content": "Hello" });
    let messages = format!("/api/v1/conversations/{id}/messages");
    ann.post(&messages, &say).await.problem(403, "");
    kim.post(&messages, &say).await.is(201);
    // Who is banned is a stranger, and comes back when that ends.
    let banned = kim.post(&format!("{}/ban", of(&ann_id)), &json!({ "hide": true })).await.is(200).json();
    assert_eq!((&banned["state"], &banned["hidden"]), (&json!("banned"), &json!(true)));
    ann.get(&messages).await.problem(404, "");
    ann.post(&format!("{ROOMS}/join"), &json!({ "code": secret })).await.problem(403, "");
    assert_eq!(names(&kim.get(&format!("{}/members?banned=true", room(&id))).await.is(200).json()), ["ann"]);
    kim.post(&format!("{}/unban", of(&ann_id)), &json!({})).await.is(200);
    join(&ann, &secret).await;
    kim.delete(&of(&ann_id)).await.is(200);
    ann.get(&room(&id)).await.problem(404, "");
    // The owner hands over and stays a moderator.
    lin.post(&format!("{}/hand-over", of(&kim_id)), &json!({})).await.is(200);
    let now = lin.get(&room(&id)).await.is(200).json();
    assert_eq!((now["owner_id"].as_str(), &now["role"]), (Some(&*kim_id), &json!("moderator")));
    assert_eq!(now["payer"], "asker", "she has not said that she pays");
    lin.post(&format!("{}/leave", room(&id)), &json!({})).await.is(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unread_is_counted_until_it_was_read() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let id = made(&lin, json!({})).await;
    join(&kim, &code(&lin, &id, json!({ "uses": 1 })).await).await;
    let messages = format!("/api/v1/conversations/{id}/messages");
    let mention = json!({ "content": "@kim, look", "mentions": [kim.id().await] });
    lin.post(&messages, &json!({ "content": "Hello" })).await.is(201);
    let newest = lin.post(&messages, &mention).await.is(201).json();
    let counts = async |who: &Client| {
        let page = who.get(ROOMS).await.is(200).json();
        (page["items"][0]["unread"].as_u64().unwrap(), page["items"][0]["mentions"].as_u64().unwrap())
    };
    assert_eq!((counts(&kim).await, counts(&lin).await), ((2, 1), (0, 0)));
    let newest = json!({ "message_id": newest["message"]["id"] });
    kim.send_json("PUT", &format!("{}/read", room(&id)), &newest).await.is(204);
    assert_eq!(counts(&kim).await, (0, 0));
    kim.send_json("PUT", &format!("{}/notify", room(&id)), &json!({ "notify": "nothing" })).await.is(204);
    assert_eq!(kim.get(&room(&id)).await.is(200).json()["notify"], json!("nothing"));
    kim.send_json("PUT", &format!("{}/notify", room(&id)), &json!({ "notify": "loud" }))
        .await
        .problem(422, "notify");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_about_rooms_are_as_described() {
    let app = App::start().await;
    let (document, lin, kim) = (Document::of(&app).await, app.person("lin").await, app.person("kim").await);
    let wanted = json!({ "name": "Garden", "listed": true, "colour": "teal", "initial": "G" });
    let made = lin.post(ROOMS, &wanted).await.is(201);
    document.check_answer("post", "/rooms", &made);
    let id = made.id();
    let check = |method: &str, path: &str, answer| document.check_answer(method, path, &answer);
    check("get", "/rooms", lin.get(ROOMS).await.is(200));
    check("get", "/rooms/listed", kim.get(&format!("{ROOMS}/listed")).await.is(200));
    check("post", "/rooms/{id}/join", kim.post(&format!("{}/join", room(&id)), &json!({})).await.is(200));
    check("get", "/rooms/{id}", kim.get(&room(&id)).await.is(200));
    check("get", "/rooms/{id}/members", kim.get(&format!("{}/members", room(&id))).await.is(200));
    let member = format!("{}/members/{}", room(&id), kim.id().await);
    check(
        "patch",
        "/rooms/{id}/members/{user_id}",
        lin.patch(&member, &json!({ "role": "reader" })).await.is(200),
    );
    let codes = format!("{}/codes", room(&id));
    check("post", "/rooms/{id}/codes", lin.post(&codes, &json!({})).await.is(201));
    check("get", "/rooms/{id}/codes", lin.get(&codes).await.is(200));
    let say = json!({ "content": "Hello" });
    let messages = format!("/api/v1/conversations/{id}/messages");
    check("post", "/conversations/{id}/messages", lin.post(&messages, &say).await.is(201));
    check("get", "/conversations/{id}/messages", lin.get(&messages).await.is(200));
    check("post", "/conversations/{id}/messages", kim.post(&messages, &say).await.is(403));
}
