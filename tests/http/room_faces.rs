//! What the pages of rooms show to whom: the composer, edits, forms that ask once more, and where forms lead back to.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use inglenook::server::llm::{ChatRequest, Delta, DeltaStream, LlmError, Provider};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::app::{App, Client};

const API: &str = "/api/v1";

/// A provider whose answers begin, and end with the test.
struct Endless(Arc<Semaphore>);

/// Ends the answers when it goes.
struct End(Arc<Semaphore>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[async_trait]
impl Provider for Endless {
    fn name(&self) -> &'static str {
        "acme"
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(["one", "two"].map(str::to_owned).to_vec())
    }

    async fn chat(&self, _: ChatRequest) -> Result<DeltaStream, LlmError> {
        let open = self.0.clone();
        let end = async move {
            let ended = open.acquire().await.is_err();
            Ok(Delta::Text(if ended { "Done." } else { "?" }.to_owned()))
        };
        Ok(stream::iter([Ok(Delta::Text("So. ".to_owned()))]).chain(stream::once(end)).boxed())
    }
}

/// A listed room with its owner, a member and a reader.
struct Room {
    /// Before the app, which waits for all answers.
    _end: End,
    app: App,
    id: String,
    owner: Client,
    member: Client,
    reader: Client,
}

impl Room {
    async fn open() -> Self {
        let open = Arc::new(Semaphore::new(0));
        let app = App::with_provider(&[], Arc::new(Endless(open.clone()))).await;
        let (owner, member) = (app.person("olga").await, app.person("meg").await);
        let reader = app.person("rita").await;
        let settings = json!({ "name": "Kitchen", "listed": true, "answers": "always", "model": "acme/one" });
        let id = owner.post(&format!("{API}/rooms"), &settings).await.is(201).id();
        for person in [&member, &reader] {
            person.post(&format!("{API}/rooms/{id}/join"), &json!({})).await.is(200);
        }
        let of = format!("{API}/rooms/{id}/members/{}", reader.id().await);
        owner.patch(&of, &json!({ "role": "reader" })).await.is(200);
        Self { _end: End(open), app, id, owner, member, reader }
    }

    async fn says(&self, who: &Client, text: &str) -> Value {
        let path = format!("{API}/conversations/{}/messages", self.id);
        who.post(&path, &json!({ "content": text })).await.is(201).json()
    }

    fn browser(&self, client: &Client) -> Client {
        self.app.client().cookie(&format!("inglenook={}", client.token())).browser()
    }

    /// A page as this person's browser shows it.
    async fn page(&self, client: &Client, page: &str) -> String {
        self.browser(client).get(page).await.is(200).text()
    }
}

fn id_of(said: &Value) -> String {
    said["message"]["id"].as_str().unwrap().to_owned()
}

