//! [`Browsers`]: how many pages of a browser may keep a stream open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Over HTTP/1.1 a browser opens six connections to a site, for all of its tabs. Half of them are left for the other
/// requests of its pages.
const STREAMS: usize = 3;

/// How many streams the pages of each session have open on this server.
#[derive(Clone, Default)]
pub struct Browsers(Arc<Mutex<HashMap<String, usize>>>);

impl Browsers {
    /// Admits one more stream; `None` when all are taken.
    pub fn admit(&self, session_id: &str) -> Option<PagePermit> {
        let mut open = self.lock();
        let count = open.entry(session_id.to_owned()).or_default();
        if *count == STREAMS {
            return None;
        }
        *count += 1;
        Some(PagePermit { browsers: self.clone(), session_id: session_id.to_owned() })
    }

    /// How many streams are open, of all sessions.
    pub fn streams(&self) -> usize {
        self.lock().values().sum()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream of one page; when it is dropped, another may be opened.
pub struct PagePermit {
    browsers: Browsers,
    session_id: String,
}

impl Drop for PagePermit {
    fn drop(&mut self) {
        let mut open = self.browsers.lock();
        if let Some(count) = open.get_mut(&self.session_id) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.session_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_may_keep_a_few_streams_open_for_its_pages() {
        let browsers = Browsers::default();
        let mut held: Vec<_> = (0..STREAMS).map(|_| browsers.admit("one").unwrap()).collect();
        assert!(browsers.admit("one").is_none());
        assert!(browsers.admit("two").is_some());
        held.pop();
        let again = browsers.admit("one");
        assert!(again.is_some() && browsers.admit("one").is_none());
        drop((held, again));
        assert!(browsers.lock().is_empty());
    }
}
