//! [`Live`]: the conversations that have a running answer or a listener, each with its [`Log`]; and the numbers of
//! running answers and open streams of this server.

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedMutexGuard, watch};

use super::log::{Log, StopReason};
use crate::{error::AppError, server::store::Run};

/// How long a request waits until other answers of the same person have begun.
const TURN_PATIENCE: Duration = Duration::from_secs(10);

/// The live part of a server. One per server.
pub struct Live {
    logs: Arc<Logs>,
    draining: watch::Sender<bool>,
    /// The answers that this process is writing.
    jobs: Arc<Mutex<HashSet<Run>>>,
    streams: Arc<Mutex<Streams>>,
    /// A lock for each user, held while an answer begins.
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

struct Logs {
    /// Each log, with the number of its handles.
    map: Mutex<HashMap<String, (usize, Arc<Log>)>>,
    /// Changes when a handle is dropped, and when the server begins to stop.
    changed: watch::Sender<()>,
}

/// Open streams.
#[derive(Default)]
struct Streams {
    /// The number of streams of each user.
    of_user: HashMap<String, usize>,
    /// The number of streams of each session, and the sender that tells them that the session ended.
    of_session: HashMap<String, (usize, watch::Sender<bool>)>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            logs: Arc::new(Logs { map: Mutex::default(), changed: watch::channel(()).0 }),
            draining: watch::channel(false).0,
            jobs: Arc::default(),
            streams: Arc::default(),
            turns: Mutex::default(),
        }
    }
}

impl Live {
    /// The log of a conversation, created if there is none; a new log does not know the store's number yet.
    pub fn log(&self, conversation_id: &str) -> LogHandle {
        let mut logs = self.lock();
        let known = logs.entry(conversation_id.to_owned());
        let (uses, log) = known.or_insert_with(|| (0, Arc::new(Log::new(0))));
        *uses += 1;
        self.handle(conversation_id, log.clone())
    }

    /// The log, if it is in use.
    pub fn get(&self, conversation_id: &str) -> Option<LogHandle> {
        let mut logs = self.lock();
        let (uses, log) = logs.get_mut(conversation_id)?;
        *uses += 1;
        Some(self.handle(conversation_id, log.clone()))
    }

    fn handle(&self, conversation_id: &str, log: Arc<Log>) -> LogHandle {
        LogHandle { logs: self.logs.clone(), conversation_id: conversation_id.to_owned(), log }
    }

    /// Admits a stream of a user; an error (429) when the user has `most` open streams.
    pub fn admit(&self, user_id: &str, session_id: &str, most: usize) -> Result<StreamPermit, AppError> {
        let mut streams = locked(&self.streams);
        let open = streams.of_user.entry(user_id.to_owned()).or_default();
        if *open >= most {
            return Err(AppError::TooMany { seconds: 5 });
        }
        *open += 1;
        drop(streams);
        let mut permit = self.admit_part(session_id);
        permit.user_id = Some(user_id.to_owned());
        Ok(permit)
    }

    /// Admits what is heard through a stream that was admitted, and ends with the same session.
    pub fn admit_part(&self, session_id: &str) -> StreamPermit {
        let mut streams = locked(&self.streams);
        let of_session = streams.of_session.entry(session_id.to_owned());
        let (count, ended) = of_session.or_insert_with(|| (0, watch::channel(false).0));
        *count += 1;
        let ended = ended.subscribe();
        drop(streams);
        StreamPermit {
            streams: self.streams.clone(),
            user_id: None,
            session_id: session_id.to_owned(),
            ended,
        }
    }

    /// Waits until no other answer of this person is beginning here, and makes others wait until the guard is dropped,
    /// because two requests that count the running answers at the same time could both pass the limit. Of several
    /// servers each may admit one at the same moment; all later requests count it.
    pub async fn in_turn(&self, user_id: &str) -> Result<OwnedMutexGuard<()>, AppError> {
        let turn = {
            let mut turns = locked(&self.turns);
            // A lock without another owner belongs to a person who begins no answer now.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(user_id.to_owned()).or_default().clone()
        };
        // The timeout keeps a person's requests from queueing up longer than one request takes while the database is
        // away.
        let waited = tokio::time::timeout(TURN_PATIENCE, turn.lock_owned()).await;
        waited.map_err(|_| AppError::Unavailable)
    }

    /// Counts the run among those that this process is writing, until the value is dropped.
    pub fn begin_job(&self, run: Run) -> RunningJob {
        locked(&self.jobs).insert(run.clone());
        RunningJob { jobs: self.jobs.clone(), run }
    }

    /// Whether this process is writing the run.
    pub fn writes(&self, run: &Run) -> bool {
        locked(&self.jobs).contains(run)
    }

    pub fn jobs(&self) -> usize {
        locked(&self.jobs).len()
    }

    pub fn running(&self) -> usize {
        self.lock().values().filter(|(_, log)| log.is_running()).count()
    }