/// The first tag that has this in it.
fn tag<'a>(page: &'a str, part: &str) -> &'a str {
    let at = page.find(part).unwrap_or_else(|| panic!("{part} in {page}"));
    let begin = page[..at].rfind('<').unwrap();
    page[begin..].split('>').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_is_told_why_there_is_no_composer() {
    let room = Room::open().await;
    let thread = format!("/c/{}", room.id);
    let reads = room.page(&room.reader, &thread).await;
    assert!(reads.contains("You read along in Kitchen and cannot write there."), "{reads}");
    assert!(tag(&reads, "id=\"composer\"").contains("hidden"), "{reads}");
    let writes = room.page(&room.member, &thread).await;
    assert!(!tag(&writes, "id=\"composer\"").contains("hidden"), "{writes}");
    assert!(tag(&writes, "id=\"only-reads\"").contains("hidden"), "{writes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_an_edit_stands_beside_the_text_that_it_hides() {
    let room = Room::open().await;
    let id = id_of(&room.says(&room.member, "First words").await);
    let page = room.page(&room.member, &format!("/c/{}?edit={id}", room.id)).await;
    assert!(page.contains("/fn/edit-post") && page.contains("<p>First words</p>"), "{page}");
    // It has the focus, and not the composer, which comes later.
    let first = page.split("autofocus").next().unwrap();
    assert!(first.contains("/fn/edit-post"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_refused_is_shown_again_with_what_it_answers() {
    let room = Room::open().await;
    let browser = room.browser(&room.member);
    let form =
        format!("conversation_id={}&text=A+long+%3Cstory%3E&reply_to=nothing&asks=true&key=k", room.id);
    let refused = browser.post_form("/fn/post", &form).await;
    assert!(refused.status >= 400, "{}", refused.status);
    let page = refused.text();
    for part in
        ["action=\"/fn/post\"", "A long &lt;story&gt;", "value=\"nothing\"", "name=\"asks\"", &room.id]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    let id = id_of(&room.says(&room.owner, "Mine").await);
    let form = format!("conversation_id={}&message_id={id}&text=Better+words", room.id);
    let page = browser.post_form("/fn/edit-post", &form).await.text();
    assert!(page.contains("action=\"/fn/edit-post\"") && page.contains("Better words"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_room_does_not_load_itself_while_somebody_is_answered() {
    let room = Room::open().await;
    room.says(&room.owner, "Why?").await;
    let page = room.page(&room.member, &format!("/c/{}", room.id)).await;
    assert!(page.contains("aria-busy=\"true\"") && !page.contains("http-equiv=\"refresh\""), "{page}");
    assert!(page.contains("Show what is new"), "{page}");
    // A private conversation does, unless an edit is open in it.
    let asked = room.browser(&room.member).post_form("/fn/ask", "text=Why%3F&model=acme%2Fone&key=k").await;
    let address = asked.is(302).header("location").to_owned();
    let page = room.page(&room.member, &address).await;
    assert!(page.contains("http-equiv=\"refresh\"") && !page.contains("Show what is new"), "{page}");
    assert!(!room.page(&room.member, &format!("{address}?edit=x")).await.contains("http-equiv=\"refresh\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_waits_says_whose_it_is_and_has_the_buttons_of_the_reader() {
    let room = Room::open().await;
    for text in ["Why?", "How?"] {
        room.says(&room.owner, text).await;
    }
    let thread = format!("/c/{}", room.id);
    let row =
        |page: &str| page.split("class=\"queued\"").nth(1).unwrap().split("</li>").next().unwrap().to_owned();
    let hidden = |row: &str, class: &str| tag(row, class).contains("hidden");
    let member = row(&room.page(&room.member, &thread).await);
    assert!(member.contains("olga") && member.contains("readonly"), "{member}");
    assert!(hidden(&member, "queue-send") && hidden(&member, "queue-remove"), "{member}");
    let owner = row(&room.page(&room.owner, &thread).await);
    assert!(!hidden(&owner, "queue-send") && !hidden(&owner, "queue-remove"), "{owner}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_asks_once_more_and_leads_back_to_its_list() {
    let room = Room::open().await;
    let (owner, id) = (room.browser(&room.owner), room.id.clone());
    let members = room.page(&room.owner, &format!("/rooms/{id}/members")).await;
    assert!(members.contains("<title>Members · Kitchen"), "{}", &members[..600]);
    for act in ["remove", "ban", "hand-over"] {
        let before = members.split(&format!("value=\"{act}\"")).next().unwrap();
        let inside = before.rsplit("<details").next().unwrap();
        assert!(
            inside.starts_with(" class=\"confirm\"") && !inside.contains("</details>"),
            "{act}: {inside}"
        );
    }
    assert!(members.contains("join again, which anybody may"), "{members}");

    let said = id_of(&room.says(&room.member, "Rude words").await);
    room.browser(&room.reader)
        .post_form("/fn/report-message", &format!("conversation_id={id}&message_id={said}&reason=rude"))
        .await
        .is(302);
    let reports = room.page(&room.owner, &format!("/rooms/{id}/reports")).await;
    assert!(reports.contains("Delete message…") && reports.contains("name=\"list\""), "{reports}");
    let form = format!("message_id={said}&list=reports");
    let back = owner.post_form("/fn/erase-post", &form).await.is(302);
    assert!(
        back.header("location").starts_with(&format!("/rooms/{id}/reports?")),
        "{}",
        back.header("location")
    );
    assert!(owner.get(back.header("location")).await.is(200).text().contains("This message was deleted."));

    let said = id_of(&room.says(&room.member, "Good words").await);
    owner.post_form("/fn/pin-message", &format!("message_id={said}")).await.is(302);
    let form = format!("message_id={said}&list=pins");
    let back = owner.post_form("/fn/unpin-message", &form).await.is(302);
    assert_eq!(back.header("location"), format!("/rooms/{id}/pins"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_was_chosen_stays_chosen_when_another_field_is_refused() {
    let room = Room::open().await;
    let settings = format!("/rooms/{}/settings", room.id);
    let back = room.browser(&room.owner).header("referer", &format!("http://inglenook.test{settings}"));
    let form = format!("id={}&answers=always&model=acme%2Ftwo&payer=asker&slow_seconds=999999999", room.id);
    let refused = back.post_form("/fn/save-room", &form).await.is(302);
    let page = back.get(refused.header("location")).await.is(200).text();
    assert!(page.contains("<option selected>acme/two") || page.contains("selected=\"\">acme/two"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_make_no_room_is_told_why() {
    let room = Room::open().await;
    let tier = json!({ "name": "None", "rooms": 0 });
    let tier = room.owner.post(&format!("{API}/admin/tiers"), &tier).await.is(201).id();
    let given = format!("{API}/admin/people/{}/tier", room.member.id().await);
    room.owner.send_json("PUT", &given, &json!({ "tier": tier })).await.is(200);
    let page = room.page(&room.member, "/rooms/new").await;
    assert!(page.contains("Your tier does not let you make rooms."), "{page}");
    assert!(!page.contains("as many rooms as your tier allows"), "{page}");
}
