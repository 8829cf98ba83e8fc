//! [`Ended`]: tells its listeners that sessions have ended, so that the streams of those sessions end too.

use std::sync::{PoisonError, RwLock};

type Listener = Box<dyn Fn(&[String]) + Send + Sync>;

/// Connects the parts that end sessions with the parts that hold streams open, without either naming the other. One per
/// server.
#[derive(Default)]
pub struct Ended(RwLock<Vec<Listener>>);

impl Ended {
    /// `listener` is called with the ids of the sessions that ended, on the caller's thread: it must not wait.
    pub fn listen(&self, listener: impl Fn(&[String]) + Send + Sync + 'static) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    /// Calls every listener with the ids of sessions that have ended.
    pub fn tell(&self, session_ids: &[String]) {
        for listener in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(session_ids);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn every_listener_hears_of_every_ending() {
        let (ended, heard) = (Ended::default(), Arc::new(Mutex::new(Vec::new())));
        for name in ["one", "two"] {
            let heard = heard.clone();
            ended.listen(move |ids| heard.lock().unwrap().push(format!("{name} {}", ids.join(" "))));
        }
        ended.tell(&["a".into(), "b".into()]);
        assert_eq!(*heard.lock().unwrap(), ["one a b", "two a b"]);
    }
}