    /// The conversations whose logs are in use.
    pub fn conversations(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Stops an answer, if this process writes it.
    pub fn stop_answer(&self, answer_id: &str) {
        for (_, log) in self.lock().values() {
            log.stop(Some(answer_id), StopReason::Person);
        }
    }

    /// The number of open streams.
    pub fn streams(&self) -> usize {
        locked(&self.streams).of_user.values().sum()
    }

    /// The sessions that have open streams.
    pub fn sessions(&self) -> Vec<String> {
        locked(&self.streams).of_session.keys().cloned().collect()
    }

    /// Ends the open streams of these sessions, and no others.
    pub fn end_sessions<'a>(&self, ids: impl IntoIterator<Item = &'a String>) {
        let streams = locked(&self.streams);
        for (_, ended) in ids.into_iter().filter_map(|id| streams.of_session.get(id)) {
            ended.send_replace(true);
        }
    }

    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Refuses new answers, and ends each listener's stream once its answer has ended.
    pub fn drain(&self) {
        self.draining.send_replace(true);
        self.logs.changed.send_replace(());
    }

    /// Becomes `true` once the server begins to stop.
    pub fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    pub fn stop_all(&self, reason: StopReason) {
        for (_, log) in self.lock().values() {
            log.stop(None, reason);
        }
    }

    pub fn changes(&self) -> watch::Receiver<()> {
        self.logs.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (usize, Arc<Log>)>> {
        locked(&self.logs.map)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A handle of a log. The log is forgotten when its last handle is dropped.
pub struct LogHandle {
    logs: Arc<Logs>,
    conversation_id: String,
    log: Arc<Log>,
}

impl Deref for LogHandle {
    type Target = Log;
    fn deref(&self) -> &Log {
        &self.log
    }
}

impl Clone for LogHandle {
    fn clone(&self) -> Self {
        if let Some((uses, _)) = locked(&self.logs.map).get_mut(&self.conversation_id) {
            *uses += 1;
        }
        let (logs, conversation_id) = (self.logs.clone(), self.conversation_id.clone());
        Self { logs, conversation_id, log: self.log.clone() }
    }
}

impl Drop for LogHandle {
    fn drop(&mut self) {
        let mut logs = locked(&self.logs.map);
        if let Some((uses, _)) = logs.get_mut(&self.conversation_id) {
            *uses -= 1;
            if *uses == 0 {
                logs.remove(&self.conversation_id);
            }
        }
        drop(logs);
        self.logs.changed.send_replace(());
    }
}

/// An answer that is being written; it counts until this is dropped.
pub struct RunningJob {
    jobs: Arc<Mutex<HashSet<Run>>>,
    run: Run,
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        locked(&self.jobs).remove(&self.run);
    }
}

/// One open stream; when it is dropped, another may be opened.
pub struct StreamPermit {
    streams: Arc<Mutex<Streams>>,
    /// Whose stream it is, if it counts as one.
    user_id: Option<String>,
    session_id: String,
    ended: watch::Receiver<bool>,
}

impl StreamPermit {
    /// Whether the session has ended.
    pub fn is_over(&self) -> bool {
        *self.ended.borrow()
    }

    /// Returns when the session ends.
    pub async fn over(&mut self) {
        if self.ended.wait_for(|ended| *ended).await.is_err() {
            // The sender is gone, so the session cannot end any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut streams = locked(&self.streams);
        if let Some(user_id) = &self.user_id
            && let Some(open) = streams.of_user.get_mut(user_id)
        {
            *open -= 1;
            if *open == 0 {
                streams.of_user.remove(user_id);
            }
        }
        if let Some((open, _)) = streams.of_session.get_mut(&self.session_id) {
            *open -= 1;
            if *open == 0 {
                streams.of_session.remove(&self.session_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_forgotten_with_its_last_use() {
        let live = Live::default();
        let one = live.log("c");
        let two = one.clone();
        drop(one);
        assert!(live.get("c").is_some());
        drop(two);
        assert!(live.get("c").is_none() && live.conversations().is_empty());
    }

    #[test]
    fn only_streams_of_the_ended_sessions_end_however_many_sessions_end() {
        let live = Live::default();
        let stays = live.admit("ada", "stays", 9).unwrap();
        let ends: Vec<_> = (0..500).map(|it| live.admit("bob", &format!("s{it}"), 500).unwrap()).collect();
        assert!(live.admit("bob", "s0", 500).is_err());
        for at in 0..500 {
            live.end_sessions(&[format!("s{at}"), "unknown".to_owned()]);
        }
        assert!(!stays.is_over() && ends.iter().all(StreamPermit::is_over));
        drop(ends);
        assert_eq!(live.sessions(), ["stays"]);
        live.admit("bob", "s0", 1).unwrap();
    }

    #[test]
    fn a_job_counts_until_it_is_dropped() {
        let live = Live::default();
        let run = |run: &str| Run { message_id: "m".into(), conversation_id: "c".into(), run: run.into() };
        let job = live.begin_job(run("1"));
        assert!(live.writes(&run("1")) && !live.writes(&run("2")) && live.jobs() == 1);
        drop(job);
        assert!(!live.writes(&run("1")) && live.jobs() == 0);
    }
}
