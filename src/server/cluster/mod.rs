//! [`Cluster`]: more than one process on a database, or one that begins after another.

mod followed;
mod heartbeat;
pub mod jobs;
mod recover;
mod relay;
pub mod sweep;
mod takeover;

use std::sync::Arc;

use futures::FutureExt;

use self::heartbeat::HEARTBEAT_EVERY;
pub use self::relay::Relay;
use super::{ops::tasks::Tasks, store::Chats};

/// Looks after the answers of processes that are gone. One per server.
pub struct Cluster {
    chats: Arc<dyn Chats>,
    relay: Arc<Relay>,
    tasks: Tasks,
}

impl Cluster {
    pub fn new(chats: Arc<dyn Chats>, relay: Arc<Relay>, tasks: Tasks) -> Self {
        Self { chats, relay, tasks }
    }

    /// Runs as long as the server; for a database that no other process uses it has nothing to do. Three tasks, because
    /// what goes wrong in one must not end the heartbeat.
    pub fn run(self: &Arc<Self>) {
        if self.chats.is_alone() {
            return;
        }
        let tasks = &self.tasks;
        tasks.every("heartbeat", HEARTBEAT_EVERY, self.clone(), |cluster| cluster.send_heartbeat().boxed());
        tasks.keep("watch over the other servers", self.clone(), |cluster| cluster.watch_others().boxed());
        tasks.keep("relay", (self.relay.clone(), tasks.clone()), |(relay, tasks)| {
            // The soft end may drop it anywhere, because it only tells the listeners of this process.
            tasks.unless_ending(relay.run()).map(|_| ()).boxed()
        });
    }
}
