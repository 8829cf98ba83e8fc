//! Sign-in on another device: one device asks, one is confirmed, one session begins.

use super::fixtures::{HASH, LATER, NOW, id, session, user};
use crate::{
    domain::{User, UserState},
    server::store::{AskingDevice, DeviceLink, Session, Store, UserPatch},
};

const UNTIL: i64 = NOW + 120_000;

fn asking(secret: &str, number: u32) -> AskingDevice {
    AskingDevice {
        secret_hash: secret.to_owned(),
        number,
        user_agent: "Safari".to_owned(),
        address: "192.0.2.9".to_owned(),
    }
}

/// A person, their session, and the hash of the code of its link.
async fn with_link(store: &dyn Store) -> (User, Session, String) {
    let ada = user(store).await;
    let browser = session(&ada);
    assert!(store.create_session(&browser, Some(HASH)).await.unwrap());
    let code = put(store, &browser).await;
    (ada, browser, code)
}

async fn put(store: &dyn Store, browser: &Session) -> String {
    let link = link(browser);
    assert!(store.put_device_link(&link, NOW).await.unwrap());
    link.code_hash
}

fn link(browser: &Session) -> DeviceLink {
    DeviceLink {
        session_id: browser.id.clone(),
        code_hash: format!("hash {}", id()),
        code: "sealed".to_owned(),
        expires_at: UNTIL,
        asked: None,
        confirmed: false,
        done: false,
    }
}

/// A link with a device that asked with the secret "s" and was confirmed.
async fn confirmed(store: &dyn Store) -> (User, Session, String) {
    let (ada, browser, code) = with_link(store).await;
    assert!(store.ask_by_device_link(&code, &asking("s", 47), NOW).await.unwrap());
    assert!(store.confirm_device(&browser.id, 47, NOW).await.unwrap());
    (ada, browser, code)
}

pub(super) async fn a_link_is_found_until_it_expires_or_another_takes_its_place(store: &dyn Store) {
    let (ada, browser, code) = with_link(store).await;
    let found = store.device_link(&code, UNTIL - 1).await.unwrap().unwrap();
    assert_eq!(found, DeviceLink { code_hash: code.clone(), ..link(&browser) });
    assert_eq!(store.device_link_of(&browser.id, NOW).await.unwrap(), Some(found));
    assert_eq!(store.device_link(&code, UNTIL).await.unwrap(), None);
    assert_eq!(store.device_link_of(&browser.id, UNTIL).await.unwrap(), None);
    assert_eq!(store.device_link("hash", NOW).await.unwrap(), None);
    assert!(!store.put_device_link(&link(&session(&ada)), NOW).await.unwrap(), "there is no such session");
    assert!(store.ask_by_device_link(&code, &asking("s", 47), NOW).await.unwrap());
    let second = put(store, &browser).await;
    assert_eq!(store.device_link(&code, NOW).await.unwrap(), None);
    assert_eq!(store.device_link(&second, NOW).await.unwrap().unwrap().asked, None);
    assert!(store.remove_device_link(&browser.id).await.unwrap());
    assert!(!store.remove_device_link(&browser.id).await.unwrap());
    assert_eq!(store.device_link(&second, NOW).await.unwrap(), None);
}

