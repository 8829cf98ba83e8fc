//! The same idempotency key gives the same answer, in parallel and after a crash.

use futures::future::join_all;

use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_fifty_times_and_after_a_crash() {
    let mut site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let conversation = lin.conversation().await;
    let (model, key) = ("tokens-400-delay-5", "idempotency-key: once-0\r\n");
    let all = (0..50).map(|_| lin.try_ask(&conversation, "acme", model, key));
    let answers: Vec<_> = join_all(all).await.into_iter().map(|answer| answer.unwrap()).collect();
    let ids = |answer: &serde_json::Value| {
        (answer["user_message"]["id"].clone(), answer["assistant_message"]["id"].clone())
    };
    for (status, answer) in &answers {
        assert_eq!(*status, 202, "{answer}");
        assert_eq!(ids(answer), ids(&answers[0].1));
        assert!(answer["assistant_message"]["id"].is_string());
    }
    site.server.kill();
    site.start_again();
    let lin = lin.at(&site);
    for _ in 0..2 {
        let (status, again) = lin.try_ask(&conversation, "acme", model, key).await.unwrap();
        assert_eq!((status, ids(&again)), (202, ids(&answers[0].1)), "{again}");
    }
    assert_eq!(lin.settled(&conversation).await["status"], "interrupted");
    assert_eq!(lin.messages(&conversation, "markdown").await.len(), 2);
    let calls = site.calls.lock().unwrap().clone();
    assert_eq!(calls.values().sum::<usize>(), 1, "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_that_ask_at_once_make_one_valid_branch() {
    let site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    for _ in 0..10 {
        let conversation = lin.conversation().await;
        let model = "tokens-20-delay-5";
        let asked = join_all((0..2).map(|_| lin.try_ask(&conversation, "acme", model, ""))).await;
        let mut statuses: Vec<u16> = asked.iter().map(|answer| answer.as_ref().unwrap().0).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 409], "{asked:?}");
        assert_eq!(lin.settled(&conversation).await["status"], "complete");
        let messages = lin.messages(&conversation, "markdown").await;
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert_eq!(messages[1]["parent_id"], messages[0]["id"]);
    }
}
