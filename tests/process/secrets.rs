//! Of two servers with different secrets on one database the second one is refused and disturbs nothing.

use crate::{
    folder, mongod,
    site::{PATIENCE, Person, Site},
    tokens,
};

const ONE: &str = "c2VjcmV0LW9mLW9uZS1zZXJ2ZXItMDEyMzQ1Njc4OTAx";
const OTHER: &str = "c2VjcmV0LW9mLWFub3RoZXItc2VydmVyLTAxMjM0NTY3";

/// Begins an answer that is being written while other servers try to start.
async fn writing(site: &Site) -> (Person, String) {
    let lin = site.person("lin").await;
    let conversation = lin.conversation().await;
    lin.ask(&conversation, "tokens-300-delay-20").await;
    (lin, conversation)
}

async fn undisturbed(lin: &Person, conversation: &str) {
    assert_eq!(lin.call("GET", "/api/v1/me", None).await.0, 200);
    let ended = lin.settled(conversation).await;
    assert_eq!((&ended["status"], &ended["content"]), (&"complete".into(), &tokens::text(300).into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_secrets_on_one_mongodb_are_refused_while_the_first_server_lives() {
    let url = mongod::shared().await.url(&mongod::fresh_database());
    let store = ("INGLENOOK_STORE", &*url);
    let mut site = Site::start(&[store, ("INGLENOOK_SECRET", ONE)]).await;
    let (lin, conversation) = writing(&site).await;
    // A secret that is set, and one that the second server makes for itself.
    for more in [&[store, ("INGLENOOK_SECRET", OTHER)][..], &[store]] {
        let refused = tokio::task::block_in_place(|| site.refused("other", more));
        assert!(refused.contains("another secret") && refused.contains("INGLENOOK_SECRET"), "{refused}");
        assert!(!refused.contains(ONE) && !refused.contains(OTHER), "{refused}");
    }
    let home = site.data().parent().unwrap().to_owned();
    let data = home.join("other");
    let check = |secret| {
        let settings = [store, ("INGLENOOK_SECRET", secret)];
        let done = tokio::task::block_in_place(|| folder::run(&home, &data, &["check"], &settings));
        (done.status.success(), String::from_utf8(done.stdout).unwrap())
    };
    let (starts, report) = check(OTHER);
    assert!(!starts && report.contains("another secret"), "{report}");
    let (starts, report) = check(ONE);
    assert!(starts, "{report}");
    undisturbed(&lin, &conversation).await;
    // A server that is gone does not count, although its last heartbeat stays because it was killed.
    site.server.kill();
    let second = Site::start(&[store, ("INGLENOOK_SECRET", OTHER)]).await;
    assert_eq!(lin.at(&second).call("GET", "/api/v1/me", None).await.0, 401, "signed with the old secret");
    second.stranger().signed_in_again("lin").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_secrets_on_one_database_file_are_refused_as_any_second_server_is() {
    let mut site = Site::start(&[("INGLENOOK_SECRET", ONE)]).await;
    let (lin, conversation) = writing(&site).await;
    let database = format!("sqlite:{}", site.data().join("inglenook.db").display());
    for secret in [OTHER, ONE] {
        let settings = [("INGLENOOK_STORE", &*database), ("INGLENOOK_SECRET", secret)];
        let refused = tokio::task::block_in_place(|| site.refused("other", &settings));
        assert!(refused.contains("in use by another Inglenook"), "{refused}");
    }
    undisturbed(&lin, &conversation).await;
    site.server.signal(rustix::process::Signal::TERM);
    assert!(site.server.ended_within(PATIENCE).is_some());
}
