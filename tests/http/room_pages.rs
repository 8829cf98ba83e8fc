//! The pages of rooms, as a browser without a script opens them and sends their forms.

use serde_json::json;

use super::app::{App, Client};

/// A client with the cookie of somebody, as a browser.
fn browser(app: &App, client: &Client) -> Client {
    app.client().cookie(&format!("inglenook={}", client.token())).browser()
}

/// The pages of a conversation come with the reader's days, which are those of UTC here.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_made_joined_with_a_link_and_written_in_by_forms() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let (lin_sees, kim_sees) = (browser(&app, &lin), browser(&app, &kim));
    let empty = lin_sees.get("/rooms").await.is(200).text();
    assert!(empty.contains("people and the model write together"), "{empty}");
    // A refused form keeps what was typed, and says at the field why.
    let back = lin_sees.clone().header("referer", "http://inglenook.test/rooms/new");
    let refused = back.post_form("/fn/make-room", "name=+&topic=Beds+and+beans").await.is(302);
    let form = lin_sees.get(refused.header("location")).await.is(200).text();
    assert!(form.contains("A room needs a name.") && form.contains("Beds and beans"), "{form}");
    let made =
        lin_sees.post_form("/fn/make-room", "name=Garden+%3Cb%3E&topic=Beds&answers=mention").await.is(302);
    let address = made.header("location").to_owned();
    let id = address.trim_start_matches("/c/").to_owned();
    let page = lin_sees.get(&address).await.is(200).text();
    assert!(page.contains("Garden &lt;b&gt;") && page.contains("@model asks the model"), "{page}");
    assert!(page.contains("action=\"/fn/post\"") && !page.contains("Garden <b>"), "{page}");

    // The new code is shown once, as a link and a QR code.
    let form = format!("id={id}&uses=2&days=7&label=Neighbours");
    let made = lin_sees.post_form("/fn/make-room-code", &form).await.is(302);
    let invite = lin_sees.get(made.header("location")).await.is(200).text();
    assert_eq!(invite.matches("class=\"qr\"").count(), 1);
    let link = invite.split("href=\"http://inglenook.test/join/").nth(1).unwrap();
    let code = link.split('"').next().unwrap().to_owned();
    let list = lin_sees.get(&format!("/rooms/{id}/invite")).await.is(200).text();
    assert!(list.contains("Neighbours") && !list.contains(&code));

    // Whoever is not signed in is told where it leads; whoever is joins with one button.
    let guest = app.client().browser().get(&format!("/join/{code}")).await.is(200).text();
    assert!(guest.contains("Garden &lt;b&gt;") && guest.contains("/fn/register"), "{guest}");
    let door = kim_sees.get(&format!("/join/{code}")).await.is(200).text();
    assert!(door.contains("/fn/join-with-code") && door.contains("Garden &lt;b&gt;"), "{door}");
    let joined = kim_sees.post_form("/fn/join-with-code", &format!("code={code}")).await.is(302);
    assert_eq!(joined.header("location"), address);

    // Whoever registers with it is in the room at once.
    let form = format!("email=bob@example.org&password=correct+horse&code={code}");
    let registered = app.client().browser().post_form("/fn/register", &form).await.is(302);
    assert_eq!(registered.header("location"), address);

    // What one writes the other sees, under the writer's name.
    let form = format!("conversation_id={id}&text=Hello+%3Ci%3E+%40lin");
    let posted = kim_sees.post_form("/fn/post", &form).await.is(302);
    let (place, said) = posted.header("location").split_once('#').unwrap();
    let page = kim_sees.get(place).await.is(200).text();
    assert!(place == address && page.contains(&format!("id=\"{said}\"")), "the message is in sight");
    let sidebar = lin_sees.get("/rooms").await.is(200).text();
    assert!(sidebar.contains("1 new message") && sidebar.contains("1 message mentions you"), "{sidebar}");
    let thread = lin_sees.get(&address).await.is(200).text();
    assert!(
        thread.contains("Hello &lt;i&gt; <span class=\"mention own\">@lin</span>")
            && thread.contains("<strong dir=\"auto\">kim</strong></a>"),
        "{thread}"
    );
    assert!(!lin_sees.get("/rooms").await.is(200).text().contains("1 new message"));
    // A stranger finds nothing at any of its addresses.
    let ann = browser(&app, &app.person("ann").await);
    for path in [
        address.clone(),
        format!("/rooms/{id}/members"),
        format!("/rooms/{id}/settings"),
        format!("/rooms/{id}/invite"),
    ] {
        ann.get(&path).await.is(404);
    }
    // A member sees who is there, and no settings.
    let members = kim_sees.get(&format!("/rooms/{id}/members")).await.is(200).text();
    assert!(members.contains(">lin<") && !members.contains("/fn/change-member"), "{members}");
    kim_sees.get(&format!("/rooms/{id}/settings")).await.is(403);
    assert!(lin_sees.get(&format!("/rooms/{id}/members")).await.is(200).text().contains("/fn/change-member"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_thread_says_what_was_edited_deleted_and_hidden() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let (lin_sees, kim_sees) = (browser(&app, &lin), browser(&app, &kim));
    let id = lin.post("/api/v1/rooms", &json!({ "name": "Garden", "listed": true })).await.is(201).id();
    assert_eq!(
        kim_sees.post_form("/fn/join-room", &format!("id={id}")).await.is(302).header("location"),
        format!("/c/{id}")
    );
    let messages = format!("/api/v1/conversations/{id}/messages");
    let say = async |who: &Client, text: &str| {
        let said = who.post(&messages, &json!({ "content": text })).await.is(201).json();
        said["message"]["id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (say(&kim, "First words").await, say(&kim, "Second words").await);
    let address = format!("/c/{id}");
    let open = kim_sees.get(&format!("{address}?edit={first}")).await.is(200).text();
    assert!(open.contains("/fn/edit-post"), "{open}");
    // Nobody edits what somebody else wrote.
    assert!(!lin_sees.get(&format!("{address}?edit={first}")).await.is(200).text().contains("/fn/edit-post"));
    let form = format!("conversation_id={id}&message_id={first}&text=Better+words");
    lin_sees.post_form("/fn/edit-post", &form).await;
    kim_sees.post_form("/fn/edit-post", &form).await.is(302);
    kim_sees.post_form("/fn/erase-post", &format!("message_id={second}")).await.is(302);
    let page = lin_sees.get(&address).await.is(200).text();
    assert!(
        page.contains("Better words") && page.contains("(edited)") && !page.contains("First words"),
        "{page}"
    );
    assert!(page.contains("This message was deleted.") && !page.contains("Second words"), "{page}");
    let ban = format!("id={id}&user_id={}&act=ban&hide=true", kim.id().await);
    let told = lin_sees.post_form("/fn/change-member", &ban).await.is(302);
    assert!(lin_sees.get(told.header("location")).await.is(200).text().contains("kim is banned."));
    let page = lin_sees.get(&address).await.is(200).text();
    assert!(page.contains("Hidden: its author is banned.") && !page.contains("Better words"), "{page}");
    kim_sees.get(&address).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_message_is_edited_in_its_place() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.post("/api/v1/rooms", &json!({ "name": "Shed", "listed": true })).await.is(201).id();
    let path = format!("/api/v1/conversations/{id}/messages");
    let said =
        lin.post(&path, &json!({ "content": "Ladders" })).await.is(201).json()["message"]["id"].clone();
    let said = said.as_str().unwrap();
    // More than a page shows; one person says only so much at a time.
    for name in ["ann", "ben", "cleo"] {
        let person = app.person(name).await;
        person.post(&format!("/api/v1/rooms/{id}/join"), &json!({})).await.is(200);
        for number in 0..18 {
            person.post(&path, &json!({ "content": format!("{name} {number}") })).await.is(201);
        }
    }
    let sees = browser(&app, &lin);
    assert!(!sees.get(&format!("/c/{id}")).await.is(200).text().contains("Ladders"));
    let page = sees.get(&format!("/c/{id}?edit={said}")).await.is(200).text();
    assert!(page.contains("action=\"/fn/edit-post\"") && page.contains("Ladders"), "{page}");
    let form = format!("conversation_id={id}&message_id={said}&text=Two+ladders");
    let edited = sees.post_form("/fn/edit-post", &form).await.is(302);
    let page = sees.get(edited.header("location").split('#').next().unwrap()).await.is(200).text();
    assert!(page.contains("Two ladders"), "{page}");
}
