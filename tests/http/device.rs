//! Signing in on another device: a link is shown here, opened there, and confirmed here.

use inglenook::{domain::UserState, server::store::UserPatch};
use serde_json::json;

use super::{
    app::App,
    client::{Answer, Client},
    time::Hands,
};

const PAGE: &str = "/settings/sign-in/device";
const MINUTE: i64 = 60 * 1000;

/// A site with Lin, signed in by cookie.
async fn start() -> (App, Hands, Client) {
    let (clock, hands) = Hands::new();
    let app = App::at(&[("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000")], clock).await;
    let lin = app.person("lin").await;
    let lin = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    (app, hands, lin)
}

/// Makes a link, and answers its address.
async fn link(lin: &Client) -> String {
    let made = lin.post_form("/fn/device-link", "").await.is(302);
    assert_eq!(made.header("location"), PAGE);
    let page = lin.get(PAGE).await.is(200);
    assert_eq!(page.header("refresh"), "3");
    let text = page.text();
    assert!(text.contains("class=\"qr\"") && text.contains("http://inglenook.test/device"), "{text}");
    let (_, code) = text.split_once("<code class=\"key\">").unwrap();
    format!("/device/{}", code.split('<').next().unwrap().replace(' ', ""))
}

/// The value of the hidden field or the number that a page shows after `before`.
fn after(page: &Answer, before: &str) -> String {
    let text = page.text();
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(['<', '"']).next().unwrap().to_owned()
}

const NUMBER: &str = "<p class=\"device-number\">";

/// Asks with the link, as another browser. Answers its client and the number that it shows.
async fn ask(app: &App, address: &str) -> (Client, String) {
    let code = address.strip_prefix("/device/").unwrap();
    let phone = app.client().browser().header("user-agent", "Fire/1.0 <b>");
    let asked = phone.post_form("/fn/device-ask", &format!("code={code}")).await.is(302);
    assert_eq!(asked.header("location"), address);
    let cookie = asked.cookies()[0].to_owned();
    assert!(
        cookie.contains("_device=") && cookie.contains("HttpOnly") && cookie.contains("Max-Age=120"),
        "{cookie}"
    );
    let phone = phone.cookie(&asked.cookie());
    let waiting = phone.get(address).await.is(200);
    assert_eq!(waiting.header("refresh"), "3");
    (phone, after(&waiting, NUMBER))
}

async fn claim(phone: &Client, address: &str) -> Answer {
    let code = address.strip_prefix("/device/").unwrap();
    phone.post_form("/fn/device-claim", &format!("code={code}")).await.is(302)
}

