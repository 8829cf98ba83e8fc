//! Several servers on one database: each sends heartbeats, and any of them takes over the answers of a server whose
//! heartbeats stop.
//!
//! No clocks are compared: a server is lost when another one has found its heartbeat unchanged in [`LOOKS`] looks, a
//! second apart, each of which the database answered.

use std::{collections::HashMap, time::Duration};

use super::Cluster;
use crate::server::store::{Heartbeat, Orphans};

pub(super) const HEARTBEAT_EVERY: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOKS: u32 = 7;
/// How many looks pass between two searches for answers that belong to no server.
const OWNERLESS_EVERY: u32 = 60;

impl Cluster {
    /// Stores a heartbeat of this process.
    pub(super) async fn send_heartbeat(&self) {
        if let Err(error) = self.chats.heartbeat().await {
            tracing::warn!(%error, "the other servers may take this one for lost");
        }
    }

    /// Looks every second which other processes are alive, and takes over the answers of lost ones.
    pub(super) async fn watch_others(&self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut watcher = Watcher::default();
        for number in 1_u32.. {
            if self.tasks.unless_ending(looks.tick()).await.is_none() {
                return;
            }
            let beats = match self.chats.heartbeats().await {
                Ok(beats) => beats,
                Err(error) => {
                    tracing::warn!(%error, "the other servers cannot be looked for");
                    watcher = Watcher::default();
                    continue;
                }
            };
            for beat in watcher.lost(beats, self.chats.instance()) {
                // A takeover that fails is tried again after the next look.
                if let Err(error) = self.take_over(&beat).await {
                    tracing::warn!(%error, instance = %beat.instance, "answers of a lost server wait for the database");
                }
            }
            if number % OWNERLESS_EVERY == 0
                && let Err(error) = self.interrupt(Orphans::Ownerless).await
            {
                tracing::warn!(%error, "answers that belong to no server wait for the database");
            }
        }
    }
}

/// The last heartbeat of each server, and how many looks found it unchanged.
#[derive(Default)]
struct Watcher(HashMap<String, (i64, u32)>);

impl Watcher {
    /// The servers that are lost, after another look found `beats`.
    fn lost(&mut self, beats: Vec<Heartbeat>, own: &str) -> Vec<Heartbeat> {
        self.0.retain(|known, _| beats.iter().any(|beat| beat.instance == *known));
        let is_lost = |beat: &Heartbeat| {
            let (last, looks) = self.0.entry(beat.instance.clone()).or_insert((beat.beats, 0));
            *looks = if *last == beat.beats { *looks + 1 } else { 1 };
            *last = beat.beats;
            *looks > LOOKS && beat.instance != own
        };
        beats.into_iter().filter(is_lost).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(instance: &str, beats: i64) -> Heartbeat {
        Heartbeat { instance: instance.to_owned(), beats }
    }

    #[test]
    fn only_a_server_whose_heartbeat_stays_unchanged_for_long_enough_is_lost() {
        let mut watcher = Watcher::default();
        for look in 0..30 {
            let beats = vec![beat("own", 1), beat("slow", look / 6), beat("dead", 9)];
            let lost = watcher.lost(beats, "own");
            let expected = if look < i64::from(LOOKS) { vec![] } else { vec![beat("dead", 9)] };
            assert_eq!(lost, expected, "{look}");
        }
        assert!(watcher.lost(vec![beat("dead", 10)], "own").is_empty(), "the server lives again");
        assert_eq!(watcher.0.len(), 1, "servers that are gone are forgotten");
    }
}
