//! More than one process on a database, or a process that starts after another.

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

/// Takes over the answers of lost processes. One per server.
pub struct Cluster {
    chats: Arc<dyn Chats>,
    relay: Arc<Relay>,
    tasks: Tasks,
}

impl Cluster {
    pub fn new(chats: Arc<dyn Chats>, relay: Arc<Relay>, tasks: Tasks) -> Self {
        Self { chats, relay, tasks }
    }

    /// Starts the tasks that run as long as the server; there are none if no other process can use the database. They
    /// are three tasks, because a failure in one must not end the heartbeat.
    pub fn run(self: &Arc<Self>) {
        if self.chats.is_alone() {
            return;
        }
        let tasks = &self.tasks;
        tasks.every("heartbeat", HEARTBEAT_EVERY, self.clone(), |cluster| cluster.send_heartbeat().boxed());
        tasks.keep("watch over the other servers", self.clone(), |cluster| cluster.watch_others().boxed());
        tasks.keep("relay", (self.relay.clone(), tasks.clone()), |(relay, tasks)| {
            // The relay may be cancelled at any point when the server ends, because it serves only the listeners of
            // this process.
            tasks.unless_ending(relay.run()).map(|_| ()).boxed()
        });
    }
}
