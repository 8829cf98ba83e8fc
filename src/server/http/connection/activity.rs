//! [`Activity`]: what a connection is doing and since when, so that an idle one is closed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Body;
use tokio::time::Instant;

use crate::server::{config::Timeouts, ops::held_body::held_until_sent};

#[derive(Clone, Copy, Debug)]
enum Doing {
    /// The server waits for the rest of a request's head.
    Head,
    /// A request is being answered; an event stream is for as long as it is open.
    Answer,
    /// Between two requests.
    Nothing,
}

#[derive(Debug)]
struct State {
    doing: Doing,
    since: Instant,
    /// Since when the client has read nothing of what waits to be sent.
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

    /// The client sent bytes.
    pub fn read(&self) {
        self.change(|state| {
            if matches!(state.doing, Doing::Nothing) {
                *state = State { doing: Doing::Head, since: Instant::now(), stalled: state.stalled };
            }
        });
    }

    /// The server tried to send bytes; `some`: the client took some of them.
    pub fn wrote(&self, some: bool) {
        self.change(|state| {
            state.stalled = if some { None } else { state.stalled.or_else(|| Some(Instant::now())) };
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// When the connection times out unless something happens, and the reason for the log.
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

    /// Waits until the connection times out; answers the reason for the log.
    pub async fn timed_out(&self) -> &'static str {
        // A limit that starts while this sleeps cannot be over sooner than that.
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

/// Exists while a request is being answered.
pub struct Answering(Arc<Activity>);

impl Answering {
    pub fn begin(activity: &Arc<Activity>) -> Self {
        activity.change(|state| {
            state.doing = Doing::Answer;
            state.since = Instant::now();
        });
        Self(activity.clone())
    }

    /// The answer's body: the request counts as being answered until hyper drops it.
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

    /// A second is 20 ms long in these tests.
    fn seconds(seconds: u64) -> Duration {
        Duration::from_millis(20) * u32::try_from(seconds).unwrap()
    }

    fn activity() -> Arc<Activity> {
        let mut timeouts = Config::load(None, |_| None).unwrap().timeouts;
        (timeouts.head, timeouts.keep_alive, timeouts.stall) = (seconds(10), seconds(60), seconds(30));
        Arc::new(Activity::new(timeouts))
    }

    /// The reason of the time-out, which must not come before so many seconds from now.
    async fn reason(activity: &Activity, not_before: u64) -> &'static str {
        let begun = Instant::now();
        let why = tokio::time::timeout(seconds(90), activity.timed_out()).await.unwrap_or("never");
        assert!(begun.elapsed() >= seconds(not_before), "{why}: after {:?}", begun.elapsed());
        why
    }

    #[tokio::test]
    async fn whoever_sends_no_request_is_given_up() {
        assert_eq!(reason(&activity(), 10).await, "no whole request came");
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
            why = reason(&slow, 10) => assert_eq!(why, "no whole request came"),
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
        let (why, ()) = tokio::join!(reason(&activity, 30), first_byte);
        assert_eq!(why, "no whole request came");
        drop(Answering::begin(&activity));
        assert_eq!(reason(&activity, 60).await, "no further request came");
    }

    #[tokio::test]
    async fn an_answer_takes_its_time_but_must_be_taken() {
        let activity = activity();
        let answering = Answering::begin(&activity);
        assert_eq!(reason(&activity, 90).await, "never");
        activity.wrote(true);
        assert_eq!(reason(&activity, 90).await, "never");
        activity.wrote(false);
        let slowly = async {
            tokio::time::sleep(seconds(10)).await;
            // Still nothing, then some, then nothing again.
            activity.wrote(false);
            activity.wrote(true);
            activity.wrote(false);
        };
        let (why, ()) = tokio::join!(reason(&activity, 40), slowly);
        assert_eq!(why, "the answer was not taken");
        drop(answering);
    }
}
