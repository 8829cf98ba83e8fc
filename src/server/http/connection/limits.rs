//! [`ConnectionLimits`]: how many connections there may be at once, in all and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::server::{config::Config, http::client::network};

/// One address may have one in so many of all connections.
const SHARE: usize = 4;
/// The log says at most this often that connections are refused.
const REPORT_EVERY: Duration = Duration::from_secs(60);

pub struct ConnectionLimits {
    all: u32,
    free: Arc<Semaphore>,
    taken: Arc<Taken>,
    /// The most of one network.
    each: usize,
    /// Trusted proxies, for which only `all` counts.
    uncounted: Vec<IpNet>,
    reported: Mutex<Option<Instant>>,
}

/// How many connections each network has, for those that have any.
#[derive(Default)]
struct Taken(Mutex<HashMap<IpAddr, usize>>);

/// The right to one connection, given back when it is dropped.
pub struct ConnectionPermit {
    _permit: OwnedSemaphorePermit,
    counted: Option<(Arc<Taken>, IpAddr)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// Of all connections.
    All,
    /// Of those of one address.
    Address,
}

impl ConnectionLimits {
    /// `open_files`: how many the system lets this process open. A quarter of them is left to the database, the
    /// journal and the providers.
    pub fn new(config: &Config, open_files: Option<usize>) -> Self {
        let granted = open_files.map_or(usize::MAX, |files| (files / 4 * 3).max(16));
        let all = config.limits.connections.min(granted).min(Semaphore::MAX_PERMITS);
        if all < config.limits.connections {
            tracing::info!(
                connections = all,
                "the open files that the system grants allow no more (ulimit -n)"
            );
        }
        Self {
            all: u32::try_from(all).unwrap_or(u32::MAX),
            free: Arc::new(Semaphore::new(all)),
            taken: Arc::default(),
            each: (all / SHARE).max(1),
            uncounted: config.server.trusted_proxies.clone(),
            reported: Mutex::new(None),
        }
    }

    /// # Errors
    ///
    /// Which limit is reached.
    pub fn take(&self, peer: IpAddr) -> Result<ConnectionPermit, LimitReached> {
        let permit = self.free.clone().try_acquire_owned().map_err(|_| LimitReached::All)?;
        let peer = peer.to_canonical();
        // Proxies connect from these addresses on behalf of everybody.
        if peer.is_loopback() || self.uncounted.iter().any(|network| network.contains(&peer)) {
            return Ok(ConnectionPermit { _permit: permit, counted: None });
        }
        let network = network(peer);
        let mut taken = self.taken.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(network).or_default();
        if *count >= self.each {
            return Err(LimitReached::Address);
        }
        *count += 1;
        Ok(ConnectionPermit { _permit: permit, counted: Some((self.taken.clone(), network)) })
    }

    /// Tells the operator in the log, at most once in [`REPORT_EVERY`].
    pub fn report(&self, reason: LimitReached, peer: SocketAddr) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.is_some_and(|before| before.elapsed() < REPORT_EVERY) {
            return;
        }
        *reported = Some(Instant::now());
        match reason {
            LimitReached::All => {
                tracing::warn!(connections = self.all, "connections are turned away: limits.connections");
            }
            LimitReached::Address => tracing::warn!(
                address = %peer.ip(), connections = self.each,
                "connections of one address are turned away; a proxy is named in INGLENOOK_TRUSTED_PROXIES"
            ),
        }
    }

    /// Waits until every permit is given back.
    pub async fn all_free(&self) {
        let _ = self.free.acquire_many(self.all).await;
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Some((taken, network)) = &self.counted else { return };
        let mut taken = taken.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(network);
            }
        }
    }
}

/// Raises the limit of open files as far as the system allows and returns it, where it can be known.
#[cfg(unix)]
pub fn open_files() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // If the system refuses, the limit stays as it was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok())
}

#[cfg(not(unix))]
pub fn open_files() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(connections: &str, open_files: Option<usize>) -> ConnectionLimits {
        let set =
            [("INGLENOOK_LIMITS_CONNECTIONS", connections), ("INGLENOOK_TRUSTED_PROXIES", "10.0.0.0/8")];
        let find =
            |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        ConnectionLimits::new(&Config::load(None, find).unwrap(), open_files)
    }

    fn take(
        limits: &ConnectionLimits,
        peer: &str,
        count: usize,
    ) -> (Vec<ConnectionPermit>, Option<LimitReached>) {
        let mut taken = Vec::new();
        for _ in 0..count {
            match limits.take(peer.parse().unwrap()) {
                Ok(permit) => taken.push(permit),
                Err(reason) => return (taken, Some(reason)),
            }
        }
        (taken, None)
    }

    #[test]
    fn one_address_has_a_quarter_and_gives_it_back() {
        let limits = limits("16", None);
        let (first, refused) = take(&limits, "203.0.113.7", 5);
        assert_eq!((first.len(), refused), (4, Some(LimitReached::Address)));
        // The same address in another notation, and one IPv6 network.
        assert_eq!(take(&limits, "::ffff:203.0.113.7", 1).1, Some(LimitReached::Address));
        let (_home, refused) = take(&limits, "2001:db8:1:2::1", 4);
        assert_eq!(refused, None);
        assert_eq!(take(&limits, "2001:db8:1:2:3::9", 1).1, Some(LimitReached::Address));
        drop(first);
        assert_eq!(take(&limits, "203.0.113.7", 4).1, None);
        assert!(limits.taken.0.lock().unwrap().len() == 1, "who has none is not remembered");
    }

    #[tokio::test]
    async fn proxies_and_this_machine_are_limited_by_the_whole_only() {
        let limits = limits("16", None);
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"] {
            let (taken, refused) = take(&limits, peer, 17);
            assert_eq!((taken.len(), refused), (16, Some(LimitReached::All)), "{peer}");
        }
        limits.all_free().await;
    }

    #[test]
    fn files_are_left_for_the_rest() {
        assert_eq!(limits("4096", Some(1024)).all, 768);
        assert_eq!(limits("4096", Some(1 << 20)).all, 4096);
        assert_eq!(limits("4096", Some(8)).all, 16);
        assert!(open_files().is_none_or(|files| files > 64));
    }
}
