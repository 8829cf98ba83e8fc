//! [`Activity`]: what a connection is doing and since when, so that it is given up when it does nothing.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Body;
use tokio::time::Instant;

use crate::server::{config::Timeouts, ops::held_body::held_until_sent};

#[derive(Clone, Copy, Debug)]
enum Doing {
    /// A request's head is to come, or comes.
    Head,
    /// A request is answered. A stream of events is, for as long as it is open.
    Answer,
    /// The last answer is sent.
    Nothing,
}

#[derive(Debug)]
struct State {
    doing: Doing,
    since: Instant,
    /// Since when the client takes nothing of what waits for it.
    stalled: Option<Instant>,
}

pub struct Activity {
    state: Mutex<State>,
    timeouts: Timeouts,
}

impl Activity {
    pub fn new(timeouts: Timeouts) -> Self {
        let state = State { doing: Doing::Head, since: Instant::now(), stalled: None };
        Self { state: Mutex::new(state), timeouts }
    }

    /// Bytes came.
    pub fn read(&self) {
        self.change(|state| {
            if matches!(state.doing, Doing::Nothing) {
                *state = State { doing: Doing::Head, since: Instant::now(), stalled: state.stalled };
            }
        });
    }

    /// Bytes were to be sent, and whether any could be.
    pub fn wrote(&self, some: bool) {
        self.change(|state| {
            state.stalled = if some { None } else { state.stalled.or_else(|| Some(Instant::now())) };
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// When the connection is to be given up unless something happens, and why.
    fn deadline(&self) -> Option<(Instant, &'static str)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let doing = match state.doing {
            Doing::Head => Some((state.since + self.timeouts.head, "no whole request came")),
            Doing::Nothing => Some((state.since + self.timeouts.keep_alive, "no further request came")),
            Doing::Answer => None,
        };
        let stalled = state.stalled.map(|since| (since + self.timeouts.stall, "the answer was not taken"));
        doing.into_iter().chain(stalled).min_by_key(|(deadline, _)| *deadline)
    }

    /// Ends when the connection is to be given up; why.
    pub async fn patience_ends(&self) -> &'static str {
        // What begins while this sleeps cannot run out sooner than that.
        let Timeouts { head, keep_alive, stall, .. } = self.timeouts;
        let shortest: Duration = head.min(keep_alive).min(stall);
        loop {
            let now = Instant::now();
            let look_again = now + shortest;
            match self.deadline() {
                Some((deadline, why)) if deadline <= now => return why,
                Some((deadline, _)) => tokio::time::sleep_until(deadline.min(look_again)).await,
                None => tokio::time::sleep_until(look_again).await,
            }
        }
    }
}

/// While it lives, a request is being answered.
pub struct Answering(Arc<Activity>);

impl Answering {
    pub fn begin(activity: &Arc<Activity>) -> Self {
        activity.change(|state| {
            state.doing = Doing::Answer;
            state.since = Instant::now();
        });
        Self(activity.clone())
    }

    /// The body of the answer, which is being given until hyper drops it.
    pub fn until_the_end_of(self, body: Body) -> Body {
        held_until_sent(body, self)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.doing = Doing::Nothing;
            state.since = Instant::now();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Config;

    /// What stands for a second here.
    fn seconds(seconds: u64) -> Duration {
        Duration::from_millis(20) * u32::try_from(seconds).unwrap()
    }

    fn activity() -> Arc<Activity> {
        let mut timeouts = Config::load(None, |_| None).unwrap().timeouts;
        (timeouts.head, timeouts.keep_alive, timeouts.stall) = (seconds(10), seconds(60), seconds(30));
        Arc::new(Activity::new(timeouts))
    }

    /// Why it is given up, not before so many seconds from now.
    async fn given_up(activity: &Activity, not_before: u64) -> &'static str {
        let begun = Instant::now();
        let why = tokio::time::timeout(seconds(90), activity.patience_ends()).await.unwrap_or("never");
        assert!(begun.elapsed() >= seconds(not_before), "{why}: after {:?}", begun.elapsed());
        why
    }

    #[tokio::test]
    async fn whoever_sends_no_request_is_given_up() {
        assert_eq!(given_up(&activity(), 10).await, "no whole request came");
        // However many bytes come of it.
        let slow = activity();
        let bytes = async {
            loop {
                tokio::time::sleep(seconds(1)).await;
                slow.read();
            }
        };
        tokio::select! {
            () = bytes => {}
            why = given_up(&slow, 10) => assert_eq!(why, "no whole request came"),
        }
    }

    #[tokio::test]
    async fn between_requests_there_is_more_time_than_within_one() {
        let activity = activity();
        drop(Answering::begin(&activity));
        let first_byte = async {
            tokio::time::sleep(seconds(20)).await;
            activity.read();
        };
        let (why, ()) = tokio::join!(given_up(&activity, 30), first_byte);
        assert_eq!(why, "no whole request came");
        drop(Answering::begin(&activity));
        assert_eq!(given_up(&activity, 60).await, "no further request came");
    }

    #[tokio::test]
    async fn an_answer_takes_its_time_but_must_be_taken() {
        let activity = activity();
        let answering = Answering::begin(&activity);
        assert_eq!(given_up(&activity, 90).await, "never");
        activity.wrote(true);
        assert_eq!(given_up(&activity, 90).await, "never");
        activity.wrote(false);
        let slowly = async {
            tokio::time::sleep(seconds(10)).await;
            // Still nothing, then some, then nothing again.
            activity.wrote(false);
            activity.wrote(true);
            activity.wrote(false);
        };
        let (why, ()) = tokio::join!(given_up(&activity, 40), slowly);
        assert_eq!(why, "the answer was not taken");
        drop(answering);
    }
}