pub(super) async fn the_device_that_asked_first_is_the_one_to_confirm(store: &dyn Store) {
    let (_, browser, code) = with_link(store).await;
    assert!(!store.confirm_device(&browser.id, 47, NOW).await.unwrap(), "nobody asked");
    let asked = asking("s", 47);
    assert!(!store.ask_by_device_link(&code, &asked, UNTIL).await.unwrap(), "it has expired then");
    let numbers = 100..120_u32;
    let asks = numbers.map(|number| {
        let code = &code;
        async move { store.ask_by_device_link(code, &asking(&number.to_string(), number), NOW).await.unwrap() }
    });
    let asked = futures::future::join_all(asks).await;
    assert_eq!(asked.iter().filter(|asked| **asked).count(), 1);
    let number = 100 + u32::try_from(asked.iter().position(|asked| *asked).unwrap()).unwrap();
    assert!(!store.confirm_device(&browser.id, number + 1, NOW).await.unwrap(), "it shows another number");
    assert!(!store.confirm_device(&browser.id, number, UNTIL).await.unwrap());
    assert!(!store.confirm_device("none", number, NOW).await.unwrap());
    assert!(store.confirm_device(&browser.id, number, NOW).await.unwrap());
    assert!(!store.confirm_device(&browser.id, number, NOW).await.unwrap());
    let found = store.device_link(&code, NOW).await.unwrap().unwrap();
    assert_eq!(found.asked, Some(asking(&number.to_string(), number)));
    assert!(found.confirmed && !found.done);
}

pub(super) async fn a_link_begins_one_session_for_its_person(store: &dyn Store) {
    let (ada, browser, code) = with_link(store).await;
    let bob = user(store).await;
    let new = session(&ada);
    let claim = async |secret: &str, session: &Session, now| {
        store.claim_device_link(&code, secret, session, now).await.unwrap()
    };
    assert!(!claim("s", &new, NOW).await, "nobody asked");
    assert!(store.ask_by_device_link(&code, &asking("s", 47), NOW).await.unwrap());
    assert!(!claim("s", &new, NOW).await, "it is not confirmed");
    assert!(store.confirm_device(&browser.id, 47, NOW).await.unwrap());
    assert!(!claim("another", &new, NOW).await);
    assert!(!claim("s", &new, UNTIL).await);
    assert!(!claim("s", &session(&bob), NOW).await, "it is not Bob's");
    assert!(claim("s", &new, NOW).await);
    assert_eq!(store.session(&new.id).await.unwrap(), Some((new, ada.clone())));
    let again = session(&ada);
    assert!(!claim("s", &again, NOW).await);
    assert!(store.session(&again.id).await.unwrap().is_none());
    assert!(store.device_link_of(&browser.id, NOW).await.unwrap().unwrap().done);
}

pub(super) async fn of_fifty_claims_one_begins_a_session(store: &dyn Store) {
    let (ada, _, code) = confirmed(store).await;
    let sessions: Vec<Session> = (0..50).map(|_| session(&ada)).collect();
    let claims = sessions.iter().map(|session| store.claim_device_link(&code, "s", session, NOW));
    let claimed = futures::future::join_all(claims).await;
    assert_eq!(claimed.into_iter().filter(|claimed| *claimed.as_ref().unwrap()).count(), 1);
    assert_eq!(store.sessions_of(&ada.id, NOW).await.unwrap().len(), 2);
}

pub(super) async fn a_link_ends_with_its_session(store: &dyn Store) {
    // The administrator, who cannot be disabled.
    user(store).await;
    for how in ["signed out", "expired", "disabled"] {
        let (ada, browser, code) = confirmed(store).await;
        let now = if how == "expired" { LATER } else { NOW };
        match how {
            "signed out" => assert!(store.delete_session(&browser.id).await.unwrap()),
            "expired" => {
                let link = DeviceLink { expires_at: LATER + 1, ..link(&browser) };
                assert!(store.put_device_link(&link, NOW).await.unwrap());
                assert!(store.device_link(&link.code_hash, LATER - 1).await.unwrap().is_some());
                assert!(store.device_link(&link.code_hash, LATER).await.unwrap().is_none());
                assert!(!store.ask_by_device_link(&link.code_hash, &asking("s", 1), LATER).await.unwrap());
            }
            _ => {
                let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
                store.update_user(&ada.id, &disabled, None).await.unwrap();
            }
        }
        assert_eq!(store.device_link(&code, now).await.unwrap(), None, "{how}");
        assert_eq!(store.device_link_of(&browser.id, now).await.unwrap(), None, "{how}");
        assert!(!store.claim_device_link(&code, "s", &session(&ada), now).await.unwrap(), "{how}");
    }
}
