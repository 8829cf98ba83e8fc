//! After SIGTERM new work is refused, running answers may finish, and unfinished ones are kept.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::{
    events::{Events, Format, View},
    site::{Begun, PATIENCE, Person, Site},
    tokens,
};

struct Stopping {
    site: Site,
    lin: Person,
    conversation: String,
    begun: Begun,
    events: Events,
    view: View,
}

impl Stopping {
    /// A server with an answer of which some text was seen.
    async fn start(seconds: &str, model: &str) -> Self {
        let site = Site::start(&[("INGLENOOK_SHUTDOWN_SECONDS", seconds)]).await;
        let lin = site.person("lin").await;
        let conversation = lin.conversation().await;
        let begun = lin.ask(&conversation, model).await;
        let mut events = lin.events(&conversation, Some(begun.after), Format::Text).await;
        let mut view = View::after(begun.after);
        while view.text.is_empty() {
            view.take(&events.next().await.unwrap().unwrap());
        }
        Self { site, lin, conversation, begun, events, view }
    }

    async fn until_draining(&self) {
        let begun = Instant::now();
        while self.lin.call("GET", "/readyz", None).await.0 != 503 {
            assert!(begun.elapsed() < PATIENCE, "/readyz does not say that the server is stopping");
        }
    }

    /// Listens until the server closes the stream in order.
    async fn hear_the_rest(&mut self) {
        while let Some(event) = self.events.next().await.expect("the stream is closed, not broken off") {
            self.view.take(&event);
        }
    }

    /// The exit code, and the answer as the next process has it.
    async fn next_process(mut self) -> (Option<i32>, serde_json::Value, View) {
        let ended = self.site.server.ended_within(PATIENCE).expect("the process ends");
        self.site.start_again();
        let lin = self.lin.at(&self.site);
        let mut messages = lin.messages(&self.conversation, "markdown").await;
        let answer = messages.pop().unwrap();
        assert_eq!(answer["id"], self.begun.answer);
        (ended.code(), answer, self.view)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_answer_may_finish_and_new_ones_are_refused() {
    let mut stopping = Stopping::start("60", "tokens-300-delay-10").await;
    let other = stopping.lin.conversation().await;
    stopping.site.server.signal(Signal::TERM);
    stopping.until_draining().await;
    let (status, refused) = stopping.lin.try_ask(&other, "acme", "tokens-10-delay-0", "").await.unwrap();
    assert_eq!(status, 503, "{refused}");
    assert!(refused["detail"].as_str().is_some_and(|sentence| sentence.len() > 10), "{refused}");
    // Reading still works.
    assert_eq!(stopping.lin.messages(&stopping.conversation, "markdown").await.len(), 2);
    stopping.hear_the_rest().await;
    assert_eq!(stopping.view.end.as_deref(), Some("complete"));
    assert_eq!(stopping.view.text, tokens::text(300));
    let (code, answer, _) = stopping.next_process().await;
    assert_eq!((code, &answer["status"]), (Some(0), &"complete".into()));
    assert_eq!(answer["content"], tokens::text(300));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_takes_too_long_is_kept_as_interrupted() {
    let mut stopping = Stopping::start("1", "tokens-5000-delay-20").await;
    stopping.site.server.signal(Signal::TERM);
    stopping.until_draining().await;
    stopping.hear_the_rest().await;
    let (code, answer, view) = stopping.next_process().await;
    assert_eq!((code, &answer["status"]), (Some(0), &"interrupted".into()));
    let content = answer["content"].as_str().unwrap();
    assert!(content.starts_with(&view.text) && tokens::text(5000).starts_with(content));
    assert!(view.end.is_none_or(|end| end == "interrupted"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_at_once() {
    let mut stopping = Stopping::start("600", "tokens-5000-delay-20").await;
    stopping.site.server.signal(Signal::TERM);
    stopping.until_draining().await;
    stopping.site.server.signal(Signal::TERM);
    let again = Instant::now();
    while let Ok(Some(event)) = stopping.events.next().await {
        stopping.view.take(&event);
    }
    let (code, answer, view) = stopping.next_process().await;
    println!("ended {:?} after the second signal", again.elapsed());
    // The server waited for neither the answer's 100 s nor the limit's 600 s.
    assert!(again.elapsed() < Duration::from_secs(30));
    assert_eq!((code, &answer["status"]), (Some(0), &"interrupted".into()));
    assert!(answer["content"].as_str().unwrap().starts_with(&view.text));
}
