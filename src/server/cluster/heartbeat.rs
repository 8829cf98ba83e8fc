//! Several servers on one database: each says that it lives, and any of them looks after the answers of
//! one that does not any more.
//!
//! No clocks are compared: a process is lost when its sign of life has not changed while another one
//! looked for it [`LOOKS`] times, a second apart, and was answered by the database each time.

use std::{collections::HashMap, time::Duration};

use super::Cluster;
use crate::server::store::{Heartbeat, Orphans};

const BEAT_EVERY: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOKS: u32 = 7;
/// Looks between two searches for answers that belong to nobody.
const OWNERLESS_EVERY: u32 = 60;

impl Cluster {
    /// Says every two seconds that this process lives.
    pub(super) async fn beat(&self) {
        let mut beats = tokio::time::interval(BEAT_EVERY);
        loop {
            beats.tick().await;
            if let Err(error) = self.chats.heartbeat().await {
                tracing::warn!(%error, "the other servers may take this one for lost");
            }
        }
    }

    /// Looks every second which of the other processes still live, and takes over from those that do not.
    pub(super) async fn watch_others(&self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut pulse = Pulse::default();
        for number in 1_u32.. {
            looks.tick().await;
            let beats = match self.chats.heartbeats().await {
                Ok(beats) => beats,
                Err(error) => {
                    tracing::warn!(%error, "the other servers cannot be looked for");
                    pulse = Pulse::default();
                    continue;
                }
            };
            for beat in pulse.lost(beats, self.chats.instance()) {
                // What cannot be ended now is tried again with the next look.
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

/// The last signs of life, and in how many looks each has been the same.
#[derive(Default)]
struct Pulse(HashMap<String, (i64, u32)>);

impl Pulse {
    /// Those that are lost, now that these signs are seen.
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
    fn who_is_silent_for_long_enough_is_lost_and_nobody_else() {
        let mut pulse = Pulse::default();
        for look in 0..30 {
            let beats = vec![beat("own", 1), beat("slow", look / 6), beat("dead", 9)];
            let lost = pulse.lost(beats, "own");
            let expected = if look < i64::from(LOOKS) { vec![] } else { vec![beat("dead", 9)] };
            assert_eq!(lost, expected, "{look}");
        }
        assert!(pulse.lost(vec![beat("dead", 10)], "own").is_empty(), "it lives again");
        assert_eq!(pulse.0.len(), 1, "those that are gone are forgotten");
    }
}