/// Whether the answer gives a session.
fn session_of(answer: &Answer) -> Option<String> {
    let is_session = |line: &&&str| !line.contains("_device=") && !line.contains("_code=");
    let cookies = answer.cookies();
    cookies.iter().find(is_session).map(|line| line.split(';').next().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_signed_in_once_it_is_confirmed_elsewhere() {
    let (app, _, lin) = start().await;
    assert!(lin.get(PAGE).await.is(200).header("refresh").is_empty());
    let address = link(&lin).await;
    // Opening the link changes nothing: programs do so to show what is behind it.
    for _ in 0..2 {
        let opened = app.client().browser().get(&address).await.is(200);
        assert!(opened.cookies().is_empty() && opened.text().contains("Ask to sign in here"));
    }
    let (phone, number) = ask(&app, &address).await;
    assert!((100..1000).contains(&number.parse::<u32>().unwrap()), "{number}");
    assert_eq!(session_of(&claim(&phone, &address).await), None, "nobody has confirmed it");
    let asks = lin.get(PAGE).await.is(200);
    assert!(asks.header("refresh").is_empty(), "the buttons stay where they are");
    assert_eq!(after(&asks, NUMBER), number);
    assert!(asks.text().contains("wants to sign in: Fire, from"), "{}", asks.text());
    let confirmed = lin.post_form("/fn/device-confirm", &format!("number={number}")).await.is(302);
    assert_eq!(confirmed.header("location"), PAGE);
    assert!(lin.get(PAGE).await.is(200).text().contains("press Continue on the other device"));
    let ready = phone.get(&address).await.is(200);
    assert!(ready.text().contains("Continue as lin@example.org") && ready.header("refresh").is_empty());
    let entered = claim(&phone, &address).await;
    assert_eq!(entered.header("location"), "/");
    let session = session_of(&entered).unwrap();
    assert!(entered.cookies().iter().any(|line| line.contains("_device=;")), "{:?}", entered.cookies());
    let phone = app.client().browser().cookie(&session);
    assert_eq!(phone.get("/api/v1/me").await.is(200).json()["login"], "lin@example.org");
    assert!(lin.get(PAGE).await.is(200).text().contains("The other device is signed in."));
    // It has proved nothing: what is sensitive asks for the password there.
    assert!(phone.get(PAGE).await.is(303).header("location").starts_with("/settings/prove"));
    // The session ends alone, and outlives the other one.
    lin.post_form("/fn/logout", "").await.is(302);
    phone.get("/api/v1/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_asked_first_is_let_in_and_once() {
    let (app, _, lin) = start().await;
    let address = link(&lin).await;
    let (phone, number) = ask(&app, &address).await;
    let code = address.strip_prefix("/device/").unwrap();
    // Another one comes too late, and has no way to be the first.
    let late = app.client().browser().post_form("/fn/device-ask", &format!("code={code}")).await.is(302);
    assert!(late.cookies().is_empty() && late.header("location").starts_with("/device?flash="));
    let told = app.client().browser().get(late.header("location")).await.is(200).text();
    assert!(told.contains("Show a new one on the device where you are signed in"), "{told}");
    app.client().browser().get(&address).await.is(404);
    lin.post_form("/fn/device-confirm", "number=1").await.is(302);
    assert_eq!(session_of(&claim(&phone, &address).await), None, "the number was another one");
    lin.post_form("/fn/device-confirm", &format!("number={number}")).await.is(302);
    assert_eq!(session_of(&claim(&app.client().browser(), &address).await), None);
    let all = futures::future::join_all((0..20).map(|_| claim(&phone, &address))).await;
    assert_eq!(all.iter().filter_map(session_of).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_after_two_minutes_with_a_no_and_with_its_session() {
    let (app, hands, lin) = start().await;
    for how in ["late", "refused", "replaced", "signed out", "disabled"] {
        let name = how.replace(' ', "-");
        let person = app.person(&name).await;
        let browser = app.client().browser().cookie(&format!("inglenook={}", person.token()));
        let address = link(&browser).await;
        let (phone, number) = ask(&app, &address).await;
        browser.post_form("/fn/device-confirm", &format!("number={number}")).await.is(302);
        phone.get(&address).await.is(200);
        match how {
            "late" => hands.turn(2 * MINUTE),
            "refused" => {
                let told = browser.post_form("/fn/device-refuse", "").await.is(302);
                let told = browser.get(told.header("location")).await.is(200).text();
                assert!(told.contains("No device was signed in."), "{told}");
            }
            "replaced" => assert_ne!(link(&browser).await, address),
            "signed out" => {
                browser.post_form("/fn/logout", "").await.is(302);
            }
            _ => {
                let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
                app.state.store.update_user(&person.id().await, &disabled, None).await.unwrap();
            }
        }
        let claimed = claim(&phone, &address).await;
        assert_eq!(session_of(&claimed), None, "{how}");
        assert!(claimed.header("location").starts_with("/device?flash="), "{how}");
        phone.get(&address).await.is(404);
    }
    // Lin's own link is nobody else's to confirm.
    let address = link(&lin).await;
    let (phone, number) = ask(&app, &address).await;
    let kim = app.person("kim").await;
    let kim = app.client().browser().cookie(&format!("inglenook={}", kim.token()));
    kim.post_form("/fn/device-confirm", &format!("number={number}")).await.is(302);
    kim.post_form("/fn/device-refuse", "").await.is(302);
    assert_eq!(session_of(&claim(&phone, &address).await), None);
    assert_eq!(after(&lin.get(PAGE).await.is(200), NUMBER), number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_needs_a_proof_and_its_code_is_nowhere_in_the_store() {
    let (app, hands, lin) = start().await;
    let address = link(&lin).await;
    let code = address.strip_prefix("/device/").unwrap();
    let me = lin.get("/api/v1/me").await.is(200).id();
    let session = app.state.store.sessions_of(&me, app.state.clock.now()).await.unwrap().remove(0);
    let stored = app.state.store.device_link_of(&session.id, app.state.clock.now()).await.unwrap().unwrap();
    assert!(!format!("{stored:?}").contains(code), "{stored:?}");
    assert!(app.state.store.device_link(code, app.state.clock.now()).await.unwrap().is_none());
    // It may be typed in groups and small letters.
    let typed: Vec<String> =
        code.to_lowercase().as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part).into()).collect();
    let asked =
        app.client().browser().post_form("/fn/device-ask", &format!("code={}", typed.join("+"))).await;
    assert!(asked.is(302).header("location").eq_ignore_ascii_case(&address));
    hands.turn(11 * MINUTE);
    for form in ["/fn/device-link", "/fn/device-confirm"] {
        let refused = lin.post_form(form, "number=100").await.is(302);
        assert!(refused.header("location").starts_with("/settings/prove?next="), "{form}");
    }
    assert!(lin.get(PAGE).await.is(303).header("location").starts_with("/settings/prove?next="));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_already_is_told_so_and_nonsense_is_no_code() {
    let (app, _, lin) = start().await;
    let address = link(&lin).await;
    for page in [&*address, "/device"] {
        assert!(lin.get(page).await.is(200).text().contains("You are signed in here already."));
    }
    let nobody = app.client().browser();
    let long = "0".repeat(2000);
    for code in ["x", "%20", "ZZZZZZZZZZZZZZZZZZZZZZZZZZ", &long, "%00", "%E2%80%AE"] {
        nobody.get(&format!("/device/{code}")).await.is(404);
        let refused = nobody.post_form("/fn/device-ask", &format!("code={code}")).await.is(302);
        assert!(
            refused.header("location").starts_with("/device?flash=") && refused.cookies().is_empty(),
            "{code}"
        );
    }
    lin.post_form("/fn/device-confirm", "number=-1").await.is(302);
    let call = app.client().header("accept", "application/json");
    call.post_form("/fn/device-claim", "code=x").await.is(409);
    assert_eq!(call.post("/fn/device-link", &json!({})).await.status, 415);
}
